"""The list of layers beside the file tree, with what made the selected one under it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from textual.containers import Vertical
from textual.content import Content
from textual.message import Message

from inspector.records.image import Layer
from inspector.records.image_inspection import ImageInspection
from inspector.records.image_waste import LayerWaste
from inspector.report.figures import bytes_text, plural
from inspector.tui.plain_text import plain
from inspector.tui.widgets.card import Card
from inspector.tui.widgets.image.image_text import (
    layer_bar,
    layer_bytes,
    layer_title,
    short_digest,
    size_note,
    wasted_by_layer,
)
from inspector.tui.widgets.line_table import LineTable
from inspector.tui.widgets.table_columns import Cell, Column
from inspector.tui.widgets.text_rows import labeled, wrapped

_BAR_CELLS = 8


class LayersBox(Vertical):
    """One row a layer, base first; what is selected is told by a message."""

    class Selected(Message):
        """Another layer is selected."""

    def __init__(self) -> None:
        self._shares: Mapping[int, LayerWaste] = {}
        self._largest = 1
        self._known = False
        self.table: LineTable[Layer] = self._make_table()
        self._details = Card("", classes="detail")
        self._box = Vertical(self.table, classes="list-box", id="layer-list")
        super().__init__(self._box, self._details, id="layers")
        self._box.border_title = Content("layers")

    def _make_table(self) -> LineTable[Layer]:
        columns: tuple[Column[Layer], ...] = (
            Column("index", "#", self._index_cell, 3, "right", order=lambda layer: layer.index),
            Column("bar", "", self._bar_cell, _BAR_CELLS, rank=2),
            Column(
                "bytes",
                "bytes",
                lambda layer: Cell(_size_text(layer)),
                8,
                "right",
                order=lambda layer: layer_bytes(layer) or 0,
                largest_first=True,
                rank=1,
            ),
            Column("by", "made by", lambda layer: Cell(layer_title(layer), _role(layer)), cut="end", least=12),
        )
        return LineTable(
            columns, key=lambda layer: layer.index, search_text=lambda layer: layer.created_by, nothing="No layers"
        )

    def show(self, inspection: ImageInspection) -> None:
        """Show the layers; the uppermost is selected first."""
        layers = inspection.image.layers
        self._shares = wasted_by_layer(inspection)
        self._largest = max((layer_bytes(layer) or 0 for layer in layers), default=1) or 1
        fresh = not self._known and bool(layers)
        self.table.set_rows(layers)
        if fresh:
            self._known = True
            self.table.cursor = len(layers) - 1
        self._box.border_title = Content(f"{plural(len(layers), 'layer')} · █ stays ▒ could go")
        self.describe()

    @property
    def selected(self) -> int | None:
        """The index of the layer under the cursor."""
        return self.table.row.index if self.table.row is not None else None

    def select(self, index: int) -> None:
        """Put the cursor on a layer."""
        found = next((layer for layer in self.table.view.shown if layer.index == index), None)
        if found is not None:
            self.table.go_to(found)

    def describe(self) -> None:
        """Show what made the selected layer."""
        layer = self.table.row
        if layer is not None:
            share = self._shares.get(layer.index)
            self._details.show(lambda width: self._lines(layer, share, width))

    def on_line_table_highlighted(self, message: LineTable.Highlighted) -> None:
        """The cursor moved."""
        message.stop()
        self.describe()
        self.post_message(self.Selected())

    def on_line_table_rearranged(self, message: LineTable.Rearranged) -> None:
        """Nobody else needs to know."""
        message.stop()

    def _lines(self, layer: Layer, share: LayerWaste | None, width: int) -> Sequence[Content]:
        tall = self.app.size.width >= _WIDE_FROM
        lines = wrapped(size_note(layer, share), width, "$ink bold", most=2 if tall else 1)
        if layer.problem:
            lines += wrapped(layer.problem, width, "$high bold", most=3)
        lines += wrapped(layer_title(layer), width, most=10 if tall else 2)
        if tall:
            lines.append(Content())
            lines += labeled("diff ID", plain(short_digest(layer.diff_id) or "not said", "$soft"), width)
            digest = f"{short_digest(layer.digest) or 'not said'}  {layer.verification}"
            lines += labeled("digest", plain(digest, "$soft"), width)
        return lines

    def _index_cell(self, layer: Layer) -> Cell:
        return Cell("!" if layer.problem else str(layer.index), "high" if layer.problem else "soft")

    def _bar_cell(self, layer: Layer) -> Cell:
        return Cell("", parts=layer_bar(layer, self._shares.get(layer.index), self._largest, _BAR_CELLS))


_WIDE_FROM = 100


def _size_text(layer: Layer) -> str:
    size = layer_bytes(layer)
    return "…" if size is None else bytes_text(size)


def _role(layer: Layer) -> str:
    return "soft" if layer.entries is None else ""
