"""The areas of a comparison with what differs in each, in numbers."""

from __future__ import annotations

from inspector.records.difference import ComparedArea
from inspector.tui.widgets.compare.signs import counts, differing
from inspector.tui.widgets.line_table import LineTable
from inspector.tui.widgets.table_columns import Cell, Column


def areas_table() -> LineTable[ComparedArea]:
    """Return an empty table of areas."""
    columns: tuple[Column[ComparedArea], ...] = (
        Column("area", "area", _name_cell, 13),
        Column("counts", "", lambda area: Cell("", parts=counts(area)), cut="end", least=8),
    )
    return LineTable(columns, key=lambda area: area.area, search_text=lambda area: area.area, nothing="Nothing to compare")


def _name_cell(area: ComparedArea) -> Cell:
    return Cell(area.area, "soft" if area.same and not differing(area) else "")
