"""Rules that a review has to keep, what is exempt from them, and where they were written."""

from __future__ import annotations

from dataclasses import dataclass, field

from inspector.records.finding import Severity


@dataclass(frozen=True, slots=True)
class Rule:
    """One condition under which a review fails: "size_bytes > 300MB", "latency.p99 > 1.05x", "findings.high > 0".

    figure names what is looked at, operator is one of > >= < <= == !=; limit is in the figure's own unit (bytes, ms, a count, a
    share), or with relative set a ratio of what it was before (the original, or the baseline).
    """

    text: str
    figure: str
    operator: str
    limit: float
    relative: bool = False
    source: str = ""
    """Where it was written: "--fail-if", or the file."""
    reason: str = ""
    word: str = ""
    """In place of limit, of figures that are words ("verdict == fail") or versions; empty: the limit is a number."""
    against_baseline: bool = False
    """Whether only the baseline will do as what it was before ("+5%")."""
    added: bool = False
    """Of a relative limit: whether it is an amount that may come on top ("+2"), not a ratio."""


@dataclass(frozen=True, slots=True)
class Ignore:
    """Findings that rules do not count, by rule and place (globs), or severity; reason is required; until is an ISO date."""

    rule: str
    reason: str
    place: str = "*"
    severity: Severity | None = None
    until: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True)
class Gates:
    """Everything a project asks of its artifacts: rules, exemptions, and a baseline review with allowed deltas."""

    rules: tuple[Rule, ...] = ()
    ignores: tuple[Ignore, ...] = ()
    baseline: str = ""
    """Path of a review.json; empty: none."""
    allow_unknown: bool = False
    """Whether a rule that could not be decided lets the review pass; it is never called passed."""
    sources: tuple[str, ...] = field(default_factory=tuple)
    """The files that were read."""
