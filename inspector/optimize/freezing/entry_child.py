"""A signature as a function whose inputs and outputs are tensors of its own, in the signature's order."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Final

from inspector.errors import OperationFailed
from inspector.isolation.plain_line import plain_line

_WRITES: Final = re.compile(
    r"Assign(Add|Sub)?(VariableOp)?|Resource(Sparse)?Apply\w+|Resource(Scatter|StridedSliceAssign)\w*|Scatter(Add|Sub|Update)|"
    r"LookupTable(Insert|Import|Remove)\w*"
)
"""Operators that change what a later request sees: variables and tables."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A concrete function of one signature: raw names with TensorFlow's specs, and the names of the tensors in its graph."""

    function: Any
    inputs: tuple[tuple[str, Any], ...]
    outputs: tuple[tuple[str, Any], ...]
    input_tensors: tuple[str, ...]
    output_tensors: tuple[str, ...]


def entry_of(signature: Any) -> Entry:
    """Return a loaded signature behind placeholders and identities of its own: an output may be an input, or two be one.

    Raises OperationFailed where an input or output is no dense tensor, or the signature changes what a later request gets.
    """
    import tensorflow as tf

    specs = signature.structured_input_signature[1]
    results = signature.structured_outputs
    names, outputs = sorted(specs), sorted(results)
    for what, found in (("input", specs), ("output", results)):
        _refuse_sparse(tf, what, found)
    taken = [tf.TensorSpec(specs[name].shape, specs[name].dtype, f"signature_input_{at}") for at, name in enumerate(names)]

    def call(*values: Any) -> list[Any]:
        given = signature(**dict(zip(names, values, strict=True)))
        return [tf.identity(given[name], f"signature_output_{at}") for at, name in enumerate(outputs)]

    function = tf.function(call, input_signature=taken, autograph=False).get_concrete_function()
    _refuse_state(function.graph)
    return Entry(
        function,
        tuple((name, specs[name]) for name in names),
        tuple((name, tensor) for name, tensor in zip(outputs, function.outputs, strict=True)),
        tuple(tensor.name for tensor in function.inputs[: len(names)]),
        tuple(tensor.name for tensor in function.outputs),
    )


def _refuse_sparse(tf: Any, what: str, found: Any) -> None:
    for name, spec in found.items():
        kind, shown = type(spec).__name__, plain_line(name, 60)
        if kind not in ("TensorSpec", "BoundedTensorSpec") and not tf.is_tensor(spec):
            raise OperationFailed(f'{what} "{shown}" is a {kind.removesuffix("Spec")}: only dense ones are converted')


def _refuse_state(graph: Any) -> None:
    """Raise OperationFailed where a request changes what the next one gives: a constant would stay what it is."""
    definition = graph.as_graph_def()
    nodes = (definition.node, *(function.node_def for function in definition.library.function))
    for node in (node for part in nodes for node in part):
        if _WRITES.fullmatch(node.op):
            raise OperationFailed(
                f"{node.op} (node {plain_line(node.name, 80)}) writes to a variable or table, and a graph of constants has none"
            )
