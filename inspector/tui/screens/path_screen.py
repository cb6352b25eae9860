"""A dialog that asks for the path of a file, with completion; what is wrong with it is said in the dialog."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Generic, TypeVar, cast

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input

from inspector.errors import InspectorError
from inspector.records.event import Finished
from inspector.tui.actions import Where, modal_bindings
from inspector.tui.candidates import Candidate, complete, typed_candidates
from inspector.tui.jobs import Job, Workflow
from inspector.tui.messages import Cancelled, Failed, JobEvent
from inspector.tui.plain_text import plain
from inspector.tui.widgets.candidate_table import candidate_table
from inspector.tui.widgets.job_bar import JobBar
from inspector.tui.widgets.line_table import LineTable
from inspector.tui.widgets.text_block import TextBlock
from inspector.tui.widgets.text_rows import wrapped

if TYPE_CHECKING:
    from inspector.tui.app import ModelpackApp

Answer = TypeVar("Answer")


class PathScreen(ModalScreen[Answer | None], Generic[Answer]):
    """Subclasses say what to do with the path; None where the user thinks better of it."""

    BINDINGS: ClassVar[list[BindingType]] = modal_bindings("dialog", "path_dialog")
    AUTO_FOCUS = "Input"
    places: tuple[Where, ...] = ("path_dialog", "dialog", "everywhere")
    all_places = places
    DEFAULT_CSS = """
    PathScreen #path-box {
        width: 90; max-width: 100%; height: 70%; border: round $accent-text; border-title-color: $accent-text;
        border-title-style: bold; border-subtitle-color: $soft; background: $page; padding: 0 1;
    }
    PathScreen #path-box Input { height: 1; border: none; background: $band; color: $ink; padding: 0 1; }
    PathScreen JobBar { dock: bottom; }
    PathScreen #path-note { padding: 0 1; margin: 0 0 1 0; }
    """
    TITLE_TEXT = "file"
    DOES = "takes it"
    PLACEHOLDER = "path"
    SUFFIXES: tuple[str, ...] = ()
    """Only files with one of these endings are listed; empty: all."""

    def __init__(self, text: str = "") -> None:
        super().__init__()
        self._text = text
        self._table: LineTable[Candidate] = candidate_table("Nothing here begins with that")
        self._note = TextBlock(id="path-note")
        self._picked = False
        self._job: Job | None = None

    def explain(self) -> str:
        """Return what the dialog is for, in a sentence or two."""
        raise NotImplementedError

    def take(self, path: Path) -> None:
        """Do what the dialog is for with the path: start(), dismiss(), or complain()."""
        raise NotImplementedError

    def done(self, result: object) -> None:
        """Take in the result of the work that start() began."""
        raise NotImplementedError

    def compose(self) -> ComposeResult:
        """Lay out the input over a note and the list."""
        with Vertical(id="path-box") as box:
            box.border_title = Content(self.TITLE_TEXT)
            box.border_subtitle = Content(f"tab completes · ↑ ↓ pick · ↵ {self.DOES} · esc closes")
            yield Input(self._text, placeholder=self.PLACEHOLDER, select_on_focus=False)
            yield self._note
            yield self._table
        yield JobBar(lambda: [self._job] if self._job is not None else [])

    def on_mount(self) -> None:
        """List what is there."""
        self._table.can_focus = False
        self._fill(self._text)
        self._say(self.explain())

    def _say(self, text: str, style: str = "$soft") -> None:
        self._note.show(lambda width: wrapped(text, width, style, most=4))

    def complain(self, text: str) -> None:
        """Say what is wrong, and let the user mend it."""
        self._say(text, "$high")

    def ask(self, text: str) -> None:
        """Say what Enter would do if pressed again."""
        self._say(text, "$medium")

    def start(self, title: str, workflow: Workflow) -> None:
        """Begin work that done() gets the result of; errors are explained in the dialog."""
        if self._job is None:
            self._say(f"{title} …")
            self._job = self._modelpack.jobs.start(title, workflow, self)

    def on_job_event(self, message: JobEvent) -> None:
        """Take in what the work says."""
        if message.job is not self._job:
            return
        message.stop()
        event = message.event
        if isinstance(event, Finished | Failed | Cancelled):
            self._job = None
        if isinstance(event, Finished):
            self.done(event.result)
        elif isinstance(event, Failed):
            known = isinstance(event.error, InspectorError)
            self.complain(str(event.error) if known else "a defect of modelpack-tui; it is reported when you quit")
        elif isinstance(event, Cancelled):
            self._say("stopped; nothing has changed")

    def _fill(self, text: str) -> None:
        wanted = self.SUFFIXES
        found = typed_candidates(text)
        self._table.set_rows([one for one in found if not wanted or _is_folder(one) or one.path.lower().endswith(wanted)])
        self._table.action_first_row()
        self._picked = False

    def on_input_changed(self, message: Input.Changed) -> None:
        """List what begins with the text."""
        message.stop()
        self._fill(message.value)
        if self._job is None:
            self._say(self.explain())

    def on_input_submitted(self, message: Input.Submitted) -> None:
        """Take the row that was picked, or else the path as typed."""
        message.stop()
        row, typed = self._table.row, message.value.strip()
        if self._job is not None:
            return
        if self._picked and row is not None:
            self._choose(row.path)
        elif typed:
            self._choose(str(Path(typed).expanduser()))

    def _choose(self, path: str) -> None:
        """Look into a folder, and take anything else."""
        if Path(path).is_dir():
            self._type(path.rstrip("/") + "/")
        else:
            self.take(Path(path))

    def _type(self, text: str) -> None:
        field = self.query_one(Input)
        field.value = text
        field.cursor_position = len(text)

    def on_line_table_chosen(self, message: LineTable.Chosen) -> None:
        """A double click takes the row."""
        message.stop()
        if self._table.row is not None and self._job is None:
            self._choose(self._table.row.path)

    def on_line_table_highlighted(self, message: LineTable.Highlighted) -> None:
        """A click on a row picks it."""
        message.stop()
        if self._table.cursor:
            self._picked = True

    def action_complete(self) -> None:
        """Complete the path as far as it is clear."""
        text, row = self.query_one(Input).value, self._table.row
        completed = complete(text, list(self._table.view.shown))
        if completed == text and self._picked and row is not None:
            completed = row.path + ("/" if _is_folder(row) else "")
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
        self._picked = bool(self._table.view.shown)

    def action_cancel_job(self) -> None:
        """A click on the job bar."""
        self.action_close()

    def action_close(self) -> None:
        """Stop what runs; where nothing does, change nothing and close."""
        if self._job is not None:
            self._modelpack.jobs.cancel(self._job)
        else:
            self.dismiss(None)

    @property
    def _modelpack(self) -> ModelpackApp:
        return cast("ModelpackApp", self.app)


def shown_path(path: Path) -> str:
    """Return a path as a person may read it."""
    return plain(str(path)).plain


def _is_folder(candidate: Candidate) -> bool:
    return candidate.kind == "folder" or Path(candidate.path).is_dir()
