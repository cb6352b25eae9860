"""The dialog that asks for one value of how an image is slimmed, such as what counts as ready."""

from __future__ import annotations

from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input

from inspector.errors import InspectorError
from inspector.tui.actions import Where, modal_bindings
from inspector.tui.widgets.slim.settings import SlimEdit
from inspector.tui.widgets.text_block import TextBlock
from inspector.tui.widgets.text_rows import wrapped


class SlimValueScreen(ModalScreen[Any]):
    """Gives the value that was typed, None where the user thinks better of it."""

    BINDINGS: ClassVar[list[BindingType]] = modal_bindings("dialog")
    AUTO_FOCUS = "Input"
    places: tuple[Where, ...] = ("dialog", "everywhere")
    all_places = places
    DEFAULT_CSS = """
    SlimValueScreen #slim-value-box {
        width: 72; max-width: 100%; height: auto; border: round $accent-text; border-title-color: $accent-text;
        border-title-style: bold; border-subtitle-color: $soft; background: $page; padding: 0 1;
    }
    SlimValueScreen Input { height: 1; border: none; background: $band; color: $ink; padding: 0 1; margin: 0 0 1 0; }
    """

    def __init__(self, edit: SlimEdit) -> None:
        super().__init__()
        self._edit = edit
        self._hint = TextBlock(lambda width: wrapped(edit.hint, width, "$soft"), id="slim-value-hint")

    def compose(self) -> ComposeResult:
        """Lay out one input with a few lines under it."""
        with Vertical(id="slim-value-box") as box:
            box.border_title = Content(self._edit.title)
            box.border_subtitle = Content("↵ takes it · esc closes")
            yield Input(self._edit.text)
            yield self._hint

    def on_input_submitted(self, message: Input.Submitted) -> None:
        """Take the value, or say what is wrong with it."""
        message.stop()
        reason = ""
        try:
            value = self._edit.parse(message.value.strip())
        except InspectorError as error:
            value, reason = None, str(error)
        if value is None:
            said = reason or f"not understood: {self._edit.hint}"
            self._hint.show(lambda width: wrapped(said, width, "$high", most=4))
        else:
            self.dismiss(value)

    def action_close(self) -> None:
        """Change nothing."""
        self.dismiss(None)
