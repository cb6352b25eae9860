"""The list of things that could be opened, shared by the opening screen and the open dialog."""

from __future__ import annotations

from inspector.report.figures import bytes_text
from inspector.tui.candidates import Candidate
from inspector.tui.widgets.line_table import LineTable
from inspector.tui.widgets.table_columns import Cell, Column

_ROLES = {"recent": "accent", "sample": "good", "engine": "medium", "model": "violet", "folder": "soft", "file": "soft"}


def candidate_table(nothing: str) -> LineTable[Candidate]:
    """Return an empty table of candidates; nothing is what it says while it stays empty."""
    columns: tuple[Column[Candidate], ...] = (
        Column("kind", "", lambda candidate: Cell(candidate.kind, _ROLES[candidate.kind]), 7),
        Column("path", "path", lambda candidate: Cell(candidate.label)),
        Column("size", "size", _size_cell, 9, "right"),
    )
    return LineTable(
        columns, key=lambda candidate: candidate.path, search_text=lambda candidate: candidate.label, nothing=nothing
    )


def _size_cell(candidate: Candidate) -> Cell:
    return Cell("" if candidate.size_bytes is None else bytes_text(candidate.size_bytes), "soft")
