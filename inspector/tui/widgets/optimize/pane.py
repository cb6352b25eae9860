"""The optimize tab: pick steps, run them, read what they came to, keep what is proven."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, cast

from textual.binding import BindingType

from inspector.records.optimization import OptimizationRequest, OptimizerName
from inspector.report.figures import plural
from inspector.tui.actions import bindings
from inspector.tui.widgets.optimize.pane_frame import OptimizeFrame
from inspector.tui.widgets.optimize.step_log import StepRow
from inspector.tui.widgets.optimize.tables import PlannedStep, StepsTable

if TYPE_CHECKING:
    from inspector.tui.screens.name_file import NamedContract, NamedData
    from inspector.tui.screens.save_model import Written


class OptimizePane(OptimizeFrame):
    """What the keys of the tab do."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("optimize")

    def action_pick(self) -> None:
        """Pick the step under the cursor, or drop it."""
        if self.steps.row is not None:
            self._pick(self.steps.row)

    def on_steps_table_picked(self, message: StepsTable.Picked) -> None:
        """Space, or a click on the mark."""
        message.stop()
        self._pick(message.step)

    def _pick(self, step: PlannedStep) -> None:
        if step.preflight is not None and not step.preflight.runnable:
            self.tell(f"{step.name}: {step.preflight.reason}")
        elif step.name in self.picks:
            self.picks = tuple(name for name in self.picks if name != step.name)
        else:
            self.picks = (*self.picks, step.name)
        self.refresh_steps()

    def action_run_steps(self) -> None:
        """Run what is picked, or the step under the cursor."""
        step = self.steps.row
        names: tuple[OptimizerName, ...] = self.picks
        if not names and step is not None and not self.results.has_focus:
            names = (step.name,)
        if self.runner.busy:
            self.tell("A step is running; Escape stops it")
        elif names:
            self.run_steps(names)
        else:
            self.tell("Pick a step first: Tab goes to the steps, Space picks")

    def action_other_side(self) -> None:
        """Move between steps and results."""
        if self.results.has_focus or self.runner.log.empty:
            self.steps.focus()
        else:
            self.results.focus()

    def action_details_down(self) -> None:
        """Scroll the details down."""
        self.details.scroll_relative(y=max(1, self.details.size.height - 2), animate=False)

    def action_details_up(self) -> None:
        """Scroll the details up."""
        self.details.scroll_relative(y=-max(1, self.details.size.height - 2), animate=False)

    def action_sensitivity(self) -> None:
        """Show what quantizing does at each node."""
        from inspector.tui.screens.sensitivity import SensitivityScreen

        row = self.chosen(lambda row: row.change is not None and bool(row.change.sensitivity))
        if row is None or row.change is None:
            self.tell("No step has measured what quantizing does at each node: int8 does, where parity fails at first")
            return

        def again(kept: tuple[str, ...] | None) -> None:
            if kept is not None:
                self._run_again(row, kept)

        self.app.push_screen(SensitivityScreen(row.change, row.kept), again)

    def _run_again(self, row: StepRow, kept: tuple[str, ...]) -> None:
        """Run the step of a row again with nodes kept in fp32, from the model it began with."""
        assert row.optimizer is not None
        name = row.optimizer
        if self.runner.busy:
            self.tell("A step is running; Escape stops it")
            return
        rows = self.runner.log.rows[self.runner.log.rows.index(row) :]
        undone = [one for one in rows if one.gave_model]
        if not undone:
            self.run_steps((name,), kept)
            return

        def agreed(yes: bool | None) -> None:
            if yes:
                self.runner.undo(rows)
                self.run_steps((name,), kept)

        names = ", ".join(one.optimizer or "" for one in undone)
        self.ask("run again", f"This undoes {names}, and runs {name} from the model it began with.", agreed)

    def action_graphs(self) -> None:
        """Show the graphs before and after side by side."""
        from inspector.tui.screens.graphs import GraphsScreen

        row = self.chosen(lambda row: row.gave_model)
        if row is None or row.subject is None or self.inspection is None:
            self.tell("No step has given a model yet: there is nothing to put beside the original")
            return
        self.app.push_screen(GraphsScreen(self.runner.session.inspection, row.subject.inspection, str(row.optimizer)))

    def action_save(self) -> None:
        """Ask where to write, and write there."""
        from inspector.tui.screens.save_model import SaveModelScreen

        if self.runner.busy:
            self.tell("A step is running; Escape stops it")
        elif not self.runner.log.accepted:
            self.tell("There is nothing to save: no step was accepted")
        else:
            self.app.push_screen(SaveModelScreen(self.runner.session), self._saved)

    def _saved(self, written: Written | None) -> None:
        if written is not None:
            self.runner.log.saved(written.changes)
            self.refresh_all()
            self.tell(written.said)

    def action_undo(self) -> None:
        """Go back to the selected row, or drop it where it is the last."""
        row, log = self.results.row, self.runner.log
        if self.runner.busy:
            self.tell("A step is running; Escape stops it")
            return
        if row is None or log.empty:
            self.tell("There is nothing to undo")
            return
        dropped = log.back_to(row)

        def agreed(yes: bool | None) -> None:
            if yes:
                self.runner.undo(dropped)
                self.refresh_all()

        if not any(one.change for one in dropped):
            agreed(True)
            return
        names = ", ".join(one.optimizer or "" for one in dropped)
        self.ask("undo", f"This forgets {plural(len(dropped), 'step')}: {names}. What was written stays.", agreed)

    def action_name_data(self) -> None:
        """Ask for a file of inputs."""
        from inspector.tui.screens.name_file import NameDataScreen

        if not self._may_start_over():
            return

        def named(data: NamedData | None) -> None:
            if data is not None:
                self.start_over(data.of(self.request), data.note)

        self.app.push_screen(NameDataScreen(self.runner.session, self._steps_lost), named)

    def action_name_contract(self) -> None:
        """Ask for a contract."""
        from inspector.tui.screens.name_file import NameContractScreen

        if not self._may_start_over():
            return

        def named(contract: NamedContract | None) -> None:
            if contract is not None:
                self.start_over(contract.of(self.request))

        self.app.push_screen(NameContractScreen(self.request, self._steps_lost), named)

    def _may_start_over(self) -> bool:
        if self.runner.busy:
            self.tell("A step is running; Escape stops it")
        return not self.runner.busy and self.inspection is not None

    @property
    def _steps_lost(self) -> int:
        return self.runner.log.count

    def start_over(self, request: OptimizationRequest, data_note: str = "") -> None:
        """Judge by something else from now on; steps that were judged otherwise are forgotten."""
        assert self.inspection is not None
        self.keep_request(request)
        self.runner.begin(self.inspection, request, data_note)
        self.refresh_all()
        self.steps.focus()

    def tell(self, text: str) -> None:
        """Say something of our own, or of a file, in a notice."""
        from inspector.tui.app import ModelpackApp

        cast("ModelpackApp", self.app).say(text, "optimize")
