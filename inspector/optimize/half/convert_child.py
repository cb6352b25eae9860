"""One converter's attempt and the repairs after it, as a child process runs it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
from onnx import ModelProto, numpy_helper

from inspector.errors import OperationFailed
from inspector.optimize.half.constant_scan_child import problems
from inspector.optimize.half.converters_child import CONVERTERS, tool_version
from inspector.optimize.half.element_types_child import FLOAT, FLOAT16
from inspector.optimize.half.graph_walk_child import all_nodes, sort_nodes
from inspector.optimize.half.half_model_child import HalfModel
from inspector.optimize.half.interface_child import Interface, declare_stored_inputs, pin, put_back, set_aside
from inspector.optimize.half.messages import PREPARED, Converted, ConvertRequest
from inspector.optimize.half.names_child import name_nodes
from inspector.optimize.half.reconcile_child import reconcile
from inspector.optimize.half.stubs_child import fill_weights, stub_weights
from inspector.optimize.half.tidy_child import (
    bypass_empty_casts,
    count_nodes,
    describe,
    drop_unused,
    keep_outputs,
    name_copies,
    remove_blind_casts,
)
from inspector.optimize.half.weight_files_child import StoredWeights
from inspector.optimize.half.weights_only_child import store_weights_in_half

Report = Callable[[int, int, str], None]


def convert_in_child(request: ConvertRequest, report: Report) -> Converted:
    """Convert the prepared model, repair what came out and write it. Raises OperationFailed, or what the converter raised."""
    folder = Path(request.folder)
    original = _prepared(folder)
    stubbed = _prepared(folder)
    aside = set_aside(stubbed)
    stub_weights(stubbed)
    report(1, 3, f"converting with {request.converter}")
    if request.converter == "weights only":
        half, repairs = _weights_only(original, stubbed, aside, folder)
    else:
        converted = CONVERTERS[request.converter](stubbed, request.keep)
        report(2, 3, "repairing")
        half, repairs = _repair(original, converted, aside, request)
    declare_stored_inputs(half.model)
    size = _write(half, folder, Path(request.output), request.beside)
    return Converted(tuple(repairs), *count_nodes(half), tool_version(request.converter), size)


def _prepared(folder: Path) -> ModelProto:
    return onnx.load(str(folder / PREPARED), load_external_data=False)


def _repair(
    original: ModelProto, converted: ModelProto, aside: Interface, request: ConvertRequest
) -> tuple[HalfModel, list[str]]:
    """Put right what converters get wrong; return the model and what was done, in words."""
    repairs = []
    if count := name_nodes(converted):
        repairs.append(f"{count} added nodes got names of their own")
    pin(converted, aside, original)
    if count := remove_blind_casts(original, converted):
        repairs.append(f"{count} Casts lay in a graph that does not see what they cast")
    if sort_nodes(converted.graph):
        repairs.append("nodes were sorted, subgraphs' captures included")
    put_back(converted, aside)
    half = HalfModel.of(original, converted, frozenset(request.keep), frozenset(request.half_io))
    if count := _restore_attributes(half):
        repairs.append(f"{count} constants in attributes got back their values")
    reconcile(half)
    keep_outputs(half)
    if half.added:
        repairs.append(f"{half.added} Casts were missing")
    bypass_empty_casts(half)
    if count := drop_unused(half):
        repairs.append(f"{count} Casts were superfluous")
    name_copies(half)
    describe(half)
    sort_nodes(converted.graph)
    return half, repairs


def _restore_attributes(half: HalfModel) -> int:
    """Give fp16 tensors in attributes the fp32 values rounded, where a converter clamped them; return how many."""
    count = 0
    for node in all_nodes(half.model):
        before = half.original(node)
        for one in node.attribute if before is not None else ():
            was = next((other for other in before.attribute if other.name == one.name), None) if before is not None else None
            if was is None or not (one.HasField("t") and was.t.data_type == FLOAT and one.t.data_type == FLOAT16):
                continue
            with np.errstate(over="ignore", under="ignore"):
                right = numpy_helper.to_array(was.t).astype(np.float16)
            if not np.array_equal(right, numpy_helper.to_array(one.t), equal_nan=True):
                one.t.CopyFrom(numpy_helper.from_array(right, one.t.name))
                count += 1
    return count


def _weights_only(original: ModelProto, stubbed: ModelProto, aside: Interface, folder: Path) -> tuple[HalfModel, list[str]]:
    """Store large weights in fp16 and compute in fp32."""
    put_back(stubbed, aside)
    half = HalfModel.of(original, stubbed, frozenset(), frozenset())
    half.types.update(half.kinds)
    weights = StoredWeights(folder / PREPARED)
    unfit = {
        name for name, tensor in half.constants.items() if tensor.data_type == FLOAT and any(problems(tensor, weights)[:2])
    }
    count = store_weights_in_half(half, unfit | aside.pinned)
    if not count:
        raise OperationFailed("no weight is large enough to be worth a Cast, or fp16 can hold none of them")
    describe(half)
    return half, []


def _write(half: HalfModel, folder: Path, output: Path, beside: bool) -> int:
    """Write the model with its weights; return its bytes. Raises OperationFailed where the folder cannot take it."""
    try:
        fill_weights(half, folder, output, beside)
        output.write_bytes(half.model.SerializeToString())
        outside = output.with_name(output.name + ".data")
        return output.stat().st_size + (outside.stat().st_size if outside.exists() else 0)
    except OSError as error:
        raise OperationFailed(f"the work folder cannot hold the model: {error.strerror}", "free some space") from error
