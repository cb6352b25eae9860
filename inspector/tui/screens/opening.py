"""The opening screen: shown when no artifact was named."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, cast
from urllib.parse import unquote, urlsplit

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.events import Paste
from textual.screen import Screen
from textual.widgets import Static

from inspector.tui.actions import Where, bindings
from inspector.tui.candidates import Candidate, recent_candidates, sample_candidates, unique
from inspector.tui.messages import JobEvent, OpenArtifact
from inspector.tui.widgets.candidate_table import candidate_table
from inspector.tui.widgets.filtered_table import FilteredTable
from inspector.tui.widgets.job_bar import JobBar
from inspector.tui.widgets.key_bar import KeyBar
from inspector.tui.widgets.line_table import LineTable

if TYPE_CHECKING:
    from inspector.tui.app import ModelpackApp

_PAUSE_SECONDS = 0.2
_WELCOME = Content.assemble(
    ("modelpack-tui\n", "$accent-text bold"),
    ("see what is inside a packaged model before it runs in production", "$soft"),
)
_OPENS: tuple[tuple[str, str], ...] = (
    ("model.onnx", "an ONNX model; weights are read only when asked for"),
    ("saved_model/", "a TensorFlow SavedModel, or a .tflite file"),
    ("image.tar", "a container image: docker save, OCI, or docker://name:tag"),
    ("review.json", "a review that was written before, without its artifact"),
)
_NAME_CELLS = 14
_NO_SAMPLES = "no samples installed: pip install rapidocr-onnxruntime brings ONNX models"


def _opens() -> Content:
    """Return what can be opened, a line each."""
    lines = [Content.assemble((f"{name:<{_NAME_CELLS}}", "$ink"), (does, "$soft")) for name, does in _OPENS]
    return Content("\n").join(lines)


def _hint(samples: bool) -> Content:
    """Return how to go on."""
    how = Content.assemble(
        ("↵", "$accent-text bold"),
        (" opens the selected one   ", "$soft"),
        ("o", "$accent-text bold"),
        (" types a path; a dropped or pasted one opens", "$soft"),
    )
    return how if samples else Content("\n").join([how, Content.styled(_NO_SAMPLES, "$soft")])


def pasted_path(text: str) -> str:
    """Return the path in what was pasted: quoted, escaped or a file: address, as terminals write dropped files; else empty."""
    line = text.strip()
    if not line or "\n" in line or "\0" in line:
        return ""
    if line.startswith("file://"):
        return unquote(urlsplit(line).path)
    if Path(line).expanduser().exists():
        return str(Path(line).expanduser())
    try:
        words = shlex.split(line)
    except ValueError:
        words = []
    return words[0] if len(words) == 1 else line


class OpeningScreen(Screen[None]):
    """Recent artifacts and samples to choose from."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("opening")
    AUTO_FOCUS = "LineTable"
    places: tuple[Where, ...] = ("opening", "list", "everywhere")
    all_places = places

    def __init__(self) -> None:
        super().__init__()
        self._table: LineTable[Candidate] = candidate_table("Nothing opened yet: press o and type a path")

    def compose(self) -> ComposeResult:
        """Lay out greeting, list and hint."""
        app = cast("ModelpackApp", self.app)
        with Vertical(id="opening"):
            yield Static(_WELCOME, id="welcome")
            box = FilteredTable(self._table)
            box.border_title = Content("recent, samples, this folder, engines")
            yield box
            yield Static(_opens(), id="opens")
            yield Static(_hint(bool(sample_candidates())), id="hint")
        yield JobBar(lambda: [job for job in app.jobs.running if job is not app.engine_list.asking])
        yield KeyBar(*self.places)

    def on_mount(self) -> None:
        """Fill the list, and ask engines for more of it once the screen stands."""
        self._fill()
        self.set_timer(_PAUSE_SECONDS, self._ask)

    def _fill(self) -> None:
        app = cast("ModelpackApp", self.app)
        known = [*recent_candidates(app.recent), *sample_candidates(), *app.engine_list.candidates]
        self._table.set_rows(unique(known))

    def _ask(self) -> None:
        app = cast("ModelpackApp", self.app)
        app.engine_list.ask(app.jobs, self)

    def on_job_event(self, message: JobEvent) -> None:
        """Add what the folder and engines have."""
        if cast("ModelpackApp", self.app).engine_list.take(message):
            message.stop()
            self._fill()

    def on_paste(self, event: Paste) -> None:
        """Open the path that was pasted, or that a terminal types for a file that is dropped on it."""
        path = pasted_path(event.text)
        if path:
            event.stop()
            self.post_message(OpenArtifact(path))

    def action_open_selected(self) -> None:
        """Open the artifact under the cursor."""
        row = self._table.row
        if row is not None:
            self.post_message(OpenArtifact(row.path))

    def on_line_table_chosen(self) -> None:
        """Do by mouse what Enter does."""
        self.action_open_selected()

    def action_cancel_job(self) -> None:
        """Stop reading."""
        cast("ModelpackApp", self.app).jobs.cancel_all()

    async def on_key_bar_pressed(self, message: KeyBar.Pressed) -> None:
        """A key of the footer was clicked."""
        await cast("ModelpackApp", self.app).perform(message.action)
