"""The checks of a text report: every rule with what became of it, what was exempt from them, and the verdict."""

from __future__ import annotations

from inspector.records.review import Check, IgnoredFinding, Review
from inspector.report.figures import plural
from inspector.report.text_page import Cell, Column, Page, Style

MOST_IGNORED = 20

_STYLES: dict[str, Style] = {"passed": "good", "failed": "high", "unknown": "medium"}
_COLUMNS = (Column(), Column(flexible=True, least=16), Column(flexible=True, least=16))
_INDENT = 11


def write_checks(page: Page, review: Review) -> None:
    """Add the rules, failed ones first, and the verdict; nothing where nobody asked for any."""
    if not review.checks:
        return
    counts = {status: sum(check.status == status for check in review.checks) for status in ("failed", "unknown", "passed")}
    page.heading("Checks", ", ".join(f"{count:,} {status}" for status, count in counts.items() if count))
    order = tuple(counts)
    ordered = sorted(review.checks, key=lambda check: order.index(check.status))
    for noted in (False, True):
        shown = [check for check in ordered if bool(_aside(check)) == noted]
        _write_rows(page, shown)
    page.blank()
    page.paragraph([Cell(f"verdict: {review.verdict}", "good" if review.verdict == "pass" else "high")], indent=0)


def write_ignored(page: Page, review: Review) -> None:
    """Add the findings that a file of rules exempts, with the reason that somebody gave."""
    if not review.ignored:
        return
    page.heading("Ignored findings", plural(len(review.ignored), "finding"))
    for one in review.ignored[:MOST_IGNORED]:
        finding = one.finding
        page.table(_COLUMNS, [[Cell(f"{finding.severity:<6}", "label"), Cell(finding.rule), Cell(finding.place, "label")]])
        page.paragraph([Cell(_why(one), "label")], indent=10)
    page.rest(len(review.ignored) - MOST_IGNORED, "finding", " (all are in --format json)")


def _write_rows(page: Page, checks: list[Check]) -> None:
    """Add rows in aligned columns; those with a note have it below them."""
    rows = [[Cell(one.status, _STYLES[one.status]), Cell(_asked(one)), Cell(one.observed)] for one in checks]
    if not any(map(_aside, checks)):
        page.table(_COLUMNS, rows)
        return
    for check, row in zip(checks, rows, strict=True):
        page.table(_COLUMNS, [row])
        page.paragraph([Cell(_aside(check), "label")], indent=_INDENT)


def _asked(check: Check) -> str:
    """Return the rule; those of a project say when a review fails, those of a contract what is promised."""
    return f"fails if {check.rule}" if check.source else check.rule


def _aside(check: Check) -> str:
    from_file = check.source if check.source != "--fail-if" else ""
    return " · ".join(part for part in (check.note, from_file) if part)


def _why(one: IgnoredFinding) -> str:
    return f"{one.reason} ({one.source})" if one.source else one.reason
