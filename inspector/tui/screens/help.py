"""The help screen: every key that works where the user was, and then all others."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen

from inspector.tui.actions import HEADINGS, Action, Where, actions_for, modal_bindings
from inspector.tui.widgets.lines import Lines
from inspector.tui.widgets.text_rows import wrapped

_KEY_CELLS = 8


class HelpLines(Lines):
    """Keys and descriptions under a heading for each place."""

    def __init__(self, here: Sequence[Where]) -> None:
        super().__init__()
        self._here = here

    def build(self, width: int) -> Sequence[Content]:
        """Return the whole help text."""
        lines: list[Content] = []
        others = [place for place in HEADINGS if place not in self._here]
        for place in (*self._here, *others):
            lines += self._section(place, width)
        return lines[:-1]

    def _section(self, place: Where, width: int) -> list[Content]:
        actions = actions_for(place)
        if not actions:
            return []
        here = place in self._here
        heading = Content.assemble(
            (HEADINGS[place], "$accent-text bold" if here else "$ink bold"), ("  here" if here else "", "$soft")
        )
        rows = [row for action in actions for row in _rows(action, width)]
        return [heading, *rows, Content()]


def _rows(action: Action, width: int) -> list[Content]:
    first, *others = wrapped(action.description, width - _KEY_CELLS - 2)
    blank = " " * (_KEY_CELLS + 2)
    key = Content.styled(f"{action.shown:>{_KEY_CELLS}}  ", "$accent-text bold")
    return [Content.assemble(key, first), *(Content.assemble(blank, line) for line in others)]


class HelpScreen(ModalScreen[None]):
    """Made from the registry of actions; Escape, q or ? closes it."""

    BINDINGS: ClassVar[list[BindingType]] = modal_bindings("dialog")
    places: tuple[Where, ...] = ("dialog", "everywhere")
    all_places = places

    def __init__(self, *here: Where) -> None:
        super().__init__()
        self._here = here

    def compose(self) -> ComposeResult:
        """Lay out one scrolling box."""
        with VerticalScroll(id="help") as box:
            box.border_title = Content("keys")
            box.border_subtitle = Content("esc close · ↑ ↓ scroll")
            yield HelpLines(self._here)

    def action_close(self) -> None:
        """Go back."""
        self.dismiss()
