"""Sections of the text report as lines of the screen: the same words, the styles of the theme in place of SGR sequences."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from textual.content import Content

from inspector.report.text_page import PALETTE, Page, Style
from inspector.tui.plain_text import plain

Write = Callable[[Page], None]
"""Writes a section to a page."""

STYLES: Final[dict[Style, str]] = {
    "": "",
    "title": "$ink bold",
    "heading": "$accent-text bold",
    "label": "$soft",
    "bar": "$bar",
    "high": "$high bold",
    "medium": "$medium bold",
    "low": "$low",
    "info": "$soft",
    "good": "$good bold",
}
_BY_SEQUENCE: Final[dict[str, str]] = {sequence: STYLES[style] for style, sequence in PALETTE.items()}
_SEQUENCE: Final = re.compile("(\x1b\\[[0-9;]*m)")
WIDEST: Final = 120
"""Cells of a line that is still read with ease."""


def report_lines(write: Write, width: int) -> list[Content]:
    """Return what is written to a page of this width, without the blank lines at its start."""
    page = Page(min(width, WIDEST), color=True)
    write(page)
    return [_line(line) for line in page.text().rstrip("\n").lstrip("\n").split("\n")]


def _line(line: str) -> Content:
    """Turn the sequences of the palette, the only ones that a page holds, into styles."""
    parts: list[Content] = []
    style = ""
    for piece in _SEQUENCE.split(line):
        if piece.startswith("\x1b"):
            style = _BY_SEQUENCE.get(piece, "")
        elif piece:
            parts.append(plain(piece, style))
    return Content.assemble(*parts)
