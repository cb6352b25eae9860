"""What a page is made of: sections of blocks, which the templates draw; text in them is raw, the templates make it harmless."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, Final, Literal

from inspector.report.figures import share_text

Style = Literal["", "code", "quiet", "strong", "good", "bad", "warn", "ask", "note"]
"""code: a name of the artifact's, in its own letters; good, bad, warn, ask (undecided), note: a word that judges."""

MOST_ROWS: Final = 200
"""Rows of one table; the page has fewer where they would make it too long."""

VERDICT_STYLES: Final[dict[str, Style]] = {
    **dict.fromkeys(("pass", "passed", "accepted", "faster", "same", "proven", "measured", "chosen", "allowed"), "good"),
    **dict.fromkeys(
        ("fail", "failed", "rejected", "slower", "not proven", "not allowed", "high", "smaller but slower", "unreadable"), "bad"
    ),
    **dict.fromkeys(("medium", "cut short", "sooner but slower", "differs"), "warn"),
    **dict.fromkeys(("unknown", "underpowered"), "ask"),
    **dict.fromkeys(("no difference shown", "not measured", "skipped", "nothing to do", "cannot run", "low", "info"), "note"),
    **dict.fromkeys(("not run", "added", "removed", "changed", "renamed", "moved"), "note"),
}
"""How a word that judges is marked."""


@dataclass(frozen=True, slots=True)
class Cell:
    """Text of a table cell, and a second line that is quieter; value is what it is sorted by (its text if None), share (of 1) a
    bar below it, link the file beside the page that it leads to."""

    text: str
    style: Style = ""
    value: float | None = None
    share: float | None = None
    aside: str = ""
    link: str = ""


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its title, and whether it holds numbers, which stand at the right."""

    title: str
    numeric: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under a caption; total counts what there is in all, of which rows may be the first ones only."""

    kind: ClassVar[str] = "table"
    caption: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    total: int
    noun: str = "row"
    nouns: str = ""
    titled: bool = False
    """Whether the caption stands above it as a heading already."""


@dataclass(frozen=True, slots=True)
class Facts:
    """Labels with their values; a label that repeats names the same kind."""

    kind: ClassVar[str] = "facts"
    entries: tuple[tuple[str, Cell], ...]


@dataclass(frozen=True, slots=True)
class Words:
    """A paragraph."""

    kind: ClassVar[str] = "words"
    text: str
    style: Style = ""


@dataclass(frozen=True, slots=True)
class Points:
    """A list of sentences, or of lines to be typed."""

    kind: ClassVar[str] = "points"
    texts: tuple[str, ...]
    style: Style = ""
    total: int = 0


@dataclass(frozen=True, slots=True)
class Plot:
    """A plot: ready SVG of inspector.report.plots with a caption; long ones scroll in a frame of their own."""

    kind: ClassVar[str] = "plot"
    svg: str
    title: str
    caption: str
    long: bool = False
    heats: tuple[tuple[str, str], ...] = ()
    """What its colors can be switched between: the last part of a class of the graph, and its name."""


@dataclass(frozen=True, slots=True)
class Group:
    """Blocks under a heading of their own; folded ones open on request."""

    kind: ClassVar[str] = "group"
    title: str
    blocks: tuple[Block, ...]
    mark: str = ""
    """A word that judges, beside the title."""
    folded: bool = False


Block = Table | Facts | Words | Points | Plot | Group


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the page with its place in the table of contents; key is its id."""

    key: str
    title: str
    blocks: tuple[Block, ...]
    lead: str = ""
    badge: str = ""
    """A few letters beside the title in the table of contents: a count."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One of the numbers on top: what it is, what it was and is, how they relate, and what is said of it."""

    label: str
    value: str
    before: str = ""
    ratio: str = ""
    verdict: str = ""
    note: str = ""
    strip: str = ""
    """A ratio with its interval, as ready SVG."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """The banner: pass or fail, why in one sentence, and what did not pass by name."""

    verdict: str
    style: Style
    sentence: str
    open_checks: tuple[tuple[Cell, ...], ...] = ()
    left_out: int = 0
    remarks: tuple[str, ...] = ()
    caution: str = ""
    """What must not be overlooked, whatever the verdict: that nothing proves a slimmed image."""


def mark(word: str) -> Cell:
    """Return a word that judges as a cell, marked as good, bad, or in between."""
    return Cell(word, VERDICT_STYLES.get(word, "note") if word else "")


def code(text: str) -> Cell:
    """Return a name of the artifact's."""
    return Cell(text, "code")


def number(text: str, value: float | None, share: float | None = None) -> Cell:
    """Return a figure with what it is sorted by, unknown ones last; brackets at its end get a line of their own."""
    figure, _, aside = text.partition(" (") if text.endswith(")") else (text, "", "")
    return Cell(figure, "", value if value is not None else float("-inf"), share, aside.removesuffix(")"))


def table(
    caption: str,
    columns: Sequence[str | Column],
    rows: Iterable[Sequence[Cell | str]],
    total: int | None = None,
    noun: str = "row",
    nouns: str = "",
) -> list[Block]:
    """Return a table of the first MOST_ROWS rows without the columns that none fills, nothing where there are no rows; total
    None: rows are all there are.
    """
    listed = [tuple(cell if isinstance(cell, Cell) else Cell(cell) for cell in row) for row in rows]
    if not listed:
        return []
    titles = tuple(column if isinstance(column, Column) else Column(column) for column in columns)
    shown = listed[:MOST_ROWS]
    filled = [at for at in range(len(titles)) if any(row[at].text for row in shown)]
    rows_shown = tuple(tuple(row[at] for at in filled) for row in shown)
    whole = len(listed) if total is None else total
    return [Table(caption, tuple(titles[at] for at in filled), rows_shown, whole, noun, nouns)] if filled else []


def share_of(part: int, whole: int) -> float | None:
    """Return part / whole, from 0 to 1 whatever a record claims; None where there is no whole."""
    return max(0, min(part, whole)) / whole if whole > 0 else None


def share(part: int, whole: int, bar: bool = True) -> Cell:
    """Return part / whole in percent, with a bar; empty where there is no whole."""
    found = share_of(part, whole)
    return number("" if found is None else share_text(found), part, found if bar else None)


def right(*titles: str) -> tuple[Column, ...]:
    """Return columns of numbers."""
    return tuple(Column(title, numeric=True) for title in titles)


def columns(*parts: str | Sequence[Column]) -> tuple[Column, ...]:
    """Return columns of text, and among them those that right() gives."""
    return tuple(column for part in parts for column in ((Column(part),) if isinstance(part, str) else part))


def facts(entries: Iterable[tuple[str, Cell | str]]) -> list[Block]:
    """Return labelled values, those without text left out; nothing where none is left."""
    listed = tuple((label, value if isinstance(value, Cell) else Cell(value)) for label, value in entries)
    known = tuple((label, value) for label, value in listed if value.text)[:MOST_ROWS]
    return [Facts(known)] if known else []


def points(texts: Iterable[str], style: Style = "") -> list[Block]:
    """Return a list of sentences, nothing where there are none."""
    listed = tuple(text for text in texts if text)
    return [Points(listed[:MOST_ROWS], style, len(listed))] if listed else []


def words(text: str, style: Style = "") -> list[Block]:
    """Return a paragraph, nothing where there is no text."""
    return [Words(text, style)] if text else []


def group(title: str, blocks: Sequence[Block], mark: str = "", folded: bool = False) -> list[Block]:
    """Return blocks under a heading, nothing where there are none; a table that is called the same does not repeat it."""
    return [Group(title, _titled(title, blocks), mark, folded)] if blocks else []


def _titled(title: str, blocks: Sequence[Block]) -> tuple[Block, ...]:
    return tuple(replace(one, titled=True) if isinstance(one, Table) and one.caption == title else one for one in blocks)


def section(key: str, title: str, blocks: Sequence[Block], lead: str = "", badge: str = "") -> list[Section]:
    """Return a section, nothing where it has nothing to show."""
    return [Section(key, title, _titled(title, blocks), lead, badge)] if blocks else []
