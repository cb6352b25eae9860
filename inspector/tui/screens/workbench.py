"""The workbench: what is open, its tabs, running work and keys."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

from inspector.errors import InspectorError
from inspector.tui.messages import GoToNode, HighlightNodes, ShowFiles, ShowWeight
from inspector.tui.screens.workbench_jobs import WorkingWorkbench
from inspector.tui.tabs import artifact_shown
from inspector.tui.widgets.key_bar import KeyBar

if TYPE_CHECKING:
    from inspector.records.opened import Opened
    from inspector.workflows.session_review import WrittenReport


class WorkbenchScreen(WorkingWorkbench):
    """One open artifact: what its keys do, and how one tab leads to another."""

    def action_reload(self) -> None:
        """Read the artifact again."""
        self.modelpack.open_artifact(self.path)

    def action_set_batch(self) -> None:
        """Ask for other values of symbolic dimensions."""
        from inspector.tui.screens.bindings import BindingsScreen

        if self._model is not None:
            self.app.push_screen(BindingsScreen(self._model), self._bind)

    def _bind(self, chosen: tuple[int, Mapping[str, int]] | None) -> None:
        from inspector.workflows.dimensions import check_settings

        if chosen is None or self._model is None:
            return
        try:
            check_settings(self._model.computation, chosen[1])
        except InspectorError as error:
            self.modelpack.explain(error, "Not evaluated")
            return
        batch, settings = self.modelpack.batch, self.modelpack.settings = chosen

        self.background.evaluate(batch, settings)
        self._go_on()

    async def action_show_heaviest(self) -> None:
        """Show the heaviest row of the graph; there already, what is heaviest inside of it."""
        if self._model is not None:
            await self._show_tab("graph")
            cast("Any", self._panes["graph"]).go_to_heaviest()

    def action_write_report(self) -> None:
        """Ask where to write the report of all that is known and was done, and write it there."""
        from inspector.tui.reporting import report_dialog, running

        if self.inspection is None:
            return
        busy = running(self)
        if busy:
            self.modelpack.say(f"{busy}: the report can be written once it is done, or Escape stopped it", "report")
        else:
            self.app.push_screen(report_dialog(self, self.inspection), self._reported)

    def _reported(self, written: WrittenReport | None) -> None:
        from inspector.tui.reporting import said

        if written is not None:
            self.modelpack.say(said(written), "report")

    def action_compare_with_other(self) -> None:
        """Ask what to compare with, and compare."""
        from inspector.tui.screens.compare_choice import CompareChoiceScreen

        if self.inspection is None:
            return
        made = self._made()
        path = artifact_shown(self.inspection).path
        dialog = CompareChoiceScreen(self.modelpack.recent, self.modelpack.engine_list, path, made[1] if made else "")
        self.app.push_screen(dialog, self._compare)

    def _made(self) -> tuple[Opened, str] | None:
        """Return the model that the steps on the Optimize tab came to, and their names."""
        from inspector.tui.widgets.optimize import OptimizePane

        for pane in self.query(OptimizePane):
            accepted = [row for row in pane.runner.log.rows if row.gave_model]
            if accepted and accepted[-1].subject is not None:
                return accepted[-1].subject.inspection, ", ".join(str(row.optimizer) for row in accepted)
        return None

    def _compare(self, chosen: str | None) -> None:
        from inspector.tui.screens.compare_choice import RESULT
        from inspector.workflows.targets import target_of

        if chosen is None or self.inspection is None:
            return
        made = self._made()
        if chosen == RESULT and made is not None:
            self.modelpack.open_comparison(self.inspection, made[0], ("", f"after {made[1]}"))
            return
        try:
            self.modelpack.open_comparison(self.inspection, target_of(chosen))
        except InspectorError as error:
            self.modelpack.explain(error, "Not compared")

    def action_leave(self) -> None:
        """Go back to the image."""
        self.background.stop()
        for job in self.jobs_here:
            self.modelpack.jobs.cancel(job)
        self.app.pop_screen()

    def on_unmount(self) -> None:
        """Give back the memory that a model out of an image was copied into."""
        if self.inside and self._model is not None:
            from inspector.workflows.image_contents import close_inside

            close_inside(self._model)

    async def on_go_to_node(self, message: GoToNode) -> None:
        """Show one node in the graph."""
        await self._show_tab("graph")
        cast("Any", self._panes["graph"]).go_to(message.ref)

    async def on_highlight_nodes(self, message: HighlightNodes) -> None:
        """Show several nodes in the graph."""
        await self._show_tab("graph")
        cast("Any", self._panes["graph"]).highlight(message.refs, message.title)

    async def on_show_weight(self, message: ShowWeight) -> None:
        """Show one weight."""
        await self._show_tab("weights")
        cast("Any", self._panes["weights"]).go_to(message.graph, message.name)

    async def on_show_files(self, message: ShowFiles) -> None:
        """Show a place in the file tree of an image."""
        await self._show_tab("files")
        cast("Any", self._panes["files"]).go_to(message)

    async def on_key_bar_pressed(self, message: KeyBar.Pressed) -> None:
        """A key of the footer was clicked."""
        await self.modelpack.perform(message.action)
