"""Reads pages back as a browser would: a tree of elements, strict about everything that a parser would have to repair."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = {"meta"}


@dataclass
class Element:
    """One element with its children; text are the pieces between them."""

    name: str
    attributes: dict[str, str]
    children: list[Element | str] = field(default_factory=list)

    def walk(self) -> Iterator[Element]:
        """Yield this element and all below it, in document order."""
        yield self
        for child in self.children:
            if isinstance(child, Element):
                yield from child.walk()

    def all(self, *names: str) -> list[Element]:
        """Return the elements of these names below."""
        return [one for one in self.walk() if one.name in names]

    def with_class(self, name: str) -> list[Element]:
        """Return the elements that have a class."""
        return [one for one in self.walk() if name in one.attributes.get("class", "").split()]

    def by_id(self, key: str) -> Element | None:
        """Return the element of that id."""
        return next((one for one in self.walk() if one.attributes.get("id") == key), None)

    def text(self) -> str:
        """Return all text below, in one line."""
        return " ".join("".join(self._pieces()).split())

    def raw_text(self) -> str:
        """Return all text below as it stands."""
        return "".join(self._pieces())

    def _pieces(self) -> Iterator[str]:
        for child in self.children:
            if isinstance(child, Element):
                yield from child._pieces()
            else:
                yield child


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root = Element("", {})
        self.open = [self.root]
        self.declarations: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert len({name for name, _ in attrs}) == len(attrs), f"an attribute twice on {tag}"
        element = Element(tag, {name: value or "" for name, value in attrs})
        self.open[-1].children.append(element)
        if tag not in VOID:
            self.open.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self.open[-1].name == tag, f"</{tag}> closes <{self.open[-1].name}>"
        self.open.pop()

    def handle_data(self, data: str) -> None:
        self.open[-1].children.append(data)

    def handle_decl(self, decl: str) -> None:
        self.declarations.append(decl)

    def handle_comment(self, data: str) -> None:
        raise AssertionError(f"a comment: {data}")


def read(page: str) -> Element:
    """Return the page as a tree; AssertionError where elements do not nest."""
    reader = _Reader()
    reader.feed(page)
    reader.close()
    assert reader.open == [reader.root], [one.name for one in reader.open]
    assert reader.declarations == ["DOCTYPE html"]
    return reader.root
