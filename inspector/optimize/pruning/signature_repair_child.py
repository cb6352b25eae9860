"""What tf.saved_model.save loses of signatures, put back: default values, method names, shapes, tags."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from inspector.errors import OperationFailed
from inspector.isolation.plain_line import plain_line
from inspector.optimize.pruning.operator_list_child import complete_operator_list
from inspector.optimize.pruning.refusals_child import refusing
from inspector.optimize.pruning.requests import PruneRequest

_WITH_DEFAULT: Final = "PlaceholderWithDefault"
_NAME: Final = "saved_model.pb"


def repair_signatures(request: PruneRequest, original: Any) -> None:
    """Make the signatures written in request.target those of the original MetaGraphDef. Raises OperationFailed."""
    from tensorflow.core.protobuf.saved_model_pb2 import SavedModel
    from tensorflow.python.saved_model.fingerprinting_utils import write_fingerprint

    path = Path(request.target) / _NAME
    with refusing("its signatures cannot be kept"):
        before = path.read_bytes()
        written = SavedModel.FromString(before)
        meta = written.meta_graphs[0]
        meta.meta_info_def.tags[:] = original.meta_info_def.tags
        for name in request.signatures:
            _repair(meta, name, original)
        complete_operator_list(meta, original)
        path.write_bytes(written.SerializeToString(deterministic=True))
        write_fingerprint(request.target)


def _repair(meta: Any, name: str, original: Any) -> None:
    new, old = meta.signature_def[name], original.signature_def[name]
    for kind, ours, theirs in (("inputs", new.inputs, old.inputs), ("outputs", new.outputs, old.outputs)):
        if set(ours) != set(theirs) or any(ours[each].dtype != theirs[each].dtype for each in theirs):
            raise OperationFailed(f"the {kind} of {plain_line(name, 80)} became {plain_line(', '.join(sorted(ours)), 200)}")
        for each in theirs:
            ours[each].tensor_shape.CopyFrom(theirs[each].tensor_shape)
    new.method_name = old.method_name
    for each, value in old.defaults.items():
        new.defaults[each].CopyFrom(value)
        if _is_with_default(original, old.inputs[each].name):
            _give_default(meta.graph_def, new.inputs[each].name, value)


def _is_with_default(meta: Any, tensor: str) -> bool:
    name = tensor.partition(":")[0]
    return any(node.name == name and node.op == _WITH_DEFAULT for node in meta.graph_def.node)


def _give_default(graph: Any, tensor: str, value: Any) -> None:
    """Make the placeholder of a tensor one that has a default value."""
    name = tensor.partition(":")[0]
    at = next(at for at, node in enumerate(graph.node) if node.name == name)
    node = graph.node[at]
    node.op = _WITH_DEFAULT
    constant = type(node)(name=f"{name}/default", op="Const")
    constant.attr["dtype"].CopyFrom(node.attr["dtype"])
    constant.attr["value"].tensor.CopyFrom(value)
    node.input[:] = [constant.name]
    graph.node.insert(at, constant)
