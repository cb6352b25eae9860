"""How the width of the graph is shared between lanes, operator, name, shape and heat."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from inspector.tui.widgets.graph.heat import METRICS, Metric

VALUE_WIDTH = 7
BAR_WIDTH = 5
NARROWEST = 36
"""From this width on there is a heat column."""
LABEL_MINIMUM = 32
"""The operator keeps at least this much before another heat column is shown."""


@dataclass(frozen=True, slots=True)
class Columns:
    """Widths in cells; every column but the first has one blank before it, which its width includes."""

    label: int
    """Lanes and operator together."""
    name: int
    shape: int
    metrics: tuple[Metric, ...]
    chosen: Metric
    lanes: int
    """Most that lanes may take of the label."""

    def metric_width(self, metric: Metric) -> int:
        """Return the width of a heat column; the chosen one has a bar."""
        return 1 + VALUE_WIDTH + (1 + BAR_WIDTH if metric == self.chosen else 0)


@lru_cache(maxsize=64)
def plan(width: int, chosen: Metric, offered: tuple[Metric, ...] = METRICS) -> Columns:
    """Return columns that fill the width but for one blank: the chosen heat column first, then shape, the others, names."""
    rest = width - 1 - (2 + VALUE_WIDTH + BAR_WIDTH if width >= NARROWEST else 0)
    metrics: tuple[Metric, ...] = (chosen,) if width >= NARROWEST else ()
    shape = 0 if rest < 36 else 22 if rest < 80 else 26 if rest < 100 else 30
    rest -= shape
    others = [metric for metric in offered if metric != chosen] if metrics else []
    while others and rest - (1 + VALUE_WIDTH) >= LABEL_MINIMUM:
        metrics = tuple(metric for metric in offered if metric in (*metrics, others[0]))
        others.pop(0)
        rest -= 1 + VALUE_WIDTH
    name = max(0, min(60, rest - 44)) if rest >= 64 else 0
    return Columns(max(0, rest - name), name, shape, metrics, chosen, lanes=max(3, min(24, (rest - name) // 3)))
