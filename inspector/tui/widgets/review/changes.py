"""What was made of the artifact in a review: every step, or every level of slimming, with its proof."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from textual.containers import VerticalScroll
from textual.content import Content
from textual.widget import Widget

from inspector.records.optimization import Change
from inspector.records.review import Review
from inspector.report.optimization_sentences import overall_text
from inspector.report.slim_sentences import overall_text as slimmed_text
from inspector.report.text_optimization import write_published
from inspector.report.text_page import Page
from inspector.report.text_slim import write_slimming
from inspector.tui.widgets.filtered_table import FilteredTable
from inspector.tui.widgets.line_table import LineTable
from inspector.tui.widgets.optimize.change_text import making_lines, proof_lines, verdict_lines
from inspector.tui.widgets.optimize.figures import VERDICT_ROLES, ratio_text, size_ratio, sizes_text, verdict_text
from inspector.tui.widgets.optimize.step_log import StepRow
from inspector.tui.widgets.optimize.tables import results_table
from inspector.tui.widgets.review.report_lines import report_lines
from inspector.tui.widgets.slim.figures import VERDICT_ROLES as LEVEL_ROLES
from inspector.tui.widgets.slim.figures import verdict_text as level_verdict_text
from inspector.tui.widgets.table_columns import Cell, Column
from inspector.tui.widgets.text_block import TextBlock

_TWO = 100
"""From this many cells on, the proof stands beside the verdict."""
_MOST_ROWS = 9
_FRAME_ROWS = 3


class ChangesPane(Widget):
    """The table of steps over everything that is known of the one under the cursor."""

    def __init__(self) -> None:
        super().__init__(id="review-changes", classes="review-stack")
        self.table: LineTable[StepRow] = results_table()
        self._box = FilteredTable(self.table)
        self._text = TextBlock()
        self._review: Review | None = None

    def compose(self) -> Iterator[Widget]:
        """Lay out the table over the details."""
        yield self._box
        with VerticalScroll(classes="detail-box") as box:
            box.border_title = Content("what it did, and what proves it")
            yield self._text

    def show(self, review: Review) -> None:
        """Show a review; the cursor stays on its step."""
        self._review = review
        rows = step_rows(review)
        if review.slimming is not None:
            self.table.set_columns(_level_columns(review))
        self.table.set_rows(rows)
        self._box.styles.height = min(_MOST_ROWS, len(rows)) + _FRAME_ROWS
        slimmed = f"levels, each made from the original: {slimmed_text(review.slimming)}" if review.slimming is not None else ""
        self._box.border_title = Content(slimmed or overall_text(review.changes) or "steps, in order")
        if len(rows) > 1 and self.table.cursor == 0:
            self.table.cursor = 1
        self.describe()

    def describe(self) -> None:
        """Show what is known of the step under the cursor."""
        row, review = self.table.row, self._review
        if row is not None and review is not None:
            self._text.show(lambda width: change_lines(review, row, width))

    def on_line_table_highlighted(self, message: LineTable.Highlighted) -> None:
        """The cursor moved."""
        message.stop()
        self.describe()


def step_rows(review: Review) -> list[StepRow]:
    """Return the original, then every change in order."""
    steps = [StepRow(at, one.optimizer, "done", at, change=one) for at, one in enumerate(review.changes, 1)]
    original = StepRow(0, None, "original", 0, facts=review.changes[0].before) if review.changes else None
    return [*([original] if original is not None else []), *steps]


def verdict_of(review: Review, change: Change) -> tuple[str, str]:
    """Return the verdict of a step with its sign, and its role; of a level of slimming whether it was proven."""
    levels = review.slimming.steps if review.slimming is not None and change.optimizer == "slim" else ()
    level = next((step for step in levels if step.level == change.choice), None)
    if level is not None:
        return level_verdict_text(level.verdict), LEVEL_ROLES[level.verdict]
    return verdict_text(change.verdict), VERDICT_ROLES[change.verdict]


def _level_columns(review: Review) -> Sequence[Column[StepRow]]:
    """Return columns for levels of slimming, which have no nodes, parity or latency."""
    return (
        Column("level", "level", _level_cell, 10),
        Column(
            "verdict",
            "verdict",
            lambda row: Cell(*verdict_of(review, row.change)) if row.change is not None else Cell(""),
            14,
        ),
        Column("size", "size", _size_cell, 22, "right"),
        Column("ratio", "ratio", _ratio_cell, 7, "right"),
        Column("why", "why", lambda row: Cell(row.change.reason if row.change else "", "soft"), cut="end"),
    )


def _level_cell(row: StepRow) -> Cell:
    return Cell(row.change.choice or row.change.optimizer) if row.change is not None else Cell("original", "soft")


def _size_cell(row: StepRow) -> Cell:
    before = row.change.before if row.change is not None else row.facts
    return Cell(sizes_text(before, row.change.after if row.change is not None else None) if before is not None else "")


def _ratio_cell(row: StepRow) -> Cell:
    ratio = size_ratio(row.change) if row.change is not None else None
    return Cell("" if ratio is None else ratio_text(ratio), "good" if ratio is not None and ratio < 1 else "")


def change_lines(review: Review, row: StepRow, width: int) -> list[Content]:
    """Return a step in full, in two columns where there is room; of slimming what its level says."""
    change = row.change
    if change is None:
        lines = report_lines(lambda page: write_published(page, review.published), width) if review.published else []
        return [Content.styled("What every step is judged against.", "$soft"), Content(), *lines]
    if change.optimizer == "slim" and review.slimming is not None:
        return _slim_lines(review, change, width)
    if width < _TWO:
        return _joined([verdict_lines(row, width), proof_lines(change, width), making_lines(change, width)])
    half = (width - 3) // 2
    right = _joined([proof_lines(change, half), making_lines(change, half)])
    return beside(verdict_lines(row, half), right, half)


def _joined(parts: Sequence[Sequence[Content]]) -> list[Content]:
    lines: list[Content] = []
    for part in parts:
        if part:
            lines += [*([Content()] if lines else []), *part]
    return lines


def beside(left: Sequence[Content], right: Sequence[Content], half: int) -> list[Content]:
    """Return lines side by side, each half cells wide."""
    rows = max(len(left), len(right))
    padded = [[*side, *[Content()] * (rows - len(side))] for side in (left, right)]
    return [
        Content.assemble(one, " " * max(0, half - one.cell_length), (" │ ", "$line"), other)
        for one, other in zip(*padded, strict=True)
    ]


def _slim_lines(review: Review, change: Change, width: int) -> list[Content]:
    assert review.slimming is not None
    steps = tuple(step for step in review.slimming.steps if step.level == change.choice) or review.slimming.steps
    slimming = replace(review.slimming, steps=steps)

    def write(page: Page) -> None:
        write_slimming(page, slimming)

    return report_lines(write, width)
