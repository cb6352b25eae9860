"""Values of figures as short text: "45.2 MB", "12.4 ms (12.1 to 12.6)", "1.03× (0.97 to 1.09)"."""

from __future__ import annotations

from fractions import Fraction
from math import isinf

from inspector.analysis.findings.wording import size
from inspector.verify.rules.reading import Reading, Unit

_LONGEST = 200
"""Characters of a word that an artifact chose."""


def value_text(value: Fraction | float | str | None, unit: Unit) -> str:
    """Return one value in its unit."""
    if value is None:
        return "unknown"
    if isinstance(value, str):
        return value if len(value) <= _LONGEST else f"{value[:_LONGEST]}…"
    if isinf(value):
        return "infinite" if value > 0 else "-infinite"
    if value != value:
        return "no number"
    if unit == "bytes":
        return f"-{size(int(-value))}" if value < 0 else size(int(value))
    if unit == "count":
        return _count(value)
    return _measure(float(value), unit)


def _count(value: Fraction | float) -> str:
    if value != int(value):
        return number_text(float(value))
    return f"{int(value):,}" if -(10**18) < value < 10**18 else f"over {10**18:,}"


def _measure(value: float, unit: Unit) -> str:
    if unit == "ms":
        return f"{number_text(value / 1000)} s" if value >= 1000 else f"{number_text(value)} ms"
    if unit == "share":
        return f"{number_text(100 * value)} %"
    return {"dB": f"{number_text(value)} dB", "a second": f"{number_text(value)} a second"}.get(unit, number_text(value))


def number_text(value: float) -> str:
    """Return a number with four significant digits, more only near 1, where they tell."""
    if 0.99 <= abs(value) < 1:
        return f"{value:.6f}".rstrip("0")
    return f"{value:,.0f}" if 1000 <= abs(value) < 1e15 else f"{value:.4g}"


def reading_text(reading: Reading, unit: Unit) -> str:
    """Return a reading with its interval and where it was taken: "12.4 ms (12.1 ms to 12.6 ms), batch 1"."""
    text = value_text(reading.value, unit)
    if reading.low is not None and reading.high is not None and reading.high > reading.low:
        text += f" ({value_text(reading.low, unit)} to {value_text(reading.high, unit)})"
    return f"{text}, {reading.where}" if reading.where else text


def ratio_text(value: float, low: float, high: float) -> str:
    """Return a ratio with its interval: "1.03× (0.97 to 1.09)"."""
    interval = f" ({low:.3g} to {_end(high)})" if high > low else ""
    return f"{value:.3g}×{interval}"


def _end(high: float) -> str:
    return "infinite" if isinf(high) else f"{high:.3g}"
