"""A copy of a SavedModel that the converter can read: with variables as constants. In children only."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from inspector.errors import OperationFailed
from inspector.isolation.plain_line import plain_line


def frozen(tf: Any, source: str, tags: Sequence[str], signatures: Sequence[str], target: str) -> str:
    """Save every signature anew, its variables constants, its names and open dimensions as they were; return the folder.

    Raises OperationFailed where one holds a resource that is no variable, such as a table; otherwise what TensorFlow raises.
    """
    loaded = tf.saved_model.load(source, tags=list(tags) or None)
    module = tf.Module()
    made = {name: _frozen_signature(tf, name, loaded.signatures[name]) for name in signatures}
    tf.saved_model.save(module, target, signatures=made)
    return target


def _frozen_signature(tf: Any, name: str, function: Any) -> Any:
    """Return a signature as a function of the same inputs and outputs without variables."""
    from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

    specs = function.structured_input_signature[1]
    names = sorted(specs)
    placed = {one: tf.TensorSpec(specs[one].shape, specs[one].dtype, f"input_{place}") for place, one in enumerate(names)}

    def call_numbered(**feed: Any) -> Any:
        return function(**feed)

    numbered = tf.function(call_numbered).get_concrete_function(**placed)
    constant = convert_variables_to_constants_v2(numbered, lower_control_flow=False, aggressive_inlining=True)
    order = [_place(name, tensor) for tensor in constant.inputs]
    outputs = sorted(numbered.structured_outputs)

    def call(**feed: Any) -> dict[str, Any]:
        results = constant(*[feed[names[place]] for place in order])
        return dict(zip(outputs, results if isinstance(results, (list, tuple)) else [results], strict=True))

    named = {one: tf.TensorSpec(specs[one].shape, specs[one].dtype, one) for one in names}
    return tf.function(call).get_concrete_function(**named)


def _place(signature: str, tensor: Any) -> int:
    """Return which input a placeholder stands for. Raises OperationFailed for a resource that is none."""
    operation = tensor.name.partition(":")[0]
    number = operation.removeprefix("input_")
    if operation == number or not number.isdigit():
        raise OperationFailed(
            f'signature "{plain_line(signature, 60)}" holds a resource that no constant replaces: {plain_line(operation, 80)}'
        )
    return int(number)
