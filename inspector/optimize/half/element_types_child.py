"""Which element type every tensor has, from the operators' schemas: what tells where a Cast is missing."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, NamedTuple

import onnx
from onnx import GraphProto, ModelProto, NodeProto, TensorProto, defs

from inspector.optimize.half.graph_walk_child import subgraphs

FLOAT: Final = int(TensorProto.FLOAT)
FLOAT16: Final = int(TensorProto.FLOAT16)
DOUBLE: Final = int(TensorProto.DOUBLE)
NOT_A_TENSOR: Final = -1
"""Sequences, optionals, maps and sparse tensors."""

ElementType = int | None
"""TensorProto.DataType, NOT_A_TENSOR, or None where it is not known: then it is what it was in the original."""

_NUMBERS: Final = {
    f"tensor({name})": number
    for number, name in (
        (number, {"FLOAT": "float", "DOUBLE": "double"}.get(name, name.lower()))
        for name, number in TensorProto.DataType.items()
    )
}
_STANDARD: Final = ("", "ai.onnx")


class Parameter(NamedTuple):
    """One formal parameter: its type variable (or a type) and the element types it takes."""

    variable: str
    allowed: frozenset[int]


class Schemas:
    """The operators of a model's operator sets, as the installed onnx describes them."""

    def __init__(self, model: ModelProto) -> None:
        self.opsets = {"" if one.domain in _STANDARD else one.domain: one.version for one in model.opset_import}
        self._known: dict[tuple[str, str], Any] = {}

    @property
    def opset(self) -> int:
        """The version of the standard operator set, 1 where the model imports none."""
        return int(self.opsets.get("", 1))

    def of(self, node: NodeProto) -> Any:
        """Return the schema of the node's operator, None where onnx has none."""
        domain = "" if node.domain in _STANDARD else node.domain
        key = (domain, node.op_type)
        if key not in self._known:
            try:
                self._known[key] = defs.get_schema(node.op_type, self.opsets.get(domain, 1), domain)
            except (onnx.defs.SchemaError, ValueError):
                self._known[key] = None
        return self._known[key]

    def inputs(self, node: NodeProto) -> list[Parameter | None]:
        """Return the formal parameter of each input of the node."""
        schema = self.of(node)
        return _formal(schema.inputs if schema else (), len(node.input))

    def outputs(self, node: NodeProto) -> list[Parameter | None]:
        """Return the formal parameter of each output of the node."""
        schema = self.of(node)
        return _formal(schema.outputs if schema else (), len(node.output))


def _formal(parameters: Sequence[Any], count: int) -> list[Parameter | None]:
    """Return a parameter for each of count arguments; the last one repeats where it is variadic."""
    found: list[Parameter | None] = []
    for index in range(count):
        if index < len(parameters):
            formal = parameters[index]
        elif parameters and parameters[-1].option == defs.OpSchema.FormalParameterOption.Variadic:
            formal = parameters[-1]
        else:
            found.append(None)
            continue
        allowed = frozenset(_NUMBERS.get(name, NOT_A_TENSOR) for name in formal.types)
        found.append(Parameter(formal.type_str, allowed))
    return found


def attribute(node: NodeProto, name: str) -> Any:
    """Return the node's attribute of that name as a protobuf message, or None."""
    return next((one for one in node.attribute if one.name == name), None)


def output_types(node: NodeProto, inputs: Sequence[ElementType], schemas: Schemas) -> list[ElementType]:
    """Return the element types of the outputs of a node that holds no graph, from those of its inputs."""
    told = _BY_ATTRIBUTE.get(node.op_type) if node.domain in _STANDARD else None
    if told is not None:
        return [told(node, inputs)] * len(node.output)
    bound: dict[str, ElementType] = {}
    for parameter, given in zip(schemas.inputs(node), inputs, strict=False):
        if parameter is not None and given is not None:
            bound.setdefault(parameter.variable, given)
    return [_bound(parameter, bound) for parameter in schemas.outputs(node)]


def _bound(parameter: Parameter | None, bound: Mapping[str, ElementType]) -> ElementType:
    if parameter is None:
        return None
    if parameter.variable in bound:
        return bound[parameter.variable]
    return next(iter(parameter.allowed)) if len(parameter.allowed) == 1 else None


def _by_number(name: str, default: int | None) -> Callable[[NodeProto, Sequence[ElementType]], ElementType]:
    def told(node: NodeProto, inputs: Sequence[ElementType]) -> ElementType:
        given = attribute(node, name)
        if given is not None and given.i:
            return int(given.i)
        first: ElementType = inputs[0] if inputs else None
        return first if default is None else default

    return told


def _of_constant(node: NodeProto, _: Sequence[ElementType]) -> ElementType:
    for given in node.attribute:
        if given.name == "value":
            return int(given.t.data_type)
        if given.name in ("value_float", "value_floats"):
            return FLOAT
        if given.name in ("value_int", "value_ints"):
            return int(TensorProto.INT64)
        if given.name in ("value_string", "value_strings"):
            return int(TensorProto.STRING)
    return NOT_A_TENSOR


def _of_filled(node: NodeProto, _: Sequence[ElementType]) -> ElementType:
    given = attribute(node, "value")
    return FLOAT if given is None else int(given.t.data_type)


def _of_quantized(node: NodeProto, inputs: Sequence[ElementType]) -> ElementType:
    given = attribute(node, "output_dtype")
    if given is not None and given.i:
        return int(given.i)
    return inputs[2] if len(inputs) > 2 and node.input[2] else int(TensorProto.UINT8)


def _of_dequantized(node: NodeProto, inputs: Sequence[ElementType]) -> ElementType:
    given = attribute(node, "output_dtype")
    if given is not None and given.i:
        return int(given.i)
    return inputs[1] if len(inputs) > 1 else FLOAT


_BY_ATTRIBUTE: Final[Mapping[str, Callable[[NodeProto, Sequence[ElementType]], ElementType]]] = {
    "Cast": _by_number("to", None),
    "Constant": _of_constant,
    "ConstantOfShape": _of_filled,
    "EyeLike": _by_number("dtype", None),
    "Bernoulli": _by_number("dtype", None),
    "RandomNormal": _by_number("dtype", FLOAT),
    "RandomUniform": _by_number("dtype", FLOAT),
    "RandomNormalLike": _by_number("dtype", None),
    "RandomUniformLike": _by_number("dtype", None),
    "Multinomial": _by_number("dtype", TensorProto.INT32),
    "HannWindow": _by_number("output_datatype", FLOAT),
    "HammingWindow": _by_number("output_datatype", FLOAT),
    "BlackmanWindow": _by_number("output_datatype", FLOAT),
    "MelWeightMatrix": _by_number("output_datatype", FLOAT),
    "QuantizeLinear": _of_quantized,
    "DequantizeLinear": _of_dequantized,
}


def declared_type(value: onnx.ValueInfoProto) -> ElementType:
    """Return the element type that a graph declares for a value."""
    kind = value.type.WhichOneof("value")
    if kind is None:
        return None
    if kind != "tensor_type":
        return NOT_A_TENSOR
    number = int(value.type.tensor_type.elem_type)
    return number or None


def element_types(model: ModelProto) -> dict[str, ElementType]:
    """Return the element type of every tensor of every graph by name; names must be unique over all graphs, nodes in order."""
    known: dict[str, ElementType] = {}
    _walk(model.graph, known, Schemas(model))
    return known


def _walk(graph: GraphProto, known: dict[str, ElementType], schemas: Schemas) -> None:
    for value in graph.input:
        known.setdefault(value.name, declared_type(value))
    for tensor in graph.initializer:
        known[tensor.name] = int(tensor.data_type)
    for sparse in graph.sparse_initializer:
        known[sparse.values.name] = int(sparse.values.data_type)
    described = {value.name: declared_type(value) for value in (*graph.value_info, *graph.output)}
    for node in graph.node:
        told = _outputs_of(node, known, schemas)
        for index, name in enumerate(node.output):
            given = told[index] if index < len(told) else None
            if name:
                known[name] = described.get(name) if given is None else given


def _outputs_of(node: NodeProto, known: dict[str, ElementType], schemas: Schemas) -> list[ElementType]:
    given = [known.get(name) for name in node.input]
    bodies = list(subgraphs(node))
    if not bodies:
        return output_types(node, given, schemas)
    for body, inner in zip(bodies, bodies_inputs(node, given, len(bodies)), strict=True):
        for value, kind in zip(body.input, inner, strict=False):
            known[value.name] = declared_type(value) if kind is None else kind
        _walk(body, known, schemas)
    if node.op_type not in ("If", "Loop", "Scan"):
        return []
    outputs = [known.get(value.name, declared_type(value)) for value in bodies[0].output]
    return outputs[1:] if node.op_type == "Loop" else outputs


def bodies_inputs(node: NodeProto, given: Sequence[ElementType], bodies: int) -> list[list[ElementType]]:
    """Return the element types of the inputs of each body of a node, None where only the body itself tells."""
    if node.op_type == "Loop":
        return [[int(TensorProto.INT64), int(TensorProto.BOOL), *given[2:]]] * bodies
    if node.op_type == "Scan":
        return [list(given)] * bodies
    return [[]] * bodies
