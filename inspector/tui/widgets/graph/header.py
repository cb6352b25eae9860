"""The line above the rows: what is shown, and the titles of the columns; a click on a heat column chooses it."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content
from textual.events import Click
from textual.message import Message

from inspector.tui.plain_text import fit
from inspector.tui.widgets.graph.columns import BAR_WIDTH, VALUE_WIDTH, Columns, plan
from inspector.tui.widgets.graph.heat import METRICS, TITLES, Metric
from inspector.tui.widgets.lines import Lines

CHOSEN = "▾"


class GraphHeader(Lines):
    """Column titles over a GraphView of the same width."""

    DEFAULT_CSS = "GraphHeader { width: 1fr; height: 1; background: $page; }"

    class MetricChosen(Message):
        """A heat column's title was clicked."""

        def __init__(self, metric: Metric) -> None:
            super().__init__()
            self.metric: Metric = metric

    def __init__(self) -> None:
        super().__init__()
        self._title = ""
        self._metric: Metric = "flops"
        self._offered: tuple[Metric, ...] = METRICS

    def show(self, title: str, metric: Metric, offered: tuple[Metric, ...] = METRICS) -> None:
        """Say what the rows are, which heat columns there are, and which of them is chosen."""
        if (title, metric, offered) != (self._title, self._metric, self._offered):
            self._title, self._metric, self._offered = title, metric, offered
            self.refresh()

    def build(self, width: int) -> Sequence[Content]:
        """Return the one line."""
        columns = plan(width, self._metric, self._offered)
        line = Content.styled(fit(self._title, columns.label), "$soft")
        if columns.name:
            line += Content.styled(" name".ljust(columns.name), "$soft")
        if columns.shape:
            line += Content.styled(" output".ljust(columns.shape), "$soft")
        for metric in columns.metrics:
            line += self._column(columns, metric)
        return [line]

    def _column(self, columns: Columns, metric: Metric) -> Content:
        title = f" {TITLES[metric]:>{VALUE_WIDTH}}"
        if metric != columns.chosen:
            return Content.styled(title, "$soft")
        return Content.styled(f"{title} {CHOSEN}".ljust(2 + VALUE_WIDTH + BAR_WIDTH), "$accent-text bold")

    def on_click(self, event: Click) -> None:
        """Choose the heat column whose title was clicked."""
        columns = plan(self.size.width, self._metric, self._offered)
        at = columns.label + columns.name + columns.shape
        for metric in columns.metrics:
            if at <= event.x < at + columns.metric_width(metric):
                self.post_message(self.MetricChosen(metric))
            at += columns.metric_width(metric)
