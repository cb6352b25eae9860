"""A tab made of cards, filled from an inspection as soon as there is one, and again when it or the height changes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Generic, TypeVar

from textual.containers import VerticalScroll
from textual.content import Content

from inspector.tui.widgets.card import Card

Shown = TypeVar("Shown")
"""What the cards show: the inspection of a model, or of an image."""

_TALL = 45
"""Rows of the terminal from which on cards show twice as much."""


class CardsPane(VerticalScroll, Generic[Shown]):
    """Subclasses compose the cards and say what each shows."""

    def __init__(self, id: str) -> None:
        super().__init__(id=id)
        self.inspection: Shown | None = None
        self._tall = False

    def fill(self, inspection: Shown, twice: int) -> None:
        """Fill the cards; twice is what numbers of rows are multiplied with: 2 where there is much room."""
        raise NotImplementedError

    def on_mount(self) -> None:
        """Fill the cards made by compose."""
        self._fill()

    def show(self, inspection: Shown) -> None:
        """Show an inspection; the scroll position stays."""
        self.inspection = inspection
        if self.is_mounted:
            self._fill()

    def on_resize(self) -> None:
        """Show more or less in the cards where the height asks for it."""
        if self._tall != (self.app.size.height >= _TALL):
            self._fill()

    def show_card(self, card: str, builder: Callable[[Shown, int], Sequence[Content]], note: str = "") -> None:
        """Show in a card what the builder makes of the inspection at the card's width."""
        assert self.inspection is not None
        self.query_one(f"#{card}", Card).show(partial(builder, self.inspection), note)

    def _fill(self) -> None:
        if self.inspection is not None:
            self._tall = self.app.size.height >= _TALL
            self.fill(self.inspection, 2 if self._tall else 1)
