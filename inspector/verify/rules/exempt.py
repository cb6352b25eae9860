"""Findings that a project exempts from its rules, with a reason."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from fnmatch import fnmatchcase

from inspector.records.finding import SEVERITIES, Finding
from inspector.records.gate import Ignore
from inspector.records.review import IgnoredFinding, Review


@dataclass(frozen=True, slots=True)
class Exempted:
    """What still counts, what does not, and what a reader should know of the exemptions."""

    findings: tuple[Finding, ...]
    ignored: tuple[IgnoredFinding, ...]
    warnings: tuple[str, ...]


def exempted(review: Review, ignores: Sequence[Ignore], today: date) -> Exempted:
    """Return the findings without those that an exemption in force matches; the first that does gives the reason."""
    findings = _all(review)
    in_force = [one for one in ignores if not is_expired(one, today)]
    left, ignored, used = [], [], set()
    for finding in findings:
        ignore = next((one for one in in_force if _matches(one, finding)), None)
        if ignore is None:
            left.append(finding)
        else:
            used.add(ignore)
            ignored.append(IgnoredFinding(finding, ignore.reason, ignore.source))
    expired = [f"{_told(one)} ended on {one.until}: its findings count again" for one in ignores if one not in in_force]
    idle = [f"{_told(one)} matches no finding" for one in in_force if one not in used]
    return Exempted(tuple(left), tuple(ignored), (*expired, *idle))


def is_expired(ignore: Ignore, today: date) -> bool:
    """Return whether an exemption is over: the day it names is its last one. One whose day is no date never was in force."""
    if not ignore.until:
        return False
    try:
        return date.fromisoformat(ignore.until) < today
    except ValueError:
        return True


def _all(review: Review) -> list[Finding]:
    """Return every finding, those that earlier rules exempted included, the most severe first."""
    found = [*review.findings, *(one.finding for one in review.ignored)]
    return sorted(found, key=lambda finding: SEVERITIES.index(finding.severity)) if review.ignored else found


def _matches(ignore: Ignore, finding: Finding) -> bool:
    severity = ignore.severity in (None, finding.severity)
    return severity and fnmatchcase(finding.rule, ignore.rule) and fnmatchcase(finding.place, ignore.place)


def _told(ignore: Ignore) -> str:
    where = f" at {ignore.place}" if ignore.place != "*" else ""
    source = f" of {ignore.source}" if ignore.source else ""
    return f"the exemption{source} for {ignore.rule}{where}"
