"""Subgraphs as graphs: one is the main one, the others are functions that nodes and signatures call."""

from __future__ import annotations

from collections.abc import Sequence

from inspector.formats.tflite.nodes import NodeReader
from inspector.formats.tflite.tables import Table
from inspector.formats.tflite.tensors import Gathered, Tensor, TensorReader, is_empty
from inspector.records.graph import Graph, Node
from inspector.records.tensor import Storage, TensorSpec, Weight

_TENSORS, _INPUTS, _OUTPUTS, _OPERATORS, _NAME = range(5)


def graph_paths(names: Sequence[str], main: int) -> list[str]:
    """Return the path of each subgraph by number, given their names: "" for the main one, "function:<name>" for others."""
    paths: dict[str, None] = {}
    for number, name in enumerate(names):
        path = "" if number == main else f"function:{name or f'subgraph {number}'}"
        while path in paths:
            path = f"{path}:{number}"
        paths[path] = None
    return list(paths)


def subgraph_name(table: Table) -> str:
    """Return what a subgraph is called, "" where it has no name."""
    return table.text(_NAME)


class GraphReader:
    """Makes graphs of the subgraphs of one file."""

    def __init__(self, tensors: TensorReader, nodes: NodeReader, gathered: Gathered) -> None:
        self._tensors = tensors
        self._nodes = nodes
        self._gathered = gathered

    def read(self, table: Table, path: str, name: str) -> tuple[Graph, list[str]]:
        """Return the graph, and the names of its tensors by number."""
        tensors = self._tensors.read(table, _TENSORS, path)
        names = [tensor.spec.name for tensor in tensors]
        values = {tensor.spec.name: tensor.spec for tensor in tensors}
        nodes = self._nodes.read(table, _OPERATORS, path, names)
        where = path or "the main graph"
        inputs = self._ends(table.numbers(_INPUTS, "i"), names, values, f"an input of {where}")
        outputs = self._ends(table.numbers(_OUTPUTS, "i"), names, values, f"an output of {where}")
        stored = self._stored(tensors, nodes, inputs, path)
        return Graph(path, name, inputs, outputs, nodes, values, stored), names

    def _ends(
        self, indexes: Sequence[int], names: Sequence[str], values: dict[str, TensorSpec], who: str
    ) -> tuple[TensorSpec, ...]:
        named = self._nodes.named(indexes, names, who)
        return tuple([values.get(name, TensorSpec(name)) for name in named if name])

    def _stored(
        self, tensors: Sequence[Tensor], nodes: Sequence[Node], inputs: Sequence[TensorSpec], path: str
    ) -> frozenset[str]:
        """Return the tensors that hold values before anything runs: weights, state, and constants without elements."""
        made = {name for node in nodes for name in node.outputs} | {spec.name for spec in inputs}
        stored = set()
        for tensor in tensors:
            spec = tensor.spec
            if tensor.place is not None or (tensor.is_variable and spec.name not in made):
                stored.add(spec.name)
            elif spec.name not in made and spec.shape and is_empty(spec):
                stored.add(spec.name)
                lengths = tuple(length for length in spec.shape if isinstance(length, int))
                self._gathered.weights.append(Weight(spec.name, spec.dtype, lengths, Storage("none"), "initializer", path))
        return frozenset(stored)
