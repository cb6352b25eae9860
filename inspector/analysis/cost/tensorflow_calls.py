"""Functions that nodes of TensorFlow (Lite) call by name: what they are passed, and how the cost of their bodies adds up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from inspector.analysis.cost import bodies
from inspector.analysis.cost.bodies import BodyCost
from inspector.records.cost import NodeCost
from inspector.records.graph import Call, Graph, Node

_BRANCHES: Final = frozenset(("If", "StatelessIf", "Case", "StatelessCase", "_If", "XlaIf", "IF", "STABLEHLO_CASE"))
_LOOPS: Final = frozenset(("While", "StatelessWhile", "_While", "XlaWhile", "WHILE", "STABLEHLO_WHILE"))
_ONCE: Final = frozenset(
    (
        "PartitionedCall",
        "StatefulPartitionedCall",
        "TPUPartitionedCall",
        "RemoteCall",
        "BatchFunction",
        "XlaLaunch",
        "XlaLaunchV2",
        "CALL_ONCE",
        "STABLEHLO_COMPOSITE",
    )
)

PASSES_WEIGHTS_ON: Final = frozenset(
    f"tensorflow:{name}" for name in ("ReadVariableOp", "Identity", "Cast", "Reshape", "Enter", "Switch", "RefIdentity")
)
"""Operators that only hand a variable on to whoever uses it."""


def passed(node: Node, call: Call, body: Graph) -> tuple[str, ...]:
    """Return what a node passes for each input of a function, "" where the operator makes that up (elements of a dataset).

    Conditions, indexes and datasets stand before the arguments that are passed on.
    """
    if call.attribute == "":
        return node.inputs
    count = len(body.inputs)
    given = node.inputs[len(node.inputs) - min(count, len(node.inputs)) :]
    return ("",) * (count - len(given)) + given


def gives_results(node: Node, call: Call) -> bool:
    """Tell whether the node's outputs are those of the function."""
    operator = node.operator
    if operator in _LOOPS:
        return call.attribute == "body"
    return call.attribute == "" or operator in _ONCE or operator in _BRANCHES


def added_up(node: Node, run: Sequence[BodyCost]) -> NodeCost:
    """Return the cost of a node that calls these functions: the costlier branch, or each once, with a note for loops."""
    if node.operator == "SymbolicGradient":
        cost = bodies.repetitions(run, ())
        return replace(cost, flops=None, reason="gradient of a function", multiply_accumulates=())
    if node.operator in _BRANCHES:
        return bodies.branches(run)
    once = node.operator in _ONCE or node.calls[0].attribute == ""
    return bodies.repetitions(run, () if once else None)
