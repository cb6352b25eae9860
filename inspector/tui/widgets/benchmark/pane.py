"""The benchmark tab: choose what to measure, run it, watch it, read what it came to."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

from textual.binding import BindingType

from inspector.report.bench_sentences import ms_text
from inspector.tui.actions import bindings
from inspector.tui.messages import MeasureNodes
from inspector.tui.tabs import artifact_shown, kind_of
from inspector.tui.widgets.benchmark.pane_frame import BenchmarkFrame
from inspector.tui.widgets.benchmark.plan_table import PlanTable
from inspector.tui.widgets.benchmark.planning import DEVICES, Draft, PlanRow, edit_of
from inspector.tui.widgets.line_table import LineTable

if TYPE_CHECKING:
    from inspector.analysis.measured_time import MeasuredTime
    from inspector.records.opened import Opened


class BenchmarkPane(BenchmarkFrame):
    """What the keys of the tab do."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("benchmark")

    def __init__(self) -> None:
        super().__init__()
        self._measured: MeasuredTime | None = None

    def action_run_benchmark(self) -> None:
        """Measure what is switched on."""
        after = self.after if "compare" not in self.draft.off else None
        if self.runner.busy:
            self.tell("It is being measured; Escape stops it")
        elif not self.draft.kinds:
            self.tell("Nothing is switched on: Space switches cold start or latency on")
        elif self.inspection is not None:
            self._following = True
            self.runner.start(self.inspection, after[0] if after else None, self._plan_to_run())
            self._runs_wanted = True
            self.refresh_all()
            self.plan.focus()

    def _plan_to_run(self) -> Any:
        """Return the plan, with the inputs named on the Optimize tab and the lengths of symbolic dimensions."""
        plan = self.draft.chosen()
        assert self.inspection is not None
        request = self._modelpack.requests.get(artifact_shown(self.inspection).path)
        settings = getattr(self.inspection, "settings", {})
        return replace(
            plan,
            data=plan.data or (request.data if request is not None else ""),
            lengths={**settings, **(request.lengths if request is not None else {}), **plan.lengths},
        )

    def ended(self) -> None:
        """Show how it ended; then the time by node, where it is wanted and nothing went wrong."""
        super().ended()
        result = self.runner.result
        if self.runner.problem:
            self.tell(self.runner.problem)
        elif self.kind == "onnx" and "node_times" not in self.draft.off and result is not None and not result.cut_short:
            self.action_measure_nodes()

    def action_switch(self) -> None:
        """Switch the row of the plan under the cursor."""
        if self.plan.row is not None:
            self._toggle(self.plan.row)

    def on_plan_table_toggled(self, message: PlanTable.Toggled) -> None:
        """A click on the mark."""
        message.stop()
        self._toggle(message.row)

    def _toggle(self, row: PlanRow) -> None:
        if row.on is None:
            self.action_edit()
        elif row.id == "compare" and self.after is None:
            self.tell("There is nothing to compare with yet: v names an artifact, the Optimize tab makes one")
        elif row.id == "compare" and self.named is not None and row.on and self.optimized is not None:
            self.named = None
            self.refresh_plan()
        else:
            self._change(self.draft.switched(row.id))

    def _change(self, draft: Draft) -> None:
        if self.runner.busy:
            self.tell("What is being measured stays as it is; this counts for the next time")
        self.keep_draft(draft)
        self.describe()

    def action_edit(self) -> None:
        """Change the value under the cursor."""
        row = self.plan.row
        if row is None:
            return
        if row.id == "device":
            self.action_device()
        elif row.id == "compare":
            self.action_compare_with()
        else:
            self._edit(row.id)

    def action_batches(self) -> None:
        """Change the batch sizes."""
        self._edit("latency" if self.kind != "image" else "")

    def action_threads(self) -> None:
        """Change the numbers of threads."""
        self._edit("threads" if self.kind != "image" else "")

    def action_budget(self) -> None:
        """Change how long all may take."""
        self._edit("budget")

    def _edit(self, what: str) -> None:
        from inspector.tui.screens.bench_value import BenchValueScreen

        edit = edit_of(what, self.draft)
        if edit is None:
            self.tell("There is no value to change here")
            return

        def typed(value: Any) -> None:
            if value is not None:
                self._change(replace(self.draft, plan=edit.apply(self.draft.plan, value)).switched_on(edit.row))

        self.app.push_screen(BenchValueScreen(edit), typed)

    def action_device(self) -> None:
        """Choose the next device."""
        if self.kind == "image":
            self.tell("An image runs where its engine is")
            return
        plan = self.draft.plan
        wanted = DEVICES[(DEVICES.index(plan.device) + 1) % len(DEVICES)]
        self._change(replace(self.draft, plan=replace(plan, device=wanted)))

    def action_compare_with(self) -> None:
        """Name an artifact to measure side by side."""
        from inspector.tui.screens.compare_with import CompareWithScreen

        self.app.push_screen(CompareWithScreen(artifact_shown(self.named).path if self.named is not None else ""), self._named)

    def _named(self, other: Opened | None) -> None:
        if other is None:
            return
        if kind_of(other) == "image" and self.kind != "image":
            self.tell(f"{artifact_shown(other).path} is an image: it cannot be measured beside a model")
            return
        self.named = other
        self._change(self.draft.switched_on("compare"))

    def action_measure_nodes(self) -> None:
        """Have the time of each node measured, for the graph."""
        if self.kind == "onnx":
            self.post_message(MeasureNodes())
        else:
            self.tell("Only the runtime of ONNX models tells the time of each node")

    def show_times(self, measured: MeasuredTime) -> None:
        """Say that the time by node is known."""
        self._measured = measured
        self.refresh_plan()

    @property
    def node_times_text(self) -> str:
        """What is known of the time by node."""
        known = self._measured
        if known is None:
            return ""
        return f"{ms_text(known.run_ms)} a run"

    def action_other_side(self) -> None:
        """Move between plan and runs."""
        if self.runs.has_focus or not self.runs.view.total:
            self.plan.focus()
        else:
            self.runs.focus()

    def action_details_down(self) -> None:
        """Scroll the details down."""
        self.details.scroll_relative(y=max(1, self.details.size.height - 2), animate=False)

    def action_details_up(self) -> None:
        """Scroll the details up."""
        self.details.scroll_relative(y=-max(1, self.details.size.height - 2), animate=False)

    async def on_line_table_chosen(self, message: LineTable.Chosen) -> None:
        """A double click on the plan changes the value."""
        message.stop()
        if self.plan.has_focus:
            self.action_edit()

    def tell(self, text: str) -> None:
        """Say something of our own, or of a file, in a notice."""
        self._modelpack.say(text, "benchmark")
