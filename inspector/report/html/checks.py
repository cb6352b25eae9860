"""What was asked and what came of it, what was found, and what somebody said may stay."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from inspector.records.finding import SEVERITIES, Finding
from inspector.records.review import Check, Review
from inspector.report import sentences
from inspector.report.figures import whole_text
from inspector.report.html.blocks import Block, Cell, Section, Style, code, group, mark, section, table

_STATUSES: Final = ("failed", "unknown", "passed")
_SEVERITY_STYLES: Final[dict[str, Style]] = {"high": "bad", "medium": "warn", "low": "note", "info": "note"}


def checks_section(review: Review) -> list[Section]:
    """Return every rule with what came of it, and the findings that rules do not count."""
    rows = [_check(check) for check in sorted(review.checks, key=lambda check: _STATUSES.index(check.status))]
    titles = ("status", "rule", "observed", "source", "note")
    lead = "A rule of a user or a file says when the review fails; the contract says what is promised." if rows else ""
    blocks = [*table("Rules and promises", titles, rows, noun="check"), *_ignored(review)]
    return section("checks", "Checks", blocks, lead, whole_text(len(review.checks)))


def _check(check: Check) -> tuple[Cell | str, ...]:
    status = Cell(check.status, mark(check.status).style, _STATUSES.index(check.status))
    asked = code(check.rule)
    return status, asked, check.observed, code(check.source or "contract"), check.note


def _ignored(review: Review) -> list[Block]:
    titles = ("severity", "rule", "finding", "place", "why it may stay", "said by")
    rows = [(*_cells(one.finding), one.reason, code(one.source)) for one in review.ignored]
    return group("Ignored findings", table("Findings that no rule counts", titles, rows, noun="finding"))


def findings_section(review: Review) -> list[Section]:
    """Return every finding, the most severe first."""
    rows = [_cells(finding) for finding in _ordered(review.findings)]
    titles = ("severity", "rule", "finding", "place")
    lead = f"{sentences.severity_counts(review)}." if rows else ""
    return section("findings", "Findings", table("Findings", titles, rows, noun="finding"), lead, whole_text(len(rows)))


def _ordered(findings: Sequence[Finding]) -> list[Finding]:
    return sorted(findings, key=lambda finding: SEVERITIES.index(finding.severity))


def _cells(finding: Finding) -> tuple[Cell | str, ...]:
    severity = Cell(finding.severity, _SEVERITY_STYLES[finding.severity], SEVERITIES.index(finding.severity))
    advice = " — ".join(part for part in (finding.message, finding.hint) if part)
    return severity, code(finding.rule), advice, code(finding.place)
