"""What the benchmark tab is made of, and how its parts follow what is measured."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, cast

from textual.containers import Container, Vertical, VerticalScroll
from textual.content import Content
from textual.timer import Timer
from textual.widget import Widget

from inspector.records.benchmark import Benchmark
from inspector.tui.messages import JobEvent
from inspector.tui.plain_text import plain, shorten
from inspector.tui.tabs import Kind, artifact_shown, kind_of
from inspector.tui.widgets.benchmark.distribution import scale_of
from inspector.tui.widgets.benchmark.figures import seconds_text, walls_of
from inspector.tui.widgets.benchmark.guide_text import first_steps, other_lines, plan_lines
from inspector.tui.widgets.benchmark.plan_table import PlanTable
from inspector.tui.widgets.benchmark.planning import Draft, PlanRow, draft_of, plan_rows
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
from inspector.tui.widgets.benchmark.runs_table import RunRow, key_of, run_rows, runs_table, title_of
from inspector.tui.widgets.line_table import LineTable
from inspector.tui.widgets.lines import Build
from inspector.tui.widgets.text_block import TextBlock
from inspector.tui.widgets.text_rows import wrapped

if TYPE_CHECKING:
    from inspector.records.opened import Opened
    from inspector.tui.app import ModelpackApp

_TICK_SECONDS = 0.25
_TWO = 100
"""From this many columns on, the plan stands beside the runs, and details in two columns."""
_SHORT = 26
"""With fewer rows than these, the plan folds away while the runs have the focus."""
_FEW_RUNS = 4


class BenchmarkFrame(Widget):
    """The plan over or beside the runs, and under them details of whichever has the cursor."""

    DEFAULT_CSS = """
    BenchmarkFrame { width: 100%; height: 100%; layout: vertical; }
    BenchmarkFrame .box, BenchmarkFrame #bench-details {
        width: 100%; border: round $line; border-title-color: $accent-text; border-title-style: bold;
        border-subtitle-color: $soft;
    }
    BenchmarkFrame .box:focus-within, BenchmarkFrame #bench-details:focus { border: round $accent-text; }
    BenchmarkFrame #bench-top { layout: vertical; height: auto; }
    BenchmarkFrame.-two #bench-top { layout: horizontal; }
    BenchmarkFrame.-two #plan-box { width: 42; }
    BenchmarkFrame.-two #runs-box { width: 1fr; }
    BenchmarkFrame #runs-box TextBlock { padding: 0 1; }
    BenchmarkFrame #bench-details { height: 1fr; padding: 0 1; scrollbar-size-vertical: 1; }
    BenchmarkFrame #bench-columns { height: auto; layout: vertical; }
    BenchmarkFrame.-two.-split #bench-columns { layout: horizontal; }
    BenchmarkFrame.-two.-split #bench-columns TextBlock { width: 1fr; padding: 0 2 0 0; }
    """

    def __init__(self) -> None:
        super().__init__(id="benchmark")
        self.inspection: Opened | None = None
        self.kind: Kind = "onnx"
        self.draft: Draft = draft_of("onnx", None)
        self.named: Opened | None = None
        """What the user named to compare with."""
        self.plan = PlanTable()
        self.runs: LineTable[RunRow] = runs_table()
        self.details = VerticalScroll(id="bench-details")
        self.runner = BenchRunner(self._modelpack.jobs, self)
        self._guide = TextBlock()
        self._head, self._left, self._right, self._foot = TextBlock(), TextBlock(), TextBlock(), TextBlock()
        self._timer: Timer | None = None
        self._following = True
        """Whether the cursor goes to what is being measured."""
        self._runs_wanted = False
        """Whether the runs get the keys as soon as there are some."""
        self._changed = False
        """Whether samples came since the last drawing."""
        self._laid_out = False
        """Whether there are widgets to fill: is_mounted is not yet true in on_mount()."""

    def compose(self) -> Iterator[Widget]:
        """Lay out the three boxes."""
        plan = Vertical(self.plan, id="plan-box", classes="box")
        plan.border_title = Content("what to measure")
        runs = Vertical(self._guide, self.runs, id="runs-box", classes="box")
        runs.border_title = Content("runs")
        yield Container(plan, runs, id="bench-top")
        with self.details:
            yield self._head
            yield Container(self._left, self._right, id="bench-columns")
            yield self._foot

    @property
    def first_focus(self) -> Widget:
        """The plan takes the keys first, as long as nothing was measured."""
        return self.runs if self.runner.result is not None and self.runs.view.total else self.plan

    @property
    def _modelpack(self) -> ModelpackApp:
        return cast("ModelpackApp", self.app)

    def show(self, inspection: Opened) -> None:
        """Show an artifact; what is known of how to measure it was said on the command line, or here before."""
        if self.inspection is None:
            self.kind = kind_of(inspection)
            self.draft = draft_of(self.kind, self._modelpack.bench_plans.get(artifact_shown(inspection).path))
        self.inspection = inspection
        self.refresh_plan()

    def keep_draft(self, draft: Draft) -> None:
        """Remember what the user chose, also for when the artifact is read again."""
        self.draft = draft
        if self.inspection is not None:
            self._modelpack.bench_plans[artifact_shown(self.inspection).path] = draft.chosen()
        self.refresh_plan()

    def on_mount(self) -> None:
        """Show the plan."""
        self._laid_out = True
        self._timer = self.set_interval(_TICK_SECONDS, self._tick)
        self._guide.show(partial(first_steps, self.kind))
        self.refresh_all()

    def on_unmount(self) -> None:
        """Stop what runs."""
        self.runner.close()

    def on_resize(self) -> None:
        """Put the plan beside the runs where there is room."""
        self.set_class(self.size.width >= _TWO, "-two")
        self._place()
        self.describe()

    @property
    def optimized(self) -> tuple[Opened, str] | None:
        """The model that the steps on the Optimize tab came to, and their names; None where none was accepted."""
        if self.kind != "onnx":
            return None
        from inspector.tui.widgets.optimize import OptimizePane

        for pane in self.screen.query(OptimizePane) if self.is_attached else ():
            accepted = [row for row in pane.runner.log.rows if row.gave_model and row.subject is not None]
            if accepted and accepted[-1].subject is not None:
                return accepted[-1].subject.inspection, ", ".join(str(row.optimizer) for row in accepted)
        return None

    @property
    def after(self) -> tuple[Opened, str] | None:
        """What is measured side by side with the artifact, and how it is called; None: nothing."""
        if self.named is not None:
            return self.named, artifact_shown(self.named).path
        optimized = self.optimized
        return (optimized[0], f"after {optimized[1]}") if optimized is not None else None

    def refresh_plan(self) -> None:
        """Draw the plan."""
        if self._laid_out:
            after = self.after
            self.plan.set_rows(plan_rows(self.draft, after[1] if after else "", self.node_times_text))
            self._place()

    @property
    def node_times_text(self) -> str:
        """What is known of the time by node."""
        return ""

    def on_job_event(self, message: JobEvent) -> None:
        """Take in what measuring says; samples are drawn a few times a second, its end at once."""
        if self.runner.take(message):
            message.stop()
            self._changed = True
            if not self.runner.busy:
                self.ended()

    def ended(self) -> None:
        """Measuring is over, one way or another."""
        self.refresh_all()

    def _tick(self) -> None:
        if self._changed:
            self.refresh_all()
        elif self.runner.busy:
            self._say_state()

    def refresh_all(self) -> None:
        """Draw everything as it is now."""
        if not self._laid_out:
            return
        self._changed = False
        self.refresh_plan()
        result = self.runner.result
        rows = run_rows(result, self.runner.live if self.runner.busy else None) if result is not None else []
        self.runs.set_rows(rows)
        if self._following and self.runner.busy:
            live = next((at for at, row in enumerate(rows) if row.live), None)
            if live is not None:
                self.runs.cursor = live
        self._guide.display, self.runs.display = not rows, bool(rows)
        if rows and self._runs_wanted:
            self._runs_wanted = False
            self.runs.focus()
        self._place()
        self._say_state()
        self.describe()

    def _say_state(self) -> None:
        """Say in the border what goes on, or how it ended."""
        box, runner, result = self.query_one("#runs-box"), self.runner, self.runner.result
        if result is None:
            box.border_subtitle = Content("")
            return
        spent = seconds_text(round(runner.seconds, 1) if runner.seconds < 10 else runner.seconds)
        of = f"{spent} of {seconds_text(result.plan.budget_seconds)}"
        room = max(12, box.size.width - len(of) - 12)
        if runner.busy:
            said = Content.assemble(("▶ ", "$accent-text"), plain(shorten(runner.doing or "starting", room)), f" · {of}")
        elif result.cut_short:
            said = Content.assemble(("■ ", "$medium"), plain(shorten(result.cut_short, room)), f" · {of}")
        else:
            said = Content.assemble(("✓ ", "$good"), f"done · {of} · {result.device}")
        box.border_subtitle = said

    def _place(self) -> None:
        """Give plan and runs as many lines as they have, but leave the details most of the rest."""
        if not self._laid_out:
            return
        rows, full = self.runs.view.total, self.plan.view.total + 3
        short = self.size.height < _SHORT
        beside = self.has_class("-two")
        folded = bool(rows) and short and not beside and not self.plan.has_focus
        plan = 2 if folded else full
        self.query_one("#plan-box").styles.height = plan
        box = self.query_one("#runs-box")
        if beside:
            most = max(full, min(rows + 3, self.size.height * 2 // 5))
            self.query_one("#plan-box").styles.height = box.styles.height = most if not short else min(full, 9)
        elif rows:
            most = _FEW_RUNS if short else max(_FEW_RUNS, (self.size.height - plan) // 3)
            box.styles.height = min(rows, most) + 3
        else:
            box.styles.height = "auto"
        box.display = beside or bool(rows) or not short
        self.runs.refresh(layout=True)

    def describe(self) -> None:
        """Show details of the row that has the cursor: of a run where runs have the focus, otherwise of the plan."""
        if not self._laid_out:
            return
        row = self.runs.row if not self.plan.has_focus or self.runner.busy else None
        if row is not None:
            self._describe_run(row)
            return
        step = self.plan.row
        self.details.border_title = Content("what it means")
        problem = self.runner.problem
        self._fill(lambda width: wrapped(problem, width, "$high", most=4) if problem else [])
        self._foot.show(partial(self._plan_lines, step) if step is not None else _nothing)

    def _plan_lines(self, step: PlanRow, width: int) -> list[Content]:
        """Return what a row means, and what the tab is for where there is no room to say it apart."""
        more = other_lines(self.plan.view.shown, step, self.kind, width)
        if not self.query_one("#runs-box").display:
            more = [Content(), *first_steps(self.kind, width), *more]
        return [*plan_lines(step, self.kind, width), *more]

    def _describe_run(self, row: RunRow) -> None:
        run = row.run
        self.details.border_title = Content(title_of(row))
        if run is None:
            self._fill(lambda width: advice_lines(row.advice, width))
            return
        runs = _both(run, row.other)
        left, right = self._halves(row, runs)
        self._fill(lambda width: verdict_lines(row, width), left, right)
        warnings = (*(self.runner.result.warnings if self.runner.result else ()), *self.runner.warnings)
        image, machine = self.kind == "image", self.runner.result.machine if self.runner.result else None

        live = self.runner.live if self.runner.busy else None

        def foot(width: int) -> list[Content]:
            said = [*phase_verdicts(row, width), *mind_lines(runs, warnings, width, live is not None and row.live)]
            said += engine_lines(runs, width) if image else []
            return said + machine_lines(machine, width)

        self._foot.show(foot)

    @property
    def _column_cells(self) -> int:
        """The width of either column: the same for both, so that bars can be compared."""
        return self.details.scrollable_content_region.width // 2 - 2 if self.has_class("-two") else self.size.width

    def _halves(self, row: RunRow, runs: Sequence[Benchmark]) -> tuple[Build, Build]:
        """Return what stands left and right: before and after, or two views of the only one."""
        scale, full, tall = scale_of(runs), full_ms_of(row), self.has_class("-two")
        assert row.run is not None
        if not tall:
            runs = [row.run, *(run for run in runs if key_of(run) != key_of(row.run))]
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
        """Fill the cards; two columns only where there is something for both."""
        self._head.show(head)
        self._left.show(left or _nothing)
        self._right.show(right or _nothing)
        self._foot.show(_nothing)
        self.set_class(right is not None and right is not _nothing, "-split")

    def on_line_table_highlighted(self, message: LineTable.Highlighted) -> None:
        """The cursor moved."""
        message.stop()
        if self.runner.busy and self.runs.row is not None and self.runs.has_focus:
            self._following = self.runs.row.live
        self.describe()

    def on_line_table_rearranged(self, message: LineTable.Rearranged) -> None:
        """Nobody else needs to know."""
        message.stop()

    def on_descendant_focus(self) -> None:
        """Details follow the focus; what the Optimize tab came to may have changed."""
        self.refresh_plan()
        self.describe()


def _nothing(_: int) -> Sequence[Content]:
    return ()


def _both(run: Benchmark, other: Benchmark | None) -> list[Benchmark]:
    """Return before and after in that order."""
    return sorted([run, *([other] if other is not None else [])], key=lambda one: one.subject != "before")
