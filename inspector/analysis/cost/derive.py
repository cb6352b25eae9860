"""Fills in shapes the file leaves out, where the operator's definition makes that cheap."""

from __future__ import annotations

from inspector.analysis.cost.scope import Scope
from inspector.records.graph import Node


def complete_outputs(name: str, node: Node, scope: Scope) -> None:
    """Describe the outputs of a node of that qualified name whose shape is missing or weak, in its scope."""
