"""Sections of Markdown that a reader opens, within the length that a pull request takes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from inspector.report.figures import plural

Lines = Iterable[str]

MOST_CHARACTERS: Final = 60_000
"""Of a whole report; code hosts take 65,536 for one comment."""

MOST_OF_HEAD: Final = 20_000
MOST_OF_FOLD: Final = 20_000
LEAST_OF_FOLD: Final = 1_000
"""Characters below which the beginning of a section is not worth opening it."""

_FRAME: Final = 200
"""Characters around the lines of a fold, and of the note on what was cut."""


def section(title: str) -> list[str]:
    """Return the lines of a heading; the title is ready Markdown."""
    return ["", f"## {title}", ""]


def rest(left_out: int, noun: str, nouns: str = "") -> Lines:
    """Return a line that counts what is not listed; none where that is nothing."""
    return ["", f"… and {plural(left_out, f'more {noun}', f'more {nouns}' if nouns else '')}."] if left_out > 0 else []


def cut(lines: Sequence[str], most: int) -> list[str]:
    """Return as many lines as take at most so many characters, and what is left out in one more."""
    if length(lines) <= most:
        return list(lines)
    shown: list[str] = []
    for line in lines:
        most -= len(line) + 1
        if most < _FRAME:
            break
        shown.append(line)
    while shown and shown[-1].startswith("#"):
        shown.pop()
    return [*shown, "", f"… and {plural(len(lines) - len(shown), 'more line')}, left out for length; the JSON report has all."]


def length(lines: Sequence[str]) -> int:
    """Return the characters that lines take, line feeds included."""
    return sum(len(line) + 1 for line in lines)


def folds(parts: Iterable[tuple[str, Sequence[str]]], room: int) -> list[str]:
    """Return parts, each under a title that opens it, in so many characters; what does not fit is named at the end.

    Titles are our own words: they stand in HTML, where names of others are never put.
    """
    done: list[str] = []
    left_out = []
    room -= LEAST_OF_FOLD
    for title, lines in parts:
        if not lines:
            continue
        most = min(room, MOST_OF_FOLD) - _FRAME
        if length(lines) > most < LEAST_OF_FOLD:
            left_out.append(title)
            continue
        fold = _fold(title, cut(lines, most))
        done += fold
        room -= length(fold)
    return [*done, "", f"Left out for length: {', '.join(left_out)}. The JSON report has all."] if left_out else done


def _fold(title: str, lines: Sequence[str]) -> list[str]:
    """Return lines between tags that hosts fold; the empty lines around them make what is inside Markdown again."""
    first = 1 if lines and not lines[0] else 0
    return ["", "<details>", f"<summary>{title}</summary>", "", *lines[first:], "", "</details>"]
