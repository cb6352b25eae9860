"""Which part of the artifact a signature runs: the function it calls, or the part of the GraphDef that leads to its outputs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from inspector.formats.saved_model.meta_graph import RawGraph, RawMetaGraph
from inspector.formats.saved_model.nodes import RawNode
from inspector.formats.saved_model.references import Tensors

DEEPEST_WRAPPER: Final = 32
CALLS: Final = frozenset({"PartitionedCall", "StatefulPartitionedCall", "TPUPartitionedCall"})
_IN_A_WRAPPER: Final = frozenset({"Identity", "NoOp"})


@dataclass(frozen=True, slots=True)
class Target:
    """What a signature runs: the function whose body is worth looking at and the one around it, or nodes of the GraphDef."""

    function: str = ""
    wrapper: str = ""
    nodes: frozenset[str] = frozenset()
    """Names of the nodes of the GraphDef that lead to the outputs, where no one function is called."""
    fetched: tuple[str, ...] = ()
    """Names of the nodes that give the outputs."""


def tensor_names(info: Any) -> list[bytes]:
    """Return the tensors that a signature's input or output is made of."""
    if info.HasField("coo_sparse"):
        sparse = info.coo_sparse
        raw = [sparse.values_tensor_name, sparse.indices_tensor_name, sparse.dense_shape_tensor_name]
    elif info.HasField("composite_tensor"):
        raw = [part.name for part in info.composite_tensor.components]
    else:
        raw = [info.name]
    return raw


def target_of(meta: RawMetaGraph, tensors: Tensors, fed: Iterable[str], wanted: Iterable[str]) -> Target:
    """Return what leads from the tensors fed to those wanted, both as references into the GraphDef."""
    fetched = tuple(dict.fromkeys(node for reference in wanted if (node := tensors.locate(reference)[0])))
    stops = {tensors.resolve(reference) for reference in fed}
    nodes = reached(tensors, fetched, stops)
    calls = [meta.graph.nodes[tensors.nodes[name].index] for name in nodes if tensors.nodes[name].operator in CALLS]
    simple = all(_only_feeds_or_passes_on(tensors.nodes[name]) for name in nodes)
    if meta.objects is not None and simple and len(calls) == 1:
        outer = called_function(calls[0], meta.functions)
        if outer:
            inner = unwrapped(outer, meta.functions)
            return Target(inner, outer if inner != outer else "", fetched=fetched)
    return Target(nodes=frozenset(nodes), fetched=fetched)


def _only_feeds_or_passes_on(node: RawNode) -> bool:
    """Tell whether a node around a call computes nothing: it takes nothing, as variables and tables, or gives what it takes."""
    return node.operator in CALLS | _IN_A_WRAPPER or not (node.inputs or node.functions)


def reached(tensors: Tensors, starts: Iterable[str], stops: Iterable[str] = ()) -> dict[str, None]:
    """Return the names of nodes that the starting ones take tensors or control from, themselves included.

    Ends early once all such walks through the graph together were too long for any real artifact.
    """
    stop = set(stops)
    found = dict.fromkeys(name for name in starts if name in tensors.nodes)
    waiting = list(found)
    while waiting and tensors.steps_left > 0:
        node = tensors.nodes[waiting.pop()]
        tensors.steps_left -= 1 + len(node.inputs) + len(node.control_inputs)
        sources = [tensors.locate(one)[0] for one in node.inputs if tensors.resolve(one) not in stop]
        for name in (*sources, *node.control_inputs):
            if name in tensors.nodes and name not in found:
                found[name] = None
                waiting.append(name)
    return found


def called_function(node: RawNode, functions: Mapping[str, RawGraph]) -> str:
    """Return the function that a call runs, "" where the library does not hold it."""
    return next((name for _, name in node.functions if name in functions), "")


def unwrapped(name: str, functions: Mapping[str, RawGraph]) -> str:
    """Return the function in which the work is done: functions that only pass their arguments on to another are left."""
    seen = {name}
    for _ in range(DEEPEST_WRAPPER):
        inner = _only_call(functions[name], functions)
        if not inner or inner in seen:
            break
        seen.add(inner)
        name = inner
    return name


def _only_call(function: RawGraph, functions: Mapping[str, RawGraph]) -> str:
    calls = [node for node in function.nodes if node.operator in CALLS]
    others = (node for node in function.nodes if node.operator not in CALLS)
    if len(calls) != 1 or not all(node.operator in _IN_A_WRAPPER for node in others):
        return ""
    return called_function(calls[0], functions)
