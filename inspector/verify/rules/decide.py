"""Whether a condition holds: surely, surely not, or nobody can tell."""

from __future__ import annotations

from fractions import Fraction
from math import isfinite

from inspector.records.gate import Rule
from inspector.verify.rules.reading import Reading
from inspector.verify.rules.versions import compared


def holds(operator: str, low: Fraction | float, high: Fraction | float, limit: Fraction | float) -> bool | None:
    """Return whether a value between low and high is OPERATOR limit; None where that depends on where it is."""
    if operator == ">":
        return True if low > limit else False if high <= limit else None
    if operator == ">=":
        return True if low >= limit else False if high < limit else None
    if operator == "<":
        return True if high < limit else False if low >= limit else None
    if operator == "<=":
        return True if high <= limit else False if low > limit else None
    equal = False if limit < low or limit > high else True if low == high else None
    return equal if operator == "==" or equal is None else not equal


def word_holds(rule: Rule, value: str, is_version: bool) -> bool | None:
    """Return whether a word, or a version, is OPERATOR the rule's."""
    if not is_version:
        return (value == rule.word) is (rule.operator == "==")
    order = compared(value, rule.word)
    if order is None:
        return {"==": False, "!=": True}.get(rule.operator)
    return holds(rule.operator, order, order, 0)


def ends(reading: Reading) -> tuple[Fraction | float, Fraction | float] | None:
    """Return the interval of a reading, exactly; None where its value is no number."""
    low = reading.value if reading.low is None else reading.low
    high = reading.value if reading.high is None else reading.high
    found = exact(low), exact(high)
    return None if found[0] is None or found[1] is None else (found[0], found[1])


def exact(number: float | str | None) -> Fraction | float | None:
    """Return a number as a fraction, so that no size is too large; infinities as they are, None for what is no number."""
    if number is None or isinstance(number, str) or number != number:
        return None
    if isinstance(number, float) and not isfinite(number):
        return number
    return Fraction(number)
