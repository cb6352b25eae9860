"""The dialog that asks for one value of a plan, such as batch sizes."""

from __future__ import annotations

from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from inspector.tui.actions import Where, modal_bindings
from inspector.tui.widgets.benchmark.planning import Edit


class BenchValueScreen(ModalScreen[Any]):
    """Gives the value that was typed, None where the user thinks better of it."""

    BINDINGS: ClassVar[list[BindingType]] = modal_bindings("dialog")
    AUTO_FOCUS = "Input"
    places: tuple[Where, ...] = ("dialog", "everywhere")
    all_places = places
    DEFAULT_CSS = """
    BenchValueScreen #value-box {
        width: 64; max-width: 100%; height: auto; border: round $accent-text; border-title-color: $accent-text;
        border-title-style: bold; border-subtitle-color: $soft; background: $page; padding: 0 1;
    }
    BenchValueScreen Input { height: 1; border: none; background: $band; color: $ink; padding: 0 1; margin: 0 0 1 0; }
    """

    def __init__(self, edit: Edit) -> None:
        super().__init__()
        self._edit = edit

    def compose(self) -> ComposeResult:
        """Lay out one input with a line under it."""
        with Vertical(id="value-box") as box:
            box.border_title = Content(self._edit.title)
            box.border_subtitle = Content("↵ takes it · esc closes")
            yield Input(self._edit.text)
            yield Static(Content.styled(self._edit.hint, "$soft"), id="value-hint")

    def on_input_submitted(self, message: Input.Submitted) -> None:
        """Take the value, or say what is wrong with it."""
        message.stop()
        value = self._edit.parse(message.value.strip())
        if value is None:
            self.query_one("#value-hint", Static).update(Content.styled(f"not understood: {self._edit.hint}", "$high"))
        else:
            self.dismiss(value)

    def action_close(self) -> None:
        """Change nothing."""
        self.dismiss(None)
