"""The messages of a SavedModel by field number."""

from __future__ import annotations

from tests.e2e.hostile.wire import field

FLOAT, INT32, STRING, INT64, RESOURCE = 1, 3, 7, 9, 20


def shape(dims: list[int] | None) -> bytes:
    """Return a TensorShapeProto; None is unknown rank."""
    return field(3, 1) if dims is None else b"".join(field(2, field(1, dim)) for dim in dims)


def entry(number: int, key: bytes, value: bytes) -> bytes:
    """Return one entry of a map field."""
    return field(number, field(1, key) + field(2, value))


def tensor(dtype: int, dims: list[int], *payload: bytes) -> bytes:
    """Return a TensorProto; payload fields are given whole."""
    return field(1, dtype) + field(2, shape(dims)) + b"".join(payload)


def text_tensor(text: bytes) -> bytes:
    """Return a TensorProto of one string."""
    return tensor(STRING, [], field(8, text))


def of_type(dtype: int) -> bytes:
    """Return an AttrValue of a type."""
    return field(6, dtype)


def of_shape(dims: list[int] | None) -> bytes:
    """Return an AttrValue of a shape."""
    return field(7, shape(dims))


def of_text(text: bytes) -> bytes:
    """Return an AttrValue of text."""
    return field(2, text)


def of_function(name: bytes) -> bytes:
    """Return an AttrValue that names a function."""
    return field(10, field(1, name))


def node(name: bytes, operator: bytes, inputs: list[bytes] | None = None, **attributes: bytes) -> bytes:
    """Return a NodeDef."""
    named = b"".join(entry(5, key.encode(), value) for key, value in attributes.items())
    return field(1, name) + field(2, operator) + b"".join(field(3, one) for one in inputs or []) + named


def call(name: bytes, function: bytes, inputs: list[bytes] | None = None) -> bytes:
    """Return a node that calls a function."""
    return node(name, b"StatefulPartitionedCall", inputs, f=of_function(function))


def function(
    name: bytes, nodes: list[bytes], inputs: list[bytes] | None = None, ret: dict[bytes, bytes] | None = None
) -> bytes:
    """Return a FunctionDef of float tensors."""
    arguments = b"".join(field(2, field(1, one) + field(3, FLOAT)) for one in inputs or [])
    results = b"".join(field(3, field(1, one) + field(3, FLOAT)) for one in ret or {})
    returned = b"".join(entry(4, key, value) for key, value in (ret or {}).items())
    return field(1, field(1, name) + arguments + results) + b"".join(field(3, one) for one in nodes) + returned


def graph(nodes: list[bytes], functions: list[bytes] | None = None) -> bytes:
    """Return a GraphDef."""
    library = field(2, b"".join(field(1, one) for one in functions or []))
    return b"".join(field(1, one) for one in nodes) + library + field(4, field(1, 1395) + field(2, 12))


def tensor_info(name: bytes, dims: list[int] | None, dtype: int = FLOAT) -> bytes:
    """Return a TensorInfo."""
    return field(1, name) + field(2, dtype) + field(3, shape(dims))


def signature(inputs: dict[bytes, bytes], outputs: dict[bytes, bytes]) -> bytes:
    """Return a SignatureDef for prediction."""
    given = b"".join(entry(1, key, value) for key, value in inputs.items())
    return given + b"".join(entry(2, key, value) for key, value in outputs.items()) + field(3, b"tensorflow/serving/predict")


SIGNATURE = signature({b"x": tensor_info(b"x:0", [-1, 4])}, {b"y": tensor_info(b"y:0", [-1, 3])})


def meta_graph(
    graph_def: bytes,
    *more: bytes,
    tags: tuple[bytes, ...] = (b"serve",),
    signatures: dict[bytes, bytes] | None = None,
) -> bytes:
    """Return a MetaGraphDef with one serving signature unless told otherwise."""
    info = b"".join(field(4, one) for one in tags) + field(5, b"2.21.0")
    named = {b"serving_default": SIGNATURE} if signatures is None else signatures
    signed = b"".join(entry(5, key, value) for key, value in named.items())
    return field(1, info) + field(2, graph_def) + signed + b"".join(more)


def asset(filename: bytes, tensor_name: bytes = b"asset:0") -> bytes:
    """Return a MetaGraphDef's asset_file_def."""
    return field(6, field(1, field(1, tensor_name)) + field(2, filename))


def saved_model(*meta_graphs: bytes, version: int = 1) -> bytes:
    """Return a SavedModel."""
    return field(1, version) + b"".join(field(2, one) for one in meta_graphs)


X = node(b"x", b"Placeholder", dtype=of_type(FLOAT), shape=of_shape([-1, 4]))
W = node(b"w", b"VarHandleOp", dtype=of_type(FLOAT), shape=of_shape([4, 3]), shared_name=of_text(b"w"))
READ = node(b"read", b"ReadVariableOp", [b"w"], dtype=of_type(FLOAT))
Y = node(b"y", b"MatMul", [b"x", b"read"], T=of_type(FLOAT))
NODES = [X, W, READ, Y]
"""y = x @ w, with one variable."""


def small(*more: bytes, nodes: list[bytes] | None = None, functions: list[bytes] | None = None) -> bytes:
    """Return a sound model of those nodes, with more fields of its MetaGraph and more nodes and functions."""
    return saved_model(meta_graph(graph([*NODES, *(nodes or [])], functions), *more))
