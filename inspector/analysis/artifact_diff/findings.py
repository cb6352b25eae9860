"""Findings that are new, and those that are gone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable

from inspector.analysis.artifact_diff.tally import Tally
from inspector.records.finding import SEVERITIES, Finding

Key = Callable[[Finding], Hashable]


def findings(before: Iterable[Finding], after: Iterable[Finding]) -> Tally:
    """Compare findings by rule, severity and place; where the place moved, by rule and severity."""
    tally = Tally("findings")
    ours, theirs = list(before), list(after)
    for key in (_exactly, _by_message, _roughly):
        ours, theirs, count = _without_common(ours, theirs, key)
        tally.equal += count
    for one in ours:
        tally.add("removed", one.rule, _told(one), weight=_weight(one), place=one.place)
    for one in theirs:
        tally.add("added", one.rule, "", _told(one), weight=_weight(one), place=one.place)
    return tally


def _without_common(ours: list[Finding], theirs: list[Finding], key: Key) -> tuple[list[Finding], list[Finding], int]:
    common = Counter(map(key, ours)) & Counter(map(key, theirs))
    return _less(ours, common, key), _less(theirs, common, key), common.total()


def _less(found: list[Finding], common: Counter[Hashable], key: Key) -> list[Finding]:
    left, rest = Counter(common), []
    for one in found:
        if left[key(one)] > 0:
            left[key(one)] -= 1
        else:
            rest.append(one)
    return rest


def _exactly(one: Finding) -> Hashable:
    return one.rule, one.severity, one.message, one.place


def _by_message(one: Finding) -> Hashable:
    return one.rule, one.severity, one.message


def _roughly(one: Finding) -> Hashable:
    return one.rule, one.severity


def _told(one: Finding) -> str:
    return f"{one.severity}: {one.message}"


def _weight(one: Finding) -> float:
    return float(len(SEVERITIES) - SEVERITIES.index(one.severity))
