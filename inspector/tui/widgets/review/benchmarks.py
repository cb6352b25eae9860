"""What was measured in a review: every run with its waterfall or distribution beside the other subject's."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

from textual.content import Content
from textual.widget import Widget

from inspector.records.benchmark import BenchPlan, BenchResult
from inspector.records.review import Review
from inspector.tui.tabs import Kind
from inspector.tui.widgets.benchmark.details_box import TWO, DetailsBox
from inspector.tui.widgets.benchmark.runs_table import RunRow, run_rows, runs_table
from inspector.tui.widgets.filtered_table import FilteredTable
from inspector.tui.widgets.line_table import LineTable

if TYPE_CHECKING:
    from inspector.tui.widgets.benchmark.runner import BenchRunner

_MOST_ROWS = 8
_FRAME_ROWS = 3


@dataclass(frozen=True, slots=True)
class SavedRuns:
    """What the details ask of a runner, of runs that are over."""

    result: BenchResult
    busy: bool = False
    warnings: tuple[str, ...] = field(default_factory=tuple)


class SavedRunsPane(Widget):
    """The table of runs over details of the one under the cursor."""

    def __init__(self) -> None:
        super().__init__(id="review-benchmarks", classes="review-stack")
        self.table: LineTable[RunRow] = runs_table()
        self._box = FilteredTable(self.table)
        self._details = DetailsBox()
        self._review: Review | None = None

    def compose(self) -> Iterator[Widget]:
        """Lay out the table over the details."""
        self._details.add_class("detail-box")
        yield self._box
        yield self._details

    def on_resize(self) -> None:
        """Put before and after side by side where there is room."""
        self._details.set_class(self.size.width >= TWO, "-two")
        self.call_after_refresh(self.describe)

    def show(self, review: Review) -> None:
        """Show a review; the cursor stays on its run."""
        self._review = review
        rows = run_rows(result_of(review), None)
        self.table.set_rows(rows)
        self._box.styles.height = min(_MOST_ROWS, len(rows)) + _FRAME_ROWS
        self._box.border_title = Content("runs, as they were measured")
        self.describe()

    def describe(self) -> None:
        """Show the run under the cursor."""
        row, review = self.table.row, self._review
        if row is None or review is None or not self._details.scrollable_content_region.width:  # not laid out yet
            return
        kind: Kind = "image" if review.image is not None else "onnx"
        self._details.show_run(row, cast("BenchRunner", SavedRuns(result_of(review))), kind)

    def on_line_table_highlighted(self, message: LineTable.Highlighted) -> None:
        """The cursor moved."""
        message.stop()
        self.describe()


def result_of(review: Review) -> BenchResult:
    """Return what was measured as the benchmark tab knows it."""
    device = review.benchmarks[0].device if review.benchmarks else "cpu"
    return BenchResult(
        plan=review.plan or BenchPlan(),
        runs=review.benchmarks,
        comparisons=review.comparisons,
        startup=review.startup,
        device=device,
        machine=review.environment.machine,
        method=review.method,
    )
