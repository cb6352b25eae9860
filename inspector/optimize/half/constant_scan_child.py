"""Constants that fp16 does not have: what takes them stays in fp32."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from onnx import ModelProto, NodeProto, TensorProto

from inspector.formats.clean_text import one_line
from inspector.optimize.half.graph_walk_child import all_graphs, all_nodes
from inspector.optimize.half.half_range import LARGEST, SMALLEST_NORMAL
from inspector.optimize.half.kept_nodes_child import KeptNodes
from inspector.optimize.half.weight_files_child import StoredWeights

SMALL_CONSTANT: Final = 64
"""Up to so many elements each one matters: a vector of scales or bounds rather than a weight."""

_AFTER_AN_EPSILON: Final = ("Sqrt", "Div", "Reciprocal", "Log", "Pow", "Expand", "Reshape", "Unsqueeze", "Squeeze", "Identity")
"""Operators that an epsilon guards: they see what it was added to."""

_DIVIDERS: Final = ("Div", "Reciprocal", "Log", "Pow", "Sqrt", "Max", "Clip")
"""Where a zero does harm."""

TOLERATED_LOSS: Final = 0.01
"""Of a constant as a whole, by its Euclidean norm; ordinary values lose 0.02 %."""

_GUARDED: Final = ("Div", "Reciprocal", "Log")
"""Where the guarding ends."""


def constants_to_keep(model: ModelProto, weights: StoredWeights, kept: KeptNodes) -> None:
    """Keep every node that takes a constant which fp16 cannot hold, with the value as the reason. Raises OperationFailed."""
    users = users_of(model)
    for name, tensor, maker in float_constants(model):
        too_large, too_small, vanishing = problems(tensor, weights)
        reason = too_large or too_small
        if maker is not None and reason:
            kept.keep(maker, f"constant {one_line(name)} {reason}")
        for user in users.get(name, ()) if reason or vanishing else ():
            if reason or user.op_type in _DIVIDERS:
                said = f"constant {one_line(name)} {reason or vanishing}"
                kept.keep(user, said)
                if too_small:
                    _keep_guarded(user, said, users, kept)


def _keep_guarded(node: NodeProto, said: str, users: Mapping[str, list[NodeProto]], kept: KeptNodes) -> None:
    """Keep what follows an epsilon up to the division that it guards."""
    pending, seen = [node], {node.name}
    while pending:
        current = pending.pop()
        if current.op_type in _GUARDED:
            continue
        for output in current.output:
            for user in users.get(output, ()):
                if user.op_type in _AFTER_AN_EPSILON and user.name not in seen:
                    seen.add(user.name)
                    kept.keep(user, f"{said}, which guards it")
                    pending.append(user)


def users_of(model: ModelProto) -> dict[str, list[NodeProto]]:
    """Return the nodes, in all graphs, that take a tensor, by its name."""
    users: dict[str, list[NodeProto]] = {}
    for node in all_nodes(model):
        for name in set(node.input):
            users.setdefault(name, []).append(node)
    return users


def float_constants(model: ModelProto) -> Iterator[tuple[str, TensorProto, NodeProto | None]]:
    """Yield every fp32 initializer and node attribute: the tensor's name, its values, and the node that makes it."""
    for graph in all_graphs(model):
        for tensor in graph.initializer:
            if tensor.data_type == TensorProto.FLOAT:
                yield tensor.name, tensor, None
        for node in graph.node:
            for given in node.attribute:
                if given.HasField("t") and given.t.data_type == TensorProto.FLOAT and node.output:
                    yield node.output[0], given.t, node


def problems(tensor: TensorProto, weights: StoredWeights) -> tuple[str, str, str]:
    """Return what of a constant is too large for fp16, what is lost of a tiny one, and what becomes zero in a small one.

    Large ones are read piece by piece. Raises OperationFailed.
    """
    largest = weights.largest(tensor)
    small = np.prod(tensor.dims, dtype=np.int64) <= SMALL_CONSTANT
    values = weights.array(tensor) if small or largest < SMALLEST_NORMAL else None
    too_large = f"holds {largest:.3g}, fp16 ends at {LARGEST:,.0f}" if largest > LARGEST else ""
    too_small = underflow(values) if values is not None and largest < SMALLEST_NORMAL else ""
    return too_large, too_small, vanishes(values) if values is not None and small else ""


def underflow(values: NDArray[Any]) -> str:
    """Return what fp16 loses of a constant that is tiny as a whole, such as an epsilon: a hundredth of it or more."""
    sizes = np.abs(values[np.isfinite(values)]).astype(np.float64)
    if not sizes.any() or sizes.max() >= SMALLEST_NORMAL:
        return ""
    lost = np.linalg.norm(sizes - sizes.astype(np.float16)) / np.linalg.norm(sizes)
    if lost < TOLERATED_LOSS:
        return ""
    return f"holds nothing above {sizes.max():.3g}, of which fp16 loses {min(1.0, lost):.0%}"


def vanishes(values: NDArray[Any]) -> str:
    """Return what becomes zero in a small constant, which matters where something is divided by it."""
    sizes = np.abs(values[np.isfinite(values) & (values != 0)])
    with np.errstate(over="ignore", under="ignore"):
        gone = (sizes.astype(np.float16) == 0).any()
    if gone:
        return f"holds {sizes.min():.3g}, which is 0 in fp16"
    return ""
