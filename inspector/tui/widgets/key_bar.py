"""The footer: at most eight keys that matter here, made from the registry of actions."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content
from textual.events import Click
from textual.message import Message

from inspector.tui.actions import Action, Where, actions_for
from inspector.tui.widgets.lines import Lines

MOST_KEYS = 8


class KeyBar(Lines):
    """Keys of the places given, best rank first; a click on one runs it."""

    class Pressed(Message):
        """A key of the bar was clicked."""

        def __init__(self, action: Action) -> None:
            super().__init__()
            self.action = action

    def __init__(self, *places: Where) -> None:
        super().__init__(id="key-bar")
        self._places: tuple[Where, ...] = places
        self._spans: list[tuple[int, int, Action]] = []

    @property
    def shown(self) -> list[Action]:
        """The actions whose keys are on the screen, left to right."""
        return [action for _, _, action in self._spans]

    def show(self, *places: Where) -> None:
        """Show the keys of other places."""
        self._places = places
        self.refresh(layout=True)

    def build(self, width: int) -> Sequence[Content]:
        """Return one line with as many keys as fit, at most eight; the least useful are left out first."""
        kept = sorted((action for action in actions_for(*self._places) if action.rank), key=lambda action: action.rank)[
            :MOST_KEYS
        ]
        while kept and sum(map(_cells, kept)) > width:
            kept.pop()
        kept.sort(
            key=lambda action: (action.where == "everywhere", -action.rank if action.where == "everywhere" else action.rank)
        )
        line, at = Content(), 0
        self._spans = []
        for action in kept:
            line = line + Content.assemble((f" {action.shown}", "$accent-text bold"), (f" {action.label} ", "$soft"))
            self._spans.append((at, at + _cells(action), action))
            at += _cells(action)
        return [line]

    def on_click(self, event: Click) -> None:
        """Run the action under the mouse."""
        event.stop()
        for start, end, action in self._spans:
            if start <= event.x < end:
                self.post_message(self.Pressed(action))


def _cells(action: Action) -> int:
    return len(action.shown) + len(action.label) + 3
