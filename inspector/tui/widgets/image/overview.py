"""The overview tab of an image, or of another OCI artifact: one look says what it is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container, Vertical, VerticalScroll
from textual.content import Content
from textual.events import Click

from inspector.records.image_inspection import ImageInspection
from inspector.report.figures import bytes_text
from inspector.tui.actions import bindings
from inspector.tui.messages import OpenInside
from inspector.tui.tabs import key_of, kind_of
from inspector.tui.widgets.card import Card
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

_TALL = 45
"""Rows of the terminal from which on cards show twice as much."""


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


class ImageOverviewPane(VerticalScroll):
    """Cards in one, two or three columns, as the terminal's width allows."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("image_overview")

    def __init__(self) -> None:
        super().__init__(id="overview")
        self._inspection: ImageInspection | None = None
        self._tall = False
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

    def on_mount(self) -> None:
        """Fill the cards made by compose."""
        self._fill()

    def show(self, inspection: ImageInspection) -> None:
        """Show an inspection; the scroll position stays."""
        self._inspection = inspection
        if self.is_mounted:
            self._fill()

    def on_resize(self) -> None:
        """Show more or less in the cards where the height asks for it."""
        if self._tall != (self.app.size.height >= _TALL):
            self._fill()

    def mark(self, index: int) -> None:
        """Mark one of the models."""
        if self._inspection is not None and self._inspection.models:
            self._marked = index % len(self._inspection.models)
            self._fill_models(self._inspection)

    def action_open_model(self) -> None:
        """Open the marked model."""
        models = self._inspection.models if self._inspection is not None else ()
        if models:
            self.post_message(OpenInside(models[min(self._marked, len(models) - 1)]))

    def action_next_model(self) -> None:
        """Mark the next model."""
        self.mark(self._marked + 1)

    def action_previous_model(self) -> None:
        """Mark the model before."""
        self.mark(self._marked - 1)

    def _fill(self) -> None:
        inspection = self._inspection
        if inspection is None:
            return
        self._tall = self.app.size.height >= _TALL
        twice = 2 if self._tall else 1
        is_image = kind_of(inspection) == "image"
        waste, leftovers = inspection.waste, inspection.leftovers
        self._show("image-card", image_lines if is_image else artifact_lines)
        self._show("findings-card", partial(_findings, most_rows=6 * twice), severity_note(inspection))
        self._show("stored-card", file_facts)
        self._show("next-card", next_lines)
        self._fill_models(inspection)
        for name in ("layers", "packages", "waste", "leftovers", "pull", "runs"):
            self.query_one(f"#{name}-card").display = is_image
        if is_image:
            self._show("layers-card", partial(layer_lines, most_rows=8 * twice), "█ in the final files  ▒ could go")
            self._show("packages-card", partial(package_lines, most_rows=6 * twice))
            self._show("waste-card", waste_lines, f"{bytes_text(waste.reclaimable_bytes)} reclaimable" if waste else "")
            union = f"{bytes_text(leftovers.union_bytes)} in all" if leftovers else ""
            self._show("leftovers-card", partial(leftover_lines, most_rows=6 * twice), union)
            self._show("pull-card", pull_lines)
            self._show("runs-card", runs_lines)

    def _fill_models(self, inspection: ImageInspection) -> None:
        note = "↵ opens the marked one" if inspection.models else ""
        self._show("models-card", partial(model_lines, marked=self._marked), note)

    def _show(self, card: str, builder: Callable[[ImageInspection, int], Sequence[Content]], note: str = "") -> None:
        assert self._inspection is not None
        self.query_one(f"#{card}", Card).show(partial(builder, self._inspection), note)


def _findings(inspection: ImageInspection, width: int, most_rows: int) -> Sequence[Content]:
    return finding_lines(inspection, width, most_rows, key_of(inspection, "findings"))
