"""A weight's values in a few lines: a histogram of blocks and the statistics below it."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from inspector.records.weight_details import Histogram, WeightDetails
from inspector.tui.widgets.graph.node_text import Part, shape_text

LEVEL_BLOCKS = " ▁▂▃▄▅▆▇█"
LINES = 2


def rebin(counts: Sequence[int], width: int) -> list[int]:
    """Return the counts in at most width bins of almost equal size; every count ends up in one."""
    bins = min(width, len(counts))
    bounds = [len(counts) * at // bins for at in range(bins + 1)] if bins else [0]
    return [sum(counts[low:high]) for low, high in pairwise(bounds)]


def histogram_lines(histogram: Histogram, width: int, lines: int = LINES) -> list[str]:
    """Return the histogram as lines of blocks, top line first; bins that hold anything show at least an eighth."""
    counts = rebin(histogram.counts, width)
    largest = max(counts, default=0)
    eighths = [0 if not count else max(1, round(count / largest * 8 * lines)) for count in counts]
    return ["".join(LEVEL_BLOCKS[max(0, min(8, tall - 8 * line))] for tall in eighths) for line in reversed(range(lines))]


def weight_lines(details: WeightDetails, width: int) -> list[tuple[Part, ...]]:
    """Return what is known of a weight's values."""
    weight = details.weight
    lines: list[tuple[Part, ...]] = [((weight.name, "name"), (f"  {weight.dtype}{shape_text(weight.shape)}", "shape"))]
    if details.histogram is not None:
        lines += [((line, "lane-1"),) for line in histogram_lines(details.histogram, width)]
    lines += _pair("min ", details.minimum, "  max ", details.maximum)
    lines += _pair("mean ", details.mean, "  σ ", details.deviation)
    lines += _odd_values(details)
    if details.minimum is None:
        lines.append((("values ", "soft"), (", ".join(details.preview[:8]) or "none", "value")))
    return lines


def _pair(first: str, one: float | None, second: str, other: float | None) -> list[tuple[Part, ...]]:
    if one is None or other is None:
        return []
    return [((first, "soft"), (f"{one:.3g}", "value"), (second, "soft"), (f"{other:.3g}", "value"))]


def _odd_values(details: WeightDetails) -> list[tuple[Part, ...]]:
    total = details.weight.element_count
    lines: list[tuple[Part, ...]] = []
    if details.zero_count and total:
        lines.append((("zeros ", "soft"), (f"{details.zero_count / total:.1%}", "value")))
    if details.nan_count or details.infinite_count:
        lines.append(((f"{details.nan_count:,} NaN, {details.infinite_count:,} infinite", "exception"),))
    return lines
