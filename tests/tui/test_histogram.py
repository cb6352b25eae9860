"""Histograms keep every count, whatever the width."""

from __future__ import annotations

import pytest

from inspector.records.weight_details import Histogram
from inspector.tui.widgets.histogram import _regroup, histogram_lines

BLOCKS = " ▁▂▃▄▅▆▇█"


@pytest.mark.parametrize("width", [1, 5, 31, 32, 33, 80])
def test_neighbors_are_summed_and_nothing_is_lost(width: int) -> None:
    counts = tuple(range(32))
    groups = _regroup(counts, width)
    assert len(groups) <= width
    assert sum(groups) == sum(counts)


@pytest.mark.parametrize("width", [1, 20, 40, 100])
def test_heights_follow_counts(width: int) -> None:
    lines = histogram_lines(Histogram(-1.0, 1.0, (0, 1, 50, 100)), width, height=4)
    assert len(lines) == 5
    heights = [sum(BLOCKS.index(line.plain[column]) for line in lines[:4]) for column in range(len(lines[0].plain))]
    assert heights == sorted(heights)
    assert max(heights) == 32
    assert width < 4 or (min(heights) == 0 and 1 in heights)
    assert lines[-1].plain.startswith("-1")
    assert lines[-1].plain.endswith("1")


def test_nothing_at_all_is_drawn_as_nothing() -> None:
    lines = histogram_lines(Histogram(0.0, 0.0, ()), 10)
    assert all(not line.plain.strip() for line in lines[:-1])
