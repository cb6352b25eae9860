"""How nodes name tensors: "node", "node:1" in a GraphDef, "node:output:0" or an argument's name in a function."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from inspector.formats.saved_model.meta_graph import RawGraph
from inspector.formats.saved_model.nodes import RawNode
from inspector.formats.saved_model.operators import MOST_OUTPUTS, Argument, NodeOutputs, Operator, node_outputs

MOST_STEPS: Final = 10_000_000
"""Edges that may be followed backwards, from all entry points together."""

_RESULT_TYPES: Final = "Tout"
_CALL: Final = Operator("", (), (Argument("output", type_list_attribute=_RESULT_TYPES),))
"""What calls give that the artifact's list of operators leaves out."""
_NOTHING: Final = NodeOutputs({}, [])


def tensor_name(node: str, place: int) -> str:
    """Return how the records name the tensor at that place among a node's outputs: "node", then "node:1" and so on."""
    return f"{node}:{place}" if place else node


class Tensors:
    """The tensors of one graph: who gives each, and what the references in the file mean."""

    def __init__(self, graph: RawGraph, operators: Mapping[str, Operator], functions: Mapping[str, RawGraph]) -> None:
        self.steps_left = MOST_STEPS
        self.arguments = {argument.name for argument in graph.arguments}
        self.nodes = {node.name: node for node in graph.nodes}
        self._operators = operators
        self._functions = functions
        self._outputs: dict[str, NodeOutputs] = {}
        self._unknown: dict[str, dict[str, int]] = {}
        self._highest: dict[str, int] = {}

    def resolve(self, reference: str) -> str:
        """Return the name of the tensor that the reference means."""
        if reference in self.arguments:
            return reference
        node, place = self.locate(reference)
        return tensor_name(node, place) if node else reference

    def locate(self, reference: str) -> tuple[str, int]:
        """Return the node that gives the tensor and its place there, ("", 0) for an argument or nothing known."""
        if reference in self.nodes:
            self._saw(reference, 0)
            return reference, 0
        name, _, last = reference.rpartition(":")
        if not (last.isascii() and last.isdecimal() and len(last) < 8):
            return "", 0
        number = int(last)
        if name in self.nodes:
            self._saw(name, number)
            return name, number
        node_name, _, output = name.rpartition(":")
        node = self.nodes.get(node_name)
        if node is None:
            return "", 0
        place = self._place(node, output) + number
        self._saw(node_name, place)
        return node_name, place

    def outputs(self, node: RawNode) -> NodeOutputs:
        """Return what the operator of a node says that it gives; nothing where the operator is not known."""
        known = self._outputs.get(node.name)
        if known is None:
            known = self._outputs[node.name] = self._described(node)
        return known

    def output_count(self, node: RawNode) -> int:
        """Return how many tensors a node gives, as its operator, its recorded shapes or its consumers tell."""
        described = len(self.outputs(node).dtypes)
        if described or node.operator in self._operators or node.operator in self._functions:
            return described
        return max(len(node.output_shapes or ()), self._highest.get(node.name, -1) + 1)

    def _described(self, node: RawNode) -> NodeOutputs:
        operator = self._operators.get(node.operator)
        if operator is None:
            function = self._functions.get(node.operator)
            operator = function.operator if function is not None else None
        if operator is None and node.functions and node.attribute(_RESULT_TYPES) is not None:
            operator = _CALL
        return node_outputs(operator, node) if operator is not None else _NOTHING

    def _place(self, node: RawNode, output: str) -> int:
        places = self.outputs(node).places
        if output in places:
            return places[output]
        # Outputs of an operator that nothing describes take their places in the order they are met.
        seen = self._unknown.setdefault(node.name, {})
        return seen.setdefault(output, len(seen))

    def _saw(self, node: str, place: int) -> None:
        if place < MOST_OUTPUTS and place > self._highest.get(node, -1):
            self._highest[node] = place
