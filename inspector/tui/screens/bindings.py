"""The dialog that asks for the values of symbolic dimensions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import islice
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from inspector.records.inspection import Inspection
from inspector.tui.actions import Where, modal_bindings
from inspector.tui.plain_text import plain, shorten
from inspector.tui.widgets.card import Card

_LARGEST = 2**31 - 1
_MOST_SYMBOLS = 12
_HINT = "a batch size such as 8, symbols such as sequence=128, or both: 8 sequence=128"

Values = tuple[int, Mapping[str, int]]


class BindingsScreen(ModalScreen[Values | None]):
    """Gives batch size and values of symbols, None where the user thinks better of it."""

    BINDINGS: ClassVar[list[BindingType]] = modal_bindings("dialog")
    AUTO_FOCUS = "Input"
    places: tuple[Where, ...] = ("dialog", "everywhere")
    all_places = places

    def __init__(self, inspection: Inspection) -> None:
        super().__init__()
        self._cost = inspection.cost
        self._text = " ".join([str(inspection.batch), *(f"{name}={value}" for name, value in inspection.settings.items())])

    def compose(self) -> ComposeResult:
        """Lay out one input with a line under it."""
        with Vertical(id="batch-box") as box:
            box.border_title = Content("evaluate at")
            box.border_subtitle = Content("↵ evaluates · esc closes")
            yield Input(self._text, placeholder="8 sequence=128")
            yield Static(Content.styled(_HINT, "$soft"), id="batch-hint")
            symbols = Card("symbols")
            symbols.show(self._symbol_lines)
            yield symbols

    def _symbol_lines(self, width: int) -> Sequence[Content]:
        """Return every symbol with the value it has now."""
        rows: list[Content] = []
        for name, value in islice(self._cost.bindings.items(), _MOST_SYMBOLS):
            taken = "  assumed" if name in self._cost.assumed else ""
            rows.append(Content.assemble(plain(shorten(name, width - 24), "$accent-text"), f" = {value:,}", (taken, "$medium")))
        return rows or [Content.styled("every dimension is fixed", "$soft")]

    def on_input_submitted(self, message: Input.Submitted) -> None:
        """Take the values, or say what is wrong with them."""
        values = parse_values(message.value)
        if values is None:
            wrong = Content.styled(f"not understood; {_HINT}", "$high")
            self.query_one("#batch-hint", Static).update(wrong)
        else:
            self.dismiss(values)

    def action_close(self) -> None:
        """Change nothing."""
        self.dismiss(None)


def parse_values(text: str) -> Values | None:
    """Return (batch, values of symbols) from "8 sequence=128"; the batch is 1 where not given; None if not understood."""
    batch, settings = 1, {}
    for word in text.replace(",", " ").split():
        name, equals, number = word.rpartition("=")
        if not number.isascii() or not number.isdigit() or not 1 <= int(number[:12]) <= _LARGEST or bool(equals) != bool(name):
            return None
        if equals:
            settings[name] = int(number)
        else:
            batch = int(number)
    return batch, settings
