"""The slim tab: choose how far, see what goes, run it, read the proof, keep what must stay, write what is left."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from textual.binding import BindingType

from inspector.records.optimization import OptimizationRequest
from inspector.tui.actions import bindings
from inspector.tui.widgets.line_table import LineTable
from inspector.tui.widgets.slim.choices import with_level
from inspector.tui.widgets.slim.level_rows import LevelRow, smallest
from inspector.tui.widgets.slim.levels_table import LevelsTable
from inspector.tui.widgets.slim.settings import (
    NO_EXERCISE,
    Setting,
    SlimEdit,
    edit_of,
    next_compression,
    with_exercise,
    without_exercise,
)
from inspector.tui.widgets.slim.settings_table import SettingsTable
from inspector.tui.widgets.slim.tree_keys import SlimTreeKeys

if TYPE_CHECKING:
    from inspector.records.slimming import Exercise, Slimming
    from inspector.tui.screens.name_file import NamedContract

_RUNNING = "It is being slimmed; Escape stops it"


class SlimPane(SlimTreeKeys):
    """What the keys of the tab do."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("slim")

    def action_run_slim(self) -> None:
        """Run the levels that are switched on and can be run."""
        if self.runner.busy:
            self.tell(_RUNNING)
        elif self.runner.session is None:
            self.tell(self.problem)
        elif not self.request.levels:
            self.tell("No level is switched on: Space switches them")
        elif self.request.levels == ("trace",) and not self.request.exercises:
            self.tell(f"trace {NO_EXERCISE}")
        else:
            self._run()

    def _run(self) -> None:
        self.follow()
        self.runner.start(self.request)
        self.levels.focus()
        self.refresh_all()

    def action_choose(self) -> None:
        """Switch the level or setting, keep or drop what the tree's cursor is on."""
        if self.tree_table.has_focus:
            self.decide(self.tree_table.row)
        elif self.settings_table.has_focus:
            self._switch(self.settings_table.row)
        else:
            self._switch_level(self.levels.row)

    def _switch_level(self, row: LevelRow | None) -> None:
        if row is None or row.level is None:
            self.tell("That is the image as it is: levels are below it")
        else:
            self.change(with_level(self.request, row.level))

    def _switch(self, row: Setting | None) -> None:
        if row is None:
            return
        if row.id == "starts":
            self.change(replace(self.request, compare_starts=not self.request.compare_starts))
        else:
            self.action_edit()

    def on_levels_table_toggled(self, message: LevelsTable.Toggled) -> None:
        """A click on the mark."""
        message.stop()
        self._switch_level(message.row)

    def on_settings_table_toggled(self, message: SettingsTable.Toggled) -> None:
        """A click on the mark."""
        message.stop()
        self._switch(message.row)

    def action_edit(self) -> None:
        """Change the setting under the cursor."""
        row = self.settings_table.row
        if not self.settings_table.has_focus or row is None:
            self.tell("Tab goes to proof and output: e changes what the cursor is on there")
        elif row.id == "exercise":
            self._ask_exercise(row.exercise)
        elif row.id == "compression":
            self.action_compression()
        elif row.id == "contract":
            self.action_name_contract()
        elif row.id == "starts":
            self._switch(row)
        else:
            edit = edit_of(row.id, self.request)
            assert edit is not None
            self._ask(edit)

    def _ask(self, edit: SlimEdit) -> None:
        from inspector.tui.screens.slim_value import SlimValueScreen

        def typed(value: object) -> None:
            if value is not None:
                self.change(edit.apply(self.request, value))

        self.app.push_screen(SlimValueScreen(edit), typed)

    def action_add_exercise(self) -> None:
        """Ask for one more exercise."""
        self._ask_exercise(None)

    def _ask_exercise(self, at: int | None) -> None:
        from inspector.tui.screens.slim_exercise import SlimExerciseScreen

        known = self.request.exercises[at].told if at is not None and at < len(self.request.exercises) else ""

        def named(exercise: Exercise | None) -> None:
            if exercise is not None:
                self.change(with_exercise(self.request, exercise, at))

        self.app.push_screen(SlimExerciseScreen(known, contract=self.request.contract is not None), named)

    def action_remove_exercise(self) -> None:
        """Forget the exercise under the cursor, or the last one."""
        row = self.settings_table.row
        chosen = row.exercise if row is not None and self.settings_table.has_focus and row.id == "exercise" else None
        if not self.request.exercises:
            self.tell("There is no exercise to remove")
        else:
            self.change(without_exercise(self.request, len(self.request.exercises) - 1 if chosen is None else chosen))

    def action_compression(self) -> None:
        """Choose the other compression."""
        self.change(next_compression(self.request))

    def action_name_contract(self) -> None:
        """Ask for a contract."""
        from inspector.tui.screens.name_file import NameContractScreen

        def named(contract: NamedContract | None) -> None:
            if contract is not None:
                request = self.request
                self.change(replace(request, contract=contract.contract, contract_folder=contract.folder))

        self.app.push_screen(NameContractScreen(OptimizationRequest(), 0), named)

    def action_save(self) -> None:
        """Ask where to write, and write there."""
        from inspector.tui.screens.slim_save import SlimSaveScreen

        row = smallest(self.levels.view.shown)
        if self.runner.busy:
            self.tell(_RUNNING)
        elif row is None or row.step is None or self.runner.session is None:
            self.tell("There is nothing to save: Enter runs the levels, and none was accepted yet")
        elif self.inspection is not None:
            self.app.push_screen(SlimSaveScreen(self.runner.saving, row.step, self.inspection), self._saved)

    def _saved(self, result: Slimming | None) -> None:
        if result is not None:
            self.runner.saved(result)
            self.refresh_all()
            self.tell(f"Written: {result.output}")

    def action_next_box(self) -> None:
        """Move to the next table."""
        self._step(1)

    def action_previous_box(self) -> None:
        """Move to the table before."""
        self._step(-1)

    def _step(self, by: int) -> None:
        at = next((index for index, table in enumerate(self.tables) if table.has_focus), -1 if by > 0 else 0)
        self.tables[(at + by) % len(self.tables)].focus()

    def action_details_down(self) -> None:
        """Scroll the details down."""
        self.details.scroll_relative(y=max(1, self.details.size.height - 2), animate=False)

    def action_details_up(self) -> None:
        """Scroll the details up."""
        self.details.scroll_relative(y=-max(1, self.details.size.height - 2), animate=False)

    async def on_line_table_chosen(self, message: LineTable.Chosen) -> None:
        """A double click: unfold a row of the tree, change a setting, switch a level."""
        message.stop()
        if self.tree_table.has_focus and self.tree_table.row is not None and self.tree_table.row.opens:
            self.fold(self.tree_table.row, self.tree_table.row.is_open)
        elif not self.tree_table.has_focus:
            await self.run_action("edit" if self.settings_table.has_focus else "choose")
