"""The workbench's tabs: what each is called and the widget that draws it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from textual.widget import Widget

from inspector.tui.actions import Where

if TYPE_CHECKING:
    from inspector.records.inspection import Inspection


class Pane(Protocol):
    """What the workbench asks of a tab's content: show an inspection, keeping cursor and scroll where they are."""

    def show(self, inspection: Inspection) -> None:
        """Show the inspection; called again with a fuller one of the same artifact."""
        ...


def _overview() -> type[Widget]:
    from inspector.tui.widgets.overview import OverviewPane

    return OverviewPane


def _graph() -> type[Widget]:
    from inspector.tui.widgets.graph import GraphPane

    return GraphPane


def _operators() -> type[Widget]:
    from inspector.tui.widgets.operators_pane import OperatorsPane

    return OperatorsPane


def _signatures() -> type[Widget]:
    from inspector.tui.widgets.signatures_pane import SignaturesPane

    return SignaturesPane


def _weights() -> type[Widget]:
    from inspector.tui.widgets.weights_pane import WeightsPane

    return WeightsPane


def _findings() -> type[Widget]:
    from inspector.tui.widgets.findings_pane import FindingsPane

    return FindingsPane


PANES: dict[Where, tuple[str, Callable[[], type[Widget]]]] = {
    "overview": ("Overview", _overview),
    "graph": ("Graph", _graph),
    "operators": ("Operators", _operators),
    "signatures": ("Signatures", _signatures),
    "weights": ("Weights", _weights),
    "findings": ("Findings", _findings),
}
"""Tabs in order, with what imports the widget: when a tab is first wanted, so that the first frame pays for none of them."""

LISTS: tuple[Where, ...] = ("operators", "weights", "findings")
