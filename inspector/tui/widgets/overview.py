"""The overview tab: one look says what the model is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from textual.app import ComposeResult
from textual.containers import Container, Vertical, VerticalScroll
from textual.content import Content

from inspector.records.inspection import Inspection
from inspector.tui.widgets.card import Card
from inspector.tui.widgets.overview_facts import file_lines, finding_lines, next_lines, severity_note, structure_lines
from inspector.tui.widgets.overview_figures import compute_lines, model_lines, operator_lines, weight_lines
from inspector.tui.widgets.saved_model_facts import saved_model_lines

_TALL = 45
"""Rows of the terminal from which on cards show twice as much."""


class OverviewPane(VerticalScroll):
    """Cards in one, two or three columns, as the terminal's width allows."""

    def __init__(self) -> None:
        super().__init__(id="overview")
        self._inspection: Inspection | None = None
        self._tall = False

    def compose(self) -> ComposeResult:
        """Lay out the cards; styles decide on columns."""
        yield Card("model", id="model", leads_to="signatures")
        yield Card("saved model", id="saved-model")
        with Container(id="columns"):
            with Vertical(classes="column"):
                yield Card("findings", id="findings-card", leads_to="findings")
                yield Card("operators", id="operators-card", leads_to="operators")
                yield Card("weights", id="weights-card", leads_to="weights")
            with Container(id="more-columns"):
                with Vertical(classes="column"):
                    yield Card("compute", id="compute")
                    yield Card("structure", id="structure", leads_to="graph")
                with Vertical(classes="column"):
                    yield Card("file", id="file")
                    yield Card("next", id="next")

    def on_mount(self) -> None:
        """Fill the cards made by compose."""
        self._fill()

    def show(self, inspection: Inspection) -> None:
        """Show an inspection; the scroll position stays."""
        self._inspection = inspection
        if self.is_mounted:
            self._fill()

    def on_resize(self) -> None:
        """Show more or less in the cards where the height asks for it."""
        if self._tall != (self.app.size.height >= _TALL):
            self._fill()

    def _fill(self) -> None:
        if self._inspection is None:
            return
        self._tall = self.app.size.height >= _TALL
        twice = 2 if self._tall else 1
        self._show("model", model_lines)
        self._show("findings-card", partial(finding_lines, most_rows=5 * twice), severity_note(self._inspection))
        self._show("operators-card", partial(operator_lines, most_rows=8 * twice))
        self._show("weights-card", partial(weight_lines, most_rows=4 * twice))
        self._show("compute", compute_lines)
        self._show("structure", structure_lines)
        self._show("saved-model", saved_model_lines)
        self.query_one("#saved-model").display = self._inspection.computation.saved_model is not None
        self._show("file", file_lines)
        self._show("next", next_lines)

    def _show(self, card: str, builder: Callable[[Inspection, int], Sequence[Content]], note: str = "") -> None:
        assert self._inspection is not None
        self.query_one(f"#{card}", Card).show(partial(builder, self._inspection), note)
