"""Which nodes of a GraphDef signatures, loading and restoring take. In children only."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

INIT_SIGNATURE: Final = "__saved_model_init_op"
INIT_COLLECTIONS: Final = ("saved_model_main_op", "legacy_init_op")


def served_nodes(meta: Any, signatures: Sequence[str]) -> list[Any]:
    """Return the nodes that the signatures named and loading take, their inputs among them."""
    fetched = (node for name in signatures for node in _ends(meta, name))
    return nodes_taken_by(meta.graph_def, [*fetched, *_loading_ends(meta)])


def loading_nodes(meta: Any) -> list[Any]:
    """Return the nodes that run once the variables are restored."""
    return nodes_taken_by(meta.graph_def, list(_loading_ends(meta)))


def nodes_taken_by(graph: Any, names: Iterable[str]) -> list[Any]:
    """Return the nodes of a GraphDef that those named take, with them, in its order. Raises ValueError where one is missing."""
    by_name = {node.name: node for node in graph.node}
    waiting, taken = [node_of(name) for name in names], set[str]()
    while waiting:
        name = waiting.pop()
        if name in taken:
            continue
        if name not in by_name:
            raise ValueError(f"node {name} is not in its graph")
        taken.add(name)
        waiting.extend(node_of(one) for one in by_name[name].input)
    return [node for node in graph.node if node.name in taken]


def node_of(reference: str) -> str:
    """Return the name of the node that a tensor or a control input is of."""
    return reference.removeprefix("^").partition(":")[0]


def _loading_ends(meta: Any) -> Iterator[str]:
    yield from _ends(meta, INIT_SIGNATURE)
    for key in INIT_COLLECTIONS:
        if key in meta.collection_def:
            yield from meta.collection_def[key].node_list.value


def _ends(meta: Any, name: str) -> Iterator[str]:
    """Yield the tensors that a signature begins and ends with."""
    if name in meta.signature_def:
        definition = meta.signature_def[name]
        for info in (*definition.inputs.values(), *definition.outputs.values()):
            yield from _tensors(info)


def _tensors(info: Any) -> Iterator[str]:
    """Yield the names of the tensors that an input or output is made of."""
    kind = info.WhichOneof("encoding")
    if kind == "name":
        yield info.name
    elif kind == "coo_sparse":
        sparse = info.coo_sparse
        yield from (sparse.values_tensor_name, sparse.indices_tensor_name, sparse.dense_shape_tensor_name)
    elif kind == "composite_tensor":
        for component in info.composite_tensor.components:
            yield from _tensors(component)
