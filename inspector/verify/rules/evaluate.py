"""Rules held against a review: passed, failed, or unknown, which is neither."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final, Literal

from inspector.records.gate import Rule
from inspector.records.review import Check, Review
from inspector.verify.rules.decide import ends, exact, holds, word_holds
from inspector.verify.rules.figures import figure_named
from inspector.verify.rules.reading import Figure, Reading
from inspector.verify.rules.relative import against, ratio_holds
from inspector.verify.rules.values_text import reading_text, value_text

Status = Literal["passed", "failed", "unknown"]

_LARGEST: Final = 10**300

_ORDER: Final[tuple[Status, ...]] = ("failed", "unknown", "passed")
"""The worst of several readings decides."""

NO_BASELINE: Final = "there is no baseline: --baseline REVIEW.json names one"
NOTHING_BEFORE: Final = "there is nothing that it was before: --apply, --compare or --baseline gives it something"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one reading gives."""

    status: Status
    observed: str = ""
    note: str = ""
    value: float = 0.0
    """What is compared with the limit, for the worst of several of the same status."""


def evaluate(review: Review, rules: Iterable[Rule], baseline: Review | None = None) -> tuple[Check, ...]:
    """Return one check for each rule, in order; nothing is raised, whatever the review holds."""
    return tuple(_check(review, rule, baseline) for rule in rules)


def _check(review: Review, rule: Rule, baseline: Review | None) -> Check:
    figure = figure_named(rule.figure, baseline)
    if figure is None:
        return Check(rule.text, "unknown", source=rule.source, note=f"there is no figure {rule.figure}")
    outcomes = list(_outcomes(review, rule, figure, baseline))
    sign = -1 if rule.operator.startswith(">") else 1
    worst = min(outcomes, key=lambda outcome: (_ORDER.index(outcome.status), sign * outcome.value))
    observed = worst.observed
    if len(outcomes) > 1 and observed:
        observed += f"; the worst of {len(outcomes):,}"
    note = "; ".join(part for part in (worst.note, rule.reason) if part)
    return Check(rule.text, worst.status, observed, rule.source, note)


def _outcomes(review: Review, rule: Rule, figure: Figure, baseline: Review | None) -> Iterator[Outcome]:
    """Yield what every reading gives: at least one."""
    if rule.relative:
        yield from _relative(review, rule, figure, baseline)
        return
    for reading in figure.read(review, "now") or (Reading(None, unknown="not known"),):
        yield _absolute(rule, figure, reading)


def _absolute(rule: Rule, figure: Figure, reading: Reading) -> Outcome:
    if reading.value is None:
        return _unknown(reading, figure)
    observed = reading_text(reading, figure.unit)
    if isinstance(reading.value, str):
        return _decided(word_holds(rule, reading.value, figure.unit == "version"), observed, reading.note, "in no order")
    found = ends(reading)
    if found is None:
        return Outcome("unknown", observed, "it is no number")
    low, high = found
    why = f"the interval {value_text(low, figure.unit)} to {value_text(high, figure.unit)} contains the limit"
    limit = exact(rule.limit)
    breaks = None if limit is None else holds(rule.operator, low, high, limit)
    return _decided(breaks, observed, reading.note, why, exact(reading.value) or 0.0)


def _decided(breaks: bool | None, observed: str, note: str, why: str, value: Fraction | float = 0.0) -> Outcome:
    """Return the outcome of a condition under which the review fails."""
    size = float(max(-_LARGEST, min(value, _LARGEST)))
    if breaks is None:
        return Outcome("unknown", observed, "; ".join(part for part in (why, note) if part), size)
    return Outcome("failed" if breaks else "passed", observed, note, size)


def _unknown(reading: Reading, figure: Figure) -> Outcome:
    needs = f": add {figure.needs}" if reading.absent and figure.needs.startswith("--") else ""
    return Outcome("unknown", "", f"{reading.unknown or 'not known'}{needs}")


def _relative(review: Review, rule: Rule, figure: Figure, baseline: Review | None) -> Iterator[Outcome]:
    if baseline is None and rule.against_baseline:
        yield Outcome("unknown", "", NO_BASELINE)
        return
    if baseline is None and figure.ratios is not None and (measured := figure.ratios(review)):
        yield from (_measured(rule, figure, ratio) for ratio in measured)
        return
    earlier = figure.read(review, "before") if baseline is None else figure.read(baseline, "now")
    if not earlier:
        yield Outcome("unknown", "", NOTHING_BEFORE)
        return
    for reading in figure.read(review, "now") or (Reading(None),):
        yield _beside(rule, figure, reading, earlier, "before" if baseline is None else "in the baseline")


def _measured(rule: Rule, figure: Figure, ratio: Reading) -> Outcome:
    """Return what a comparison gives that was measured in turns."""
    if ratio.value is None or isinstance(ratio.value, str):
        return _unknown(ratio, figure)
    found = ratio_holds(rule, ratio)
    where = f", {ratio.where}" if ratio.where else ""
    return _decided(found.breaks, f"{found.text}{where}", ratio.note, found.why, exact(ratio.value) or 0.0)


def _beside(rule: Rule, figure: Figure, reading: Reading, earlier: Sequence[Reading], when: str) -> Outcome:
    if reading.value is None or isinstance(reading.value, str):
        return _unknown(reading, figure)
    before = next((one for one in earlier if one.key == reading.key or one.absent), None)
    if before is None:
        return Outcome("unknown", reading_text(reading, figure.unit), f"there is no such figure {when}: {reading.key}")
    if before.value is None or isinstance(before.value, str):
        return Outcome("unknown", reading_text(reading, figure.unit), f"not known {when}: {before.unknown}")
    found = against(rule, reading, before)
    observed = f"{reading_text(reading, figure.unit)}; {value_text(before.value, figure.unit)} {when}{found.text}"
    return _decided(found.breaks, observed, reading.note, found.why, exact(reading.value) or 0.0)
