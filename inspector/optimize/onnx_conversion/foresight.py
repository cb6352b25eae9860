"""What can be told of a conversion before it is tried: operators without a counterpart, text, what is no dense tensor."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from inspector.analysis.tensorflow_operators import add_on_of, is_registered, names_function
from inspector.records.artifact import Computation
from inspector.records.graph import Graph
from inspector.records.saved_model import SavedModelFacts, SignatureFacts

_NAMED: Final = re.compile(r"""["']([A-Z][A-Za-z0-9]+)["']""")

_GONE: Final = frozenset(
    (
        *("Assert", "CheckNumerics", "NoOp", "PartitionedCall", "StatefulPartitionedCall", "ReadVariableOp", "VarHandleOp"),
        *("VariableV2", "VarIsInitializedOp", "ResourceGather", "ResourceGatherNd", "DisableCopyOnRead", "LegacyCall"),
        *("Enter", "Exit", "Merge", "Switch", "NextIteration", "LoopCond", "EnsureShape", "StopGradient", "PreventGradient"),
    )
)
"""Operators that freezing, inlining or pruning takes out of a graph before it is converted."""

_OTHERS: Final = ("string_ops", "tflite", "tfjs")
"""Sources about operators that only onnxruntime-extensions runs, and about other formats."""

_MOST: Final = 4


def warnings_of(computation: Computation, facts: SavedModelFacts) -> tuple[str, ...]:
    """Return, for each signature that is likely not to be converted, one sentence that names what stands against it."""
    graphs = {graph.path: graph for graph in computation.roots()}
    return tuple(found for signature in facts.main.signatures if (found := _warning(signature, graphs)))


def _warning(signature: SignatureFacts, graphs: dict[str, Graph]) -> str:
    open_ended = [one.name for one in (*signature.inputs, *signature.outputs) if one.encoding != "dense"]
    if open_ended:
        return f"signature {signature.name}: {open_ended[0]} is no dense tensor, and ONNX models take and give dense ones only"
    lacking = _lacking(signature, graphs)
    if not lacking:
        return ""
    more = f" and {len(lacking) - _MOST} more" if len(lacking) > _MOST else ""
    verb = "has" if len(lacking) == 1 else "have"
    return f"signature {signature.name}: {', '.join(lacking[:_MOST])}{more} {verb} no ONNX operator that tf2onnx knows"


def _lacking(signature: SignatureFacts, graphs: dict[str, Graph]) -> list[str]:
    """Return the operators of a signature that tf2onnx never mentions, custom ones with the add-on that brings them."""
    mentioned = _mentioned()
    if not mentioned or signature.graph is None:
        return []
    defined = {path.rpartition(":")[2] for path in graphs}
    found: dict[str, None] = {}
    for graph in _reached(signature.graph, graphs):
        for node in graph.nodes:
            operator = node.operator
            if operator not in mentioned and operator not in _GONE and operator not in defined and not names_function(operator):
                found.setdefault(operator)
    return [_titled(operator) for operator in found]


def _titled(operator: str) -> str:
    if is_registered(operator):
        return operator
    add_on = add_on_of(operator)
    return f"{operator} (a custom operator{f' of {add_on}' if add_on else ''})"


def _reached(path: str, graphs: dict[str, Graph]) -> Iterator[Graph]:
    """Yield a graph and every function that is called from it, each once."""
    pending, seen = [path], {path}
    while pending:
        graph = graphs.get(pending.pop())
        if graph is None:
            continue
        yield graph
        for node in graph.nodes:
            for call in node.calls:
                if call.graph not in seen:
                    seen.add(call.graph)
                    pending.append(call.graph)


@cache
def _mentioned() -> frozenset[str]:
    """Return every operator that the sources of the installed tf2onnx name; empty where they are not there to be read.

    Importing it would say so, too, but imports TensorFlow.
    """
    spec = find_spec("tf2onnx")
    if spec is None or not spec.submodule_search_locations:
        return frozenset()
    names: set[str] = set()
    for file in Path(next(iter(spec.submodule_search_locations))).rglob("*.py"):
        if any(part in str(file) for part in _OTHERS):
            continue
        try:
            names.update(_NAMED.findall(file.read_text(encoding="utf-8", errors="replace")))
        except OSError:
            continue
    return frozenset(names)
