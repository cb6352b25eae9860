"""What the tab is for, before anything was measured; and what a row of the plan means."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content

from inspector.tui.plain_text import plain
from inspector.tui.tabs import Kind
from inspector.tui.widgets.benchmark.planning import PlanRow, row_help
from inspector.tui.widgets.text_rows import labeled, wrapped

_TITLE_CELLS = 12
_FIRST = {
    "image": (
        (("↵", " starts a fresh container for each sample and takes the time until it is ready."),),
        (
            (
                "",
                "Unpack, create, start and ready stand apart; the transfer is modelled from bytes and a bandwidth.",
            ),
        ),
        (("v", " names another image to measure side by side, in random order."),),
    ),
    "": (
        (("↵", " measures: a fresh process for each start, warm runs for latency, in random order."),),
        (("", "Every figure has an interval; a percentile without enough samples says how many it needs."),),
        (("v", " names another artifact to measure side by side; a model made on the Optimize tab is taken by itself."),),
    ),
}


def first_steps(kind: Kind, width: int) -> list[Content]:
    """Return the three lines that say what will happen."""
    lines: list[Content] = []
    for number, pieces in enumerate(_FIRST.get(kind, _FIRST[""]), 1):
        text = Content.assemble(*(part for key, words in pieces for part in ((key, "$accent-text bold"), words)))
        first, *others = wrapped(text, width - 3)
        lines += [Content.assemble((f"{number}  ", "$soft"), first), *(Content.assemble("   ", line) for line in others)]
    return lines


def other_lines(rows: Sequence[PlanRow], chosen: PlanRow, kind: Kind, width: int) -> list[Content]:
    """Return what the other rows mean, in a sentence each."""
    lines: list[Content] = [Content()]
    for row in rows:
        if row.id != chosen.id:
            lines += labeled(row.title, plain(next(row_help(row, kind)), "$soft"), width, _TITLE_CELLS, most=2)
    return lines


def plan_lines(row: PlanRow, kind: Kind, width: int) -> list[Content]:
    """Return a row's value and what it means."""
    lines = wrapped(Content.assemble((row.title, "$ink bold"), "  ", plain(row.value, "$soft")), width, most=3)
    if row.note:
        lines += wrapped(row.note, width, "$medium")
    for text in row_help(row, kind):
        lines += [Content(), *wrapped(text, width)]
    return lines
