"""Checks of a review: what was asked for, what became of it, and why."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content

from inspector.records.review import Check, Review
from inspector.report.figures import plural
from inspector.tui.plain_text import plain
from inspector.tui.widgets.review.list_pane import ListKind
from inspector.tui.widgets.table_columns import Cell, Column
from inspector.tui.widgets.text_rows import labeled, wrapped

MARKS = {"failed": "✗ failed", "unknown": "? unknown", "passed": "✓ passed"}
ROLES = {"failed": "high", "unknown": "medium", "passed": "good"}
STYLES = {"failed": "$high bold", "unknown": "$medium bold", "passed": "$good bold"}
_ORDER = tuple(MARKS)


def checks_kind() -> ListKind[Check]:
    """Return the list of checks, those that did not pass first."""
    return ListKind(
        id="checks",
        rows=rows_of,
        columns=_columns,
        key=lambda check: (check.rule, check.source, check.observed),
        search_text=lambda check: f"{check.status} {check.rule} {check.observed} {check.source} {check.note}",
        details=_details,
        summary=lambda review, _: counts_text(review) or "no checks were asked for",
        title="check",
        nothing="No checks were asked for",
    )


def rows_of(review: Review) -> list[Check]:
    """Return the checks, failed ones first, then those that could not be decided."""
    return sorted(review.checks, key=lambda check: _ORDER.index(check.status))


def counts_text(review: Review) -> str:
    """Return how many checks failed, could not be decided, and passed: "1 failed · 12 passed"."""
    counts = {status: sum(check.status == status for check in review.checks) for status in _ORDER}
    return " · ".join(f"{count:,} {status}" for status, count in counts.items() if count)


def asked_text(check: Check) -> str:
    """Return what was asked: a rule says under which condition the review fails, a contract what is promised."""
    return f"fails if {check.rule}" if check.source else check.rule


def _columns(_: Sequence[Check]) -> Sequence[Column[Check]]:
    return (
        Column(
            "status",
            "status",
            lambda check: Cell(MARKS[check.status], ROLES[check.status]),
            9,
            order=lambda check: _ORDER.index(check.status),
        ),
        Column("rule", "asked", lambda check: Cell(asked_text(check)), order=lambda check: check.rule, cut="end"),
        Column(
            "observed",
            "observed",
            lambda check: Cell(check.observed, "soft"),
            order=lambda check: check.observed,
            rank=1,
            cut="end",
        ),
        Column("source", "asked in", lambda check: Cell(check.source or "contract", "soft"), 16, rank=2),
    )


def _details(review: Review, check: Check, width: int) -> list[Content]:
    lines = [Content.styled(MARKS[check.status], STYLES[check.status]), *wrapped(asked_text(check), width, "$ink bold", most=4)]
    lines.append(Content())
    for label, text in (("observed", check.observed), ("asked in", check.source or "the contract"), ("note", check.note)):
        lines += labeled(label, text, width, 10, most=6) if text else []
    if check.status == "unknown":
        lines += [Content(), *wrapped("What could not be decided does not pass, unless rules allow it.", width, "$soft")]
    if review.baseline:
        lines += labeled("baseline", plain(review.baseline, "$soft"), width, 10, most=4)
    return lines


def check_lines(review: Review, width: int, most: int) -> list[Content]:
    """Return the checks that did not pass, one or two lines each, or that all passed."""
    failing = [check for check in rows_of(review) if check.status != "passed"]
    if not failing:
        said = f"all {plural(len(review.checks), 'check')} passed" if review.checks else "no checks were asked for"
        return [Content.styled(f"✓ {said}", "$good") if review.checks else Content.styled(said, "$soft")]
    lines: list[Content] = []
    for check in failing[:most]:
        told = wrapped(f"{asked_text(check)}: {check.observed or check.note}", width - 11, most=2)
        lines.append(Content.assemble((f"{MARKS[check.status]:<10}", STYLES[check.status]), " ", *told[:1]))
        lines += [Content.assemble(" " * 11, line) for line in told[1:]]
    more = len(failing) - most
    return [*lines, Content.styled(f"and {more:,} more", "$soft")] if more > 0 else lines
