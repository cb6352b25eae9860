"""The whole outline in a few lines: how hot each stretch of rows is and where matches lie."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from itertools import pairwise

from inspector.tui.widgets.graph.heat import Metric
from inspector.tui.widgets.graph.rows import Run, cover
from inspector.tui.widgets.graph.search import Matches
from inspector.tui.widgets.graph.state import GraphState

MOST_MATCHES = 1_000
"""Matches that are looked up one by one; of more, evenly spread ones."""


@dataclass(frozen=True, slots=True)
class Bucket:
    """A stretch of visible rows [first, last): its heat relative to the hottest stretch, and whether matches lie in it."""

    first: int
    last: int
    heat: float
    matched: bool


def bucket_bounds(count: int, height: int) -> list[int]:
    """Return where buckets begin, and the end: one bucket a row where there is room, else height equal ones."""
    lines = min(count, height)
    return [count * line // lines for line in range(lines + 1)] if lines else [0]


def buckets(state: GraphState, height: int, matches: Matches | None) -> list[Bucket]:
    """Return the outline in at most height buckets, top to bottom."""
    bounds = bucket_bounds(len(state.outline), height)
    sums = [_heat(state, first, last, state.metric) for first, last in pairwise(bounds)]
    hottest = max(sums, default=0)
    lines = _match_lines(state, matches)
    return [
        Bucket(first, last, total / hottest if hottest else 0.0, bisect_left(lines, first) < bisect_left(lines, last))
        for (first, last), total in zip(pairwise(bounds), sums, strict=True)
    ]


def _heat(state: GraphState, first: int, last: int, metric: Metric) -> int:
    total = 0
    for segment, offset, count in state.outline.spans(first, last):
        if isinstance(segment, Run):
            total += state.heat.rows(segment.section.graph.path, segment.first + offset, count, metric)
        else:
            total += state.text.cost(segment.shown, metric) or 0
    return total


def costliest(state: GraphState, metric: Metric) -> int:
    """Return what the costliest visible row costs, closed folds as one row: the length of a full bar."""
    largest = 0
    for segment in state.outline.segments:
        if isinstance(segment, Run):
            cost = state.heat.largest(segment.section.graph.path, segment.first, segment.count, metric)
        else:
            cost = state.text.cost(segment.shown, metric) or 0
        largest = max(largest, cost)
    return largest


def _match_lines(state: GraphState, matches: Matches | None) -> list[int]:
    refs = matches.refs if matches is not None else ()
    step = max(1, -(-len(refs) // MOST_MATCHES))
    found = (cover(state.document, state.folding, state.outline, ref) for ref in refs[::step])
    return sorted(line for line in found if line is not None)
