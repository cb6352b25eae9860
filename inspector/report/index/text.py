"""The index of a run as plain text."""

from __future__ import annotations

from inspector.records.index import Index, IndexRow
from inspector.report.figures import bytes_text
from inspector.report.index import sentences
from inspector.report.text_page import Cell, Column, Page, Style

WIDTH = 100
_STYLES: dict[str, Style] = {"pass": "good", "fail": "high", "unreadable": "high"}
_COLUMNS = (Column(), Column(flexible=True, least=24), Column(), Column("right"), Column(), Column(flexible=True))


def index_text(index: Index, width: int = WIDTH, color: bool = False) -> str:
    """Return one line an artifact, the worst first, and why those that do not pass do not; width in terminal columns."""
    page = Page(width, color)
    page.headline("artifacts", sentences.summary_sentence(index))
    page.blank()
    rows = sentences.worst_first(index)
    page.table(_COLUMNS, [_row(row) for row in rows])
    troubled = [row for row in rows if sentences.trouble_text(row)]
    if troubled:
        page.heading("Why")
        for row in troubled:
            page.entry(row.verdict, _why(row), 10)
    if index.not_looked_at:
        page.heading("Not looked at")
        page.paragraph([Cell(path) for path in index.not_looked_at], 2)
    page.blank()
    page.paragraph([Cell(f"verdict: {index.verdict}", "good" if index.verdict == "pass" else "high")], 0)
    return page.text()


def _row(row: IndexRow) -> list[Cell]:
    return [
        Cell(row.verdict, _STYLES[row.verdict]),
        Cell(row.path),
        Cell(sentences.FORMAT_NAMES.get(row.format or "", "")),
        Cell(bytes_text(row.size_bytes) if row.format else ""),
        Cell(sentences.contents_text(row)),
        Cell(sentences.findings_text(row)),
    ]


def _why(row: IndexRow) -> str:
    """Return why it does not pass, its name first where the error does not begin with it."""
    trouble = sentences.trouble_text(row)
    return trouble if trouble.startswith(row.path) else f"{row.path}: {trouble}"
