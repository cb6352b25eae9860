"""The open dialog: type a path with completion, or pick from what was opened lately and what the folder holds."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, cast

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input

from inspector.tui.actions import Where, modal_bindings
from inspector.tui.candidates import (
    Candidate,
    begun_candidates,
    complete,
    is_openable_folder,
    recent_candidates,
    sample_candidates,
    typed_candidates,
    unique,
)
from inspector.tui.engine_list import EngineList
from inspector.tui.messages import JobEvent
from inspector.tui.recent import RecentList, on_engine
from inspector.tui.widgets.candidate_table import candidate_table
from inspector.tui.widgets.line_table import LineTable

if TYPE_CHECKING:
    from inspector.tui.app import ModelpackApp


class OpenFileScreen(ModalScreen[str | None]):
    """Gives the path to open, None where the user thinks better of it."""

    BINDINGS: ClassVar[list[BindingType]] = modal_bindings("dialog", "open_dialog")
    AUTO_FOCUS = "Input"
    places: tuple[Where, ...] = ("open_dialog", "dialog", "everywhere")
    all_places = places
    TITLE_TEXT = "open"
    DOES = "opens"

    def __init__(self, recent: RecentList, engine_list: EngineList) -> None:
        super().__init__()
        self._recent = recent
        self._engine_list = engine_list
        self._table: LineTable[Candidate] = candidate_table("Nothing here begins with that")
        self._picked = False

    def compose(self) -> ComposeResult:
        """Lay out the input over the list."""
        with Vertical(id="open-box") as box:
            box.border_title = Content(self.TITLE_TEXT)
            box.border_subtitle = Content(f"tab completes · ↑ ↓ pick · ↵ {self.DOES} · esc closes")
            yield Input(placeholder="path of an artifact or a saved review, or docker://name:tag", select_on_focus=False)
            yield self._table

    def on_mount(self) -> None:
        """Start with what was opened lately."""
        self._table.can_focus = False
        self._fill("")
        self._engine_list.ask(cast("ModelpackApp", self.app).jobs, self)

    def on_job_event(self, message: JobEvent) -> None:
        """Add what engines have, unless a row was picked already."""
        if self._engine_list.take(message):
            message.stop()
            if not self._picked:
                self._fill(self.query_one(Input).value)

    def _fill(self, text: str) -> None:
        known = [] if text else self.known()
        self._table.set_rows(unique([*known, *self._begun(text)]))
        self._table.action_first_row()
        self._picked = False

    def known(self) -> list[Candidate]:
        """Return what is listed before anything is typed."""
        return [*recent_candidates(self._recent), *sample_candidates()]

    def _begun(self, text: str) -> list[Candidate]:
        """Return what begins with the text: files and folders, images on engines."""
        files = [] if on_engine(text) else typed_candidates(text)
        return [*files, *begun_candidates(text, self._engine_list.candidates)]

    def on_input_changed(self, message: Input.Changed) -> None:
        """List what begins with the text."""
        self._fill(message.value)

    def on_input_submitted(self, message: Input.Submitted) -> None:
        """Open the row that was picked, or else the path as typed, or else the first row."""
        row = self._table.row
        typed = message.value.strip()
        if self._picked or not typed:
            self._take(row)
        elif on_engine(typed):
            self.dismiss(typed)
        elif Path(typed).expanduser().exists() or row is None:
            self._open(str(Path(typed).expanduser()))
        else:
            self._take(row)

    def _take(self, row: Candidate | None) -> None:
        if row is not None:
            self._open(row.path)

    def _open(self, path: str) -> None:
        """Open an artifact; a folder that is none is looked into."""
        if not on_engine(path) and Path(path).is_dir() and not is_openable_folder(path):
            self._type(path.rstrip("/") + "/")
        else:
            self.dismiss(path)

    def _type(self, text: str) -> None:
        field = self.query_one(Input)
        field.value = text
        field.cursor_position = len(text)

    def on_line_table_chosen(self) -> None:
        """Do by mouse what Enter does."""
        self._take(self._table.row)

    def on_line_table_highlighted(self) -> None:
        """A click on a row picks it."""
        if self._table.cursor:
            self._picked = True

    def action_complete(self) -> None:
        """Complete the path as far as it is clear."""
        text = self.query_one(Input).value
        row = self._table.row
        completed = complete(text, self._begun(text) if on_engine(text) else typed_candidates(text))
        if completed == text and self._picked and row is not None:
            completed = row.path + ("/" if Path(row.path).is_dir() else "")
        self._type(completed)

    def action_pick_next(self) -> None:
        """One row down."""
        self._pick(1)

    def action_pick_previous(self) -> None:
        """One row up."""
        self._pick(-1)

    def _pick(self, by: int) -> None:
        if self._picked or by < 0:
            self._table.cursor += by
        self._picked = True

    def action_close(self) -> None:
        """Open nothing."""
        self.dismiss(None)
