"""Protobuf written by hand, so that it can be wrong on purpose, and the fields of ONNX messages by number."""

from __future__ import annotations

from collections.abc import Iterator

MODEL_GRAPH, MODEL_OPSET, MODEL_IR = 7, 8, 1
GRAPH_NODE, GRAPH_INITIALIZER, GRAPH_INPUT, GRAPH_OUTPUT, GRAPH_VALUE_INFO = 1, 5, 11, 12, 13


def varint(number: int) -> bytes:
    """Return an unsigned number as a varint."""
    out = bytearray()
    while number >= 0x80:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*out, number])


def tag(number: int, wire_type: int) -> bytes:
    """Return a field's tag."""
    return varint(number << 3 | wire_type)


def field(number: int, payload: bytes | int) -> bytes:
    """Return a length-delimited field, or a varint field for a number (negative ones as ten bytes)."""
    if isinstance(payload, int):
        return tag(number, 0) + varint(payload % (1 << 64))
    return tag(number, 2) + varint(len(payload)) + payload


def opset(domain: bytes = b"", version: int = 17) -> bytes:
    """Return a model's operator-set field."""
    return field(MODEL_OPSET, field(1, domain) + field(2, version))


def node(
    operator: bytes, inputs: list[bytes], outputs: list[bytes], *more: bytes, name: bytes = b"", domain: bytes = b""
) -> bytes:
    """Return a NodeProto."""
    parts = [field(1, i) for i in inputs] + [field(2, o) for o in outputs]
    return b"".join([*parts, field(3, name), field(4, operator), field(7, domain), *more])


def tensor_type(dims: list[bytes | int], element_type: int = 1) -> bytes:
    """Return a TypeProto of a tensor; dims are lengths or symbols."""
    encoded = b"".join(field(1, field(1 if isinstance(dim, int) else 2, dim)) for dim in dims)
    return field(1, field(1, element_type) + field(2, encoded))


def value(name: bytes, dims: list[bytes | int], element_type: int = 1) -> bytes:
    """Return a ValueInfoProto."""
    return field(1, name) + field(2, tensor_type(dims, element_type))


def tensor(name: bytes, dims: list[int], *payload: bytes, element_type: int = 1) -> bytes:
    """Return a TensorProto; payload fields are given whole."""
    return b"".join([*(field(1, dim) for dim in dims), field(2, element_type), field(8, name), *payload])


def raw(data: bytes) -> bytes:
    """Return a tensor's raw_data field."""
    return field(9, data)


def external(location: bytes, offset: object = None, length: object = None) -> bytes:
    """Return the fields that put a tensor's values into another file."""
    pairs = [(b"location", location), (b"offset", offset), (b"length", length)]
    entries = [
        field(13, field(1, k) + field(2, v if isinstance(v, bytes) else str(v).encode())) for k, v in pairs if v is not None
    ]
    return b"".join(entries) + field(14, 1)


def graph(nodes: list[bytes], *more: bytes, inputs: list[bytes] | None = None, outputs: list[bytes] | None = None) -> bytes:
    """Return a GraphProto with x float[2,3] in and y out unless told otherwise."""
    parts = [field(GRAPH_NODE, one) for one in nodes]
    parts += [field(GRAPH_INPUT, one) for one in ([value(b"x", [2, 3])] if inputs is None else inputs)]
    parts += [field(GRAPH_OUTPUT, one) for one in ([value(b"y", [2, 3])] if outputs is None else outputs)]
    return b"".join([*parts, field(2, b"main"), *more])


def model(graph_bytes: bytes, *more: bytes, ir: int = 9) -> bytes:
    """Return a ModelProto with opset 17."""
    return field(MODEL_IR, ir) + opset() + field(MODEL_GRAPH, graph_bytes) + b"".join(more)


RELU = node(b"Relu", [b"x"], [b"y"], name=b"relu")


def relu(*more: bytes) -> bytes:
    """Return the model y = Relu(x) with further fields of the model appended."""
    return model(graph([RELU]), *more)


def attribute(name: bytes, kind: int, *payload: bytes) -> bytes:
    """Return a node's attribute field of that AttributeType."""
    return field(5, field(1, name) + b"".join(payload) + field(20, kind))


def small_model() -> bytes:
    """Return a valid model with every structure worth cutting through: weights, an If, a function, metadata."""
    shapes: dict[str, list[bytes | int]] = {"x": [b"n", 3], "y": [b"n", 3], "s": [b"n", 3]}
    x, y, s = (value(name.encode(), dims) for name, dims in shapes.items())
    branch = graph([node(b"Neg", [b"x"], [b"b"], name=b"neg")], inputs=[], outputs=[value(b"b", [2, 3])])
    choice = [attribute(name, 5, field(6, branch)) for name in (b"then_branch", b"else_branch")]
    nodes = [
        node(b"Add", [b"x", b"w"], [b"s"], name=b"add"),
        node(b"If", [b"c"], [b"i"], *choice, name=b"if"),
        node(b"twice", [b"i"], [b"y"], name=b"call", domain=b"f"),
    ]
    weight = field(GRAPH_INITIALIZER, tensor(b"w", [3], raw(bytes(12))))
    main = graph(nodes, weight, inputs=[x, value(b"c", [], 9)], outputs=[y, s])
    body = field(7, node(b"Add", [b"p", b"p"], [b"q"]))
    function = field(1, b"twice") + field(4, b"p") + field(5, b"q") + body + field(9, field(2, 17)) + field(10, b"f")
    return model(main, opset(b"f", 1), field(25, function), field(14, field(1, b"author") + field(2, b"nobody")))


MESSAGES = {
    "model": {7: "graph", 8: "leaf", 14: "leaf", 25: "function"},
    "graph": {1: "node", 5: "leaf", 11: "value", 12: "value", 13: "value"},
    "function": {7: "node", 9: "leaf"},
    "node": {5: "attribute"},
    "attribute": {6: "graph"},
    "value": {2: "type"},
    "type": {1: "leaf"},
    "leaf": {},
}
"""Which fields of which message hold which message, as far as boundaries are told."""


def field_starts(data: bytes) -> list[int]:
    """Return the offsets at which the fields of a message begin."""
    return [start for start, _, _, _ in _fields(data)]


def boundaries(data: bytes, kind: str = "model", start: int = 0) -> list[int]:
    """Return the offsets at which a field or its content begins, nested messages included."""
    found: set[int] = set()
    for begin, number, content, end in _fields(data):
        found |= {start + begin, start + content}
        inner = MESSAGES[kind].get(number)
        if inner is not None:
            found.update(boundaries(data[content:end], inner, start + content))
    return sorted(found)


def _fields(data: bytes) -> Iterator[tuple[int, int, int, int]]:
    """Yield start, number, start of the content and end of every field."""
    position = 0
    while position < len(data):
        start = position
        key, content = _read_varint(data, position)
        position = content
        if key & 7 == 0:
            position = _read_varint(data, content)[1]
        elif key & 7 == 2:
            length, content = _read_varint(data, content)
            position = content + length
        else:
            position += 4 if key & 7 == 5 else 8
        yield start, key >> 3, content, position


def _read_varint(data: bytes, position: int) -> tuple[int, int]:
    result = shift = 0
    while True:
        byte = data[position]
        position += 1
        result |= (byte & 0x7F) << shift
        if byte < 0x80:
            return result, position
        shift += 7
