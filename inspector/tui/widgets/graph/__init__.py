"""The graph tab: rows and lanes, the node panel, search and the minimap."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from inspector.tui.widgets.graph.pane import GraphPane as GraphPane


def __getattr__(name: str) -> object:
    """Import the pane when it is first asked for: what rows say is known without Textual."""
    if name == "GraphPane":
        from inspector.tui.widgets.graph.pane import GraphPane

        return GraphPane
    raise AttributeError(name)
