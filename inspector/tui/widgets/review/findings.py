"""Findings of a review, those that rules exempt under the others with the reason."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from textual.content import Content

from inspector.records.finding import SEVERITIES, Finding
from inspector.records.review import Review
from inspector.report.figures import plural
from inspector.report.sentences import severity_counts
from inspector.tui.widgets.review.list_pane import ListKind
from inspector.tui.widgets.table_columns import Cell, Column
from inspector.tui.widgets.text_rows import SEVERITY_GLYPHS, finding_mark, labeled, wrapped


@dataclass(frozen=True, slots=True)
class FindingRow:
    """A finding, and why rules do not count it (empty: they do)."""

    number: int
    finding: Finding
    ignored: str = ""
    source: str = ""
    is_ignored: bool = False


def findings_kind() -> ListKind[FindingRow]:
    """Return the list of findings, most severe first, those that are ignored last."""
    return ListKind(
        id="findings",
        rows=rows_of,
        columns=_columns,
        key=lambda row: (row.finding.rule, row.finding.place, row.finding.message, row.number),
        search_text=lambda row: " ".join(
            (row.finding.severity, row.finding.rule, row.finding.message, row.finding.place, row.ignored)
        ),
        details=_details,
        summary=lambda review, _: _summary(review),
        title="finding",
        nothing="Nothing to report",
    )


def rows_of(review: Review) -> list[FindingRow]:
    """Return findings, most severe first, then the ignored ones."""
    found = sorted(review.findings, key=lambda one: SEVERITIES.index(one.severity))
    counted = [FindingRow(at, one) for at, one in enumerate(found)]
    return [
        *counted,
        *(FindingRow(len(found) + at, one.finding, one.reason, one.source, True) for at, one in enumerate(review.ignored)),
    ]


def _summary(review: Review) -> str:
    parts = [plural(len(review.findings), "finding"), severity_counts(review)]
    parts += [f"{len(review.ignored):,} ignored"] if review.ignored else []
    return " · ".join(part for part in parts if part)


def _columns(_: Sequence[FindingRow]) -> Sequence[Column[FindingRow]]:
    return (
        Column("severity", "severity", _severity_cell, 9, order=lambda row: (row.is_ignored, _rank(row))),
        Column("message", "what", _message_cell, order=lambda row: row.finding.message, cut="end"),
        Column("place", "where", lambda row: Cell(row.finding.place, "soft"), 22, order=lambda row: row.finding.place, rank=1),
        Column("rule", "rule", lambda row: Cell(row.finding.rule, "soft"), 22, order=lambda row: row.finding.rule, rank=2),
    )


def _rank(row: FindingRow) -> int:
    return SEVERITIES.index(row.finding.severity)


def _severity_cell(row: FindingRow) -> Cell:
    if row.is_ignored:
        return Cell("– ignored", "soft")
    severity = row.finding.severity
    return Cell(f"{SEVERITY_GLYPHS[severity]} {severity}", severity)


def _message_cell(row: FindingRow) -> Cell:
    return Cell(row.finding.message, "soft" if row.is_ignored else "")


def _details(_: Review, row: FindingRow, width: int) -> list[Content]:
    one = row.finding
    lines = [finding_mark(one.severity), *wrapped(one.message, width, "$ink bold"), Content()]
    if row.is_ignored:
        lines += labeled("ignored", row.ignored, width, 9, most=6)
        lines += labeled("", f"in {row.source}", width, 9) if row.source else []
    for label, text in (("do", one.hint), ("where", one.place)):
        lines += labeled(label, text, width, 9, most=6) if text else []
    if len(one.nodes) > 1:
        lines += labeled("nodes", f"{len(one.nodes):,}", width, 9)
    return [*lines, *labeled("rule", one.rule, width, 9)]
