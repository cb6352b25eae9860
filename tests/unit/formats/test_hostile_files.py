"""Files from strangers: refused in one line, or read with a finding."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

import pytest

from inspector.errors import EXIT_UNREADABLE, UnreadableArtifact
from inspector.formats.detect import detect
from inspector.formats.onnx import read as reading
from inspector.formats.onnx.read import read
from inspector.formats.onnx.skeleton import skeleton
from inspector.records.artifact import Computation
from tests import builders
from tests.unit.formats import hostile_files

REFUSED = hostile_files.refused()
FOUND = hostile_files.found()


def open_as_user_would(path: Path) -> Computation:
    assert detect(path) == "onnx"
    return read(path)


def assert_one_line(error: UnreadableArtifact) -> None:
    text = str(error)
    assert error.exit_code == EXIT_UNREADABLE
    assert error.hint or "cannot read" in text
    assert text.isprintable(), text
    assert len(text) < 600


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_model_is_refused_in_one_line(name: str, tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    path.write_bytes(REFUSED[name])
    with pytest.raises(UnreadableArtifact) as caught:
        open_as_user_would(path)
    assert_one_line(caught.value)
    assert "model.onnx" in caught.value.message
    with pytest.raises(UnreadableArtifact):
        read(path)


@pytest.mark.parametrize("name", FOUND)
def test_what_is_wrong_is_found(name: str, tmp_path: Path) -> None:
    data, rule = FOUND[name]
    path = tmp_path / "model.onnx"
    path.write_bytes(data)
    computation = open_as_user_would(path)
    assert rule in {finding.rule for finding in computation.findings}
    assert all(finding.message.isprintable() and finding.place.isprintable() for finding in computation.findings)
    assert repr(computation).isprintable()


def test_a_model_cut_short_anywhere_is_refused_or_found(tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    cases = hostile_files.truncated()
    assert len(cases) > 300
    whole = len(read(builders.save(builders.every_carrier(), tmp_path / "whole.onnx")).weights)
    complete = 0
    for name, data in cases.items():
        path.write_bytes(data)
        try:
            computation = open_as_user_would(path)
        except UnreadableArtifact as error:
            assert_one_line(error)
        else:
            # What ends exactly between two fields of the model itself is a shorter model and cannot be told from one.
            complete += 1
            assert len(computation.weights) <= whole, name
    assert complete < 12


def test_truncation_is_never_a_different_error_for_the_skeleton(tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    for data in list(hostile_files.truncated().values())[::7] + list(REFUSED.values()):
        path.write_bytes(data)
        try:
            skeleton(path)
        except UnreadableArtifact as error:
            assert_one_line(error)


def test_markup_in_names_is_kept_as_text(tmp_path: Path) -> None:
    computation = open_as_user_would(builders.save(builders.named("[/bold][batch, 3]"), tmp_path / "m.onnx"))
    assert computation.graph.nodes[0].name == "[/bold][batch, 3]"


def test_names_of_a_gigabyte(tmp_path: Path) -> None:
    size = 1 << 30
    node = b"\x1a" + builders.varint(size)
    after = builders.field(4, b"Relu") + builders.field(1, b"x") + builders.field(2, b"y")
    length = len(node) + size + len(after)
    path = tmp_path / "m.onnx"
    with path.open("wb") as file:
        head = b"\x0a" + builders.varint(length)
        file.write(b"\x08\x0a" + builders.field(8, b"\x10\x15") + b"\x3a" + builders.varint(len(head) + length) + head + node)
        file.seek(size, os.SEEK_CUR)
        file.write(after)
    (node_read,) = open_as_user_would(path).graph.nodes
    assert node_read.operator == "Relu"
    assert len(node_read.name) < 40_000
    assert "1,073,741,824 bytes" in node_read.name


def test_a_sparse_file_of_100_gigabytes(tmp_path: Path) -> None:
    computation = open_as_user_would(builders.save_sparse_giant(tmp_path / "m.onnx", 25 << 30))
    assert computation.artifact.size_bytes > 100 << 30
    assert [weight.byte_count for weight in computation.weights] == [25 << 30] * 4
    assert computation.findings == ()


def test_a_sparse_file_that_is_nothing(tmp_path: Path) -> None:
    path = tmp_path / "m.onnx"
    with path.open("wb") as file:
        file.truncate(100 << 30)
    with pytest.raises(UnreadableArtifact):
        open_as_user_would(path)


def test_a_fifo_does_not_block(tmp_path: Path) -> None:
    path = tmp_path / "m.onnx"
    os.mkfifo(path)
    for open_it in (detect, read, skeleton):
        with pytest.raises(UnreadableArtifact, match="named pipe"):
            open_it(path)


@pytest.mark.parametrize(("path", "words"), [("/dev/zero", "device"), ("/dev/null", "device"), ("/proc", "folder")])
def test_devices_and_folders(path: str, words: str) -> None:
    for open_it in (detect, read):
        with pytest.raises(UnreadableArtifact, match=words):
            open_it(Path(path))


def test_paths_that_are_no_paths(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to("loop")
    for path in (Path("a\0b"), Path("x" * 5000), tmp_path / "gone" / "m.onnx", tmp_path / "loop", tmp_path / "\udcff\x1b.onnx"):
        for open_it in (detect, read):
            with pytest.raises(UnreadableArtifact) as caught:
                open_it(path)
            assert_one_line(caught.value)


def test_permission_denied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = builders.save(builders.chain(), tmp_path / "m.onnx")
    path.chmod(0)
    if os.access(path, os.R_OK):  # the superuser reads everything: let the call fail as it would for others
        real_open = os.open

        def deny(name, flags, *rest, **more):  # type: ignore[no-untyped-def]
            if Path(name) == path:
                raise PermissionError(13, "Permission denied")
            return real_open(name, flags, *rest, **more)

        monkeypatch.setattr(os, "open", deny)
    with pytest.raises(UnreadableArtifact, match="permission denied"):
        read(path)


def test_a_file_that_grows_while_open_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = builders.save(builders.small_cnn(), tmp_path / "m.onnx")
    read_graph = reading.read_graph

    def read_while_somebody_writes(*arguments):  # type: ignore[no-untyped-def]
        with path.open("ab") as file:
            file.write(b"more")
        return read_graph(*arguments)

    monkeypatch.setattr(reading, "read_graph", read_while_somebody_writes)
    (finding,) = read(path).findings
    assert (finding.rule, finding.severity) == ("changed-while-open", "high")


def test_a_file_that_shrinks_while_open_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = builders.save(builders.model_of([], initializers=[builders.weight("w", [0.5] * 10_000)] * 20), tmp_path / "m.onnx")
    read_graph = reading.read_graph

    def read_while_somebody_truncates(*arguments):  # type: ignore[no-untyped-def]
        os.truncate(path, 5_000)
        return read_graph(*arguments)

    monkeypatch.setattr(reading, "read_graph", read_while_somebody_truncates)
    with pytest.raises(UnreadableArtifact, match="changed while it was read"):
        read(path)


def test_a_file_rewritten_all_the_time_never_crashes_the_reader(tmp_path: Path) -> None:
    path = builders.save(builders.small_cnn(), tmp_path / "m.onnx")
    versions = [
        builders.small_cnn().SerializeToString(),
        builders.every_carrier().SerializeToString(),
        b"",
        b"\x08\x0a\x3a\x7f",
    ]
    stop = threading.Event()

    def rewrite() -> None:
        while not stop.is_set():
            for data in versions:
                path.write_bytes(data)

    writer = threading.Thread(target=rewrite)
    writer.start()
    deadline = time.monotonic() + 0.5
    try:
        while time.monotonic() < deadline:
            try:
                open_as_user_would(path)
            except UnreadableArtifact as error:
                assert_one_line(error)
    finally:
        stop.set()
        writer.join()


def test_millions_of_empty_nodes_are_refused_before_memory_runs_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("inspector.formats.onnx.reading.MOST_NODES", 1000)
    path = tmp_path / "m.onnx"
    path.write_bytes(b"\x08\x0a" + builders.field(7, b"\x0a\x00" * 1001))
    with pytest.raises(UnreadableArtifact, match="nodes"):
        read(path)


def test_more_names_or_runs_than_any_model_has_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "m.onnx"
    monkeypatch.setattr("inspector.formats.clean_text.MOST_NAMES", 100)
    inputs = b"".join(builders.field(11, builders.field(1, b"%d" % i)) for i in range(200))
    path.write_bytes(b"\x08\x0a" + builders.field(7, inputs))
    with pytest.raises(UnreadableArtifact, match=r"m\.onnx: holds more than 100 different names"):
        read(path)
    monkeypatch.setattr("inspector.formats.onnx.wire.MOST_FIELDS", 1_000)
    alternating = builders.field(5, b"\x3d\0\0\0\0\x40\x01" * 2_000)
    path.write_bytes(b"\x08\x0a" + builders.field(7, builders.field(1, alternating)))
    with pytest.raises(UnreadableArtifact, match="more than 1,000 fields"):
        read(path)


def test_a_model_of_nothing_but_structure_is_refused_beyond_its_budget(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("inspector.formats.onnx.skeleton.LARGEST_SKELETON", 10_000)
    node = builders.field(3, b"n" * 5_000) + builders.field(6, b"documentation" * 10_000)
    path = tmp_path / "m.onnx"
    path.write_bytes(b"\x08\x0a" + builders.field(7, builders.field(1, node) * 3))
    for open_it in (read, skeleton):
        with pytest.raises(UnreadableArtifact, match="are left when weights are not counted"):
            open_it(path)


def test_there_are_enough_hostile_files() -> None:
    assert len(REFUSED) + len(FOUND) + len(hostile_files.truncated()) > 400
