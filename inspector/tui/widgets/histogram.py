"""Draws a histogram as columns of blocks, in eighths of a cell."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content

from inspector.records.weight_details import Histogram

_BLOCKS = " ▁▂▃▄▅▆▇█"
_EIGHTHS = 8


def histogram_lines(histogram: Histogram, width: int, height: int = 5) -> list[Content]:
    """Return the bars and, under them, the ends of the range; neighboring bins are summed where there is too little room."""
    counts = _regroup(histogram.counts, max(1, width))
    cells = max(1, width // len(counts))
    most = max(counts, default=0)
    heights = [max(1, round(count / most * height * _EIGHTHS)) if count else 0 for count in counts]
    rows = [
        Content.styled(
            "".join(_BLOCKS[max(0, min(_EIGHTHS, eighths - _EIGHTHS * level))] * cells for eighths in heights), "$bar"
        )
        for level in reversed(range(height))
    ]
    low, high = f"{histogram.low:.4g}", f"{histogram.high:.4g}"
    gap = max(1, cells * len(counts) - len(low) - len(high))
    return [*rows, Content.styled(low + " " * gap + high, "$soft")]


def _regroup(counts: Sequence[int], most: int) -> list[int]:
    """Return the counts in at most most groups of equal size."""
    if len(counts) <= most:
        return list(counts) or [0]
    size = -(-len(counts) // most)
    return [sum(counts[start : start + size]) for start in range(0, len(counts), size)]
