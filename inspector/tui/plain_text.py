"""The only place that turns strings from an artifact into something drawn: never parsed as markup, never a control code.

Readers have cleaned such strings once already; this is the second lock on the same door, because one escape sequence
that slips through reaches the terminal.
"""

from __future__ import annotations

import re

from rich.cells import cell_len, set_cell_size
from textual.content import Content

_UNSAFE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e007f]"
)
_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
_ELLIPSIS = "…"


def clean(text: str) -> str:
    """Return the text with everything that could steer a terminal or reorder the line replaced by U+FFFD."""
    return text if text.isascii() and text.isprintable() else _UNSAFE.sub(_REPLACEMENT, text)


def plain(text: str, style: str = "") -> Content:
    """Return the text as it is, in one style, with no markup parsed."""
    return Content.styled(clean(text), style)


def fit(text: str, width: int) -> str:
    """Return the cleaned text in exactly width cells: cut at the end with an ellipsis, or padded with blanks."""
    text = clean(text)
    if width <= 0:
        return ""
    return set_cell_size(text, width) if cell_len(text) <= width else set_cell_size(text, width - 1) + _ELLIPSIS


def shorten(text: str, width: int) -> str:
    """Return the cleaned text in at most width cells, cut in the middle: names differ at both ends."""
    text = clean(text)
    if cell_len(text) <= width:
        return text
    if width < 5:
        return fit(text, width)
    head = (width - 1) // 2
    return set_cell_size(text, head).rstrip() + _ELLIPSIS + _last_cells(text, width - 1 - head)


def _last_cells(text: str, width: int) -> str:
    start, cells = len(text), 0
    while start and cells + cell_len(text[start - 1]) <= width:
        start -= 1
        cells += cell_len(text[start])
    return text[start:]
