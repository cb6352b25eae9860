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
from inspector.report.text_optimization import write_published
from inspector.report.text_page import Page
from inspector.report.text_slim import write_slimming
from inspector.tui.widgets.filtered_table import FilteredTable
from inspector.tui.widgets.line_table import LineTable
from inspector.tui.widgets.optimize.change_text import making_lines, proof_lines, verdict_lines
from inspector.tui.widgets.optimize.step_log import StepRow
from inspector.tui.widgets.optimize.tables import results_table
from inspector.tui.widgets.review.report_lines import report_lines
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
        self.table.set_rows(rows)
        self._box.styles.height = min(_MOST_ROWS, len(rows)) + _FRAME_ROWS
        self._box.border_title = Content(overall_text(review.changes) or "steps, in order")
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
