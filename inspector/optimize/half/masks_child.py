"""Attention masks: the lowest fp32 number, added to logits, stands for minus infinity, and a large negative one does, too.

Only where nothing but a Softmax ever sees the value: there exp() makes 0 of either.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
from onnx import ModelProto, NodeProto, numpy_helper

from inspector.optimize.half.constant_scan_child import float_constants, users_of
from inspector.optimize.half.graph_walk_child import all_graphs
from inspector.optimize.half.half_range import LARGEST
from inspector.optimize.half.weight_files_child import StoredWeights

MASK: Final = -30_000.0
"""Two of them and the logits fit fp16 without becoming infinite, which a wholly masked row would make NaN of."""

_MOVES: Final = (
    "Where", "Mul", "Unsqueeze", "Squeeze", "Reshape", "Expand", "Slice", "Transpose", "Concat", "Identity", "Gather", "Tile",
    "Flatten", "Split", "ConstantOfShape", "Constant",
)  # fmt: skip
"""Operators that hand a mask on as it is (or times 0 or 1)."""

_JOINS: Final = ("Add",)


def soften_masks(model: ModelProto, weights: StoredWeights) -> int:
    """Replace constants below -65,504 that only reach Softmax, through an Add or a Where, by MASK; return how many."""
    users = users_of(model)
    outputs = {value.name for graph in all_graphs(model) for value in graph.output}
    count = 0
    for name, tensor, _ in list(float_constants(model)):
        if weights.largest(tensor) <= LARGEST:
            continue
        values = weights.array(tensor)
        beyond = np.isfinite(values) & (np.abs(values) > LARGEST)
        if not beyond.any() or (values[beyond] > 0).any() or not _only_reaches_softmax(name, users, outputs):
            continue
        softened = np.where(beyond, np.float32(MASK), values).astype(np.float32)
        kept_name = tensor.name
        tensor.CopyFrom(numpy_helper.from_array(softened, kept_name))
        count += 1
    return count


def _only_reaches_softmax(name: str, users: Mapping[str, list[NodeProto]], outputs: set[str]) -> bool:
    """Return whether every way from the tensor ends in a Softmax that sees it added to something or chosen by a Where."""
    pending, seen, ends = [(name, False)], set(), 0
    while pending:
        current, joined = pending.pop()
        if (current, joined) in seen:
            continue
        seen.add((current, joined))
        if current in outputs or not users.get(current):
            return False
        for user in users[current]:
            if user.op_type == "Softmax" and joined:
                ends += 1
            elif user.op_type in _JOINS or user.op_type == "Where":
                pending.append((user.output[0], True))
            elif user.op_type in _MOVES:
                pending += [(output, joined) for output in user.output if output]
            else:
                return False
    return ends > 0
