"""The index of a run as one HTML page that leads to the reports beside it."""

from __future__ import annotations

from collections.abc import Iterator

from inspector.records.index import Index, IndexRow
from inspector.report.figures import bytes_text, whole_text
from inspector.report.html.blocks import Cell, Column, Figure, Points, Section, Table, Verdict, columns, mark, right
from inspector.report.html.page import Limits, Page, drawn
from inspector.report.index import sentences

MOST_ROWS = 10_000
_LIMITS = Limits(MOST_ROWS, 300, 1_200)


def index_html(index: Index) -> str:
    """Return the page: the verdict, what does not pass and why, and a table of all artifacts that sorts and filters."""
    sections = [*_troubled(index), *_listed(index), *_rest(index)]
    facts = (sentences.summary_sentence(index),)
    record = f"one index record (schema {index.schema})"
    tool = f"{index.tool.name} {index.tool.version}"
    page = Page("Artifacts", facts, _verdict(index), tuple(_figures(index)), sections, tool, record, kind="index of reviews")
    return drawn(page, _LIMITS)


def _verdict(index: Index) -> Verdict:
    asked = any(row.failed or row.undecided for row in index.rows)
    if index.verdict == "pass":
        return Verdict("pass", "good", "Every artifact was read, and none breaks a rule.")
    broken = [row for row in index.rows if row.verdict != "pass"]
    because = f"{'breaks' if len(broken) == 1 else 'break'} a rule or could not be read" if asked else "could not be read"
    if not broken:
        return Verdict("fail", "bad", "The run was interrupted.")
    return Verdict("fail", "bad", f"{whole_text(len(broken))} of {whole_text(len(index.rows))} {because}.")


def _figures(index: Index) -> Iterator[Figure]:
    yield Figure("Artifacts", whole_text(len(index.rows)))
    for verdict, label in (("pass", "Pass"), ("fail", "Fail"), ("unreadable", "Could not be read")):
        count = sum(row.verdict == verdict for row in index.rows)
        if count:
            yield Figure(label, whole_text(count))
    if index.not_looked_at:
        yield Figure("Not looked at", whole_text(len(index.not_looked_at)))
    yield Figure("Bytes in all", bytes_text(sum(row.size_bytes for row in index.rows)))


def _troubled(index: Index) -> Iterator[Section]:
    rows = [row for row in sentences.worst_first(index) if row.verdict != "pass"]
    if rows:
        cells = tuple((mark(row.verdict), _name(row), Cell(sentences.trouble_text(row))) for row in rows)
        found = Table("What does not pass", columns("verdict", "artifact", "why"), cells, len(cells), "artifact", titled=True)
        yield Section("troubled", "What does not pass", (found,), badge=whole_text(len(rows)))


def _listed(index: Index) -> Iterator[Section]:
    cells = tuple(_row(row) for row in index.rows)
    if cells:
        found = Table("All artifacts", _columns(), cells, len(cells), "artifact", titled=True)
        yield Section("artifacts", "All artifacts", (found,), badge=whole_text(len(cells)))


def _rest(index: Index) -> Iterator[Section]:
    rest = index.not_looked_at
    if rest:
        yield Section("rest", "Not looked at", (Points(rest, "code", len(rest)),), badge=whole_text(len(rest)))


def _columns() -> tuple[Column, ...]:
    return columns("artifact", "verdict", "is", right("size"), "holds", right("findings"), right("seconds"))


def _row(row: IndexRow) -> tuple[Cell, ...]:
    count = sum(row.findings.values())
    return (
        _name(row),
        mark(row.verdict),
        Cell(sentences.FORMAT_NAMES.get(row.format or "", "")),
        Cell(bytes_text(row.size_bytes) if row.format else "", value=float(row.size_bytes)),
        Cell(sentences.contents_text(row)),
        Cell(whole_text(count) if row.format else "", value=float(count), aside=sentences.findings_text(row)),
        Cell(f"{row.seconds:.2f}", value=row.seconds),
    )


def _name(row: IndexRow) -> Cell:
    return Cell(row.path, "code", link=row.reports[0] if row.reports else "")
