"""Well-formed protobuf that means harm: external data elsewhere, impossible graphs and numbers, memory and time bombs."""

from __future__ import annotations

import os
import struct
from pathlib import Path

from tests.e2e.hostile.cases import Case, Maker, file_of, found, survived
from tests.e2e.hostile.wire import (
    GRAPH_INITIALIZER,
    RELU,
    attribute,
    external,
    field,
    graph,
    model,
    node,
    opset,
    raw,
    relu,
    tensor,
    value,
)

SECRET = b"root:x:0:0:secret\n" * 100


def _with_weight(*payload: bytes, dims: tuple[int, ...] = (3,), element_type: int = 1, name: bytes = b"w") -> bytes:
    weight = tensor(name, list(dims), *payload, element_type=element_type)
    return model(graph([node(b"Add", [b"x", name], [b"y"])], field(GRAPH_INITIALIZER, weight)))


def _external(location: bytes, offset: object = None, length: object = None) -> Maker:
    """Return the maker of a model in a folder of its own, whose one weight lies where the location says."""

    def make(folder: Path) -> Path:
        (folder / "secret.bin").write_bytes(SECRET)
        inside = folder / "inside"
        inside.mkdir()
        (inside / "weights.bin").write_bytes(struct.pack("<3f", 1, 2, 3))
        (inside / "subfolder").mkdir()
        os.mkfifo(inside / "fifo.bin")
        (inside / "device.bin").symlink_to("/dev/zero")
        (inside / "link.bin").symlink_to(folder / "secret.bin")
        (inside / "hard.bin").hardlink_to(folder / "secret.bin")
        (inside / "loop.bin").symlink_to("loop.bin")
        path = inside / "model.onnx"
        path.write_bytes(_with_weight(external(location, offset, length)))
        return path

    return make


ELSEWHERE = {
    "parent-folder": (b"../secret.bin", "external-data-escapes"),
    "parent-folder-and-back": (b"../inside/weights.bin", "external-data-escapes"),
    "parent-folder-hidden": (b"subfolder/../../secret.bin", "external-data-escapes"),
    "absolute-path": (b"/etc/passwd", "external-data-escapes"),
    "windows-path": (b"C:\\secret.bin", "external-data-escapes"),
    "backslashes": (b"..\\secret.bin", "external-data-escapes"),
    "link-out-of-the-folder": (b"link.bin", "external-data-escapes"),
    "hard-link-out-of-the-folder": (b"hard.bin", "external-data-escapes"),
    "link-to-a-device": (b"device.bin", "external-data-escapes"),
    "link-to-itself": (b"loop.bin", "external-data-unusable"),
    "named-pipe": (b"fifo.bin", "external-data-unusable"),
    "folder": (b"subfolder", "external-data-unusable"),
    "zero-byte-in-the-name": (b"weights.bin\0.png", "external-data-unusable"),
    "no-name": (b"", "external-data-unusable"),
    "overlong-name": (b"n" * 5000, "external-data-unusable"),
    "missing": (b"gone.bin", "external-data-missing"),
}

RANGES = {
    "past-the-end": (4, 12),
    "far-past-the-end": (1 << 62, 12),
    "offset-of-2-to-63": (1 << 63, 12),
    "negative-offset": (-4, 12),
    "negative-length": (0, -12),
    "offset-no-number": (b"0x10", 12),
    "length-of-exabytes": (0, 1 << 62),
}


def _overlapping(folder: Path) -> Path:
    (folder / "w.bin").write_bytes(bytes(4096))
    weights = [tensor(b"w%d" % i, [512], external(b"w.bin", 1024 * i, 2048)) for i in range(3)]
    path = folder / "model.onnx"
    path.write_bytes(model(graph([RELU], *(field(GRAPH_INITIALIZER, weight) for weight in weights))))
    return path


def _many_locations(folder: Path) -> Path:
    weights = [tensor(b"w%d" % i, [1], external(b"w%d.bin" % i)) for i in range(5000)]
    path = folder / "model.onnx"
    path.write_bytes(model(graph([RELU], *(field(GRAPH_INITIALIZER, weight) for weight in weights))))
    return path


def _constant_shape(*dims: int) -> bytes:
    values = struct.pack(f"<{len(dims)}q", *dims)
    return node(
        b"Constant", [], [b"s"], attribute(b"value", 4, field(5, tensor(b"", [len(dims)], raw(values), element_type=7)))
    )


def _bomb(operator: bytes, *inputs: bytes, dims: tuple[int, ...] = (60_000, 60_000)) -> bytes:
    return model(graph([_constant_shape(*dims), node(operator, list(inputs), [b"y"])], outputs=[value(b"y", [])]))


def _one_node(operator: bytes, *attributes: bytes) -> Maker:
    return file_of(model(graph([node(operator, [b"x", b"x"], [b"y"], *attributes)])))


def _laughs(depth: int) -> bytes:
    """Return functions each of which calls the next twice: 2**depth nodes when unrolled."""
    functions = []
    for i in range(depth):
        called = [node(b"f%d" % (i + 1), [b"a"], [b"b"], domain=b"f"), node(b"f%d" % (i + 1), [b"b"], [b"r"], domain=b"f")]
        body = called if i + 1 < depth else [node(b"Relu", [b"a"], [b"r"])]
        nodes = b"".join(field(7, one) for one in body)
        imports = field(9, field(2, 17)) + field(9, field(1, b"f") + field(2, 1))
        functions.append(field(25, field(1, b"f%d" % i) + field(4, b"a") + field(5, b"r") + nodes + imports + field(10, b"f")))
    return model(graph([node(b"f0", [b"x"], [b"y"], domain=b"f")]), opset(b"f", 1), *functions)


def _recursive_function() -> bytes:
    nodes = field(7, node(b"f", [b"a"], [b"r"], domain=b"f"))
    function = (
        field(1, b"f") + field(4, b"a") + field(5, b"r") + nodes + field(9, field(1, b"f") + field(2, 1)) + field(10, b"f")
    )
    return model(graph([node(b"f", [b"x"], [b"y"], domain=b"f")]), opset(b"f", 1), field(25, function))


def _fan_out(width: int) -> bytes:
    nodes = [node(b"Relu", [b"x"], [b"r%d" % i]) for i in range(width)]
    return model(graph([*nodes, node(b"Sum", [b"r%d" % i for i in range(width)], [b"y"])]))


def _cycle() -> bytes:
    return model(graph([node(b"Add", [b"x", b"b"], [b"a"]), node(b"Relu", [b"a"], [b"b"]), node(b"Neg", [b"a"], [b"y"])]))


def _long_cycle(length: int) -> bytes:
    nodes = [node(b"Relu", [b"t%d" % i], [b"t%d" % ((i + 1) % length)]) for i in range(length)]
    return model(graph([*nodes, node(b"Add", [b"x", b"t0"], [b"y"])]))


def _twice(*names: bytes) -> bytes:
    return b"".join(field(GRAPH_INITIALIZER, tensor(name, [3], raw(bytes(12)))) for name in names)


_HUGE = (1 << 63) - 1

CASES: list[Case] = [
    *(found(f"external-{name}", _external(location), rule) for name, (location, rule) in ELSEWHERE.items()),
    *(survived(f"external-{name}", _external(b"weights.bin", *where)) for name, where in RANGES.items()),
    survived("external-in-the-model-itself", _external(b"model.onnx", 0, 12)),
    found("external-overlapping", _overlapping, "external-data-overlap"),
    found("external-5000-files", _many_locations, "external-data-missing"),
    found("undefined-tensor", file_of(model(graph([node(b"Add", [b"x", b"nowhere"], [b"y"])]))), "undefined-tensor"),
    found("cycle", file_of(_cycle()), "graph-cycle"),
    found("cycle-of-5000", file_of(_long_cycle(5_000)), "graph-cycle"),
    found("node-reads-itself", file_of(model(graph([node(b"Add", [b"x", b"y"], [b"y"])]))), "graph-cycle"),
    found("two-producers", file_of(model(graph([RELU, node(b"Neg", [b"x"], [b"y"])]))), "duplicate-tensor-name"),
    survived("initializer-twice", file_of(model(graph([node(b"Add", [b"x", b"w"], [b"y"])], _twice(b"w", b"w"))))),
    survived("initializer-and-node-of-one-name", file_of(model(graph([RELU], _twice(b"y"))))),
    survived("input-twice", file_of(model(graph([RELU], inputs=[value(b"x", [2]), value(b"x", [3])])))),
    survived("nodes-of-one-name", file_of(model(graph([node(b"Relu", [b"x"], [b"y"], name=b"n")] * 3)))),
    found("no-outputs", file_of(model(graph([RELU], outputs=[]))), "no-outputs"),
    survived("no-nodes", file_of(model(graph([])))),
    survived("node-without-anything", file_of(model(graph([b"", RELU])))),
    survived("if-without-branches", file_of(model(graph([node(b"If", [b"x"], [b"y"])])))),
    survived(
        "loop-with-a-wrong-body", file_of(model(graph([node(b"Loop", [], [b"y"], attribute(b"body", 5, field(6, b"")))])))
    ),
    survived("conv-with-text-for-numbers", _one_node(b"Conv", attribute(b"strides", 3, field(4, b"2")))),
    survived("conv-with-negative-strides", _one_node(b"Conv", attribute(b"strides", 7, field(8, -1), field(8, 0)))),
    survived("attribute-of-no-kind", _one_node(b"Relu", attribute(b"a", 99, field(3, 1)))),
    survived("fan-out-of-100000", file_of(_fan_out(100_000))),
    survived("recursive-function", file_of(_recursive_function())),
    survived("functions-that-double-60-times", file_of(_laughs(60))),
    survived("dims-of-2-to-63", file_of(model(graph([RELU], inputs=[value(b"x", [_HUGE] * 8)])))),
    survived("negative-dims", file_of(model(graph([RELU], inputs=[value(b"x", [-5, -(1 << 63)])])))),
    found("weight-of-2-to-126-elements", file_of(_with_weight(raw(bytes(12)), dims=(_HUGE, _HUGE))), "weight-size-mismatch"),
    found("weight-of-negative-length", file_of(_with_weight(raw(bytes(12)), dims=(-3,))), "negative-dimension"),
    found("weight-too-short", file_of(_with_weight(raw(bytes(5)))), "weight-size-mismatch"),
    found("weight-too-long", file_of(_with_weight(raw(bytes(500)))), "weight-size-mismatch"),
    found("weight-without-values", file_of(_with_weight()), "weight-size-mismatch"),
    found("weight-of-unknown-type", file_of(_with_weight(raw(bytes(12)), element_type=999)), "unknown-dtype"),
    survived("weight-in-two-encodings", file_of(_with_weight(raw(bytes(12)), field(4, bytes(12))))),
    survived("weight-of-text-as-raw", file_of(_with_weight(raw(b"abcdef"), element_type=8))),
    survived("weight-in-the-wrong-field", file_of(_with_weight(field(7, b"\x01\x02\x03")))),
    survived("weight-with-broken-numbers", file_of(_with_weight(field(7, b"\xff" * 30), element_type=7))),
    survived("ir-version-absurd", file_of(model(graph([RELU]), ir=1 << 62))),
    survived("ir-version-negative", file_of(model(graph([RELU]), ir=-1))),
    survived("ir-version-0", file_of(model(graph([RELU]), ir=0))),
    found("opset-absurd", file_of(relu(opset(b"", 1 << 62))), "opset-newer-than-runtime"),
    survived("opset-negative", file_of(relu(opset(b"", -17)))),
    found("no-opset", file_of(field(1, 9) + field(7, graph([RELU]))), "undeclared-domain"),
    found("bomb-constant-of-shape", file_of(_bomb(b"ConstantOfShape", b"s")), "memory-bomb"),
    found("bomb-expand", file_of(_bomb(b"Expand", b"x", b"s", dims=(60_000, 60_000, 2, 3))), "memory-bomb"),
    found("bomb-tile", file_of(_bomb(b"Tile", b"x", b"s")), "memory-bomb"),
    survived("bomb-of-2-to-126-elements", file_of(_bomb(b"ConstantOfShape", b"s", dims=(_HUGE, _HUGE)))),
]
