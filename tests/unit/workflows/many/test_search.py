from __future__ import annotations

import os
from pathlib import Path

import pytest

from inspector.errors import UnreadableArtifact, UsageError
from inspector.workflows.many import search
from inspector.workflows.many.search import find_artifacts, is_searched
from tests.builders import chain, save
from tests.e2e.hostile_saved_models import protos
from tests.fleet import DAMAGED, fleet


def test_what_is_named_is_taken_as_it_is_once(tmp_path: Path) -> None:
    path = str(tmp_path / "there-is-none.onnx")
    assert find_artifacts([path, "docker://app:1", path]) == (path, "docker://app:1")


def test_a_folder_stands_for_what_is_in_it_by_name(tmp_path: Path) -> None:
    readable = fleet(tmp_path, 40)
    found = find_artifacts([str(tmp_path)])
    assert sorted(found) == sorted([*readable, *(str(tmp_path / path) for path in DAMAGED)])
    assert found == find_artifacts([str(tmp_path)])


def test_an_artifact_in_a_folder_is_no_folder_to_search(tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()
    (tmp_path / "model/saved_model.pb").write_bytes(protos.small())
    save(chain(), tmp_path / "model/inside.onnx")
    assert not is_searched(str(tmp_path / "model"))
    assert find_artifacts([str(tmp_path)]) == (str(tmp_path / "model"),)


def test_a_pattern_stands_for_what_it_matches(tmp_path: Path) -> None:
    for name in ("b.onnx", "a.onnx", "deep/c.onnx", "d.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        save(chain(), tmp_path / name)
    pattern = f"{tmp_path}/**/*.onnx"
    assert is_searched(pattern)
    assert [Path(path).name for path in find_artifacts([pattern])] == ["a.onnx", "b.onnx", "c.onnx"]


def test_a_file_that_looks_like_a_pattern_is_itself(tmp_path: Path) -> None:
    path = save(chain(), tmp_path / "model[1].onnx")
    assert find_artifacts([str(path)]) == (str(path),)


def test_reviews_count_where_there_is_nothing_else(tmp_path: Path) -> None:
    review = tmp_path / "review.json"
    review.write_text('{"schema": 1, "tool": {"version": "1"}}')
    (tmp_path / "other.json").write_text("{}")
    assert find_artifacts([str(tmp_path)]) == (str(review),)
    model = save(chain(), tmp_path / "model.onnx")
    assert find_artifacts([str(tmp_path)]) == (str(model),)


def test_nothing_is_told_with_what_was_named(tmp_path: Path) -> None:
    with pytest.raises(UnreadableArtifact, match="a folder in which no artifact lies"):
        find_artifacts([str(tmp_path)])
    with pytest.raises(UsageError, match="nothing matches"):
        find_artifacts([f"{tmp_path}/*.onnx"])


def test_a_tar_of_something_else_is_passed_over(tmp_path: Path) -> None:
    import tarfile

    with tarfile.open(tmp_path / "data.tar", "w") as archive:
        archive.add(save(chain(), tmp_path / "model.onnx"), "model.onnx")
    assert find_artifacts([str(tmp_path)]) == (str(tmp_path / "model.onnx"),)


def test_pipes_devices_and_what_cannot_be_read_hold_nothing_up(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    os.mkfifo(tmp_path / "pipe.tar")
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    (tmp_path / "up").symlink_to(tmp_path.parent)
    model = save(chain(), tmp_path / "model.onnx")
    assert find_artifacts([str(tmp_path)]) == (str(model),)


def test_there_are_limits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(5):
        (tmp_path / f"{number}.onnx").write_bytes(b"")
    monkeypatch.setattr(search, "MOST_ARTIFACTS", 4)
    with pytest.raises(UsageError, match="more than 4 artifacts"):
        find_artifacts([str(tmp_path)])
    monkeypatch.setattr(search, "MOST_ENTRIES", 3)
    with pytest.raises(UsageError, match="holds more than 3 files"):
        find_artifacts([str(tmp_path)])


@pytest.mark.parametrize("name", ["\0", "a\0*", "x" * 5000], ids=["zero", "pattern", "long"])
def test_what_is_no_path_is_left_to_whoever_reads_it(name: str) -> None:
    assert not is_searched(name) or "*" in name
