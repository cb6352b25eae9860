"""A ratio with its interval as a strip a few words long: the line at 1, what noise alone gives, and where the ratio lies."""

from __future__ import annotations

from typing import Final

from inspector.records.measurement import Comparison
from inspector.report.plots.scales import Logarithmic, usable
from inspector.report.plots.svg import circle, document, line, rect
from inspector.report.proof_sentences import ratio_text

_WIDTH, _HEIGHT, _MARGIN = 180.0, 20.0, 6.0
_NARROWEST: Final = 1.25
"""The axis spans at least from its inverse to it."""
_FARTHEST: Final = 1000.0
_STYLES: Final = {"faster": "faster", "slower": "slower", "no difference shown": "same"}


def strip(one: Comparison) -> str:
    """Return the ratio after / before with its interval of 95 % on a logarithmic axis with 1 in the middle; "" where there is
    nothing to draw."""
    low, ratio, high = (usable(value) for value in (one.low, one.ratio, one.high))
    if not (low and ratio and high) or one.verdict not in _STYLES:
        return ""
    noise = (usable(one.noise_low), usable(one.noise_high))
    reach = max(_NARROWEST, *(max(value, 1 / value) for value in (low, ratio, high, *noise) if value)) * 1.05
    reach = min(reach, _FARTHEST)
    scale = Logarithmic(1 / reach, reach, _MARGIN, _WIDTH - _MARGIN)
    style, middle = _STYLES[one.verdict], _HEIGHT / 2
    body = [line(_MARGIN, middle, _WIDTH - _MARGIN, middle, "grid")]
    if noise[0] and noise[1]:
        body.append(rect(scale(noise[0]), 2, scale(noise[1]) - scale(noise[0]), _HEIGHT - 4, "noise"))
    body.append(line(scale(1.0), 1, scale(1.0), _HEIGHT - 1, "reference"))
    body.append(line(scale(low), middle, scale(high), middle, f"interval {style}"))
    body.append(circle(scale(ratio), middle, 3.6, f"point {style}"))
    told = f"{ratio_text(one)}: {one.verdict}; the line is at 1, the band what the original gives against itself"
    return document("strip", "Ratio of times, after / before", told, (_WIDTH, _HEIGHT), body)
