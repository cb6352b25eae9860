"""Details of whichever row has the cursor: of a run in one column or two, of a row of the plan in sentences."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

from textual.containers import Container, VerticalScroll
from textual.content import Content
from textual.widget import Widget

from inspector.records.benchmark import Benchmark
from inspector.tui.tabs import Kind
from inspector.tui.widgets.benchmark.distribution import scale_of
from inspector.tui.widgets.benchmark.figures import walls_of
from inspector.tui.widgets.benchmark.guide_text import first_steps, other_lines, plan_lines
from inspector.tui.widgets.benchmark.planning import PlanRow
from inspector.tui.widgets.benchmark.run_text import (
    advice_lines,
    engine_lines,
    full_ms_of,
    latency_lines,
    machine_lines,
    mind_lines,
    paired_captions,
    phase_verdicts,
    start_facts,
    start_lines,
    verdict_lines,
)
from inspector.tui.widgets.benchmark.runner import BenchRunner
from inspector.tui.widgets.benchmark.runs_table import RunRow, key_of, title_of
from inspector.tui.widgets.lines import Build
from inspector.tui.widgets.text_block import TextBlock
from inspector.tui.widgets.text_rows import wrapped

TWO = 100
"""From this many columns on, before and after stand side by side."""


class DetailsBox(VerticalScroll):
    """A verdict, two views side by side or one over the other, and what else there is to know."""

    DEFAULT_CSS = """
    DetailsBox #bench-columns { height: auto; layout: vertical; }
    DetailsBox.-two.-split #bench-columns { layout: horizontal; }
    DetailsBox.-two.-split #bench-columns TextBlock { width: 1fr; padding: 0 2 0 0; }
    """

    def __init__(self) -> None:
        super().__init__(id="bench-details")
        self._head, self._left, self._right, self._foot = TextBlock(), TextBlock(), TextBlock(), TextBlock()

    def compose(self) -> Iterator[Widget]:
        """Lay out the four blocks."""
        yield self._head
        yield Container(self._left, self._right, id="bench-columns")
        yield self._foot

    @property
    def _wide(self) -> bool:
        return self.has_class("-two")

    @property
    def _column_cells(self) -> int:
        """The width of either column: the same for both, so that bars can be compared."""
        return self.scrollable_content_region.width // 2 - 2 if self._wide else self.size.width

    def show_plan(self, row: PlanRow, rows: Sequence[PlanRow], kind: Kind, problem: str, *, guide: bool) -> None:
        """Say what a row of the plan means; guide: what the tab is for, too, where there is no room to say it apart."""
        self.border_title = Content("what it means")

        def lines(width: int) -> list[Content]:
            more = other_lines(rows, row, kind, width)
            if guide:
                more = [Content(), *first_steps(kind, width), *more]
            return [*plan_lines(row, kind, width), *more]

        self._fill(lambda width: wrapped(problem, width, "$high", most=4) if problem else [])
        self._foot.show(lines)

    def show_run(self, row: RunRow, runner: BenchRunner, kind: Kind) -> None:
        """Show a run beside its counterpart, or the advice on starting."""
        self.border_title = Content(title_of(row))
        if row.run is None:
            self._fill(lambda width: advice_lines(row.advice, width))
            return
        runs = _both(row.run, row.other)
        self._fill(lambda width: verdict_lines(row, width), *self._halves(row, row.run, runs))
        result, live = runner.result, runner.busy and row.live
        warnings = (*(result.warnings if result else ()), *runner.warnings)

        def foot(width: int) -> list[Content]:
            said = [*phase_verdicts(row, width), *mind_lines(runs, warnings, width, live)]
            said += engine_lines(runs, width) if kind == "image" else []
            return said + machine_lines(result.machine if result else None, width)

        self._foot.show(foot)

    def _halves(self, row: RunRow, chosen: Benchmark, runs: Sequence[Benchmark]) -> tuple[Build, Build]:
        """Return what stands left and right: before and after, or two views of the only one."""
        scale, full, tall = scale_of(runs), full_ms_of(row), self._wide
        if not tall:
            runs = [chosen, *(run for run in runs if key_of(run) != key_of(chosen))]
        first, second = runs[0], runs[1] if len(runs) > 1 else None

        def view(run: Benchmark, width: int) -> list[Content]:
            width = min(width, self._column_cells) if second is not None else width
            least = paired_captions(runs, width) if second is not None and tall else 1
            if run.kind != "cold_start":
                return latency_lines(run, scale, width, tall, row.alone, least)
            lines = start_lines(run, full, width, row.alone, least)
            facts = start_facts(run, scale, width) if second is not None or not tall else []
            return [*lines, *([Content(), *facts] if facts else [])]

        if second is not None:
            return partial(view, first), lambda width: [*([] if tall else [Content()]), *view(second, width)]
        facts = partial(start_facts, first, scale) if tall and first.kind == "cold_start" and walls_of(first) else _nothing
        return partial(view, first), facts

    def _fill(self, head: Build, left: Build | None = None, right: Build | None = None) -> None:
        """Fill the blocks; two columns only where there is something for both."""
        self._head.show(head)
        self._left.show(left or _nothing)
        self._right.show(right or _nothing)
        self._foot.show(_nothing)
        self.set_class(right is not None and right is not _nothing, "-split")


def _nothing(_: int) -> Sequence[Content]:
    return ()


def _both(run: Benchmark, other: Benchmark | None) -> list[Benchmark]:
    """Return before and after in that order."""
    return sorted([run, *([other] if other is not None else [])], key=lambda one: one.subject != "before")
