"""Limits as people write them: numbers with units, ratios, deltas against a baseline, words."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from inspector.verify.rules.reading import Unit

_NUMBER: Final = re.compile(r"([-+−]?)\s*([0-9][0-9,_]{0,40}(?:\.[0-9]{1,12})?|\.[0-9]{1,12})\s*([^\s0-9]*)\Z")
_DIGITS: Final = re.compile(r"[0-9]{1,3}(?:[,_][0-9]{3})+|[0-9]{1,30}")
_RATIOS: Final = ("x", "×")
_PERCENT: Final = "%"

_DECIMAL: Final = {f"{prefix}B": 1000.0**power for power, prefix in enumerate(("", "K", "M", "G", "T"))}
_BINARY: Final = {f"{prefix}iB": 1024.0**power for power, prefix in enumerate("KMGT", start=1)}
_COUNTS: Final = {"": 1.0, "K": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "P": 1e15}

UNITS: Final[dict[Unit, dict[str, float]]] = {
    "bytes": {"": 1.0, **_DECIMAL, "kB": 1000.0, **_BINARY},
    "ms": {"": 1.0, "ms": 1.0, "s": 1000.0, "us": 0.001, "µs": 0.001, "μs": 0.001, "min": 60_000.0},
    "count": _COUNTS,
    "share": {"": 1.0, _PERCENT: 0.01},
    "dB": {"": 1.0, "dB": 1.0},
    "number": {"": 1.0},
    "a second": {"": 1.0, "/s": 1.0},
}
"""What the units of a figure are worth in its own; words and versions have none."""


@dataclass(frozen=True, slots=True)
class Limit:
    """A limit in the figure's own unit, or as a ratio (relative), or as what may come on top (relative, added)."""

    value: float
    relative: bool = False
    against_baseline: bool = False
    added: bool = False


class BadLimit(Exception):
    """What is wrong with a limit, and a hint."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


def parse_limit(text: str, unit: Unit) -> Limit:
    """Return the limit; raises BadLimit where it is no number, or of another unit than the figure's."""
    match = _NUMBER.match(text)
    if match is None:
        raise BadLimit(f"'{text}' is no number", f"such as {example(unit)}")
    sign, suffix = match[1], match[3]
    value = _value(match[2], text)
    if suffix in _RATIOS:
        if sign:
            raise BadLimit(f"'{text}' has a sign and is a ratio", f"say {match[2]}x, or {sign}{match[2]}%")
        return Limit(value, relative=True)
    if suffix == _PERCENT and (sign or unit != "share"):
        return _delta(sign, value, text)
    factor = _factor(suffix, unit, text)
    if sign:
        change = -value if sign != "+" else value
        return Limit(change * factor, relative=True, against_baseline=True, added=True)
    return Limit(value * factor)


def _delta(sign: str, value: float, text: str) -> Limit:
    """Return what "+5%" allows: 1.05 times the baseline."""
    if not sign:
        raise BadLimit(f"'{text}' is a share, and this figure is none", f"say +{text} (against the baseline) or 1.05x")
    share = value / 100
    if sign != "+" and share > 1:
        raise BadLimit(f"'{text}' is less than nothing", "say a share of 100 % at most")
    return Limit(1 + share if sign == "+" else 1 - share, relative=True, against_baseline=True)


def _value(digits: str, text: str) -> float:
    whole = digits.partition(".")[0]
    if whole and _DIGITS.fullmatch(whole) is None:
        raise BadLimit(f"'{text}' is no number", "groups are of three digits: 1,000,000; a decimal point is a point")
    return float(digits.replace(",", "").replace("_", ""))


def _factor(suffix: str, unit: Unit, text: str) -> float:
    units = UNITS.get(unit, {"": 1.0})
    if suffix in units:
        return units[suffix]
    meant = next((name for name in units if name.lower() == suffix.lower() and name), "")
    raise BadLimit(f"'{text}': {suffix} is no unit of it", f"did you mean {meant}?" if meant else f"there are {_listed(unit)}")


def _listed(unit: Unit) -> str:
    return ", ".join(name for name in UNITS.get(unit, {}) if name) or "none: a plain number"


def example(unit: Unit) -> str:
    """Return a limit as it could be written for a figure of that unit."""
    examples = {"bytes": "300MB", "ms": "20ms", "count": "100", "share": "5%", "dB": "30", "number": "0.99", "a second": "100"}
    relative = "" if unit in ("word", "version") else ", 1.05x or +5%"
    return f"{examples.get(unit, 'a word')}{relative}"
