"""The history tab: every instruction of the build, what it added, and the whole of its text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual.binding import BindingType
from textual.content import Content

from inspector.records.image import HistoryStep, Layer
from inspector.records.image_inspection import ImageInspection
from inspector.records.image_waste import LayerWaste
from inspector.report.figures import bytes_text, plural
from inspector.tui.actions import bindings
from inspector.tui.messages import ShowFiles
from inspector.tui.plain_text import plain
from inspector.tui.widgets.image.image_text import (
    instruction_text,
    layer_bar,
    layer_bytes,
    size_note,
    steps_of,
    wasted_by_layer,
)
from inspector.tui.widgets.line_table import LineTable
from inspector.tui.widgets.list_pane import ListPane
from inspector.tui.widgets.table_columns import Cell, Column
from inspector.tui.widgets.text_rows import labeled, wrapped

_BAR_CELLS = 10
_MOST_LINES = 400


@dataclass(frozen=True, slots=True)
class StepRow:
    """One instruction, where it stands, and the layer it made."""

    index: int
    step: HistoryStep
    layer: Layer | None

    @property
    def size(self) -> int:
        """Bytes of the layer; 0 where there is none."""
        return (layer_bytes(self.layer) or 0) if self.layer is not None else 0


class HistoryPane(ListPane[StepRow, ImageInspection]):
    """One row an instruction, first to last; Enter shows what it changed."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("history")
    DETAIL_TITLE = "instruction"

    def __init__(self) -> None:
        self._largest = 1
        self._shares: Mapping[int, LayerWaste] = {}
        super().__init__("history")

    def make_table(self) -> LineTable[StepRow]:
        """Return the table, without rows."""
        columns: tuple[Column[StepRow], ...] = (
            Column("index", "#", lambda row: Cell(str(row.index + 1), "soft"), 3, "right", order=lambda row: row.index),
            Column("layer", "layer", _layer_cell, 5, "right"),
            Column("bytes", "bytes", _bytes_cell, 9, "right", order=lambda row: row.size, largest_first=True),
            Column("bar", "", self._bar_cell, _BAR_CELLS, rank=3),
            Column("created", "created", lambda row: Cell(_time(row.step.created), "soft"), 16, rank=2),
            Column("by", "instruction", _instruction_cell, cut="end"),
        )
        return LineTable(
            columns,
            key=lambda row: row.index,
            search_text=lambda row: row.step.created_by,
            nothing="No history is recorded",
        )

    def rows(self, inspection: ImageInspection) -> Sequence[StepRow]:
        """Return the instructions in the order they ran in."""
        layers = {layer.index: layer for layer in inspection.image.layers}
        self._largest = max((layer_bytes(layer) or 0 for layer in layers.values()), default=1) or 1
        self._shares = wasted_by_layer(inspection)
        steps = steps_of(inspection.image)
        return [StepRow(at, step, None if step.layer is None else layers.get(step.layer)) for at, step in enumerate(steps)]

    def summary(self, inspection: ImageInspection) -> str:
        """Return how many instructions there are, and how many made layers."""
        steps = len(steps_of(inspection.image))
        return f"{plural(steps, 'instruction')} · {plural(len(inspection.image.layers), 'layer')}"

    def detail_lines(self, row: StepRow, width: int) -> Sequence[Content]:
        """Return the text in full, and what is known of the layer."""
        lines = wrapped(instruction_text(row.step.created_by), width, "$ink bold", most=_MOST_LINES)
        if row.step.comment:
            lines += [Content(), *wrapped(row.step.comment, width, "$soft", most=3)]
        lines.append(Content())
        if row.step.created:
            lines += labeled("created", row.step.created, width)
        if row.layer is None:
            return [*lines, plain("changes only metadata: no layer", "$soft")]
        return [*lines, *self._layer_lines(row.layer, width)]

    def _layer_lines(self, layer: Layer, width: int) -> list[Content]:
        share = self._shares.get(layer.index)
        lines = labeled("layer", f"{layer.index}: {size_note(layer, share)}", width, most=4)
        if share is not None and share.caused_bytes:
            caused = f"{bytes_text(share.caused_bytes)} of this and lower layers became waste here"
            lines += labeled("waste", plain(caused, "$medium"), width)
        lines += labeled("type", plain(layer.media_type or "not said", "$soft"), width)
        lines += labeled("digest", plain(layer.digest or "not said", "$soft"), width)
        lines += labeled("diff ID", plain(layer.diff_id or "not said", "$soft"), width)
        lines += labeled("verified", plain(layer.verification, _VERIFICATION_STYLES[layer.verification]), width)
        if layer.problem:
            lines += labeled("problem", plain(layer.problem, "$high bold"), width, most=4)
        return [*lines, Content(), Content.assemble(("↵", "$accent-text bold"), (" shows what it changed", "$soft"))]

    def action_show_layer(self) -> None:
        """Show what the instruction changed."""
        row = self.table.row
        if row is not None and row.layer is not None:
            self.post_message(ShowFiles(layer=row.layer.index, changes=True))

    def on_line_table_chosen(self, message: LineTable.Chosen) -> None:
        """Do by mouse what Enter does."""
        message.stop()
        self.action_show_layer()

    def _bar_cell(self, row: StepRow) -> Cell:
        if row.layer is None:
            return Cell("")
        return Cell("", parts=layer_bar(row.layer, self._shares.get(row.layer.index), self._largest, _BAR_CELLS))


_VERIFICATION_STYLES = {"verified": "$good", "mismatch": "$high bold", "not verified": "$soft"}


def _time(created: str) -> str:
    """Return date and minute of a time as images write it."""
    return created[:16].replace("T", " ")


def _layer_cell(row: StepRow) -> Cell:
    return Cell(str(row.layer.index) if row.layer is not None else "·", "accent" if row.layer is not None else "soft")


def _bytes_cell(row: StepRow) -> Cell:
    if row.layer is None:
        return Cell("")
    size = layer_bytes(row.layer)
    return Cell("…" if size is None else bytes_text(size))


def _instruction_cell(row: StepRow) -> Cell:
    return Cell(instruction_text(row.step.created_by), "" if row.layer is not None else "soft")
