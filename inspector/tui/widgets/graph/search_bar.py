"""The line below the rows to type into: searching as you type, and going to a node."""

from __future__ import annotations

from typing import Literal

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.message import Message
from textual.widgets import Input, Static

from inspector.tui.plain_text import clean, plain

Purpose = Literal["search", "go to", "matches"]
PROMPTS: dict[Purpose, str] = {"search": "/", "go to": "go to", "matches": "◆"}
HINTS: dict[Purpose, str] = {
    "search": "operator, name, tensor or shape such as 64,56,56",
    "go to": "number, name or tensor",
    "matches": "",
}


class SearchBar(Horizontal):
    """Hidden until opened; says how many nodes match."""

    DEFAULT_CSS = """
    SearchBar { height: 1; background: $band; display: none; }
    SearchBar.-open { display: block; }
    SearchBar #search-prompt { width: auto; padding: 0 1; color: $accent-text; text-style: bold; }
    SearchBar #search-title { width: 1fr; color: $ink; }
    SearchBar #search-count { width: auto; padding: 0 1; color: $soft; }
    SearchBar Input, SearchBar Input:focus {
        width: 1fr; height: 1; border: none; padding: 0; background: $band; color: $ink; background-tint: $band 0%;
    }
    """

    class Changed(Message):
        """The text being searched for changed."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    class Submitted(Message):
        """Enter was pressed."""

        def __init__(self, purpose: Purpose, text: str) -> None:
            super().__init__()
            self.purpose = purpose
            self.text = text

    def __init__(self) -> None:
        super().__init__()
        self.purpose: Purpose = "search"

    def compose(self) -> ComposeResult:
        """Lay out prompt, text and count."""
        yield Static(id="search-prompt", markup=False)
        yield Input(compact=True, select_on_focus=False)
        yield Static(id="search-title", markup=False)
        yield Static(id="search-count", markup=False)

    @property
    def is_open(self) -> bool:
        """Whether the bar is shown."""
        return self.has_class("-open")

    def open(self, purpose: Purpose, title: str = "") -> None:
        """Show the bar; unless it only names matches, take what is typed."""
        self.purpose = purpose
        typing = purpose != "matches"
        self.query_one("#search-prompt", Static).update(plain(PROMPTS[purpose]))
        box = self.query_one(Input)
        box.display, self.query_one("#search-title").display = typing, not typing
        self.query_one("#search-title", Static).update(plain(title))
        self.say("")
        self.add_class("-open")
        if typing:
            with box.prevent(Input.Changed):
                box.value = ""
            box.placeholder = HINTS[purpose]
            box.focus()

    def close(self) -> None:
        """Hide the bar."""
        self.remove_class("-open")

    def say(self, text: str) -> None:
        """Show how many there are, or what is wrong."""
        self.query_one("#search-count", Static).update(plain(text))

    def on_input_changed(self, event: Input.Changed) -> None:
        """Search as it is typed."""
        event.stop()
        if self.purpose == "search":
            self.post_message(self.Changed(clean(event.value)))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter."""
        event.stop()
        self.post_message(self.Submitted(self.purpose, event.value))
