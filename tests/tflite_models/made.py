"""Whole models, each for what it shows."""

from __future__ import annotations

import struct

from tests.tflite_models import parts as p
from tests.tflite_models.flat_writer import Number, Table

WEIGHTS = struct.pack("<12f", *range(12))
BIAS = struct.pack("<3f", 0.5, -1.5, 2.0)
FEEDS = {p.FULLY_CONNECTED_OPTIONS: Table({0: Number("b", 1)})}


def dense(**more: object) -> bytes:
    """Return x[?,4] -> FULLY_CONNECTED with RELU -> ADD of a constant -> y[?,3], with one signature."""
    tensors = [
        p.tensor("serving_default_x:0", (1, 4), signature=(-1, 4)),
        p.tensor("dense/weights", (3, 4), buffer=1),
        p.tensor("dense/bias", (3,), buffer=2),
        p.tensor("dense/Relu;dense/MatMul", (1, 3), signature=(-1, 3)),
        p.tensor("StatefulPartitionedCall:0", (1, 3), signature=(-1, 3)),
    ]
    nodes = [
        p.operator(0, (0, 1, 2), (3,), p.FULLY_CONNECTED_OPTIONS, FEEDS[p.FULLY_CONNECTED_OPTIONS]),
        p.operator(1, (3, 2), (4,), p.ADD_OPTIONS, Table({})),
    ]
    given = dict(more)
    return p.model(
        [p.code(p.FULLY_CONNECTED), p.code(p.ADD)],
        [p.subgraph(tensors, (0,), (4,), nodes)],
        [p.buffer(WEIGHTS), p.buffer(BIAS), *given.get("buffers", ())],  # type: ignore[misc]
        given.get("signatures", [p.signature("serving_default", {"x": 0}, {"y": 4})]),  # type: ignore[arg-type]
        given.get("metadata", ()),  # type: ignore[arg-type]
    )


def loop() -> bytes:
    """Return a WHILE of two subgraphs behind "aaa", and "serving_default", which adds, in the second subgraph."""
    pair = [p.tensor("i", (), p.INT32), p.tensor("x", (2,))]
    outer = [*pair, p.tensor("i2", (), p.INT32), p.tensor("x2", (2,))]
    options = Table({0: Number("i", 2), 1: Number("i", 3)})
    main = p.subgraph(outer, (0, 1), (2, 3), [p.operator(0, (0, 1), (2, 3), p.WHILE_OPTIONS, options)], "aaa")
    adding = p.subgraph([p.tensor("a", (2,)), p.tensor("s", (2,))], (0,), (1,), [_add((0, 0), 1)], "other")
    cond = p.subgraph([*pair, p.tensor("limit", (), p.INT32, 1), p.tensor("c", (), p.BOOL)], (0, 1), (3,), [_less()], "cond")
    more = [*pair, p.tensor("one", (), p.INT32, 2), p.tensor("j", (), p.INT32), p.tensor("y", (2,))]
    body = p.subgraph(more, (0, 1), (3, 4), [_add((0, 2), 3), _add((1, 1), 4)], "body")
    signatures = [p.signature("aaa", {"n": 0, "v": 1}, {"w": 3}), p.signature("serving_default", {"a": 0}, {"s": 1}, 1)]
    five, one = p.buffer(struct.pack("<i", 5)), p.buffer(struct.pack("<i", 1))
    return p.model([p.code(p.WHILE), p.code(p.ADD), p.code(58)], [main, adding, cond, body], [five, one], signatures)


def calling_itself() -> bytes:
    """Return two subgraphs that call each other in WHILE loops, without end."""
    tensors = [p.tensor("x", (2,)), p.tensor("y", (2,))]

    def calling(number: int, name: str) -> Table:
        options = Table({0: Number("i", number), 1: Number("i", number)})
        return p.subgraph(tensors, (0,), (1,), [p.operator(0, (0,), (1,), p.WHILE_OPTIONS, options)], name)

    return p.model([p.code(p.WHILE)], [calling(1, "one"), calling(0, "two")], [])


def quantized() -> bytes:
    """Return x float32 -> QUANTIZE -> FULLY_CONNECTED in int8, scales per channel -> DEQUANTIZE -> y float32."""
    whole = p.quantization([0.5], [-3])
    tensors = [
        p.tensor("x", (1, 4)),
        p.tensor("x8", (1, 4), p.INT8, quantized=whole),
        p.tensor("w8", (5, 4), p.INT8, 1, quantized=p.quantization([0.1, 0.2, 0.3, 0.4, 0.5])),
        p.tensor("y8", (1, 5), p.INT8, quantized=whole),
        p.tensor("y", (1, 5)),
    ]
    nodes = [p.operator(0, (0,), (1,)), p.operator(1, (1, 2, -1), (3,)), p.operator(2, (3,), (4,))]
    codes = [p.code(p.QUANTIZE), p.code(p.FULLY_CONNECTED), p.code(p.DEQUANTIZE)]
    return p.model(codes, [p.subgraph(tensors, (0,), (4,), nodes)], [p.buffer(bytes(range(20)))])


def custom(*names: str) -> bytes:
    """Return a chain of custom operators of these names, without a signature."""
    tensors = [p.tensor(f"t{i}", (2,)) for i in range(len(names) + 1)]
    nodes = [p.operator(i, (i,), (i + 1,), custom=b"abc") for i in range(len(names))]
    codes = [p.code(p.CUSTOM, name) for name in names]
    return p.model(codes, [p.subgraph(tensors, (0,), (len(names),), nodes)], [])


def behind(data: bytes, missing: int = 0) -> bytes:
    """Return a model whose weight's bytes lie behind the FlatBuffer, all but the last missing ones."""
    tensors = [p.tensor("x", (1, 4)), p.tensor("w", (len(data) // 16, 4), buffer=1), p.tensor("y", (1, len(data) // 16))]
    graph = p.subgraph(tensors, (0,), (2,), [p.operator(0, (0, 1, -1), (2,))])

    def written(offset: int) -> bytes:
        return p.model([p.code(p.FULLY_CONNECTED)], [graph], [p.buffer(offset=offset, size=len(data))])

    start = -(-len(written(2)) // 16) * 16
    return written(start).ljust(start, b"\0") + data[: len(data) - missing]


def _add(inputs: tuple[int, int], output: int) -> Table:
    return p.operator(1, inputs, (output,), p.ADD_OPTIONS, Table({}))


def _less() -> Table:
    return p.operator(2, (0, 2), (3,))
