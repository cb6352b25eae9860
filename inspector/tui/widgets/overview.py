"""The overview tab: one look says what the model is."""

from __future__ import annotations

from functools import partial

from textual.app import ComposeResult
from textual.containers import Container, Vertical, VerticalScroll

from inspector.records.inspection import Inspection
from inspector.tui.widgets.card import Card
from inspector.tui.widgets.overview_facts import file_lines, finding_lines, next_lines, severity_note, structure_lines
from inspector.tui.widgets.overview_figures import compute_lines, model_lines, operator_lines, weight_lines
from inspector.tui.widgets.saved_model_facts import saved_model_lines

_BUILDERS = {
    "model": model_lines,
    "findings-card": finding_lines,
    "operators-card": operator_lines,
    "compute": compute_lines,
    "weights-card": weight_lines,
    "structure": structure_lines,
    "saved-model": saved_model_lines,
    "file": file_lines,
    "next": next_lines,
}


class OverviewPane(VerticalScroll):
    """Cards in one, two or three columns, as the terminal's width allows."""

    def __init__(self) -> None:
        super().__init__(id="overview")
        self._inspection: Inspection | None = None

    def compose(self) -> ComposeResult:
        """Lay out the cards; styles decide on columns."""
        yield Card("model", id="model")
        yield Card("saved model", id="saved-model")
        with Container(id="columns"):
            with Vertical(classes="column"):
                yield Card("findings", id="findings-card")
                yield Card("operators", id="operators-card")
            with Container(id="more-columns"):
                with Vertical(classes="column"):
                    yield Card("compute", id="compute")
                    yield Card("weights", id="weights-card")
                with Vertical(classes="column"):
                    yield Card("structure", id="structure")
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

    def _fill(self) -> None:
        if self._inspection is None:
            return
        for name, builder in _BUILDERS.items():
            note = severity_note(self._inspection) if name == "findings-card" else ""
            self.query_one(f"#{name}", Card).show(partial(builder, self._inspection), note)
        self.query_one("#saved-model").display = self._inspection.computation.saved_model is not None
