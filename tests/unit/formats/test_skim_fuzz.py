"""Mutated models and random bytes: the skim agrees with onnx, or says no cleanly, and never anything else."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from google.protobuf.message import DecodeError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from onnx import ModelProto

from inspector.errors import InspectorError, OperationFailed, UnreadableArtifact
from inspector.formats.onnx.read import read
from inspector.formats.onnx.skeleton import skeleton
from inspector.formats.onnx.weight_bytes import iter_chunks
from inspector.records.artifact import Computation
from tests import builders
from tests.onnx_facts import Facts, facts_by_onnx, facts_of

SEEDS: list[bytes] = [
    make().SerializeToString()
    for make in (
        builders.small_cnn,
        builders.every_carrier,
        builders.loop,
        lambda: builders.subgraphs(3),
        lambda: builders.every_dtype(raw=True),
        lambda: builders.every_dtype(raw=False),
        lambda: builders.named("hé\x1b"),
        lambda: builders.external_model("w.bin", 4, 16),
    )
]

Mutation = Callable[[bytes], bytes]


def _flip(place: float, bit: int) -> Mutation:
    def mutate(data: bytes) -> bytes:
        changed, at = bytearray(data), int(place * len(data))
        changed[at] ^= 1 << bit
        return bytes(changed)

    return mutate


def _replace(place: float, removed: int, added: bytes) -> Mutation:
    def mutate(data: bytes) -> bytes:
        at = int(place * len(data))
        return data[:at] + added + data[at + removed :]

    return mutate


def _repeat(place: float, source: float, length: int) -> Mutation:
    def mutate(data: bytes) -> bytes:
        at, taken = int(place * len(data)), int(source * len(data))
        return data[:at] + data[taken : taken + length] + data[at:]

    return mutate


PLACE = st.floats(0, 1, exclude_max=True)
MUTATIONS = st.one_of(
    st.builds(_flip, PLACE, st.integers(0, 7)),
    st.builds(_replace, PLACE, st.integers(0, 6), st.binary(max_size=6)),
    st.builds(_repeat, PLACE, PLACE, st.integers(1, 60)),
    st.builds(_replace, PLACE, st.just(1 << 30), st.just(b"")),
)


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    data = draw(st.sampled_from(SEEDS))
    for mutate in draw(st.lists(MUTATIONS, min_size=1, max_size=4)):
        data = mutate(data) if data else data
    return data


def ours(data: bytes, path: Path) -> Computation | None:
    path.write_bytes(data)
    try:
        return read(path)
    except UnreadableArtifact as error:
        assert_printable(error)
        return None


def assert_printable(error: InspectorError) -> None:
    assert str(error).isprintable()


def theirs(data: bytes) -> Facts | None:
    try:
        return facts_by_onnx(ModelProto.FromString(data))
    except (DecodeError, UnicodeDecodeError):
        return None


FUZZ = settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@FUZZ
@given(data=mutated())
def test_mutated_models_agree_with_onnx_or_are_refused(data: bytes, tmp_path: Path) -> None:
    computation, facts = ours(data, tmp_path / "m.onnx"), theirs(data)
    if computation is not None and facts is not None:
        assert facts_of(computation) == facts


@FUZZ
@given(
    data=st.one_of(
        st.binary(max_size=200),
        st.builds(lambda head, rest: head + rest, st.sampled_from([b"\x08\x0a\x3a", b":"]), st.binary()),
    )
)
def test_random_bytes_agree_with_onnx_or_are_refused(data: bytes, tmp_path: Path) -> None:
    computation, facts = ours(data, tmp_path / "m.onnx"), theirs(data)
    if computation is not None and facts is not None:
        assert facts_of(computation) == facts


@FUZZ
@given(data=mutated())
def test_weights_of_mutated_models_are_read_or_refused(data: bytes, tmp_path: Path) -> None:
    computation = ours(data, tmp_path / "m.onnx")
    for weight in computation.weights if computation else ():
        try:
            total = sum(map(len, iter_chunks(computation, weight)))
        except OperationFailed as error:
            assert_printable(error)
        else:
            assert total <= len(data) * 16


@FUZZ
@given(data=mutated())
def test_skeletons_of_mutated_models_parse_wherever_onnx_reads_the_whole(data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "m.onnx"
    path.write_bytes(data)
    try:
        whole = ModelProto.FromString(data)
    except DecodeError:
        whole = None
    try:
        carved = skeleton(path)
    except UnreadableArtifact as error:
        assert_printable(error)
        return
    if whole is not None:
        assert len(ModelProto.FromString(carved).graph.node) == len(whole.graph.node)


@pytest.mark.parametrize("seed", range(len(SEEDS)))
def test_the_seeds_themselves_are_accepted(seed: int, tmp_path: Path) -> None:
    computation = ours(SEEDS[seed], tmp_path / "m.onnx")
    assert computation is not None
    assert facts_of(computation) == theirs(SEEDS[seed])
