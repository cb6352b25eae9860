"""Graphs as records: a RawGraph with its names resolved, its constants made weights, its variables named."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from inspector.errors import UnreadableArtifact
from inspector.formats.onnx.wire import DAMAGED_HINT
from inspector.formats.saved_model.constants import Constant
from inspector.formats.saved_model.dtypes import RESOURCE
from inspector.formats.saved_model.meta_graph import RawGraph
from inspector.formats.saved_model.nodes import RawNode
from inspector.formats.saved_model.operators import MOST_OUTPUTS
from inspector.formats.saved_model.references import Tensors, tensor_name
from inspector.formats.saved_model.variables import Variable
from inspector.records.dtype import BITS, UNDEFINED
from inspector.records.graph import Attribute, Call, Graph, Node, NodeRef
from inspector.records.saved_model import TENSORFLOW, MissingCall
from inspector.records.tensor import Carrier, Shape, TensorSpec, Weight

MOST_WEIGHTS: Final = 1_000_000
MOST_TENSORS: Final = 8_000_000
_CONSTANT_OPERATOR: Final = "Const"
_READS: Final = frozenset({"ReadVariableOp"})


@dataclass(slots=True)
class Gathered:
    """What all graphs of one artifact give together."""

    label: str
    weights: list[Weight] = field(default_factory=list)
    small_values: dict[tuple[str, str], tuple[int | float, ...]] = field(default_factory=dict)
    small_texts: dict[tuple[str, str], tuple[str, ...]] = field(default_factory=dict)
    unfit: list[Weight] = field(default_factory=list)
    """Constants that hold more or fewer bytes than their shape asks for."""
    missing_calls: list[MissingCall] = field(default_factory=list)
    tensors: int = 0

    def take(self, weight: Weight, constant: Constant) -> None:
        """Add a constant with its small values."""
        if len(self.weights) >= MOST_WEIGHTS:
            raise UnreadableArtifact(f"{self.label}: holds more than {MOST_WEIGHTS:,} constants", DAMAGED_HINT)
        self.weights.append(weight)
        storage = weight.storage
        is_whole = BITS.get(weight.dtype, 1) % 8 == 0 and storage.encoding == "raw" and not storage.repeats
        if is_whole and storage.length != weight.byte_count:
            self.unfit.append(weight)
        if constant.values is not None:
            self.small_values[weight.graph, weight.name] = constant.values
        if constant.texts is not None:
            self.small_texts[weight.graph, weight.name] = constant.texts

    def move(self, path: str, captured: Iterable[Variable]) -> None:
        """Let constants that lie in the graph of that path and that the main graph is bound to be the main graph's."""
        homes = {one.name: handle.tensor for one in captured for handle in one.handles if not handle.graph}
        for index, weight in enumerate(self.weights):
            if weight.graph == path and weight.name in homes and weight.carrier == "constant":
                name = homes[weight.name]
                self.weights[index] = replace(weight, name=name, graph="", node=-1)
                if (path, weight.name) in self.small_values:
                    self.small_values["", name] = self.small_values[path, weight.name]
                if (path, weight.name) in self.small_texts:
                    self.small_texts["", name] = self.small_texts[path, weight.name]

    def count(self, tensors: int) -> None:
        """Count tensors; raises UnreadableArtifact beyond what any real artifact has."""
        self.tensors += tensors
        if self.tensors > MOST_TENSORS:
            raise UnreadableArtifact(f"{self.label}: its nodes give more than {MOST_TENSORS:,} tensors", DAMAGED_HINT)


@dataclass(frozen=True, slots=True)
class VariableSpec:
    """A variable as graphs know it: the name it goes by, and the tensor that reading it gives."""

    name: str
    dtype: str
    shape: Shape | None


class GraphMaker:
    """Makes the records of one graph."""

    def __init__(self, raw: RawGraph, path: str, tensors: Tensors, gathered: Gathered, path_of: Mapping[str, str]) -> None:
        self._raw = raw
        self._path = path
        self._tensors = tensors
        self._gathered = gathered
        self._path_of = path_of
        self._values: dict[str, TensorSpec] = {}
        self._renamed: dict[str, str] = {}
        self._variables: dict[str, VariableSpec] = {}
        """By name of the tensor that is the resource, after renaming."""

    def rename(self, handles: Mapping[str, VariableSpec]) -> dict[str, str]:
        """Let resource tensors go by the names of their variables; return the name each of them got."""
        free = self._tensors
        wanted = Counter(spec.name for spec in handles.values())
        for tensor, spec in handles.items():
            is_free = spec.name == tensor or (spec.name not in free.arguments and spec.name not in free.nodes)
            name = spec.name if is_free and wanted[spec.name] == 1 else tensor
            if name != tensor:
                self._renamed[tensor] = name
            self._variables[name] = spec
        return {tensor: self._renamed.get(tensor, tensor) for tensor in handles}

    def make(self, nodes: Sequence[RawNode], inputs: Iterable[TensorSpec] = (), outputs: Iterable[TensorSpec] = ()) -> Graph:
        """Return the graph of these nodes, numbered in their order; a function's inputs and outputs are its own."""
        made = tuple([self._node(node, index) for index, node in enumerate(nodes)])
        raw = self._raw
        fed = tuple(self._arguments()) if raw.is_function else tuple(inputs)
        given = tuple(self._results()) if raw.is_function else tuple(outputs)
        for spec in fed:
            self._values[spec.name] = spec
        for spec in given:
            if spec.shape is not None or spec.name not in self._values:
                self._values[spec.name] = spec
        return Graph(
            self._path,
            raw.name,
            fed,
            given,
            made,
            self._values,
            frozenset(self._variables),
            control_outputs=raw.control_outputs,
        )

    def _arguments(self) -> list[TensorSpec]:
        """Return what a function is fed: the last arguments are left out as far as they are known variables or constants."""
        specs = [self._argument(number) for number in range(len(self._raw.arguments))]
        while specs and specs[-1].name in self._variables:
            last = specs.pop()
            self._values[last.name] = last
        return specs

    def _argument(self, number: int) -> TensorSpec:
        argument = self._raw.arguments[number]
        name = self._renamed.get(argument.name, argument.name)
        variable = self._variables.get(name)
        if variable is not None:
            return TensorSpec(name, variable.dtype, variable.shape)
        shape = self._raw.argument_shapes.get(number)
        return TensorSpec(name, argument.dtype, None if argument.dtype == RESOURCE else shape)

    def _results(self) -> Iterable[TensorSpec]:
        for result in self._raw.results:
            reference = self._raw.returned.get(result.name, result.name)
            name = self._tensors.resolve(reference)
            name = self._renamed.get(name, name)
            known = self._values.get(name)
            yield TensorSpec(name, result.dtype, known.shape if known is not None else None)

    def _node(self, raw: RawNode, index: int) -> Node:
        resolve, renamed = self._tensors.resolve, self._renamed
        inputs = tuple([resolve(one) for one in raw.inputs])
        if renamed:
            inputs = tuple([renamed.get(one, one) for one in inputs])
        outputs = self._outputs(raw, inputs)
        attributes = tuple(raw.attributes)
        if raw.constants:
            attributes = self._take_constants(raw, index, outputs[0] if outputs else raw.name)
        calls = tuple([Call(name, self._path_of[one]) for name, one in raw.functions if one in self._path_of])
        if len(calls) < len(raw.functions):
            self._note_missing(raw, index)
        if raw.operator in self._path_of:
            calls = (Call("", self._path_of[raw.operator]), *calls)
        return Node(
            index,
            raw.name,
            raw.operator,
            TENSORFLOW,
            inputs,
            outputs,
            attributes,
            calls=calls,
            control_inputs=raw.control_inputs,
        )

    def _note_missing(self, raw: RawNode, index: int) -> None:
        missing = dict.fromkeys(name for _, name in raw.functions if name and name not in self._path_of)
        self._gathered.missing_calls.extend(MissingCall(NodeRef(self._path, index), name) for name in missing)

    def _outputs(self, raw: RawNode, inputs: tuple[str, ...]) -> tuple[str, ...]:
        """Return the names of the tensors a node gives, described on the way."""
        count = min(self._tensors.output_count(raw), MOST_OUTPUTS)
        self._gathered.count(count)
        dtypes = self._tensors.outputs(raw).dtypes
        shapes = raw.output_shapes or ()
        names = []
        for place in range(count):
            name = tensor_name(raw.name, place)
            name = self._renamed.get(name, name)
            dtype = dtypes[place] if place < len(dtypes) else UNDEFINED
            shape = shapes[place] if place < len(shapes) else raw.shapes.get("shape")
            self._values[name] = self._described(name, dtype, shape, raw, inputs)
            names.append(name)
        return tuple(names)

    def _described(self, name: str, dtype: str, shape: Shape | None, raw: RawNode, inputs: tuple[str, ...]) -> TensorSpec:
        held = self._variables.get(name)
        if held is not None:
            return TensorSpec(name, held.dtype, held.shape)
        if raw.operator in _READS and inputs and (read := self._variables.get(inputs[0])) is not None:
            return TensorSpec(name, read.dtype, read.shape)
        return TensorSpec(name, dtype, None if dtype == RESOURCE else shape)

    def _take_constants(self, raw: RawNode, index: int, output: str) -> tuple[Attribute, ...]:
        """Gather the tensors among a node's attributes and return the attributes, with the names of those weights."""
        names: dict[str, list[str]] = {}
        for key, constant in raw.constants:
            is_value = raw.operator == _CONSTANT_OPERATOR and key == "value"
            carrier: Carrier = "constant" if is_value else "attribute"
            name = output if is_value else f"{raw.name}.{key}"
            weight = Weight(
                name, constant.dtype, constant.shape, constant.storage, carrier, self._path, index, constant.stored_bytes
            )
            self._gathered.take(weight, constant)
            if is_value:
                self._values[name] = TensorSpec(name, constant.dtype, constant.shape)
            names.setdefault(key.partition(":")[0], []).append(name)
        return tuple([_with_names(one, names.get(one.name)) for one in raw.attributes])


def _with_names(attribute: Attribute, names: list[str] | None) -> Attribute:
    if names is None:
        return attribute
    return attribute._replace(value=tuple(names) if attribute.kind == "tensors" else names[0])
