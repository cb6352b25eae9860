"""From a function of TensorFlow to an ONNX model: frozen, rewritten and converted as one rung of the ladder says."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

from inspector.errors import OperationFailed
from inspector.isolation.plain_line import plain_line
from inspector.optimize.freezing.entry_child import Entry
from inspector.optimize.onnx_conversion.complaints_child import Complaints, listening
from inspector.optimize.onnx_conversion.rungs import Rung
from inspector.runtimes.tensorflow.messages import is_want_of_memory, refusal_text


class NoOperator(OperationFailed):
    """The graph has an operator that ONNX has nothing for, whichever way it is converted."""


def convert_graph(owner: Any, entry: Entry, rung: Rung, externally: bool) -> tuple[Any, dict[str, bytes]]:
    """Return a ModelProto of the function, and the bytes of weights that are not in it, by location.

    owner is the loaded SavedModel, which its lookup tables are found in. Raises NoOperator, OperationFailed, MemoryError.
    """
    with listening() as complaints:
        try:
            model, stored = _converted(owner, entry, rung, externally)
        except Exception as error:  # tf2onnx raises what happens to be raised
            if is_want_of_memory(error):
                raise MemoryError(refusal_text(error)) from None
            raise _refused(complaints, plain_line(refusal_text(error), 240)) from None
    if complaints.unsupported or complaints.failures:
        raise _refused(complaints, "")
    return model, stored


def _refused(complaints: Complaints, said: str) -> OperationFailed:
    if complaints.unsupported:
        return NoOperator(complaints.sentence())
    return OperationFailed(f"tf2onnx cannot convert it: {complaints.sentence() or said}")


def _converted(owner: Any, entry: Entry, rung: Rung, externally: bool) -> tuple[Any, dict[str, bytes]]:
    import tensorflow as tf
    from tf2onnx import convert, tf_loader

    inputs, outputs = list(entry.input_tensors), list(entry.output_tensors)
    with tf.device("/cpu:0"), _grappler(tf_loader, rung.grappler), _numpy_as_tf2onnx_knows_it():
        frozen, tables = tf_loader.from_trackable(owner, entry.function, inputs, outputs, externally)
        model, storage = convert._convert_common(
            frozen,
            opset=rung.opset,
            input_names=inputs,
            output_names=outputs,
            initialized_tables=tables,
            continue_on_error=False,
            large_model=externally,
            optimizers=None if rung.optimized else {},
        )
    return model, dict(storage.name_to_tensor_data) if storage is not None else {}


@contextlib.contextmanager
def _grappler(tf_loader: Any, wanted: bool) -> Iterator[None]:
    """Have the frozen graph rewritten by Grappler or not: tf2onnx itself leaves no choice."""
    original: Callable[..., Any] = tf_loader.tf_optimize

    def untouched(*arguments: object) -> object:
        return arguments[-1]

    tf_loader.tf_optimize = original if wanted else untouched
    try:
        yield
    finally:
        tf_loader.tf_optimize = original


@contextlib.contextmanager
def _numpy_as_tf2onnx_knows_it() -> Iterator[None]:
    """Give numpy the function product() back while tf2onnx 1.17 runs, which counts the elements of large weights with it."""
    import numpy as np

    lacks = not hasattr(np, "product")
    if lacks:
        np.product = np.prod  # type: ignore[attr-defined]
    try:
        yield
    finally:
        if lacks:
            del np.product  # type: ignore[attr-defined]
