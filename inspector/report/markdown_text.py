"""Hostile text in Markdown: code spans that hold anything, and prose in which nothing is markup, a link or a mention."""

from __future__ import annotations

import re
from collections.abc import Sequence

from inspector.report.visible import visible

WORD_JOINER = "&#8288;"
"""Takes no space and breaks what sites turn into links by themselves: "@name", "#12", "www." and "://"."""

_MARKUP = re.compile(r"([\\`*_\[\]<#|~&$])")
_LINKS = re.compile(r"(?:@|#|://|www\.|mailto:)(?=\S)", re.IGNORECASE)

LONGEST = 300
"""Characters of one name; a pull request is no place for more."""


def code(text: str) -> str:
    """Return text as one code span, its fence longer than any run of backticks inside; empty text gives empty."""
    text = _cut(visible(text))
    if not text.strip():
        return f"`{text!r}`" if text else ""
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence = "`" * (longest + 1)
    pad = " " if text.startswith(("`", " ")) or text.endswith(("`", " ")) else ""
    return f"{fence}{pad}{text}{pad}{fence}"


def prose(text: str) -> str:
    """Return text, to stand after the start of a line, with what Markdown or HTML reads as markup escaped and links broken."""
    escaped = _MARKUP.sub(r"\\\1", _cut(visible(text), 4 * LONGEST))
    return _LINKS.sub(lambda match: match[0][0] + WORD_JOINER + match[0][1:], escaped)


def table(titles: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[int] = ()) -> list[str]:
    """Return the lines of a table; cells are ready Markdown, whose pipes are escaped here; right are columns set right."""
    rule = [f"{'---:' if index in right else '---'}" for index in range(len(titles))]
    lines = [_row(titles), f"| {' | '.join(rule)} |"]
    return [*lines, *(_row(row) for row in rows)]


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(_cell(cell) for cell in cells)} |"


def _cell(cell: str) -> str:
    """Escape pipes: one ends a cell even inside a code span, and a table takes one backslash off before the rest is read."""
    return cell.replace("|", "\\|")


def _cut(text: str, longest: int = LONGEST) -> str:
    half = longest // 2
    return text if len(text) <= longest else f"{text[:half]}…{text[-half:]}"
