"""A question before something is lost."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from inspector.tui.actions import Where, modal_bindings
from inspector.tui.plain_text import plain


class QuestionScreen(ModalScreen[bool]):
    """Gives True where the user agrees."""

    BINDINGS: ClassVar[list[BindingType]] = modal_bindings("dialog", "question")
    places: tuple[Where, ...] = ("question", "dialog", "everywhere")
    all_places = places
    DEFAULT_CSS = """
    QuestionScreen #question-box {
        width: 64; max-width: 100%; height: auto; border: round $accent-text; border-title-color: $accent-text;
        border-title-style: bold; border-subtitle-color: $soft; background: $page; padding: 1 2;
    }
    """

    def __init__(self, title: str, question: str) -> None:
        super().__init__()
        self._heading = title
        self._asked = question

    def compose(self) -> ComposeResult:
        """Lay out the question in a small box."""
        with Vertical(id="question-box") as box:
            box.border_title = Content(self._heading)
            box.border_subtitle = Content("↵ yes · esc no")
            yield Static(plain(self._asked), markup=False)

    def action_agree(self) -> None:
        """Yes."""
        self.dismiss(True)

    def action_close(self) -> None:
        """No."""
        self.dismiss(False)
