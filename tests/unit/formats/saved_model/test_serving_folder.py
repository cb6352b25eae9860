"""Serving folders: which versions there are, which one a server picks, and how their signatures differ."""

from __future__ import annotations

from pathlib import Path

import pytest

from inspector.errors import UnreadableArtifact
from inspector.formats.saved_model.serving_folder import (
    VersionSummary,
    describe_versions,
    is_serving_folder,
    served_folder,
    signature_differences,
    version_folders,
)
from inspector.records.saved_model import SignatureFacts, SignatureTensor
from inspector.records.tensor import Shape


def tensor(name: str, shape: Shape | None = (None, 8), dtype: str = "float32") -> SignatureTensor:
    return SignatureTensor(name, dtype, shape)


def signature(
    *inputs: SignatureTensor, name: str = "serving_default", outputs: tuple[SignatureTensor, ...] = ()
) -> SignatureFacts:
    return SignatureFacts(name, "tensorflow/serving/predict", inputs, outputs or (tensor("y"),))


def make(root: Path, *names: str, definition: str = "saved_model.pb") -> Path:
    for name in names:
        (root / name).mkdir(parents=True)
        (root / name / definition).write_bytes(bytes(10))
    return root


def same(_: Path) -> VersionSummary:
    return VersionSummary((signature(tensor("x")),), "2.21.0")


def test_versions_are_numbers_compared_as_numbers(tmp_path: Path) -> None:
    make(tmp_path, "9", "10", "2", "007", "temp-11", "v12", "-3", "1e3", "٣", "9" * 30)
    (tmp_path / "13").write_text("no folder")
    assert [folder.version for folder in version_folders(tmp_path)] == [10, 9, 7, 2]
    assert served_folder(tmp_path).name == "10"


def test_a_folder_of_versions_is_a_serving_folder_and_a_saved_model_is_not(tmp_path: Path) -> None:
    root = make(tmp_path / "served", "1")
    assert is_serving_folder(root)
    assert is_serving_folder(make(tmp_path / "text", "1", definition="saved_model.pbtxt"))
    assert not is_serving_folder(root / "1")
    assert not is_serving_folder(tmp_path / "not there")
    (tmp_path / "numbers" / "1").mkdir(parents=True)
    assert not is_serving_folder(tmp_path / "numbers")
    (root / "saved_model.pb").write_bytes(b"")
    assert not is_serving_folder(root)


def test_a_server_picks_the_newest_though_it_cannot_be_read(tmp_path: Path) -> None:
    make(tmp_path, "1", "2")
    (tmp_path / "3").mkdir()
    newest, second, oldest = describe_versions(tmp_path, same)
    assert (newest.version, newest.is_served, newest.problem) == (3, True, "holds no saved_model.pb")
    assert (second.is_served, second.problem, second.differences, second.size_bytes) == (False, "", (), 10)
    assert (oldest.version, oldest.folder, oldest.tensorflow_version) == (1, "1", "2.21.0")
    assert served_folder(tmp_path).name == "2"


def test_what_cannot_be_read_is_said(tmp_path: Path) -> None:
    make(tmp_path, "1", "2")

    def damaged(folder: Path) -> VersionSummary:
        if folder.name == "1":
            raise UnreadableArtifact("saved_model.pb: ends too early")
        return same(folder)

    served, broken = describe_versions(tmp_path, damaged)
    assert (served.problem, broken.problem, broken.differences) == ("", "saved_model.pb: ends too early", ())


def test_a_link_out_of_the_folder_is_not_read(tmp_path: Path) -> None:
    root = make(tmp_path / "served", "1")
    make(tmp_path, "elsewhere")
    (root / "2").symlink_to(tmp_path / "elsewhere")
    (root / "3").symlink_to(root / "1")
    versions = describe_versions(root, same)
    assert [(one.version, one.problem) for one in versions] == [
        (3, ""),
        (2, "a link that leaves the serving folder"),
        (1, ""),
    ]


def test_no_version_that_can_be_read_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "1").mkdir()
    with pytest.raises(UnreadableArtifact, match="holds no version"):
        served_folder(tmp_path)


def test_differences_of_signatures_are_said(tmp_path: Path) -> None:
    make(tmp_path, "1", "2")

    def summarize(folder: Path) -> VersionSummary:
        if folder.name == "2":
            return same(folder)
        return VersionSummary((signature(tensor("x", (None, 4)), tensor("mask", None, "bool")), signature(name="embed")))

    served, older = describe_versions(tmp_path, summarize)
    assert served.differences == ()
    assert older.differences == (
        "signature embed is added",
        "serving_default: input x is float32[?,4] instead of float32[?,8]",
        "serving_default: input mask is added (bool of any shape)",
    )


def test_what_is_missing_is_said() -> None:
    reference = (signature(tensor("x"), tensor("y"), outputs=(tensor("a"), tensor("b"))), signature(name="embed"))
    assert signature_differences((signature(tensor("x"), outputs=(tensor("a", dtype="float16"),)),), reference) == (
        "signature embed is missing",
        "serving_default: input y is missing",
        "serving_default: output a is float16[?,8] instead of float32[?,8]",
        "serving_default: output b is missing",
    )
    assert signature_differences(reference, reference) == ()
