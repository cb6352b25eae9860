"""What the benchmark tab is made of, and how its parts follow what is measured."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, cast

from textual.containers import Container, Vertical
from textual.content import Content
from textual.timer import Timer
from textual.widget import Widget

from inspector.errors import InspectorError
from inspector.tui.messages import JobEvent
from inspector.tui.plain_text import plain, shorten
from inspector.tui.tabs import Kind, artifact_shown, kind_of
from inspector.tui.widgets.benchmark.details_box import TWO, DetailsBox
from inspector.tui.widgets.benchmark.figures import seconds_text
from inspector.tui.widgets.benchmark.guide_text import first_steps
from inspector.tui.widgets.benchmark.plan_table import PlanTable
from inspector.tui.widgets.benchmark.planning import Draft, draft_of, plan_rows
from inspector.tui.widgets.benchmark.runner import BenchRunner
from inspector.tui.widgets.benchmark.runs_table import RunRow, run_rows, runs_table
from inspector.tui.widgets.line_table import LineTable
from inspector.tui.widgets.text_block import TextBlock

if TYPE_CHECKING:
    from inspector.records.opened import Opened
    from inspector.tui.app import ModelpackApp

_TICK_SECONDS = 0.25
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
        self.details = DetailsBox()
        self.runner = BenchRunner(self._modelpack.jobs, self)
        self._guide = TextBlock()
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
        yield self.details

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
        for widget in (self, self.details):
            widget.set_class(self.size.width >= TWO, "-two")
        self._place()
        self.describe()

    @property
    def optimized(self) -> tuple[Opened, str] | None:
        """The model that the steps on the Optimize tab came to, and their names; None where none was accepted."""
        from inspector.tui.widgets.optimize import OptimizePane

        for pane in self.screen.query(OptimizePane) if self.is_attached else ():
            accepted = [row for row in pane.runner.log.rows if row.gave_model and row.subject is not None]
            if accepted and accepted[-1].subject is not None and self._goes_with(accepted[-1].subject.inspection):
                return accepted[-1].subject.inspection, ", ".join(str(row.optimizer) for row in accepted)
        return None

    def _goes_with(self, after: Opened) -> bool:
        """Return whether what steps came to can be measured beside what is open: another format cannot."""
        from inspector.workflows.benchmark.laying_out import check_pair

        try:
            check_pair(cast("Opened", self.inspection), after)
        except InspectorError:
            return False
        return True

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
            self.details.show_run(row, self.runner, self.kind)
        elif self.plan.row is not None:
            alone = not self.query_one("#runs-box").display
            self.details.show_plan(self.plan.row, self.plan.view.shown, self.kind, self.runner.problem, guide=alone)

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
