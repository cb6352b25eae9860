"""Exemptions: what they match, until when, and what is told of those that match nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from inspector.records.finding import Finding
from inspector.records.gate import Ignore
from inspector.verify.rules.exempt import exempted
from tests.golden.reviews import ordinary_review

TODAY = date(2026, 11, 24)
LOW = Finding("unused-weight", "low", "a weight that nothing takes", "tensor w")
HIGH = Finding("unused-weight", "high", "many of them", "tensor v")
REVIEW = replace(ordinary_review(), findings=(HIGH, LOW))


@pytest.mark.parametrize(
    ("ignore", "left"),
    [
        (Ignore("unused-weight", "known"), ()),
        (Ignore("unused-*", "known"), ()),
        (Ignore("*", "known", severity="low"), (HIGH,)),
        (Ignore("unused-weight", "known", place="tensor w"), (HIGH,)),
        (Ignore("unused-weight", "known", place="* v"), (LOW,)),
        (Ignore("unused-weight", "known", until="2026-11-24"), ()),
        (Ignore("unused-weight", "known", until="2026-11-23"), (HIGH, LOW)),
        (Ignore("unused-weight", "known", until="soon"), (HIGH, LOW)),
        (Ignore("Unused-Weight", "known"), (HIGH, LOW)),
    ],
)
def test_what_an_exemption_matches(ignore: Ignore, left: tuple[Finding, ...]) -> None:
    found = exempted(REVIEW, [ignore], TODAY)
    assert found.findings == left
    assert {one.finding for one in found.ignored} == {HIGH, LOW} - set(left)
    assert all(one.reason == "known" for one in found.ignored)


def test_one_that_is_over_and_one_that_matches_nothing_are_told() -> None:
    over = Ignore("unused-weight", "known", until="2026-01-31", source="modelpack.toml")
    idle = Ignore("trailing-bytes", "known", place="file x")
    assert exempted(REVIEW, [over, idle], TODAY).warnings == (
        "the exemption of modelpack.toml for unused-weight ended on 2026-01-31: its findings count again",
        "the exemption for trailing-bytes at file x matches no finding",
    )


def test_what_earlier_rules_exempted_is_looked_at_anew() -> None:
    first = exempted(REVIEW, [Ignore("*", "known", severity="high")], TODAY)
    again = replace(REVIEW, findings=first.findings, ignored=first.ignored)
    assert exempted(again, [], TODAY).findings == (HIGH, LOW)
