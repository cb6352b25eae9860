"""Protobuf that is cut, lies about lengths, or is no protobuf; and protobuf nested or sized past reason."""

from __future__ import annotations

from pathlib import Path

from tests.e2e.hostile.cases import Case, Maker, file_of, found, refused, survived
from tests.e2e.hostile.wire import (
    GRAPH_INITIALIZER,
    GRAPH_NODE,
    RELU,
    attribute,
    boundaries,
    field,
    field_starts,
    graph,
    model,
    node,
    opset,
    raw,
    relu,
    small_model,
    tag,
    tensor,
    value,
    varint,
)

GIGABYTE = 1 << 30


SAMPLE = small_model()
CUTS = [at for at in boundaries(SAMPLE) if at]
"""Every structural boundary of the sample."""


def is_refused_when_cut(at: int) -> bool:
    """Whether the sample cut there is no model: anywhere but between fields of the model itself, after its graph."""
    return at not in field_starts(SAMPLE) or at <= SAMPLE.index(b"main")


def _cut(at: int) -> Case:
    make = refused if is_refused_when_cut(at) else survived
    return make(f"cut-at-{at}-of-{len(SAMPLE)}", file_of(SAMPLE[:at]))


def _nested_subgraphs(depth: int) -> bytes:
    body = graph([RELU], inputs=[])
    for _ in range(depth):
        body = graph([node(b"If", [b"c"], [b"y"], attribute(b"then_branch", 5, field(6, body)))], inputs=[])
    return model(body)


def _nested_types(depth: int) -> bytes:
    kind = field(1, field(1, 1))
    for _ in range(depth):
        kind = field(4, field(1, kind))
    return model(graph([RELU], inputs=[field(1, b"x") + field(2, kind)]))


def _huge_field(before: bytes, number: int, after: bytes = b"") -> Maker:
    """Return the maker of a model whose one text field takes a gigabyte of holes in a sparse file."""

    def make(folder: Path) -> Path:
        path = folder / "model.onnx"
        inner = before + tag(number, 2) + varint(GIGABYTE)
        with path.open("wb") as file:
            file.write(field(1, 9) + opset() + tag(7, 2) + varint(len(inner) + GIGABYTE + len(after)) + inner)
            file.seek(GIGABYTE, 1)
            file.write(after)
            file.truncate(file.tell())
        return path

    return make


def _huge_node_name(folder: Path) -> Path:
    path = folder / "model.onnx"
    start = field(1, b"x") + field(2, b"y") + field(4, b"Relu") + tag(3, 2) + varint(GIGABYTE)
    around = field(11, value(b"x", [2])) + field(12, value(b"y", [2])) + tag(1, 2) + varint(len(start) + GIGABYTE) + start
    with path.open("wb") as file:
        file.write(field(1, 9) + opset() + tag(7, 2) + varint(len(around) + GIGABYTE) + around)
        file.truncate(file.tell() + GIGABYTE)
    return path


def _sparse(size: int, head: bytes) -> Maker:
    def make(folder: Path) -> Path:
        path = folder / "model.onnx"
        path.write_bytes(head)
        with path.open("r+b") as file:
            file.truncate(size)
        return path

    return make


_LONG_VARINT = b"\xff" * 10 + b"\x01"

_BROKEN = {
    "graph-length-past-the-end": field(1, 9) + opset() + tag(7, 2) + varint(1 << 20) + graph([RELU]),
    "node-length-past-its-graph": model(tag(1, 2) + varint(10_000) + RELU) + bytes(20_000),
    "length-of-2-to-63": field(1, 9) + tag(7, 2) + varint(1 << 63) + graph([RELU]),
    "length-of-2-to-64-less-1": field(1, 9) + tag(7, 2) + varint((1 << 64) - 1) + graph([RELU]),
    "varint-of-11-bytes-as-tag": _LONG_VARINT + relu(),
    "varint-of-11-bytes-as-length": field(1, 9) + tag(7, 2) + _LONG_VARINT + graph([RELU]),
    "varint-of-11-bytes-as-value": tag(1, 0) + _LONG_VARINT + relu(),
    "varint-without-end": tag(1, 0) + b"\x80" * 9,
    "field-number-0": b"\x02\x01a" + relu(),
    "graph-as-number": field(1, 9) + opset() + field(7, 5),
    "graph-as-fixed64": field(1, 9) + opset() + tag(7, 1) + bytes(8),
    "node-holds-noise": model(field(1, b"\xff\xff\xff\xff")),
    "tensor-holds-noise": model(graph([RELU], field(GRAPH_INITIALIZER, b"\x07\x07\x07"))),
    "number-without-end": relu() + tag(1, 0) + b"\x80",
    "no-graph": field(1, 9) + opset(),
    "half-a-megabyte-of-dimensions": model(graph([RELU], field(GRAPH_INITIALIZER, tensor(b"w", [1] * 250_000, raw(b""))))),
    "subgraphs-200-deep": _nested_subgraphs(200),
    "subgraphs-5000-deep": _nested_subgraphs(5000),
    "types-5000-deep": _nested_types(5000),
}

_ODD = {
    "ir-version-as-text": field(1, b"nine") + relu(),
    "groups-10000-deep": relu() + b"\xf3\x01" * 10_000 + b"\xf4\x01" * 10_000,
    "subgraphs-30-deep": _nested_subgraphs(30),
    "types-60-deep": _nested_types(60),
    "two-graphs": relu() + field(7, graph([node(b"Neg", [b"y"], [b"z"])], inputs=[], outputs=[value(b"z", [2])])),
    "a-graph-in-a-thousand-parts": field(1, 9) + opset() + b"".join(
        field(7, field(GRAPH_NODE, node(b"Relu", [b"t%d" % i], [b"t%d" % (i + 1)]))) for i in range(1000)
    ),
    "a-hundred-thousand-empty-nodes": model(graph([RELU], b"\x0a\x00" * 100_000)),
    "a-hundred-thousand-empty-initializers": model(graph([RELU], b"\x2a\x00" * 100_000)),
    "a-hundred-thousand-empty-values": model(graph([RELU], b"\x6a\x00" * 100_000)),
    "a-hundred-thousand-metadata-entries": relu(*(field(14, field(1, b"k%d" % i) + field(2, b"v")) for i in range(100_000))),
    "an-attribute-of-a-million-numbers": model(
        graph([node(b"Relu", [b"x"], [b"y"], attribute(b"a", 7, field(8, varint(1) * 1_000_000)))])
    ),
    "a-node-of-a-hundred-thousand-inputs": model(graph([node(b"Max", [b"x"] * 100_000, [b"y"])])),
    "fifty-thousand-opsets": relu(*(opset(b"d%d" % i, 1) for i in range(50_000))),
    "all-zeros-after-a-model": relu() + bytes(1000),
}  # fmt: skip

_AFTER = {
    "trailing-noise": b"\x00\x01\x02garbage",
    "wire-type-6": b"\x0e",
    "wire-type-7": b"\x0f\x00",
    "group-never-ended": b"\xf3\x01" + field(3, b"x"),
    "group-ended-only": b"\xf4\x01",
}

CASES: list[Case] = [
    *(_cut(at) for at in CUTS[::5]),
    *(refused(name, file_of(data)) for name, data in _BROKEN.items()),
    *(survived(name, file_of(data)) for name, data in _ODD.items()),
    found("unknown-fields", file_of(relu(field(99, b"surprise"), field(1000, 5))), "unknown-field"),
    found("unknown-field-in-a-node", file_of(model(graph([node(b"Relu", [b"x"], [b"y"], field(77, b"?"))]))), "unknown-field"),
    found("unknown-group", file_of(relu(b"\xe3\x07" + field(3, b"x") + b"\xe4\x07")), "unknown-field"),
    survived("node-as-number", file_of(model(field(1, 7) + field(11, value(b"x", [1]))))),
    *(found(name, file_of(relu() + after), "trailing-bytes") for name, after in _AFTER.items()),
    survived("a-gigabyte-of-documentation", _huge_field(field(GRAPH_NODE, RELU), 10)),
    survived("a-gigabyte-of-node-name", _huge_node_name),
    survived("an-unknown-gigabyte", _huge_field(field(GRAPH_NODE, RELU), 500)),
    refused("sparse-16-gigabytes-of-zeros", _sparse(16 * GIGABYTE, b"")),
    found("sparse-16-gigabytes-after-a-model", _sparse(16 * GIGABYTE, relu()), "trailing-bytes"),
]
