"""Inputs and outputs that converters get wrong, set aside while they work: outputs that are inputs or constants, inputs with a
stored default."""

from __future__ import annotations

from dataclasses import dataclass

from onnx import ModelProto, TensorProto, ValueInfoProto

from inspector.optimize.half.weight_files_child import INLINE_BYTES, byte_count


@dataclass(frozen=True, slots=True)
class Interface:
    """The inputs and outputs of a model as they were, and those that were set aside."""

    inputs: tuple[ValueInfoProto, ...]
    outputs: tuple[ValueInfoProto, ...]
    defaults: frozenset[str]
    """Inputs with a stored default."""
    pinned: frozenset[str]
    """Initializers whose element type somebody outside sees: outputs, and small defaults of inputs."""


def set_aside(model: ModelProto) -> Interface:
    """Remove from the graph what converters get wrong, and return what it takes to put it back."""
    graph = model.graph
    tensors = {tensor.name: tensor for tensor in graph.initializer}
    inputs = {value.name for value in graph.input}
    defaults = frozenset(inputs & tensors.keys())
    direct = {value.name for value in graph.output if value.name in inputs or value.name in tensors}
    small = {name for name in defaults if byte_count(tensors[name]) <= INLINE_BYTES and model.ir_version >= 4}
    aside = Interface(
        tuple(_copy(value) for value in graph.input),
        tuple(_copy(value) for value in graph.output),
        defaults,
        frozenset(small | (direct & tensors.keys())),
    )
    _keep_only(graph.input, [value for value in graph.input if value.name not in defaults])
    _keep_only(graph.output, [value for value in graph.output if value.name not in direct])
    return aside


def put_back(model: ModelProto, aside: Interface) -> None:
    """Put inputs and outputs back as they were, in their order."""
    _keep_only(model.graph.input, aside.inputs)
    _keep_only(model.graph.output, aside.outputs)
    declare_stored_inputs(model)


def declare_stored_inputs(model: ModelProto) -> None:
    """Give inputs with a stored value the element type that it has."""
    graph = model.graph
    kinds = {tensor.name: tensor.data_type for tensor in graph.initializer}
    for value in graph.input:
        if value.name in kinds:
            value.type.tensor_type.elem_type = kinds[value.name]


def pin(model: ModelProto, aside: Interface, originals: ModelProto) -> None:
    """Give pinned initializers the element type they had, and put back those that a converter dropped."""
    there = {tensor.name: tensor for tensor in model.graph.initializer}
    for tensor in originals.graph.initializer:
        if tensor.name in aside.pinned:
            if tensor.name not in there:
                there[tensor.name] = model.graph.initializer.add()
            there[tensor.name].CopyFrom(_copy_of(tensor))


def _copy_of(tensor: TensorProto) -> TensorProto:
    return TensorProto.FromString(tensor.SerializeToString())


def _copy(value: ValueInfoProto) -> ValueInfoProto:
    return ValueInfoProto.FromString(value.SerializeToString())


def _keep_only(values: list[ValueInfoProto], wanted: tuple[ValueInfoProto, ...] | list[ValueInfoProto]) -> None:
    copies = [_copy(value) for value in wanted]
    del values[:]
    values.extend(copies)
