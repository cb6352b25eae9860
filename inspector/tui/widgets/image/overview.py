"""The overview tab of an image, or of another OCI artifact: one look says what it is."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container, Vertical
from textual.content import Content
from textual.events import Click

from inspector.records.image_inspection import ImageInspection
from inspector.report.figures import bytes_text
from inspector.tui.actions import bindings
from inspector.tui.messages import OpenInside
from inspector.tui.tabs import key_of, kind_of
from inspector.tui.widgets.card import Card
from inspector.tui.widgets.cards_pane import CardsPane
from inspector.tui.widgets.image.overview_facts import artifact_lines, file_facts, next_lines, runs_lines
from inspector.tui.widgets.image.overview_figures import (
    image_lines,
    layer_lines,
    leftover_lines,
    model_lines,
    package_lines,
    pull_lines,
    waste_lines,
)
from inspector.tui.widgets.overview_facts import finding_lines, severity_note


class ModelsCard(Card):
    """Lists the models inside; a click marks one, a second click opens it."""

    def on_click(self, event: Click) -> None:
        """Mark the model under the mouse, or open it."""
        event.stop()
        pane = next((node for node in self.ancestors if isinstance(node, ImageOverviewPane)), None)
        if pane is not None:
            pane.mark(event.y - 1)
            if event.chain >= 2:
                pane.action_open_model()


class ImageOverviewPane(CardsPane[ImageInspection]):
    """Cards in one, two or three columns, as the terminal's width allows."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("image_overview")

    def __init__(self) -> None:
        super().__init__(id="overview")
        self._marked = 0

    def compose(self) -> ComposeResult:
        """Lay out the cards; styles decide on columns."""
        yield Card("image", id="image-card")
        yield Card("layers", id="layers-card", leads_to="files")
        with Container(id="columns"):
            with Vertical(classes="column"):
                yield ModelsCard("models inside", id="models-card")
                yield Card("findings", id="findings-card", leads_to="findings")
                yield Card("packages", id="packages-card", leads_to="packages")
            with Container(id="more-columns"):
                with Vertical(classes="column"):
                    yield Card("waste", id="waste-card", leads_to="waste")
                    yield Card("left over", id="leftovers-card", leads_to="waste")
                    yield Card("what a pull moves", id="pull-card", leads_to="waste")
                with Vertical(classes="column"):
                    yield Card("runs", id="runs-card", leads_to="history")
                    yield Card("stored as", id="stored-card")
                    yield Card("next", id="next-card")

    def mark(self, index: int) -> None:
        """Mark one of the models."""
        if self.inspection is not None and self.inspection.models:
            self._marked = index % len(self.inspection.models)
            self._fill_models(self.inspection)

    def action_open_model(self) -> None:
        """Open the marked model."""
        models = self.inspection.models if self.inspection is not None else ()
        if models:
            self.post_message(OpenInside(models[min(self._marked, len(models) - 1)]))

    def action_next_model(self) -> None:
        """Mark the next model."""
        self.mark(self._marked + 1)

    def action_previous_model(self) -> None:
        """Mark the model before."""
        self.mark(self._marked - 1)

    def fill(self, inspection: ImageInspection, twice: int) -> None:
        """Say in each card what it is for; an artifact that is no image has fewer."""
        is_image = kind_of(inspection) == "image"
        waste, leftovers = inspection.waste, inspection.leftovers
        self.show_card("image-card", image_lines if is_image else artifact_lines)
        self.show_card("findings-card", partial(_findings, most_rows=6 * twice), severity_note(inspection))
        self.show_card("stored-card", file_facts)
        self.show_card("next-card", next_lines)
        self._fill_models(inspection)
        for name in ("layers", "packages", "waste", "leftovers", "pull", "runs"):
            self.query_one(f"#{name}-card").display = is_image
        if is_image:
            self.show_card("layers-card", partial(layer_lines, most_rows=8 * twice), "█ in the final files  ▒ could go")
            self.show_card("packages-card", partial(package_lines, most_rows=6 * twice))
            self.show_card("waste-card", waste_lines, f"{bytes_text(waste.reclaimable_bytes)} reclaimable" if waste else "")
            union = f"{bytes_text(leftovers.union_bytes)} in all" if leftovers else ""
            self.show_card("leftovers-card", partial(leftover_lines, most_rows=6 * twice), union)
            self.show_card("pull-card", pull_lines)
            self.show_card("runs-card", runs_lines)

    def _fill_models(self, inspection: ImageInspection) -> None:
        note = "↵ opens the marked one" if inspection.models else ""
        self.show_card("models-card", partial(model_lines, marked=self._marked), note)


def _findings(inspection: ImageInspection, width: int, most_rows: int) -> Sequence[Content]:
    return finding_lines(inspection, width, most_rows, key_of(inspection, "findings"))
