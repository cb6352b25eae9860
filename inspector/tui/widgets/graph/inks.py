"""The colors of the graph tab: what each kind of text is drawn with, in terms of the theme."""

from __future__ import annotations

from textual.content import Content

from inspector.tui.plain_text import clean
from inspector.tui.widgets.graph.node_text import Part

LANE_COLORS = 6
HEAT_COLORS = ("$bar", "$bar", "$bar", "$medium", "$high")

INKS = {
    **{f"lane-{number}": f"$lane-{number}" for number in range(1, LANE_COLORS + 1)},
    **{f"heat-{step}": color for step, color in enumerate(HEAT_COLORS, 1)},
    "operator": "$ink bold",
    "attribute": "$ink",
    "portal": "$violet",
    "soft": "$soft",
    "fold": "$accent-text bold",
    "repeat": "$good bold",
    "exception": "$medium",
    "absorbed": "$soft",
    "tensor": "$violet bold",
    "name": "$soft",
    "shape": "$soft",
    "value": "$ink",
    "match": "$medium bold underline",
    "match-mark": "$medium bold",
    "heading": "$accent-text bold",
    "line": "$line",
    "cursor": "on $cursor",
    "cursor-blurred": "on $cursor-blurred",
    "view": "on $bar-rest",
}
"""Style by name, as Textual writes styles; only those of whole lines have a background."""


def ink(parts: tuple[Part, ...]) -> Content:
    """Return the parts as one line of content, cleaned, no markup parsed."""
    return Content.assemble(*((clean(text), INKS.get(style, "")) for text, style in parts))


def lane_ink(column: int) -> str:
    """Return the style name of a lane's color."""
    return f"lane-{column % LANE_COLORS + 1}"
