"""The wire walk against protobuf's own encoder, across window borders."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from onnx import AttributeProto

from inspector.errors import UnreadableArtifact
from inspector.formats.onnx import wire
from inspector.formats.onnx.wire import Source, decode_varint, encode_varint, fields, leading, run, signed
from tests import builders


@contextmanager
def source_of(data: bytes, folder: Path) -> Iterator[Source]:
    path = folder / "data"
    path.write_bytes(data)
    descriptor = os.open(path, os.O_RDONLY)
    try:
        yield Source(descriptor, len(data), "data")
    finally:
        os.close(descriptor)


@given(st.integers(0, 2**64 - 1))
def test_varints_there_and_back(number: int) -> None:
    encoded = encode_varint(number)
    assert encoded == builders.varint(number)
    assert decode_varint(encoded, 0) == (number, len(encoded))


@given(st.integers(-(2**63), 2**63 - 1))
def test_signed_integers(number: int) -> None:
    assert signed(number & (2**64 - 1)) == number


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(payloads=st.lists(st.binary(max_size=300), max_size=60), width=st.integers(24, 200))
def test_every_field_is_met_whatever_the_window(payloads: list[bytes], width: int, tmp_path: Path) -> None:
    data = b"".join(builders.field(3, payload) for payload in payloads)
    with pytest.MonkeyPatch.context() as patch, source_of(data, tmp_path) as source:
        patch.setattr(wire, "SMALLEST_WINDOW", width)
        patch.setattr(wire, "LARGEST_WINDOW", width)
        met = [(tag, source.read(start, end - start)) for tag, _, start, end in fields(source, 0, len(data))]
    assert met == [(26, payload) for payload in payloads]


@pytest.mark.parametrize("width", [24, 100, 4096])
def test_runs_of_scalars_across_windows(width: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "SMALLEST_WINDOW", width)
    monkeypatch.setattr(wire, "LARGEST_WINDOW", width)
    ints = [(-1) ** i * 7**i % 2**40 for i in range(500)]
    floats = AttributeProto(floats=[0.5] * 500).SerializeToString()
    data = AttributeProto(ints=ints).SerializeToString()
    tail = builders.field(1, b"name")
    with source_of(data + tail, tmp_path) as source:
        assert run(source, 0, source.size, 0x40) == (len(data), 500)
        cut = leading(source, 0, len(data), 0x40, 20)
        assert list(AttributeProto.FromString(data[:cut]).ints) == ints[:20]
    with source_of(floats + tail, tmp_path) as source:
        assert run(source, 0, source.size, 0x3D) == (len(floats), 500)


def test_jumps_read_little(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[int] = []
    pread = os.pread
    monkeypatch.setattr(os, "pread", lambda fd, count, at: (read.append(count), pread(fd, count, at))[1])
    data = builders.field(9, b"x" * 1_000_000) * 20
    with source_of(data, tmp_path) as source:
        assert len(list(fields(source, 0, len(data)))) == 20
    assert sum(read) <= 21 * wire.SMALLEST_WINDOW


def test_too_many_fields_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "MOST_FIELDS", 1_000)
    with source_of(b"\x08\x01" * 20_000, tmp_path) as source, pytest.raises(UnreadableArtifact, match="fields"):
        list(fields(source, 0, source.size))


def test_errors_name_the_byte(tmp_path: Path) -> None:
    with source_of(b"\x08\x01" * 600 + b"\x0a\x7f", tmp_path) as source, pytest.raises(UnreadableArtifact, match="byte 1,200"):
        list(fields(source, 0, source.size))
