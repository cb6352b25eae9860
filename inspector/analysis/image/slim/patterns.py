"""What a user wants kept or dropped: kinds of leftovers, packages, and globs of paths."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import Final, get_args

from inspector.analysis.image.packages_text import plain
from inspector.analysis.image.slim.globs import Glob, Globs, parse_glob
from inspector.analysis.image.slim.owners import Ownership, PackageName, final_of, normal_name, ownership
from inspector.records.image_contents import PackageKind
from inspector.records.image_inspection import ImageInspection
from inspector.records.image_waste import LeftoverKind

LEFTOVER_KINDS: Final[tuple[LeftoverKind, ...]] = get_args(LeftoverKind)
_KINDS: Final[Mapping[str, LeftoverKind]] = {kind.casefold(): kind for kind in LEFTOVER_KINDS}
_PACKAGE: Final = "package:"
_MANAGERS: Final[Mapping[str, PackageKind]] = {
    "deb": "debian", "debian": "debian", "apk": "alpine", "alpine": "alpine", "pip": "python", "python": "python",
}  # fmt: skip
_WORDS: Final = re.compile(r"[-_\s]+")
_LONGEST_NAME: Final = 200
_MOST_NAMES: Final = 5000


class Patterns:
    """Patterns to keep and to drop, looked up in one image; keep wins.

    Raises UsageError where there are too many of them, or one is longer than any path.
    """

    def __init__(self, inspection: ImageInspection, keep: Sequence[str], drop: Sequence[str]) -> None:
        """keep and drop are names of kinds ("tests"), "package:NAME", or globs of absolute paths ("/opt/models/**")."""
        self._inspection = inspection
        self.keep = Wishes(inspection, keep)
        self.drop = Wishes(inspection, drop)

    @classmethod
    def parse(cls, inspection: ImageInspection, keep: Sequence[str] = (), drop: Sequence[str] = ()) -> Patterns:
        """Return the patterns of an image; raises as the class does."""
        return cls(inspection, keep, drop)

    def keeps(self, path: str) -> bool:
        """Tell whether a path is asked to stay."""
        return self.keep.means(path)

    def drops(self, path: str) -> bool:
        """Tell whether a path is asked to go, and not to stay."""
        return self.drop.means(path) and not self.keep.means(path)

    def unmatched(self) -> tuple[str, ...]:
        """Return a line for each pattern that means nothing in this image, with what may have been meant."""
        return (*self.keep.unmatched("kept"), *self.drop.unmatched("dropped"))


class Wishes:
    """Patterns of one sort, looked up in one image."""

    def __init__(self, inspection: ImageInspection, texts: Sequence[str]) -> None:
        """texts are as the user gave them; of those said twice the second is nothing new."""
        self._inspection = inspection
        self._owned: Ownership | None = None
        self._unknown: list[str] = []
        self.kinds: dict[LeftoverKind, str] = {}
        """Kinds of leftovers that are named, with what the user wrote."""
        self.packages: dict[PackageName, str] = {}
        """Packages that are named and there."""
        globs: list[Glob] = []
        for text in dict.fromkeys(texts):
            self._sort(text, globs)
        self._globs = globs
        self._tree = Globs(globs)
        self._paths_of_kinds: frozenset[str] | None = None

    def __bool__(self) -> bool:
        return bool(self.kinds or self.packages or self._globs)

    def means(self, path: str) -> bool:
        """Tell whether any pattern means a path."""
        return self.means_by_glob(path) or self.means_by_package(path) or path in self._of_kinds

    def means_by_glob(self, path: str) -> bool:
        """Tell whether a glob means a path."""
        return self._tree.matches(path)

    def globs_meaning(self, path: str) -> Iterator[str]:
        """Yield the globs that mean a path, as the user wrote them."""
        return (glob.text for glob in self._tree.meaning(path))

    def means_by_package(self, path: str) -> bool:
        """Tell whether a path belongs to a package that is named."""
        return bool(self.packages) and self._ownership.of_path.get(path) in self.packages

    @property
    def _of_kinds(self) -> frozenset[str]:
        if self._paths_of_kinds is None:
            found = (one for one in paths_by_kind(self._inspection).items() if one[0] in self.kinds)
            self._paths_of_kinds = frozenset(path for _, paths in found for path in paths)
        return self._paths_of_kinds

    @property
    def _ownership(self) -> Ownership:
        if self._owned is None:
            self._owned = ownership(self._inspection)
        return self._owned

    def _sort(self, text: str, globs: list[Glob]) -> None:
        kind = _KINDS.get(_WORDS.sub(" ", text[:_LONGEST_NAME]).strip().casefold())
        glob = None if kind else parse_glob(text)
        if kind:
            self.kinds[kind] = text
        elif glob is not None:
            globs.append(glob)
        elif text.startswith(_PACKAGE):
            found = self._named(text)
            self.packages.update(dict.fromkeys(found, text))
            self._unknown.extend([text] if not found else ())
        else:
            self._unknown.append(text)

    def _named(self, text: str) -> Sequence[PackageName]:
        manager, name = _manager_and_name(text)
        wanted = normal_name(name)
        return [
            one
            for one in self._ownership.packages
            if (manager is None or one.kind == manager)
            and (normal_name(one.name) == wanted if one.kind == "python" else one.name == name)
        ]

    def unmatched(self, verb: str) -> Iterator[str]:
        """Yield a line for each pattern that means nothing here."""
        there = paths_by_kind(self._inspection)
        for kind, text in self.kinds.items():
            if not there.get(kind):
                yield f"nothing is {verb} by “{plain(text)}”: the image has no {kind}"
        for text in self._unknown:
            yield f"nothing is {verb} by “{plain(text)}”: {self._hint(text)}"
        for glob in self._unused():
            yield f"nothing is {verb} by “{plain(glob.text)}”: no path matches"

    def _unused(self) -> Iterable[Glob]:
        left = {id(glob): glob for glob in self._globs}
        for path in final_of(self._inspection).entries if left else ():
            for glob in self._tree.meaning(path):
                left.pop(id(glob), None)
            if not left:
                break
        return list(left.values())

    def _hint(self, text: str) -> str:
        if text.startswith(_PACKAGE):
            names = sorted({one.name for one in self._ownership.packages})[:_MOST_NAMES]
            close = _close(_manager_and_name(text)[1], names)
            return f"no such package; did you mean {_PACKAGE}{close}?" if close else "no such package is installed"
        if any(normal_name(one.name) == normal_name(text) for one in self._ownership.packages):
            return f"did you mean {_PACKAGE}{plain(text)}?"
        close = _close(_WORDS.sub(" ", text).casefold(), list(_KINDS))
        if close:
            return f"did you mean “{_KINDS[close]}”?"
        if "/" in text:
            return "paths are absolute and without “..”"
        return "it is no kind of leftover, no package:NAME and no absolute path"


def _manager_and_name(text: str) -> tuple[PackageKind | None, str]:
    rest = text.removeprefix(_PACKAGE).strip()
    manager, colon, name = rest.partition(":")
    return (_MANAGERS[manager], name) if colon and manager in _MANAGERS else (None, rest)


def _close(text: str, names: Sequence[str]) -> str:
    return next(iter(get_close_matches(text[:_LONGEST_NAME], names, 1)), "")


def paths_by_kind(inspection: ImageInspection) -> Mapping[LeftoverKind, Sequence[str]]:
    """Return the paths of each kind of leftover that the image has."""
    found = inspection.leftovers.by_kind if inspection.leftovers is not None else ()
    return {one.kind: one.paths for one in found}


def pattern_of(owner: PackageName) -> str:
    """Return the pattern that means a package."""
    manager = {"debian": "deb:", "alpine": "apk:", "python": ""}[owner.kind]
    return f"{_PACKAGE}{manager}{owner.name}"
