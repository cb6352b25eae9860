"""What a row costs: parameters, FLOPs, activation bytes, and time once measured, as values and as bars."""

from __future__ import annotations

from itertools import accumulate
from threading import Lock
from typing import TYPE_CHECKING, Literal

from inspector.analysis.cost.expression import evaluate, short_count
from inspector.records.cost import NodeCost
from inspector.records.layout import Fold
from inspector.tui.widgets.graph.document import Document, Section

if TYPE_CHECKING:
    from inspector.analysis.measured_time import MeasuredTime

Metric = Literal["parameters", "flops", "activations", "time"]
"""Time is in nanoseconds: whole numbers, as all costs."""

METRICS: tuple[Metric, ...] = ("parameters", "flops", "activations")
"""What is known of every model; time is not, before it is measured."""
TITLES: dict[Metric, str] = {"parameters": "params", "flops": "FLOPs", "activations": "memory", "time": "time"}
_NANOSECONDS = 1_000_000

BLOCKS = " ▏▎▍▌▋▊▉█"
LEVELS = 5
"""Steps of the color scale, the hottest last."""


def bar(fraction: float, width: int) -> str:
    """Return a bar of exactly width characters, in eighths; anything above zero shows at least the thinnest one."""
    eighths = min(8 * width, round(fraction * 8 * width))
    if fraction > 0 and eighths == 0:
        eighths = 1
    full, rest = divmod(eighths, 8)
    return (BLOCKS[8] * full + (BLOCKS[rest] if rest else "")).ljust(width)


def level(fraction: float) -> int:
    """Return how hot a fraction is, 0 to LEVELS - 1."""
    return max(0, min(LEVELS - 1, int(fraction * LEVELS)))


def value_text(value: int | None, metric: Metric) -> str:
    """Return a value for a column: rounded with a unit, blank for nothing, "?" for unknown."""
    if value is None:
        return "?"
    if value <= 0:
        return ""
    if metric == "time":
        return time_text(value)
    text = short_count(value)
    if metric != "activations":
        return text
    return text + "B" if " " in text else text + " B"


def time_text(nanoseconds: int) -> str:
    """Return a time in three digits with its unit: "8.1 µs", "0.41 ms", "1.2 s"."""
    milliseconds = nanoseconds / _NANOSECONDS
    if milliseconds >= 999.5:
        return f"{milliseconds / 1000:.2f} s"
    if milliseconds >= 0.0995:
        return f"{milliseconds:.2f} ms" if milliseconds < 9.995 else f"{milliseconds:.{1 if milliseconds < 99.95 else 0}f} ms"
    microseconds = nanoseconds / 1000
    return f"{microseconds:.{0 if microseconds >= 9.95 else 1}f} µs"


class Heat:
    """Costs of a document at the bindings of its summary.

    Values of single rows are worked out when asked for; sums over stretches of rows need prepare(), which may run in
    another thread.
    """

    def __init__(self, document: Document, times: MeasuredTime | None = None) -> None:
        self.document = document
        self.times = times
        self._nanoseconds = {
            (ref.graph, ref.index): round(milliseconds * _NANOSECONDS)
            for ref, milliseconds in (times.milliseconds.items() if times else ())
        }
        self.ready = False
        self._lock = Lock()
        self._bindings = document.inspection.cost.bindings
        self._sums: dict[tuple[str, Metric], list[int]] = {}
        self._values: dict[tuple[str, Metric], list[int]] = {}

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """What there are figures of."""
        return METRICS if self.times is None else (*METRICS, "time")

    def prepare(self) -> None:
        """Work out every row of every graph."""
        with self._lock:
            if self.ready:
                return
            for path in self.document.inspection.views:
                self._prepare_graph(path)
            self.ready = True

    def _prepare_graph(self, path: str) -> None:
        for metric in self.metrics:
            values = [self._with_absorbed(path, node, metric) or 0 for node in self.document.view(path).layout.nodes]
            self._values[path, metric] = values
            self._sums[path, metric] = list(accumulate(values, initial=0))

    def node(self, path: str, node_index: int, metric: Metric) -> int | None:
        """Return what one node costs, None where that is not known, 0 while nothing was counted and for graph inputs."""
        if node_index < 0:
            return 0
        if metric == "time":
            return self._nanoseconds.get((path, node_index), 0)
        costs = self.document.inspection.node_costs.get(path, ())
        return self._of(costs[node_index], metric) if node_index < len(costs) else 0

    def row(self, section: Section, row: int, metric: Metric) -> int | None:
        """Return what a row costs: its node and what the node absorbed."""
        return self._with_absorbed(section.graph.path, section.layout.nodes[row], metric)

    def rows(self, path: str, first: int, count: int, metric: Metric) -> int:
        """Return what consecutive layout rows cost together, unknown ones left out; 0 until prepared."""
        sums = self._sums.get((path, metric))
        return 0 if sums is None else sums[first + count] - sums[first]

    def largest(self, path: str, first: int, count: int, metric: Metric) -> int:
        """Return what the costliest of consecutive layout rows costs; 0 until prepared."""
        values = self._values.get((path, metric))
        return 0 if values is None else max(values[first : first + count], default=0)

    def hottest(self, path: str, first: int, count: int, metric: Metric) -> tuple[int, int]:
        """Return what the costliest of consecutive layout rows costs, and how many rows after the first it is."""
        values = self._values.get((path, metric), [])[first : first + count]
        largest = max(values, default=0)
        return largest, values.index(largest) if values else 0

    def fold(self, section: Section, fold: Fold, metric: Metric) -> int:
        """Return what the rows of a fold cost together."""
        return self.rows(section.graph.path, fold.first, fold.last - fold.first + 1, metric)

    def _with_absorbed(self, path: str, node_index: int, metric: Metric) -> int | None:
        own = self.node(path, node_index, metric)
        absorbed = self.document.view(path).layout.absorbed.get(node_index)
        if own is None or not absorbed or metric == "activations":
            return own
        return own + sum(self.node(path, inner, metric) or 0 for inner in absorbed)

    def _of(self, cost: NodeCost, metric: Metric) -> int | None:
        if metric == "parameters":
            return cost.parameters
        terms = cost.flops if metric == "flops" else cost.activation_bytes
        return None if terms is None else evaluate(terms, self._bindings)
