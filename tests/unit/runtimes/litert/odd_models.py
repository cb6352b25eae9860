"""Small .tflite files for what LiteRT does with them: types, tables, open lengths, names, loops that crash it or never end."""

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path

from tests.tflite_models import made
from tests.tflite_models import parts as p
from tests.tflite_models.flat_writer import Number, Table

GATHER = 36
_GATHER_OPTIONS, _RESHAPE_OPTIONS = 23, 17


def words() -> bytes:
    """Return text[?] -> RESHAPE -> text[1,?]."""
    tensors = [
        p.tensor("words", (1,), p.STRING, signature=(-1,)),
        p.tensor("shape", (2,), p.INT32, 1),
        p.tensor("row", (1, 1), p.STRING, signature=(1, -1)),
    ]
    node = p.operator(0, (0, 1), (2,), _RESHAPE_OPTIONS, Table({}))
    graph = p.subgraph(tensors, (0,), (2,), [node])
    return p.model([p.code(p.RESHAPE)], [graph], [p.buffer(struct.pack("<2i", 1, -1))], [p.signature("s", {"w": 0}, {"r": 2})])


def embedding() -> bytes:
    """Return ids[?,2] -> GATHER of a table with 7 rows -> rows[?,2,3]."""
    tensors = [
        p.tensor("table", (7, 3), buffer=1),
        p.tensor("serving_default_ids:0", (1, 2), p.INT32, signature=(-1, 2)),
        p.tensor("rows", (1, 2, 3), signature=(-1, 2, 3)),
    ]
    node = p.operator(0, (0, 1), (2,), _GATHER_OPTIONS, Table({}))
    graph = p.subgraph(tensors, (1,), (2,), [node])
    buffer = p.buffer(struct.pack("<21f", *range(21)))
    return p.model([p.code(GATHER)], [graph], [buffer], [p.signature("serving_default", {"ids": 1}, {"rows": 2})])


def in_int8(kind: int = p.INT8) -> bytes:
    """Return x[?,8,8,1] -> ADD of itself -> y, both int8 with a scale of 1/255 and a zero point of -128."""
    shape, opened = (1, 8, 8, 1), (-1, 8, 8, 1)
    inside = p.quantization([1 / 255], [-128])
    tensors = [
        p.tensor("x", shape, kind, signature=opened, quantized=inside),
        p.tensor("y", shape, kind, signature=opened, quantized=p.quantization([2 / 255], [-128])),
    ]
    graph = p.subgraph(tensors, (0,), (1,), [p.operator(0, (0, 0), (1,), p.ADD_OPTIONS, Table({}))])
    return p.model([p.code(p.ADD)], [graph], [], [p.signature("serving_default", {"image": 0}, {"twice": 1})])


def wide() -> bytes:
    """Return x[?,?] -> FULLY_CONNECTED, which takes rows of 224 only and does not say so."""
    tensors = [
        p.tensor("x", (1, 1), signature=(-1, -1)),
        p.tensor("w", (2, 224), buffer=1),
        p.tensor("y", (1, 2), signature=(-1, 2)),
    ]
    options = Table({2: Number("?", True)})
    graph = p.subgraph(tensors, (0,), (2,), [p.operator(0, (0, 1, -1), (2,), p.FULLY_CONNECTED_OPTIONS, options)])
    weights = p.buffer(struct.pack("<448f", *[0.5] * 448))
    return p.model([p.code(p.FULLY_CONNECTED)], [graph], [weights], [p.signature("serving_default", {"x": 0}, {"y": 2})])


def twins() -> bytes:
    """Return a file without signatures whose two inputs have one name."""
    tensors = [p.tensor("x", (2,)), p.tensor("x", (2,)), p.tensor("y", (2,))]
    graph = p.subgraph(tensors, (0, 1), (2,), [p.operator(0, (0, 1), (2,), p.ADD_OPTIONS, Table({}))])
    return p.model([p.code(p.ADD)], [graph], [])


def nested_without_end() -> bytes:
    """Return a loop whose body is the loop itself, which LiteRT prepares until its stack is used up."""
    return _loop([_LOOP])


def endless() -> bytes:
    """Return a loop that never ends."""
    return _loop([p.operator(1, (0, 0), (1,), p.ADD_OPTIONS, Table({}))])


_LOOP = p.operator(0, (0,), (1,), p.WHILE_OPTIONS, Table({0: Number("i", 1), 1: Number("i", 2)}))


def _loop(body: list[Table]) -> bytes:
    """Return x[2] -> WHILE true, with a body -> y[2]."""
    tensors = [p.tensor("x", (2,)), p.tensor("y", (2,))]
    cond = p.subgraph([p.tensor("x", (2,)), p.tensor("c", (), p.BOOL, 1)], (0,), (1,), [], "cond")
    graphs = [p.subgraph(tensors, (0,), (1,), [_LOOP]), cond, p.subgraph(tensors, (0,), (1,), body, "body")]
    return p.model([p.code(p.WHILE), p.code(p.ADD)], graphs, [p.buffer(b"\1")])


MAKERS: dict[str, Callable[[], bytes]] = {
    "dense": made.dense,
    "loop": made.loop,
    "quantized": made.quantized,
    "custom": lambda: made.custom("Svd"),
    "select": lambda: made.custom("FlexErf"),
    "words": words,
    "embedding": embedding,
    "in_int8": in_int8,
    "wide": wide,
    "twins": twins,
    "nested_without_end": nested_without_end,
    "endless": endless,
}


def write(folder: Path) -> Path:
    """Write all of them, and a damaged one, into a folder."""
    for name, maker in MAKERS.items():
        (folder / f"{name}.tflite").write_bytes(maker())
    (folder / "cut_short.tflite").write_bytes(made.dense()[:200])
    (folder / "empty.tflite").write_bytes(b"")
    return folder
