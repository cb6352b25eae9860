"""How wide text is in a sans serif font, and what of it fits."""

from __future__ import annotations

from typing import Final

from inspector.report.visible import cell_width, shorten, visible

SIZE: Final = 12.0
"""Font size of text without a class of its own, as in styles.PLOT_CSS; ticks are 11, small text is 10."""
TICK: Final = 11.0
SMALL: Final = 10.0

_NARROW: Final = frozenset("iljtfrI.,:;|!'`()[]/\\ ·-")
_BROAD: Final = frozenset("mwMW@%…→—")
_MOST_READ: Final = 4_000
"""Characters of a text that are looked at: no plot shows more."""


def clipped(text: str, most: int) -> str:
    """Return text as one printable line of at most so many columns, its middle left out where it is longer."""
    if len(text) > 2 * _MOST_READ:
        text = text[:_MOST_READ] + text[-_MOST_READ:]
    return shorten(visible(text), most)


def text_width(text: str, size: float = SIZE, strong: bool = False) -> float:
    """Return about how wide text is, in user units, rather too wide than too narrow."""
    return size * sum(map(_em, text)) * (1.12 if strong else 1.0)


def fitted(text: str, width: float, size: float = SIZE) -> str:
    """Return what of a text fits into a width: all of it, both ends with an ellipsis between, or nothing."""
    if width < size:
        return ""
    shown = clipped(text, int(width / (0.3 * size)) + 1)
    while shown and text_width(shown, size) > width:
        cells = cell_width(shown)
        shown = shorten(shown, min(cells - 1, int(cells * width / text_width(shown, size))))
        if cell_width(shown) < 3:
            return ""
    return shown


def _em(char: str) -> float:
    if char in _NARROW:
        return 0.36
    if char in _BROAD:
        return 0.93
    if char.isupper():
        return 0.7
    return 0.58 if char.isascii() else 0.62 * max(cell_width(char), 1)
