"""Making frozen SavedModels as a child process does it: constants for variables, all signatures in one graph."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

from inspector.errors import OperationFailed
from inspector.isolation.plain_line import plain_line
from inspector.optimize.freezing.entry_child import Entry, entry_of
from inspector.optimize.freezing.grappler_child import optimized
from inspector.optimize.freezing.loadable_child import load_objects
from inspector.optimize.freezing.merging_child import Merged, share_constants
from inspector.optimize.freezing.requests import FreezeRequest, Frozen, FrozenModel
from inspector.optimize.freezing.ways import FROZEN, REWRITTEN
from inspector.records.runnable import Runnable
from inspector.runtimes.tensorflow.loading_child import import_tensorflow
from inspector.runtimes.tensorflow.messages import is_want_of_memory, refusal_text

Report = Callable[[int, int, str], None]

_RESOURCES: Final = re.compile(
    r".*(HashTable|LookupTable|Iterator|Queue|ResourceHandle|Initializer).*|VarHandleOp|Variable(V2)?"
)
"""Operators that hold what is no tensor, or what is filled when a SavedModel is loaded."""

_LARGEST: Final = (1 << 31) - (1 << 20)
_EXTRA: Final = "assets.extra"


def freeze(request: FreezeRequest, report: Report) -> Frozen:
    """Write a frozen SavedModel, and one that Grappler went over. Raises OperationFailed where it cannot be frozen at all."""
    import_tensorflow()
    report(0, 3, "loading")
    owner, repairs = load_objects(request.calls[0], request.scratch)
    entries = {call.signature: _entry(owner, call) for call in request.calls}
    report(1, 3, "freezing")
    merged = _merged(entries)
    models = [_written(FROZEN, merged.graph, merged, entries, request)]
    report(2, 3, "rewriting the graph")
    try:
        kept = sorted({name for part in (merged.inputs, merged.outputs) for names in part.values() for name in names})
        rewritten = optimized(merged.graph, kept)
        share_constants(rewritten, {name.partition(":")[0] for name in kept})
        models.append(_written(REWRITTEN, rewritten, merged, entries, request))
    except Exception as error:  # Grappler raises what TensorFlow raises
        models.append(FrozenModel(REWRITTEN, reason=refusal_text(error)))
    return Frozen(tuple(models), repairs)


def _entry(owner: Any, call: Runnable) -> Entry:
    try:
        return entry_of(owner.signatures[call.signature])
    except OperationFailed as error:
        raise OperationFailed(f"signature {plain_line(call.signature, 60)}: {error.message}") from None


def _merged(entries: dict[str, Entry]) -> Merged:
    """Freeze every signature into one graph. Raises OperationFailed where one holds what is no constant, MemoryError."""
    import tensorflow as tf
    from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

    merged = Merged(tf.compat.v1.GraphDef())
    for name, entry in entries.items():
        try:
            function = convert_variables_to_constants_v2(entry.function, lower_control_flow=False, aggressive_inlining=True)
        except Exception as error:  # freezing raises what happens to be raised
            if is_want_of_memory(error):
                raise MemoryError(refusal_text(error)) from None
            raise OperationFailed(f"signature {plain_line(name, 60)} cannot be frozen: {_why(entry, error)}") from None
        merged.add(name, function)
    _refuse_resources(merged.graph)
    if merged.graph.ByteSize() > _LARGEST:
        raise OperationFailed("its weights do not fit into one graph, which ends at 2 GiB")
    return merged


def _why(entry: Entry, error: Exception) -> str:
    """Return why freezing failed: the table or other resource that a signature holds, else what TensorFlow said."""
    definition = entry.function.graph.as_graph_def()
    nodes = [*definition.node, *(node for function in definition.library.function for node in function.node_def)]
    held = next((node for node in nodes if _RESOURCES.fullmatch(node.op) and "Var" not in node.op), None)
    return f"{held.op} (node {plain_line(held.name, 60)}) is no constant" if held is not None else refusal_text(error)


def _refuse_resources(graph: Any) -> None:
    nodes = [*graph.node, *(node for function in graph.library.function for node in function.node_def)]
    held = next((node for node in nodes if _RESOURCES.fullmatch(node.op)), None)
    if held is not None:
        name = plain_line(held.name, 80)
        raise OperationFailed(f"{held.op} (node {name}) is no constant: it is made and filled when the SavedModel is loaded")


def _written(way: str, graph: Any, merged: Merged, entries: dict[str, Entry], request: FreezeRequest) -> FrozenModel:
    """Write a SavedModel of the graph with the original's signatures, and what a server reads beside it."""
    from tensorflow.core.protobuf import saved_model_pb2

    original = _original(request.calls)
    made = saved_model_pb2.SavedModel(saved_model_schema_version=1)
    meta_graph = made.meta_graphs.add()
    meta_graph.meta_info_def.CopyFrom(original.meta_info_def)
    meta_graph.meta_info_def.ClearField("stripped_op_list")
    meta_graph.meta_info_def.ClearField("function_aliases")
    meta_graph.graph_def.CopyFrom(graph)
    for name, entry in entries.items():
        signature = meta_graph.signature_def[name]
        signature.CopyFrom(original.signature_def[name])
        for at, (raw, _) in enumerate(entry.inputs):
            signature.inputs[raw].name = merged.inputs[name][at]
        for at, (raw, _) in enumerate(entry.outputs):
            signature.outputs[raw].name = merged.outputs[name][at]
    folder = Path(request.target, way.replace(" ", "_"))
    folder.mkdir(parents=True)
    (folder / "saved_model.pb").write_bytes(made.SerializeToString(deterministic=True))
    extra = Path(request.calls[0].path, _EXTRA)
    if extra.is_dir():
        shutil.copytree(extra, folder / _EXTRA)
    nodes = len(graph.node) + sum(len(function.node_def) for function in graph.library.function)
    return FrozenModel(way, str(folder), nodes, sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()))


def _original(calls: Sequence[Runnable]) -> Any:
    """Return the MetaGraphDef that the calls are of."""
    from tensorflow.python.saved_model.loader_impl import parse_saved_model

    meta_graphs = parse_saved_model(calls[0].path).meta_graphs
    wanted = set(calls[0].tags)
    return next((one for one in meta_graphs if set(one.meta_info_def.tags) == wanted), meta_graphs[0])
