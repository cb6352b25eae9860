"""Names that are there and unique: converters tell nodes and tensors apart by nothing else."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

import numpy as np
from onnx import GraphProto, ModelProto, NodeProto, TensorProto, numpy_helper

from inspector.optimize.half.graph_walk_child import all_graphs, all_nodes, subgraphs


class Names:
    """Gives out names that a model does not have yet."""

    def __init__(self, model: ModelProto) -> None:
        self._taken = {node.name for node in all_nodes(model)}
        for graph in all_graphs(model):
            self._taken |= tensor_names(graph)

    def fresh(self, wanted: str) -> str:
        """Return wanted, or wanted with a number, and take it."""
        name, number = wanted, 1
        while not name or name in self._taken:
            number += 1
            name = f"{wanted or 'node'}_{number}"
        self._taken.add(name)
        return name


def tensor_names(graph: GraphProto) -> set[str]:
    """Return the names that a graph itself defines."""
    names = {value.name for value in graph.input} | {tensor.name for tensor in graph.initializer}
    names |= {sparse.values.name for sparse in graph.sparse_initializer}
    return names | {name for node in graph.node for name in node.output if name}


def name_nodes(model: ModelProto) -> int:
    """Give every node without a name, and all but the first of those that share one, a name of its own; return how many."""
    seen: set[str] = set()
    names, count = Names(model), 0
    for node in all_nodes(model):
        if not node.name or node.name in seen:
            node.name = names.fresh(f"{node.name or node.op_type}")
            count += 1
        seen.add(node.name)
    return count


def hoist_constants(model: ModelProto) -> int:
    """Make the Constant nodes that hold a dense tensor initializers of their graph, but for those that are outputs."""
    count = 0
    for graph in all_graphs(model):
        shown = {value.name for value in graph.output}
        kept = []
        for node in graph.node:
            tensor = _value_of(node) if node.op_type == "Constant" and node.output[0] not in shown else None
            if tensor is None:
                kept.append(node)
                continue
            tensor.name = node.output[0]
            graph.initializer.append(tensor)
            count += 1
        if len(kept) < len(graph.node):
            copies = [NodeProto.FromString(node.SerializeToString()) for node in kept]
            del graph.node[:]
            graph.node.extend(copies)
    return count


def _value_of(node: NodeProto) -> Any:
    """Return the tensor of a Constant node, None where it is text, sparse or given by a function's attribute."""
    given = node.attribute[0] if len(node.attribute) == 1 else None
    if given is None or given.ref_attr_name:
        return None
    if given.name == "value":
        return TensorProto.FromString(given.t.SerializeToString())
    if given.name in ("value_float", "value_floats"):
        return numpy_helper.from_array(np.array(given.f if given.name == "value_float" else list(given.floats), np.float32))
    if given.name in ("value_int", "value_ints"):
        return numpy_helper.from_array(np.array(given.i if given.name == "value_int" else list(given.ints), np.int64))
    return None


def name_tensors(model: ModelProto) -> int:
    """Rename tensors of subgraphs until every name is defined once in the whole model; return how many were renamed."""
    counted: Counter[str] = Counter()
    for graph in all_graphs(model):
        counted.update(tensor_names(graph))
    if all(number == 1 for number in counted.values()):
        return 0
    names, taken = Names(model), set(tensor_names(model.graph))
    return sum(_rename_within(node, {}, names, taken) for node in model.graph.node)


def _rename_within(node: NodeProto, outer: Mapping[str, str], names: Names, taken: set[str]) -> int:
    """Rename in the graphs of a node what is defined elsewhere, too; outer says what names around them became."""
    count = 0
    for graph in subgraphs(node):
        defined = tensor_names(graph)
        own = {name: names.fresh(name) for name in sorted(defined & taken)}
        taken |= defined
        renamed = {name: new for name, new in outer.items() if name not in defined} | own
        count += len(own)
        _apply(graph, renamed)
        for inner in graph.node:
            count += _rename_within(inner, renamed, names, taken)
    return count


def _apply(graph: GraphProto, renamed: Mapping[str, str]) -> None:
    """Rename the tensors of one graph, not of those within it."""
    if not renamed:
        return
    for value in (*graph.input, *graph.output, *graph.value_info, *graph.initializer):
        value.name = renamed.get(value.name, value.name)
    for sparse in graph.sparse_initializer:
        sparse.values.name = renamed.get(sparse.values.name, sparse.values.name)
    for node in graph.node:
        for index, name in enumerate(node.input):
            node.input[index] = renamed.get(name, name)
        for index, name in enumerate(node.output):
            node.output[index] = renamed.get(name, name)
