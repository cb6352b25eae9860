"""What a SavedModel's signature does with an input: which tables it indexes, and what it is compared with."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterator, Mapping
from typing import Final

from inspector.records.artifact import Computation
from inspector.records.graph import Graph, Node
from inspector.records.saved_model import SignatureFacts
from inspector.records.tensor import Dim, Shape
from inspector.verify.inputs_uses import MOST_STEPS, Uses

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

Step = tuple[str, str]
"""A tensor by the path of its graph and its name there."""


class SignatureUses:
    """Follows the inputs of signatures through the graphs and functions of a SavedModel."""

    def __init__(self, computation: Computation) -> None:
        self._values = computation.small_values
        self._graphs = {graph.path: graph for graph in computation.roots()}
        self._consumers: dict[str, dict[str, list[tuple[Node, int]]]] = {}
        self._variables = _variable_shapes(computation)

    def uses(self, signature: SignatureFacts, name: str) -> Uses:
        """Return what is done with the values of an input, as far as they are passed on unchanged."""
        found = Uses()
        waiting = deque(self._starts(signature, name))
        seen = set(waiting)
        for _ in range(MOST_STEPS):
            if not waiting:
                break
            path, tensor = waiting.popleft()
            for node, slot in self._consumers_of(path).get(tensor, ()):
                self._note(found, path, node, slot)
                for step in self._onward(path, node, slot):
                    if step not in seen:
                        seen.add(step)
                        waiting.append(step)
        return found

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

    def _onward(self, path: str, node: Node, slot: int) -> Iterator[Step]:
        """Yield where the values go from a node."""
        argument = slot - _FIRST_ARGUMENT.get(node.operator, 0)
        for call in node.calls:
            body = self._graphs.get(call.graph)
            if body is not None and 0 <= argument < len(body.inputs):
                yield body.path, body.inputs[argument].name
        if node.operator == "IdentityN":
            yield from ((path, output) for output in node.outputs[slot : slot + 1])
        carried = _CARRIES.get(node.operator, ())
        if carried is None or slot in carried:
            yield from ((path, output) for output in node.outputs if output)

    def _note(self, found: Uses, path: str, node: Node, slot: int) -> None:
        found.operators.add(node.operator)
        if slot == 1 and node.operator in ("ResourceGather", "ResourceGatherNd", "Gather"):
            found.rows.append(self._length(path, node.inputs[0], 0))
        elif slot == 1 and node.operator == "GatherV2":
            axis = self._constants(path, node.inputs[2]) if len(node.inputs) > 2 else ()
            found.rows.append(self._length(path, node.inputs[0], int(axis[0]) if axis else 0))
        elif slot == 0 and node.operator == "OneHot":
            depth = self._constants(path, node.inputs[1]) if len(node.inputs) > 1 else ()
            found.rows.append(int(depth[0]) if depth else None)
        elif node.operator in _COMPARE:
            others = (self._constants(path, name) for at, name in enumerate(node.inputs) if at != slot)
            found.compared.update(value for values in others for value in values)

    def _constants(self, path: str, name: str) -> tuple[int | float, ...]:
        return self._values.get((path, name), ())

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

    def _consumers_of(self, path: str) -> dict[str, list[tuple[Node, int]]]:
        """Return what takes each tensor of a graph, indexed when it is first asked for."""
        if path not in self._consumers:
            self._consumers[path] = _indexed(self._graphs[path])
        return self._consumers[path]


def _indexed(graph: Graph) -> dict[str, list[tuple[Node, int]]]:
    found: dict[str, list[tuple[Node, int]]] = defaultdict(list)
    for node in graph.nodes:
        for slot, name in enumerate(node.inputs):
            if name:
                found[name].append((node, slot))
    return found


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
