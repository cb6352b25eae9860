"""Reads plots back: elements by class with their geometry; and makes records that try to break them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from xml.etree import ElementTree

from inspector.report import plots
from inspector.report.plots.lettering import text_width
from inspector.report.plots.styles import PLOT_CSS

SVG = "{http://www.w3.org/2000/svg}"
ALLOWED = {"svg", "title", "desc", "g", "rect", "line", "path", "circle", "polygon", "text"}
ATTRIBUTES = set(
    "class role viewBox x y width height x1 y1 x2 y2 d cx cy r points transform text-anchor".split()  # noqa: SIM905
)
MOST_BYTES = 300_000

HOSTILE = [
    "</script><script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "[/foo] [bold]x[/] &amp; ]]> <!-- -->",
    "\x1b]52;c;UFdORUQ=\x07 \x00 \ufffe \udce9",
    "\u202egnp.exe\u2066 \u200b 文字列 𓀀",
    "&" * 10_000,
    "name/" * 2_000,
    "",
]
NUMBERS: list[float] = [float("nan"), float("inf"), float("-inf"), -1.0, 0.0, 5e-324, 1e-9, 1.0, 1e9, 1e18, 1.7e308]
WHOLE: list[int] = [-(10**9), 0, 1, 10**9, 2**63 - 1, 10**400]


@dataclass(frozen=True)
class Box:
    """A rectangle of a drawing."""

    x: float
    y: float
    width: float
    height: float


def parsed(drawing: str) -> ElementTree.Element:
    """Return the drawing as a tree, checked to be one that a page may hold as it is."""
    assert len(drawing.encode()) < MOST_BYTES
    root = ElementTree.fromstring(drawing)
    assert root.tag == f"{SVG}svg"
    assert root.get("role") == "img"
    assert root[0].tag == f"{SVG}title"
    assert root[0].text
    assert root[1].tag == f"{SVG}desc"
    assert root[1].text
    _, _, width, height = map(float, str(root.get("viewBox")).split())
    assert 0 < width <= 1000
    assert 0 < height < 20_000
    for element in root.iter():
        assert element.tag.removeprefix(SVG) in ALLOWED
        assert set(element.attrib) <= ATTRIBUTES
        assert not re.search("nan|inf", " ".join(v for k, v in element.attrib.items() if k != "class"))
        assert all(_is_known(name) for name in (element.get("class") or "").split())
    return root


_NEUTRAL = set("waterfall cdf ratios sizes treemap label value total compressed row heats edges swatch passed node".split())  # noqa: SIM905
"""Classes that name things for a page and look like what surrounds them."""


def _is_known(name: str) -> bool:
    """Return whether a class is documented, and dressed where it should be."""
    stem = re.sub("-[0-9]$", "-0", name)
    return stem in _DOCUMENTED and (f".{name}" in PLOT_CSS or name in _NEUTRAL)


_DOCUMENTED = set(re.findall("[a-z]+(?:-[a-z0-9]+)?", plots.__doc__ or "")) | {"plot"}


def with_class(root: ElementTree.Element, *names: str) -> Iterator[ElementTree.Element]:
    """Yield elements that have all these classes."""
    for element in root.iter():
        if set(names) <= set((element.get("class") or "").split()):
            yield element


def boxes(root: ElementTree.Element, *names: str) -> list[Box]:
    """Return the rectangles that have these classes, those of legends (12 x 9) left out."""
    found = [
        Box(*(float(str(one.get(key))) for key in ("x", "y", "width", "height")))
        for one in with_class(root, *names)
        if one.tag == f"{SVG}rect"
    ]
    return [box for box in found if (box.width, box.height) != (12.0, 9.0)]


def words(root: ElementTree.Element, *names: str) -> list[str]:
    """Return the texts that have these classes."""
    return [one.text or "" for one in with_class(root, *names) if one.tag == f"{SVG}text"]


def overlaps(root: ElementTree.Element) -> list[tuple[str, str]]:
    """Return pairs of texts that are drawn over each other, by the widths of a usual font."""
    placed = [(text, box) for text, box in _texts(root, 0.0, 0.0) if text]
    found = []
    for index, (text, one) in enumerate(placed):
        for other_text, other in placed[index + 1 :]:
            across = min(one.x + one.width, other.x + other.width) - max(one.x, other.x)
            down = min(one.y + one.height, other.y + other.height) - max(one.y, other.y)
            if across > 0 and down > 0:
                found.append((text, other_text))
    return found


def _texts(element: ElementTree.Element, x: float, y: float) -> Iterator[tuple[str, Box]]:
    moved = re.fullmatch(r"translate\(([-0-9.]+),([-0-9.]+)\)", element.get("transform") or "translate(0,0)")
    assert moved is not None
    x, y = x + float(moved[1]), y + float(moved[2])
    if element.tag == f"{SVG}text":
        classes = (element.get("class") or "").split()
        size = 10.0 if "small" in classes else 11.0 if "tick" in classes else 12.0
        width = 0.9 * text_width(element.text or "", size, "strong" in classes or "heading" in classes)
        back = {"start": 0.0, "middle": width / 2, "end": width}[element.get("text-anchor") or "start"]
        yield (
            element.text or "",
            Box(x + float(str(element.get("x"))) - back, y + float(str(element.get("y"))) - size * 0.7, width, size * 0.75),
        )
    for child in element:
        yield from _texts(child, x, y)
