"""Conditions about a figure beside what it was before: exactly, or with the intervals that measuring leaves."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import inf

from inspector.records.gate import Rule
from inspector.verify.rules.decide import ends, exact, holds
from inspector.verify.rules.reading import Reading
from inspector.verify.rules.values_text import ratio_text

Number = Fraction | float

_LARGEST = Fraction(10) ** 300


@dataclass(frozen=True, slots=True)
class Found:
    """Whether the condition holds (None: nobody can tell, and why), and the ratio in text."""

    breaks: bool | None
    why: str
    text: str


def ratio_holds(rule: Rule, ratio: Reading) -> Found:
    """Return whether a measured ratio breaks a rule, which nothing inside the noise floor does."""
    found, limit = ends(ratio), exact(rule.limit)
    value = exact(ratio.value)
    if found is None or limit is None or value is None:
        return Found(None, "it is no number", "")
    text = ratio_text(float(value), float(found[0]), float(found[1]))
    if rule.added:
        return Found(None, "a ratio has no unit: say +5% or 1.05x", text)
    breaks = holds(rule.operator, *found, limit)
    if breaks and _is_noise(rule.operator, value, limit, ratio.noise):
        return Found(None, _noise_text(ratio.noise), text)
    return Found(breaks, f"the interval {float(found[0]):.3g} to {float(found[1]):.3g} contains the limit", text)


def against(rule: Rule, now: Reading, before: Reading) -> Found:
    """Return whether a figure breaks a rule beside what it was; intervals of both sides count in full."""
    ours, theirs, limit = ends(now), ends(before), exact(rule.limit)
    if ours is None or theirs is None or limit is None:
        return Found(None, "it is no number", "")
    asked = [one + limit if rule.added else one * limit for one in theirs]
    low, high = _minus(ours[0], max(asked)), _minus(ours[1], min(asked))
    breaks = holds(rule.operator, low, high, 0)
    ratio = _ratio(now, before)
    text = f": {ratio_text(*ratio)}" if ratio is not None and not rule.added else ""
    noise = max((one.noise for one in (now, before) if one.noise is not None), default=None)
    if breaks and ratio is not None and not rule.added and _is_noise(rule.operator, ratio[0], limit, noise):
        return Found(None, _noise_text(noise), text)
    span = f"the interval {ratio[1]:.3g} to {ratio[2]:.3g}" if ratio is not None else "the interval"
    return Found(breaks, f"{span} contains the limit", text)


def _minus(left: Number, right: Number) -> Number:
    return 0 if left == right else left - right


def _ratio(now: Reading, before: Reading) -> tuple[float, float, float] | None:
    """Return value, low and high of now / before, None where that is no ratio."""
    ours, theirs = ends(now), ends(before)
    values = exact(now.value), exact(before.value)
    if ours is None or theirs is None or values[0] is None or values[1] is None:
        return None
    parts = (values[0], *ours, values[1], *theirs)
    if min(parts[3:]) <= 0 or min(parts[:3]) < 0 or max(parts[0], parts[1], *parts[3:]) > _LARGEST:
        return None
    high = inf if ours[1] > _LARGEST else float(ours[1] / theirs[0])
    return float(values[0] / values[1]), float(ours[0] / theirs[1]), high


def _is_noise(operator: str, ratio: Number, limit: Number, noise: float | None) -> bool:
    """Return whether a difference is claimed that the original measured against itself shows as well."""
    if noise is None:
        return False
    if operator in (">", ">="):
        return limit >= 1 and ratio <= noise
    return operator in ("<", "<=") and limit <= 1 and ratio >= 1 / noise


def _noise_text(noise: float | None) -> str:
    return f"within the noise floor: the original differs from itself by up to {noise:.3g}×" if noise is not None else ""
