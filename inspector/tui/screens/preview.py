"""A look into one file of an image: its text with line numbers, or its bytes; read in parts as they are wanted."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, ClassVar, cast

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen

from inspector.errors import InspectorError
from inspector.isolation.limits import CancelToken
from inspector.records.event import Event, Finished
from inspector.records.file_system import Placed
from inspector.records.image_inspection import ImageInspection
from inspector.report.figures import bytes_text, plural
from inspector.tui.actions import Where, modal_bindings
from inspector.tui.jobs import Job
from inspector.tui.messages import Failed, JobEvent
from inspector.tui.plain_text import shorten
from inspector.tui.widgets.image.image_text import mode_text, owner_text
from inspector.tui.widgets.image.preview_text import PART_BYTES, HexDocument, TextDocument, looks_like_text
from inspector.tui.widgets.image.preview_view import PreviewView
from inspector.tui.widgets.job_bar import JobBar
from inspector.tui.widgets.key_bar import KeyBar

if TYPE_CHECKING:
    from inspector.tui.app import ModelpackApp


class PreviewScreen(ModalScreen[None]):
    """Reads the beginning at once, and each further part when somebody scrolls to where it is missing."""

    BINDINGS: ClassVar[list[BindingType]] = modal_bindings("dialog", "preview")
    places: tuple[Where, ...] = ("preview", "dialog", "everywhere")
    all_places = places

    def __init__(self, inspection: ImageInspection, path: str, placed: Placed) -> None:
        super().__init__()
        self._inspection = inspection
        self._path = path
        self._placed = placed
        self._text = TextDocument(placed.size)
        self._bytes = HexDocument(placed.size)
        self._view = PreviewView(self._bytes)
        self._box = Vertical(self._view, id="preview-box")
        self._known = False
        self._reading: tuple[int, Job] | None = None

    def compose(self) -> ComposeResult:
        """Lay out the view in a box of the screen's size."""
        yield self._box
        yield JobBar(lambda: [self._reading[1]] if self._reading is not None else [])
        yield KeyBar(*self.places)

    def on_mount(self) -> None:
        """Read the beginning."""
        self._view.focus()
        self._describe()
        if self._placed.size:
            self._read(0)
        else:
            self._view.say("The file is empty")

    def _describe(self) -> None:
        entry = self._placed.entry
        facts = (bytes_text(self._placed.size), mode_text(entry), owner_text(entry), f"layer {self._placed.content_layer}")
        room = max(20, self.app.size.width - sum(map(len, facts)) - 20)
        self._box.border_title = Content(f"{shorten(f'/{self._path}', room)} · {' · '.join(facts)}")
        shown = self._view.document
        self._box.border_subtitle = Content("bytes" if shown is self._bytes else self._text_note())

    def _text_note(self) -> str:
        lines = plural(len(self._text), "line")
        if self._text.complete:
            return lines
        return f"{lines} so far" if not self._text.full else f"the first {lines}: x shows any byte"

    def _read(self, start: int) -> None:
        """Read one part, unless one is being read."""
        if self._reading is not None or start >= self._placed.size:
            return
        inspection, placed = self._inspection, self._placed
        length = min(PART_BYTES, placed.size - start)

        def workflow(_: CancelToken) -> Iterator[Event[bytes]]:
            from inspector.workflows.image_contents import preview

            yield Finished(preview(inspection, placed.content_layer, placed.content, start, length))

        title = f"reading {self._path.rpartition('/')[2]}"
        self._reading = (start, self._app.jobs.start(title, workflow, self))

    def on_job_event(self, message: JobEvent) -> None:
        """Take in a part, or say why there is none."""
        if self._reading is None or message.job is not self._reading[1]:
            return
        message.stop()
        start, _ = self._reading
        self._reading = None
        event = message.event
        if isinstance(event, Finished):
            self._take(start, event.result)
        elif isinstance(event, Failed):
            self._view.say(str(event.error) if isinstance(event.error, InspectorError) else "This could not be read")
            if not isinstance(event.error, InspectorError):
                self._app.explain(event.error, "Preview")

    def _take(self, start: int, part: bytes) -> None:
        self._bytes.put(start, part)
        self._text.append(start, part)
        if not self._known:
            self._known = True
            self._view.show(self._text if looks_like_text(part) else self._bytes)
        else:
            self._view.grown()
        if not part:
            self._view.say("The layer ends before this file does")
        self._describe()

    def on_preview_view_wanted(self, message: PreviewView.Wanted) -> None:
        """Somebody looks at what is not read yet."""
        message.stop()
        self._read(message.start)

    def on_resize(self) -> None:
        """The title has other room."""
        self._describe()

    def action_toggle_hex(self) -> None:
        """Show bytes instead of text, or the other way round."""
        self._view.show(self._bytes if self._view.document is self._text else self._text)
        self._describe()

    def action_cursor_up(self) -> None:
        """One line up."""
        self._view.move(-1)

    def action_cursor_down(self) -> None:
        """One line down."""
        self._view.move(1)

    def action_page_up(self) -> None:
        """One page up."""
        self._view.move(-self._view.page)

    def action_page_down(self) -> None:
        """One page down."""
        self._view.move(self._view.page)

    def action_first_row(self) -> None:
        """To the start."""
        self._view.move(-len(self._view.document))

    def action_last_row(self) -> None:
        """To the end of what is known."""
        self._view.move(len(self._view.document))

    def action_scroll_right(self) -> None:
        """Right, along long lines."""
        self._view.shift(1)

    def action_scroll_left(self) -> None:
        """Left, along long lines."""
        self._view.shift(-1)

    def action_close(self) -> None:
        """Go back to the tree."""
        if self._reading is not None:
            self._app.jobs.cancel(self._reading[1])
        self.dismiss()

    async def on_key_bar_pressed(self, message: KeyBar.Pressed) -> None:
        """A key of the footer was clicked."""
        await self._app.perform(message.action)

    @property
    def _app(self) -> ModelpackApp:
        return cast("ModelpackApp", self.app)
