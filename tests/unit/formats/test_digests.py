"""Digests of artifacts and their external files."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from inspector.errors import OperationFailed
from inspector.formats.onnx.digests import digest
from inspector.formats.onnx.read import read
from inspector.records.artifact import Computation
from inspector.records.event import Finished, Progress, Warned
from tests import builders


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def with_digests(computation: Computation) -> Computation:
    *_, last = digest(computation)
    assert isinstance(last, Finished)
    return last.result


def test_digests_of_the_artifact_and_its_external_files(tmp_path: Path) -> None:
    path = builders.save_external(builders.small_cnn(), tmp_path)
    computation = with_digests(read(path))
    assert computation.artifact.sha256 == sha256(path)
    assert [file.sha256 for file in computation.external_files] == [sha256(tmp_path / "weights.bin")]


def test_progress_is_told_in_bytes(tmp_path: Path) -> None:
    path = builders.save_external(builders.small_cnn(), tmp_path)
    events = list(digest(read(path)))
    total = path.stat().st_size + (tmp_path / "weights.bin").stat().st_size
    assert isinstance(events[-1], Finished)
    assert [(event.done, event.total, event.note) for event in events if isinstance(event, Progress)] == [
        (path.stat().st_size, total, "model.onnx"),
        (total, total, "weights.bin"),
    ]


def test_files_that_may_not_be_opened_have_no_digest(tmp_path: Path) -> None:
    folder = tmp_path / "model"
    folder.mkdir()
    (tmp_path / "secret").write_bytes(b"s" * 16)
    for location in ("../secret", "missing.bin"):
        path = builders.save(builders.external_model(location), folder / "m.onnx")
        assert with_digests(read(path)).external_files[0].sha256 is None


def test_a_file_exchanged_since_is_warned_of(tmp_path: Path) -> None:
    folder = tmp_path / "model"
    folder.mkdir()
    (tmp_path / "secret").write_bytes(b"s" * 16)
    (folder / "w.bin").write_bytes(b"w" * 16)
    computation = read(builders.save(builders.external_model("w.bin"), folder / "m.onnx"))
    (folder / "w.bin").unlink()
    (folder / "w.bin").symlink_to("../secret")
    events = list(digest(computation))
    assert any(isinstance(event, Warned) for event in events)
    assert isinstance(events[-1], Finished)
    assert events[-1].result.external_files[0].sha256 is None


@pytest.mark.parametrize(("data", "rules"), [(b"w" * 16, []), (b"x" * 16, ["external-data-checksum"])])
def test_a_declared_checksum_is_compared(data: bytes, rules: list[str], tmp_path: Path) -> None:
    (tmp_path / "w.bin").write_bytes(data)
    model = builders.external_model("w.bin")
    declared = hashlib.sha1(b"w" * 16).hexdigest()
    model.graph.initializer[0].external_data.add(key="checksum", value=declared)
    computation = with_digests(read(builders.save(model, tmp_path / "m.onnx")))
    assert [finding.rule for finding in computation.findings] == rules


def test_an_artifact_that_is_gone(tmp_path: Path) -> None:
    path = builders.save(builders.chain(), tmp_path / "m.onnx")
    computation = read(path)
    path.unlink()
    with pytest.raises(OperationFailed, match="no such file"):
        with_digests(computation)
