"""Breaking styled parts into lines of a width: at blanks where there are any, anywhere in names that have none."""

from __future__ import annotations

import re
from collections.abc import Iterable

from rich.cells import cell_len, chop_cells

from inspector.tui.widgets.graph.node_text import BREAK, Part

INDENT = 2
"""Blanks before every line but the first."""

_WORD = re.compile(r"\S+\s*|\s+")


def wrap(parts: Iterable[Part], width: int) -> list[list[Part]]:
    """Return lines of at most width cells; the text must be clean."""
    width = max(INDENT + 4, width)
    lines = _Lines(width)
    for text, style in parts:
        if text == BREAK:
            lines.new_line()
            continue
        for word in _WORD.findall(text):
            lines.add(word, style)
    return lines.lines


class _Lines:
    def __init__(self, width: int) -> None:
        self.width = width
        self.lines: list[list[Part]] = [[]]
        self._left = width

    def new_line(self) -> None:
        self.lines.append([(" " * INDENT, "")])
        self._left = self.width - INDENT

    def add(self, word: str, style: str) -> None:
        if cell_len(word) <= self._left:
            self._put(word, style)
        elif cell_len(word.rstrip()) <= self._left:
            self._put(word.rstrip(), style)
        elif not word.strip():
            return
        else:
            self._break(word, style)

    def _break(self, word: str, style: str) -> None:
        """Put a word that does not fit on the next line, chopped if it is longer than that."""
        self.new_line()
        pieces = chop_cells(word.rstrip(), self.width - INDENT)
        for piece in pieces[:-1]:
            self._put(piece, style)
            self.new_line()
        self._put(pieces[-1], style)
        if word != word.rstrip() and self._left > 0:
            self._put(" ", style)

    def _put(self, text: str, style: str) -> None:
        self.lines[-1].append((text, style))
        self._left -= cell_len(text)
