"""Elements of SVG as text: geometry in attributes, colors in classes, names and numbers made harmless.

Coordinates are user units of the viewBox, y downwards.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from typing import Final, Literal

from inspector.report.plots.lettering import clipped

Anchor = Literal["start", "middle", "end"]

TOOLTIP: Final = 100
"""Characters of a tooltip."""
LONGEST_TEXT: Final = 200
"""Characters of a text that nobody has fitted into its place."""
DESCRIPTION: Final = 4_000
_MOST_HATCHES: Final = 400
_FARTHEST: Final = 100_000.0


def number(value: float) -> str:
    """Return a coordinate in tenths, without needless digits; what is not finite becomes 0."""
    if not -_FARTHEST <= value <= _FARTHEST:
        value = 0.0 if value != value else max(-_FARTHEST, min(_FARTHEST, value))
    text = f"{value:.1f}"
    return text.removesuffix(".0") if text != "-0.0" else "0"


def rect(x: float, y: float, width: float, height: float, classes: str = "", tooltip: str = "") -> str:
    """Return a rectangle; a negative width or height becomes 0."""
    size = f'width="{number(max(width, 0.0))}" height="{number(max(height, 0.0))}"'
    return _element("rect", f'x="{number(x)}" y="{number(y)}" {size}', classes, tooltip)


def line(x1: float, y1: float, x2: float, y2: float, classes: str) -> str:
    """Return a straight line."""
    return _element("line", f'x1="{number(x1)}" y1="{number(y1)}" x2="{number(x2)}" y2="{number(y2)}"', classes, "")


def path(commands: str, classes: str, tooltip: str = "") -> str:
    """Return a path of commands made with number()."""
    return _element("path", f'd="{commands}"', classes, tooltip)


def circle(x: float, y: float, radius: float, classes: str, tooltip: str = "") -> str:
    """Return a circle."""
    return _element("circle", f'cx="{number(x)}" cy="{number(y)}" r="{number(radius)}"', classes, tooltip)


def polygon(points: Sequence[tuple[float, float]], classes: str, tooltip: str = "") -> str:
    """Return a closed shape."""
    listed = " ".join(f"{number(x)},{number(y)}" for x, y in points)
    return _element("polygon", f'points="{listed}"', classes, tooltip)


def text(x: float, y: float, content: str, classes: str = "", anchor: Anchor = "start") -> str:
    """Return one line of text with its base line at y, cleaned, cut and escaped."""
    where = f'x="{number(x)}" y="{number(y)}"'
    aligned = "" if anchor == "start" else f' text-anchor="{anchor}"'
    return f"<text {where}{aligned}{_class(classes)}>{escape(clipped(content, LONGEST_TEXT), quote=False)}</text>"


def group(children: Iterable[str], classes: str = "", x: float = 0.0, y: float = 0.0, tooltip: str = "") -> str:
    """Return elements as one, moved by x and y."""
    moved = f' transform="translate({number(x)},{number(y)})"' if x or y else ""
    return f"<g{_class(classes)}{moved}>{_tooltip(tooltip)}{''.join(children)}</g>"


def polyline(points: Iterable[tuple[float, float]]) -> str:
    """Return path commands that join points by straight lines."""
    return "M" + "L".join(f"{number(x)} {number(y)}" for x, y in points)


def hatch(x: float, y: float, width: float, height: float, step: float = 6.0) -> str:
    """Return path commands of diagonal lines that fill a rectangle, "" where it is too small to hold one."""
    reach = width + height
    if not (0 < width <= _FARTHEST and 0 < height <= _FARTHEST) or reach < step:
        return ""
    step = max(step, reach / _MOST_HATCHES)
    parts = []
    for index in range(1, int(reach / step) + 1):
        at = index * step
        left, right = max(0.0, at - height), min(width, at)
        parts.append(f"M{number(x + left)} {number(y + at - left)}L{number(x + right)} {number(y + at - right)}")
    return "".join(parts)


def document(kind: str, title: str, description: str, size: tuple[float, float], body: Iterable[str]) -> str:
    """Return the whole plot: kind is its class, title and description are its text for whoever does not see it."""
    named = f"<title>{escape(clipped(title, LONGEST_TEXT), quote=False)}</title>"
    told = f"<desc>{escape(clipped(description, DESCRIPTION), quote=False)}</desc>"
    box = f'viewBox="0 0 {number(size[0])} {number(size[1])}"'
    opening = f'<svg xmlns="http://www.w3.org/2000/svg" class="plot {kind}" role="img" {box}>'
    return f"{opening}{named}{told}{''.join(body)}</svg>"


def _element(name: str, attributes: str, classes: str, tooltip: str) -> str:
    if not tooltip:
        return f"<{name} {attributes}{_class(classes)}/>"
    return f"<{name} {attributes}{_class(classes)}>{_tooltip(tooltip)}</{name}>"


def _class(classes: str) -> str:
    return f' class="{classes}"' if classes else ""


def _tooltip(content: str) -> str:
    return f"<title>{escape(clipped(content, TOOLTIP), quote=False)}</title>" if content else ""
