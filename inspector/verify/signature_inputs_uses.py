"""What a SavedModel's signature does with an input: which tables it indexes, and what it is compared with."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from inspector.records.artifact import Computation
from inspector.records.graph import Node
from inspector.records.saved_model import SignatureFacts
from inspector.records.tensor import Dim, Shape
from inspector.verify.inputs_uses import Uses
from inspector.verify.values_walk import Step, ValuesWalk

_ONE: Final = (0,)
_CARRIES: Final[Mapping[str, tuple[int, ...] | None]] = {
    **dict.fromkeys(("Identity", "Cast", "ExpandDims", "Squeeze", "Reshape", "Transpose", "Tile", "Slice"), _ONE),
    **dict.fromkeys(("StridedSlice", "Pad", "PadV2", "BroadcastTo", "EnsureShape", "StopGradient", "Unique"), _ONE),
    **dict.fromkeys(("PlaceholderWithDefault", "GatherV2", "GatherNd", "Split", "SplitV", "Unpack", "ReverseV2"), _ONE),
    **dict.fromkeys(("ConcatV2", "Pack", "Maximum", "Minimum"), None),
    "Select": (1, 2),
    "SelectV2": (1, 2),
}
"""Operators that pass values on unchanged, by the inputs they take them from (None: all)."""

_FIRST_ARGUMENT: Final[Mapping[str, int]] = {"If": 1, "StatelessIf": 1, "Case": 1, "StatelessCase": 1}
"""Input that is the first argument of the functions an operator calls, where it is not its first."""

_COMPARE: Final = frozenset({"Equal", "NotEqual", "Less", "Greater", "LessEqual", "GreaterEqual"})


class SignatureUses(ValuesWalk):
    """Follows the inputs of signatures through the graphs and functions of a SavedModel."""

    carries = _CARRIES
    first_argument = _FIRST_ARGUMENT

    def __init__(self, computation: Computation) -> None:
        super().__init__(computation)
        self._variables = _variable_shapes(computation)

    def uses(self, signature: SignatureFacts, name: str) -> Uses:
        """Return what is done with the values of an input, as far as they are passed on unchanged."""
        return self.follow(self._starts(signature, name))

    def _starts(self, signature: SignatureFacts, name: str) -> Iterator[Step]:
        """Yield the tensor that an input is in the graph that the signature runs."""
        graph = self._graphs.get(signature.graph) if signature.graph is not None else None
        if graph is None:
            return
        held = {one.name: one.tensor.removesuffix(":0") for one in signature.inputs}
        for spec in graph.inputs:
            if spec.name in (name, held.get(name)):
                yield graph.path, spec.name
        if not signature.function:
            yield graph.path, held.get(name, name)

    def onward(self, path: str, node: Node, slot: int) -> Iterator[Step]:
        """Yield where the values go from a node."""
        yield from super().onward(path, node, slot)
        if node.operator == "IdentityN":
            yield from ((path, output) for output in node.outputs[slot : slot + 1])

    def note(self, found: Uses, path: str, node: Node, slot: int) -> None:
        """Add what a node tells of the values that it takes at a slot."""
        if slot == 1 and node.operator in ("ResourceGather", "ResourceGatherNd", "Gather"):
            found.rows.append(self._length(path, node.inputs[0], 0))
        elif slot == 1 and node.operator == "GatherV2":
            axis = self.constants(path, node.inputs[2]) if len(node.inputs) > 2 else ()
            found.rows.append(self._length(path, node.inputs[0], int(axis[0]) if axis else 0))
        elif slot == 0 and node.operator == "OneHot":
            depth = self.constants(path, node.inputs[1]) if len(node.inputs) > 1 else ()
            found.rows.append(int(depth[0]) if depth else None)
        elif node.operator in _COMPARE:
            found.compared.update(self.constants_beside(path, node, slot))

    def _length(self, path: str, name: str, axis: int) -> Dim:
        """Return the length of an axis of a tensor, or of the variable that a tensor stands for or is read from."""
        shape = self._variables.get((path, name))
        graph = self._graphs[path]
        if shape is None:
            reader = next((node for node in graph.nodes if name in node.outputs), None)
            if reader is not None and reader.operator in ("ReadVariableOp", "Identity", "Cast") and reader.inputs:
                shape = self._variables.get((path, reader.inputs[0]))
        if shape is None and name in graph.values:
            shape = graph.values[name].shape
        return shape[axis] if shape and -len(shape) <= axis < len(shape) else None


def _variable_shapes(computation: Computation) -> dict[Step, Shape]:
    """Return the shape of the variable that each handle stands for."""
    facts = computation.saved_model
    variables = facts.variables if facts is not None else ()
    return {
        (handle.graph, handle.tensor): variable.shape
        for variable in variables
        if variable.shape is not None
        for handle in variable.handles
    }
