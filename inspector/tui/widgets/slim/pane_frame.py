"""What the slim tab is made of, and how its parts follow the session."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, cast

from textual.containers import Container, Vertical
from textual.content import Content
from textual.timer import Timer
from textual.widget import Widget

from inspector.records.slimming import SlimGroup, SlimRequest
from inspector.report.figures import bytes_text, plural
from inspector.tui.messages import JobEvent
from inspector.tui.widgets.filtered_table import FilteredTable
from inspector.tui.widgets.line_table import LineTable
from inspector.tui.widgets.slim.choices import total
from inspector.tui.widgets.slim.level_rows import level_rows, smallest, would_go
from inspector.tui.widgets.slim.levels_table import LevelsTable
from inspector.tui.widgets.slim.runner import SlimRunner
from inspector.tui.widgets.slim.settings import settings
from inspector.tui.widgets.slim.settings_table import SettingsTable
from inspector.tui.widgets.slim.slim_details import SlimDetails
from inspector.tui.widgets.slim.state_text import state_text
from inspector.tui.widgets.slim.tree_rows import survey_groups, tree_rows, usually_folded
from inspector.tui.widgets.slim.tree_table import SlimTree

if TYPE_CHECKING:
    from inspector.records.image_inspection import ImageInspection
    from inspector.tui.app import ModelpackApp

_TICK_SECONDS = 0.25
_BESIDE = 100
"""From this many columns on, the tree stands beside settings and details."""
_WIDE = 160
_TALL = 40
"""With so many rows, nothing folds away."""
_LEVELS_HEIGHT = 7
_FOLDED = 2
_FEW_SETTINGS = 6
"""Lines of the settings once something was run: what it came to needs the room."""
_UNREAD = "Slimming begins once every layer is read"
_LOST = "Some layers could not be read, and what they hold is not known: such an image cannot be slimmed"


class SlimFrame(Widget):
    """Levels over the tree of what goes and what stays; beside that the settings, and details of whichever has the cursor."""

    DEFAULT_CSS = """
    SlimFrame { width: 100%; height: 100%; layout: vertical; }
    SlimFrame .box, SlimFrame #slim-details {
        width: 100%; border: round $line; border-title-color: $accent-text; border-title-style: bold;
        border-subtitle-color: $soft;
    }
    SlimFrame .box:focus-within, SlimFrame #slim-details:focus { border: round $accent-text; }
    SlimFrame #slim-lower { width: 100%; height: 1fr; layout: vertical; }
    SlimFrame .list-box { width: 100%; }
    SlimFrame #slim-side { width: 100%; height: 1fr; }
    SlimFrame.-beside #slim-lower { layout: horizontal; }
    SlimFrame.-beside .list-box { width: 1fr; }
    SlimFrame.-beside #slim-side { width: 44; }
    SlimFrame.-wide #slim-side { width: 72; }
    SlimFrame #slim-details { height: 1fr; padding: 0 1; scrollbar-size-vertical: 1; }
    """

    def __init__(self) -> None:
        super().__init__(id="slim")
        self.inspection: ImageInspection | None = None
        self.request = SlimRequest()
        self.levels = LevelsTable()
        self.tree_table = SlimTree()
        self.settings_table = SettingsTable()
        self.details = SlimDetails()
        self.runner = SlimRunner(self._modelpack.jobs, self)
        self.opened: frozenset[str] = frozenset()
        """Groups that are unfolded."""
        self.folded: frozenset[str] | None = None
        """Kinds that are folded; None until the user has folded or unfolded one."""
        self._tree_box = FilteredTable(self.tree_table)
        self._timer: Timer | None = None
        self._following = True
        """Whether the cursor goes to the level that runs."""
        self._changed = False
        """Whether something was told since the last drawing."""
        self._laid_out = False
        """Whether there are widgets to fill: is_mounted is not yet true in on_mount()."""

    def compose(self) -> Iterator[Widget]:
        """Lay out the four boxes."""
        levels = Vertical(self.levels, id="levels-box", classes="box")
        levels.border_title = Content("levels")
        yield levels
        proof = Vertical(self.settings_table, id="settings-box", classes="box")
        proof.border_title = Content("proof and output")
        yield Container(self._tree_box, Vertical(proof, self.details, id="slim-side"), id="slim-lower")

    @property
    def first_focus(self) -> Widget:
        """The levels take the keys first."""
        return next((table for table in self.tables if table.has_focus), self.levels)

    @property
    def tables(self) -> tuple[LineTable[object], ...]:
        """The tables, in the order that Tab goes through them."""
        return cast("tuple[LineTable[object], ...]", (self.levels, self.tree_table, self.settings_table))

    @property
    def _modelpack(self) -> ModelpackApp:
        return cast("ModelpackApp", self.app)

    def show(self, inspection: ImageInspection) -> None:
        """Show an image; what is known of how to slim it was said on the command line, or here before."""
        if self.inspection is None:
            self.request = _request_for(self._modelpack, inspection.image.artifact.path)
        self.inspection = inspection
        if self._laid_out and not self.runner.busy and not self.runner.run.steps:
            self._begin()

    def _begin(self) -> None:
        """Find out what could go, once every layer is read."""
        if self.inspection is not None and self.inspection.image.complete and self.inspection.file_system is not None:
            self.runner.begin(self.inspection, self.request)
        self.refresh_all()

    def keep_request(self, request: SlimRequest) -> None:
        """Remember what the user wants, also for when the artifact is read again."""
        self.request = request
        if self.inspection is not None:
            self._modelpack.slim_requests[self.inspection.image.artifact.path] = request
        self.refresh_all()

    def on_mount(self) -> None:
        """Begin: not before, since what a job says to a widget without a parent is lost."""
        self._laid_out = True
        self._timer = self.set_interval(_TICK_SECONDS, self._tick)
        self._begin()

    def on_unmount(self) -> None:
        """Stop what runs, and remove what was made."""
        self.runner.close()

    def on_resize(self) -> None:
        """Put boxes beside each other where there is room."""
        self.set_class(self.size.width >= _BESIDE, "-beside")
        self.set_class(self.size.width >= _WIDE, "-wide")
        self._place()

    def on_job_event(self, message: JobEvent) -> None:
        """Take in what a survey or a run says; what comes often is drawn a few times a second, an end at once."""
        busy = self.runner.busy or self.runner.surveying
        if not self.runner.take(message):
            return
        message.stop()
        self._changed = True
        if busy and not self.runner.busy and not self.runner.surveying:
            self.refresh_all()
            self._go_to_result()

    def _go_to_result(self) -> None:
        """Put the cursor on what would be saved, where a run has just ended."""
        if not self._following or not self.runner.run.queue:
            return
        ended = [row for row in self.levels.view.shown if row.state in ("stopped", "failed")]
        wanted = ended[0] if ended else smallest(self.levels.view.shown)
        if wanted is not None:
            self.levels.go_to(wanted)

    def _tick(self) -> None:
        if self._changed:
            self.refresh_all()
        elif self.runner.busy:
            self.levels.refresh()
            self._say_state()

    def refresh_all(self) -> None:
        """Draw everything as it is now."""
        if not self._laid_out:
            return
        self._changed = False
        runner = self.runner
        rows = level_rows(self.request, runner.survey, runner.run)
        self.levels.show_figures(bool(runner.run.queue))
        self.levels.set_rows(rows)
        running = next((row for row in rows if row.state == "running"), None)
        if runner.busy and self._following and running is not None:
            self.levels.go_to(running)
        self.settings_table.set_rows(settings(self.request))
        self.refresh_tree()
        self._place()
        self._say_state()
        self.describe()

    @property
    def groups(self) -> tuple[tuple[SlimGroup, ...], str]:
        """What the tree shows, and of which level: what the one under the cursor came to, otherwise the survey."""
        row = self.levels.row
        if row is not None and row.groups:
            return row.groups, str(row.level)
        survey = self.runner.survey
        return (survey_groups(survey), "") if survey is not None else ((), "")

    def refresh_tree(self) -> None:
        """Draw the tree."""
        groups, level = self.groups
        survey = self.runner.survey
        waste = (survey.flatten_bytes, survey.flatten_files) if survey is not None and not level else None
        folded = usually_folded(groups) if self.folded is None else self.folded
        self.tree_table.set_rows(tree_rows(groups, self.request, self.opened, folded, waste))
        self.tree_table.say_when_empty(self.problem or "looking at what could go …")
        title = f"what goes and what stays: {level}" if level else "what could go"
        if level:
            sums = total(groups, self.request)
            title += f" · {bytes_text(sums.goes_bytes)} goes · {bytes_text(sums.stays_bytes)} stays"
        elif survey is not None:
            cleaned = would_go("clean", self.request, survey)
            besides = cleaned.goes_bytes - survey.flatten_bytes if cleaned is not None else 0
            title += f" · {bytes_text(survey.flatten_bytes)} of waste · {bytes_text(besides)} left over"
        self._tree_box.border_title = Content(title)

    @property
    def problem(self) -> str:
        """Why nothing can be told of the image; empty where something can."""
        if self.runner.problem:
            return self.runner.problem
        inspection = self.inspection
        if inspection is None or self.runner.session is not None:
            return ""
        return _LOST if any(layer.problem for layer in inspection.image.layers) else _UNREAD

    def _say_state(self) -> None:
        """Say in the borders what goes on, how it ended, or how to begin."""
        self.query_one("#levels-box").border_subtitle = self._state()
        request = self.request
        said = f"{plural(len(request.exercises), 'exercise')} · {request.compression}"
        self.query_one("#settings-box").border_subtitle = Content(said)

    def _state(self) -> Content:
        rows, beside = self.levels.view.shown, self.has_class("-beside")
        return state_text(self.runner, self.request, rows, self.size.width, beside=beside)

    def _place(self) -> None:
        """Give each box its share; where there is little room, those without the cursor fold away."""
        if not self._laid_out:
            return
        height, rows = self.size.height, self.settings_table.view.total + 3
        levels, tree, side, proof = self.query_one("#levels-box"), self._tree_box, self.query_one("#slim-side"), rows
        if self.has_class("-beside"):
            levels.styles.height, tree.styles.height, side.styles.height = _LEVELS_HEIGHT, "1fr", "1fr"
            lower = height - _LEVELS_HEIGHT
            proof = min(rows, max(5, lower - 5 if self.settings_table.has_focus else lower // 2))
            if self.runner.run.queue and not self.settings_table.has_focus and height < _TALL:
                proof = min(rows, _FEW_SETTINGS)
        else:
            tall = height >= _TALL
            levels.styles.height = _LEVELS_HEIGHT if tall or self._unfolds(self.levels) else _FOLDED
            lower = height - cast("int", levels.styles.height.value if levels.styles.height else 0)
            shown = lower * 2 // 5 if tall else lower * 3 // 5 if self.tree_table.has_focus else _FOLDED
            tree.styles.height = int(shown)
            side.styles.height = "1fr"
            proof = rows if tall else min(rows, int(lower) - 7) if self.settings_table.has_focus else _FOLDED
        self.query_one("#settings-box").styles.height = proof

    def _unfolds(self, table: Widget) -> bool:
        """Tell whether a table has the keys, or gets them by default."""
        return table.has_focus or (table is self.levels and not any(one.has_focus for one in self.tables[1:]))

    def describe(self) -> None:
        """Show details of the row that has the cursor."""
        if not self._laid_out:
            return
        tree, setting, level = self.tree_table.row, self.settings_table.row, self.levels.row
        if self.tree_table.has_focus and tree is not None:
            self.details.show_tree_row(tree)
        elif self.settings_table.has_focus and setting is not None:
            self.details.show_setting(setting, self.settings_table.view.shown)
        elif level is not None:
            warnings = self.runner.warnings if level.state in ("running", "stopped", "failed") else ()
            self.details.show_level(level, self.runner.survey, warnings, self.problem)

    def on_line_table_highlighted(self, message: LineTable.Highlighted) -> None:
        """The cursor moved; the tree follows the level."""
        message.stop()
        if self.levels.has_focus and self._laid_out:
            if self.runner.busy and self.levels.row is not None:
                self._following = self.levels.row.state == "running"
            self.refresh_tree()
        self.describe()

    def on_line_table_rearranged(self, message: LineTable.Rearranged) -> None:
        """Nobody else needs to know."""
        message.stop()

    def on_descendant_focus(self) -> None:
        """Boxes and details follow the focus."""
        self._place()
        self.describe()

    def follow(self) -> None:
        """Have the cursor go to the level that runs."""
        self._following = True


def _request_for(app: ModelpackApp, path: str) -> SlimRequest:
    """Return what is known of how to slim an image: from here, or from what the command line says of it."""
    known = app.slim_requests.get(path)
    if known is not None:
        return known
    request, plan, named = SlimRequest(), app.bench_plans.get(path), app.requests.get(path)
    if plan is not None:
        request = replace(request, start=plan.image)
    if named is not None:
        request = replace(request, contract=named.contract, contract_folder=named.contract_folder, data=named.data)
    return request
