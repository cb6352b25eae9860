"""The overview tab: one look says what the model is."""

from __future__ import annotations

from functools import partial

from textual.app import ComposeResult
from textual.containers import Container, Vertical

from inspector.records.inspection import Inspection
from inspector.tui.widgets.card import Card
from inspector.tui.widgets.cards_pane import CardsPane
from inspector.tui.widgets.graph.heaviest import Heaviest, heaviest_block
from inspector.tui.widgets.overview_facts import file_lines, finding_lines, next_lines, severity_note, structure_lines
from inspector.tui.widgets.overview_figures import compute_lines, model_lines, operator_lines, weight_lines
from inspector.tui.widgets.saved_model_facts import saved_model_lines


class OverviewPane(CardsPane[Inspection]):
    """Cards in one, two or three columns, as the terminal's width allows."""

    def __init__(self) -> None:
        super().__init__(id="overview")
        self._looked_at: Inspection | None = None
        self._heaviest: Heaviest | None = None

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

    def _heaviest_of(self, inspection: Inspection) -> Heaviest | None:
        """Return where most of the cost is, looked for once for each inspection."""
        if self._looked_at is not inspection:
            self._looked_at, self._heaviest = inspection, heaviest_block(inspection)
        return self._heaviest

    def fill(self, inspection: Inspection, twice: int) -> None:
        """Say in each card what it is for."""
        self.show_card("model", partial(model_lines, heaviest=self._heaviest_of(inspection)))
        self.show_card("findings-card", partial(finding_lines, most_rows=5 * twice), severity_note(inspection))
        self.show_card("operators-card", partial(operator_lines, most_rows=8 * twice))
        self.show_card("weights-card", partial(weight_lines, most_rows=4 * twice))
        self.show_card("compute", compute_lines)
        self.show_card("structure", structure_lines)
        self.show_card("saved-model", saved_model_lines)
        self.query_one("#saved-model").display = inspection.computation.saved_model is not None
        self.show_card("file", file_lines)
        self.show_card("next", next_lines)
