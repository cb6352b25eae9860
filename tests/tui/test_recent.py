"""The recent list survives anything it finds in its file, and never leaves half a file behind."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from inspector.records.artifact import Artifact
from inspector.tui.recent import MOST_ENTRIES, RecentList


@pytest.fixture
def recent(tmp_path: Path) -> RecentList:
    return RecentList(tmp_path / "some" / "where" / "recent.json")


def artifact(path: str) -> Artifact:
    return Artifact(path, "onnx", 10)


def test_the_latest_is_first_and_nothing_is_twice(recent: RecentList) -> None:
    for path in ("/a.onnx", "/b.onnx", "/a.onnx"):
        recent.add(artifact(path))
    assert [entry.path for entry in recent.entries()] == ["/a.onnx", "/b.onnx"]
    assert recent.entries()[0].size_bytes == 10


def test_it_is_bounded(recent: RecentList) -> None:
    for number in range(MOST_ENTRIES + 5):
        recent.add(artifact(f"/{number}.onnx"))
    entries = recent.entries()
    assert len(entries) == MOST_ENTRIES
    assert entries[0].path == f"/{MOST_ENTRIES + 4}.onnx"


def test_relative_paths_are_made_absolute(recent: RecentList, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    recent.add(artifact("model.onnx"))
    assert recent.entries()[0].path == str(tmp_path / "model.onnx")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"\xff\xfe\x00",
        b"[]",
        b"null",
        b'{"recent": 3}',
        b'{"recent": [3, null, {}, {"path": ""}, {"path": "a\\u0000b", "format": "onnx", "size_bytes": 1, "opened": 1}]}',
        b'{"recent": [{"path": "/a", "format": "onnx", "size_bytes": "big", "opened": 1}]}',
        b"[" * 100_000,
        b'{"recent": []}' + b" " * (2 << 20),
    ],
    ids=["empty", "cut", "binary", "list", "null", "number", "rows", "types", "deep", "huge"],
)
def test_a_corrupt_file_is_an_empty_list_and_is_replaced(recent: RecentList, content: bytes) -> None:
    recent.file.parent.mkdir(parents=True)
    recent.file.write_bytes(content)
    assert recent.entries() == ()
    recent.add(artifact("/a.onnx"))
    assert [entry.path for entry in recent.entries()] == ["/a.onnx"]
    assert json.loads(recent.file.read_text())["schema"] == 1


def test_writing_leaves_nothing_else_in_the_folder(recent: RecentList) -> None:
    recent.add(artifact("/a.onnx"))
    assert [file.name for file in recent.file.parent.iterdir()] == ["recent.json"]


def test_a_folder_that_cannot_be_written_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    recent = RecentList(tmp_path / "file" / "recent.json")
    recent.add(artifact("/a.onnx"))
    assert recent.entries() == ()


def test_undecodable_names_are_no_error(recent: RecentList) -> None:
    recent.add(artifact("/\udcff.onnx"))
    assert [entry.path for entry in recent.entries()] in ([], ["/\udcff.onnx"])


def test_the_state_folder_is_honored(state_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert RecentList.in_state_folder().file == state_folder / "modelpack-tui" / "recent.json"
    monkeypatch.setenv("XDG_STATE_HOME", "relative/is/ignored")
    assert RecentList.in_state_folder().file == Path.home() / ".local" / "state" / "modelpack-tui" / "recent.json"
