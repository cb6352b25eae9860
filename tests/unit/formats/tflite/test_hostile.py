"""Damaged and hostile .tflite files: refused in one line, or read with findings, within bounds of memory."""

from __future__ import annotations

import random
import struct
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest

from inspector.errors import UnreadableArtifact
from inspector.formats.tflite.read import read
from inspector.records.artifact import Computation
from inspector.workflows.analyse import analyse
from tests.tflite_models import made
from tests.tflite_models import parts as p
from tests.tflite_models.flat_writer import Number, Table

SEEDS: dict[str, Callable[[], bytes]] = {
    "dense": made.dense,
    "loop": made.loop,
    "quantized": made.quantized,
    "custom": lambda: made.custom("FlexErf", "Mine"),
    "behind": lambda: made.behind(bytes(256)),
    "cyclic": made.calling_itself,
}


def outcome(data: bytes, path: Path) -> Computation | UnreadableArtifact:
    """Return what reading and analyzing gives; a refusal must be one line with a hint."""
    path.write_bytes(data)
    found: Computation | UnreadableArtifact
    try:
        found = read(path)
    except UnreadableArtifact as error:
        found = error
    if isinstance(found, Computation):
        analyse(found)
    else:
        assert path.name in found.message
        assert found.message.isprintable()
        assert found.hint
    return found


def test_cut_at_every_byte(tmp_path: Path) -> None:
    data = made.dense()
    whole = read_whole(data, tmp_path)
    path = tmp_path / "cut.tflite"
    refused = [isinstance(outcome(data[:length], path), UnreadableArtifact) for length in range(len(data))]
    assert refused[: len(data) * 3 // 4] == [True] * (len(data) * 3 // 4)
    assert whole.graph.nodes


def read_whole(data: bytes, folder: Path) -> Computation:
    found = outcome(data, folder / "whole.tflite")
    assert isinstance(found, Computation)
    return found


@pytest.mark.parametrize("name", SEEDS)
def test_bytes_changed_at_random(name: str, tmp_path: Path) -> None:
    data, generator, path = SEEDS[name](), random.Random(name), tmp_path / "changed.tflite"
    for _ in range(150):
        changed = bytearray(data)
        for _ in range(generator.choice((1, 1, 3))):
            at = generator.randrange(len(data) - 4)
            words = (0, 1, 4, 2**31, 2**32 - 1, len(data), generator.randrange(len(data)))
            if generator.random() < 0.5:
                changed[at] ^= 1 << generator.randrange(8)
            else:
                changed[at : at + 4] = struct.pack("<I", generator.choice(words))
        outcome(bytes(changed), path)


def _root_at(offset: int) -> bytes:
    return struct.pack("<I", offset) + made.dense()[4:]


def _vtable(size_of_vtable: int, size_of_table: int) -> bytes:
    layout = struct.pack("<HH", size_of_vtable, size_of_table)
    return struct.pack("<I", 16) + b"TFL3" + layout + bytes(4) + struct.pack("<i", 8) + bytes(12)


@pytest.mark.parametrize(
    ("words", "data"),
    {
        "out of the file": _root_at(2**32 - 1),
        "a reference": _root_at(0),
        "outside the file": struct.pack("<I", 8) + b"TFL3" + struct.pack("<i", 2**30) + bytes(40),
        "not possible": _vtable(3, 8),
        "is not possible": _vtable(4, 2),
        "past the end": _vtable(60_000, 8),
    }.items(),
)
def test_references_and_layouts_that_make_no_sense(words: str, data: bytes, tmp_path: Path) -> None:
    found = outcome(data, tmp_path / "bad.tflite")
    assert isinstance(found, UnreadableArtifact)
    assert words in found.message
    assert "damaged TensorFlow Lite model" in found.message


def test_a_list_that_claims_two_thousand_million_items(tmp_path: Path) -> None:
    data = bytearray(made.dense())
    at = data.index(struct.pack("<I4s", 48, made.WEIGHTS[:4]))
    data[at : at + 4] = struct.pack("<I", 2**31)
    found = outcome(bytes(data), tmp_path / "huge.tflite")
    assert isinstance(found, UnreadableArtifact)
    assert "2,147,483,648 items" in found.message


def _many_tensors_of_one_name(count: int) -> bytes:
    graph = p.subgraph([p.tensor("n" * 40, (1,)) for _ in range(count)], (0,), (0,), [])
    return p.model([], [graph], [])


def test_many_names_that_are_the_same(tmp_path: Path) -> None:
    found = read_whole(_many_tensors_of_one_name(2000), tmp_path)
    assert len(found.graph.values) == 2000


def _operator_references(data: bytearray, count: int) -> list[int]:
    """Return where the references to the operators lie: the only list of that many references."""
    header = struct.pack("<I", count)
    at = data.index(header)
    while not all(struct.unpack_from("<I", data, at + 4 + 4 * i)[0] > 0 for i in range(count)):
        at = data.index(header, at + 1)
    return [at + 4 + 4 * i for i in range(count)]


def test_one_operator_listed_again_and_again(tmp_path: Path) -> None:
    small = p.subgraph([p.tensor("x", (2,))], (0,), (0,), [p.operator(0, (0,) * 50_000, (0,)), *[_tiny()] * 5_000])
    data = bytearray(p.model([p.code(p.ADD)], [small], []))
    places = _operator_references(data, 5_001)
    first = places[0] + struct.unpack_from("<I", data, places[0])[0]
    for place in places:
        if place < first:
            struct.pack_into("<I", data, place, first - place)
    found = outcome(bytes(data), tmp_path / "again.tflite")
    assert isinstance(found, UnreadableArtifact)
    assert "overlap" in found.message


def _tiny() -> Table:
    return p.operator(0, (0,), (0,))


def test_graphs_that_call_each_other_without_end(tmp_path: Path) -> None:
    found = read_whole(made.calling_itself(), tmp_path)
    assert len(found.functions) == 1


def test_a_thousand_graphs_each_calling_the_next(tmp_path: Path) -> None:
    tensors = [p.tensor("x", (2,)), p.tensor("y", (2,))]

    def calling(number: int) -> Table:
        options = Table({0: Number("i", number + 1), 1: Number("i", number + 1)})
        return p.subgraph(tensors, (0,), (1,), [p.operator(0, (0,), (1,), p.WHILE_OPTIONS, options)], "same")

    found = read_whole(p.model([p.code(p.WHILE)], [calling(number) for number in range(1000)], []), tmp_path)
    assert len({function.body.path for function in found.functions}) == 999


def test_paths_stay_apart_whatever_subgraphs_are_called(tmp_path: Path) -> None:
    graphs = [p.subgraph([p.tensor("x", (1,))], (0,), (0,), [], name) for name in ("m", "a:2", "a", "a", "a:2", "a:3", "")]
    found = read_whole(p.model([], graphs, []), tmp_path)
    assert len({graph.path for graph in found.graphs()}) == 7


def test_names_cannot_write_to_the_terminal(tmp_path: Path) -> None:
    evil = "\x1b]52;c;aGk=\x07\u202e[/bold]\n"
    graph = p.subgraph([p.tensor(evil, (1,), buffer=1)], (0,), (0,), [p.operator(0, (0,), (0,))], evil)
    signatures = [p.signature(evil, {evil: 0}, {evil: 0})]
    found = read_whole(
        p.model([p.code(p.CUSTOM, evil)], [graph], [p.buffer(b"\x1b[2J")], signatures, [(evil, 1)], evil), tmp_path
    )
    texts = [found.doc, found.graph.name, found.signatures[0].name, *found.artifact.metadata, *found.graph.values]
    texts += [found.graph.nodes[0].operator, *found.artifact.metadata.values(), *(one.message for one in found.findings)]
    assert all(text.isprintable() for text in texts)


def test_memory_stays_within_what_is_there(tmp_path: Path) -> None:
    path = tmp_path / "large.tflite"
    path.write_bytes(made.behind(bytes(16 * 2**20)))
    tracemalloc.start()
    try:
        read(path)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 2**20


def test_what_is_written_while_it_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "moving.tflite"
    path.write_bytes(made.dense())
    from inspector.formats.tflite import read as module

    finish = module.read_metadata

    def write_meanwhile(*given: object) -> dict[str, str]:
        path.write_bytes(made.dense() + b"\0")
        return finish(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(module, "read_metadata", write_meanwhile)
    with pytest.raises(UnreadableArtifact, match="changed while it was read"):
        read(path)
