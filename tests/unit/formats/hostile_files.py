"""Hostile files made in code: each is refused in one line or read with a finding, and never anything else."""

from __future__ import annotations

import gzip
import io
import pickle
import random
import zipfile
from collections.abc import Iterator
from contextlib import suppress

from onnx import ModelProto, TensorProto, helper

from tests import builders
from tests.builders import field, varint

HOSTILE_TEXT = ["\x1b]52;c;aGk=\x07", "[/bold][batch, 3]", "\u202egnp.exe", "\x9b31m", "a\nb\rc", "\x00", "\u200b", "\x7f"]


def structural_boundaries(data: bytes, start: int, end: int, depth: int = 0) -> Iterator[int]:
    """Yield the offset of every field, and of what is inside those that parse as messages."""
    position = start
    while position < end:
        yield position
        tag, position = _varint(data, position)
        if tag & 7 == 2:
            length, position = _varint(data, position)
            if position + length <= end and length and depth < 8:
                with suppress(IndexError, ValueError):
                    yield from list(structural_boundaries(data, position, position + length, depth + 1))
            position += length
        elif tag & 7 == 0:
            _, position = _varint(data, position)
        elif tag & 7 in (1, 5):
            position += 8 if tag & 7 == 1 else 4
        else:
            raise ValueError("no such wire type")


def _varint(data: bytes, position: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[position]
        position += 1
        value |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            return value, position


def truncated() -> dict[str, bytes]:
    """Return a model with every carrier, cut at each of its structural boundaries and in the middle of what follows."""
    data = builders.every_carrier().SerializeToString()
    cuts = sorted({cut + extra for cut in structural_boundaries(data, 0, len(data)) for extra in (0, 1)})
    return {f"cut at {cut}": data[:cut] for cut in cuts if 0 < cut < len(data)}


def _model(graph: bytes) -> bytes:
    return b"\x08\x0a" + field(8, b"\x10\x15") + field(7, graph)


def _nested(levels: int) -> bytes:
    graph = field(1, field(4, b"Relu"))
    for _ in range(levels):
        graph = field(1, field(4, b"If") + field(5, field(1, b"then_branch") + field(6, graph)))
    return _model(graph)


def _nested_types(levels: int) -> bytes:
    kind = field(1, b"\x08\x01")
    for _ in range(levels):
        kind = field(4, field(1, kind))
    return _model(field(11, field(1, b"x") + field(2, kind)))


def _tensor(payload: bytes) -> bytes:
    return _model(field(5, payload + field(8, b"w")))


def _lying_length(length: int) -> bytes:
    return b"\x08\x0a\x3a" + varint(length) + b"abc"


def _zip() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("archive/data.pkl", b"x")
    return buffer.getvalue()


def _named(text: str) -> bytes:
    return builders.named(text).SerializeToString()


def _with_tail(tail: bytes) -> bytes:
    return builders.small_cnn().SerializeToString() + tail


def _bad_strings() -> bytes:
    node = field(1, b"\xff\xfe") + field(2, b"\xed\xa0\x80") + field(3, b"\xc0\x80") + field(4, b"Op\xff") + field(7, b"\x80")
    return _model(field(1, node) + field(2, b"\xf8\x88\x80\x80\x80"))


def _merged_tensor() -> bytes:
    first = b"\x08\x02\x10\x07" + field(7, b"\x01")
    second = field(7, b"\x02")
    return _model(
        field(1, field(4, b"Constant") + field(2, b"c") + field(5, field(1, b"value") + field(5, first) + field(5, second)))
    )


def refused() -> dict[str, bytes]:
    """Return files that are no models: each must be refused in one line."""
    random_bytes = {f"random bytes {seed}": random.Random(seed).randbytes(400) for seed in range(12)}
    huge = (1 << 31) - 1
    return {
        "empty": b"",
        "one byte": b"\x08",
        "zip": _zip(),
        "pickle": pickle.dumps({"a": 1}),
        "gzip": gzip.compress(b"x" * 100),
        "tar": b"\0" * 257 + b"ustar" + b"\0" * 250,
        "zeros": b"\0" * 4096,
        "ones": b"\xff" * 4096,
        "text": b"this is not a model\n" * 20,
        "JSON": b'{"irVersion": "10", "graph": {}}',
        "only a version": b"\x08\x0a",
        "no graph": b"\x08\x0a" + field(8, b"\x10\x15") + field(2, b"someone"),
        "an empty graph and nothing else": b"\x3a\x00",
        "length past the end": _lying_length(1000),
        "length of 2 GiB": _lying_length(huge),
        "length of 2^63": _lying_length(1 << 63),
        "length of ten bytes": b"\x08\x0a\x3a" + b"\xff" * 9 + b"\x01",
        "length that never ends": b"\x08\x0a\x3a" + b"\xff" * 40,
        "a version that never ends": b"\x08" + b"\xff" * 40,
        "tag that never ends": b"\x08\x0a" + b"\xff" * 40,
        "inner length past the graph": _model(b"\x0a\x7fabc"),
        "inner length of 2^62": _model(b"\x0a" + varint(1 << 62)),
        "a group that does not end": _model(b"\x0b\x08\x01"),
        "a group that ends as another": _model(b"\x0b\x14"),
        "groups nested 2,000 deep": _model(b"\x0b" * 2_000 + b"\x0c" * 2_000),
        "an end of a group": _model(b"\x0c"),
        "wire type seven": _model(b"\x0f\x00"),
        "field zero": _model(b"\x02\x00"),
        "node that is no message": _model(field(1, b"\xff\xff\xff")),
        "attribute that is no message": _model(field(1, field(5, b"\x0a\x7f"))),
        "attribute of a large node that is no message": _model(field(1, field(3, b"n" * 5000) + field(5, b"\x0a\x7f"))),
        "value info that is no message": _model(field(11, b"\x12\x05ab")),
        "type that is no message": _model(field(11, field(2, b"\x0a\x09"))),
        "tensor that is no message": _model(field(5, b"\x4a\x7f")),
        "tensor with a broken dimension": _tensor(b"\x08" + b"\xff" * 12),
        "tensor with broken packed dimensions": _tensor(field(1, b"\xff")),
        "tensor with too many dimensions": _tensor(b"\x08\x01" * 5000),
        "tensor with too many packed dimensions": _tensor(field(1, b"\x01" * 5000)),
        "tensor with broken packed integers": _tensor(b"\x08\x01\x10\x07" + field(7, b"\xff\xff")),
        "tensor with broken external data": _tensor(b"\x70\x01" + field(13, b"\x0a\x7f")),
        "tensor with long external data": _tensor(b"\x70\x01" + field(13, field(1, b"k" * 70_000))),
        "tensor with many external entries": _tensor(
            b"\x70\x01" + b"".join(field(13, field(1, b"%d" % i)) for i in range(100))
        ),
        "tensor in two parts": _merged_tensor(),
        "graphs nested 2,000 deep": _nested(2_000),
        "graphs nested 60 deep": _nested(60),
        "types nested 1,000 deep": _nested_types(1_000),
        "opset that is no message": b"\x08\x0a" + field(8, b"\x0a\x7f") + field(7, field(1, field(4, b"Relu"))),
        "function that is no message": b"\x08\x0a" + field(7, field(1, b"")) + field(25, b"\x0a\x7f"),
        "training that is no message": b"\x08\x0a" + field(7, field(1, b"")) + field(20, b"\x0a\x7f"),
        **random_bytes,
    }


def found() -> dict[str, tuple[bytes, str]]:
    """Return files that can be read but have something wrong, with the rule that says so."""
    tensor = TensorProto(name="w", data_type=1, dims=[2**63 - 1, 2**63 - 1], raw_data=b"\0" * 4)
    cases: dict[str, tuple[bytes, str]] = {
        "dimensions of 2^63": (builders.model_of([], initializers=[tensor]).SerializeToString(), "weight-size-mismatch"),
        "a negative weight": (_tensor(b"\x08" + varint(2**64 - 5) + b"\x10\x01" + field(9, b"")), "negative-dimension"),
        "a negative length": (
            builders.model_of([], [builders.value("x", [-(2**63)])]).SerializeToString(),
            "negative-dimension",
        ),
        "zip at the end": (_with_tail(_zip()), "trailing-bytes"),
        "zeros at the end": (_with_tail(b"\0" * 100), "trailing-bytes"),
        "text at the end": (_with_tail(b"\nhello there"), "trailing-bytes"),
        "a field of nobody at the end": (_with_tail(field(1000, b"x" * 2000)), "unknown-field"),
        "a group in the graph": (_model(b"\x0b\x08\x01\x13\x14\x0c" + field(1, field(4, b"Relu"))), "unknown-field"),
        "a field of nobody in the graph": (_model(field(1, field(4, b"Relu")) + field(77, b"x")), "unknown-field"),
        "two versions of one opset": (_with_tail(field(8, b"\x10\x01")), "conflicting-opsets"),
        "invalid UTF-8": (_bad_strings(), "invalid-utf8"),
        "a long name": (_named("n" * 5_000), "overlong-name"),
        "a longer name": (_named("n" * 200_000), "overlong-name"),
        "an element type of nobody": (_tensor(b"\x08\x01\x10\x63" + field(9, b"abcd")), "unknown-dtype"),
        "an element type below zero": (_tensor(b"\x08\x01\x10" + varint(2**64 - 1) + field(9, b"abcd")), "unknown-dtype"),
        "external data up and out": (builders.external_model("../../x").SerializeToString(), "external-data-escapes"),
        "external data at an absolute path": (
            builders.external_model("/etc/passwd").SerializeToString(),
            "external-data-escapes",
        ),
        "external data that is a device": (builders.external_model("/dev/zero").SerializeToString(), "external-data-escapes"),
        "external data without a place": (builders.external_model("").SerializeToString(), "external-data-unusable"),
        "external data of a name of escapes": (
            builders.external_model("\x1b[2J").SerializeToString(),
            "external-data-unusable",
        ),
        "external data that is not there": (builders.external_model("w.bin").SerializeToString(), "external-data-missing"),
        "external data at a negative offset": (
            builders.external_model("w.bin", -8).SerializeToString(),
            "external-data-invalid",
        ),
        "two producers of one tensor": (_two_producers().SerializeToString(), "duplicate-tensor-name"),
    }
    for text in HOSTILE_TEXT:
        if not text.startswith("["):
            cases[f"every text is {text!r}"] = (_named(text), "unprintable-name")
    return cases


def _two_producers() -> ModelProto:
    return builders.model_of([helper.make_node("Relu", ["x"], ["y"]), helper.make_node("Abs", ["x"], ["y"])])
