"""Saving a SavedModel as a folder of its own: whole, with its contract, or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from inspector.errors import OperationFailed, UsageError
from inspector.formats.saved_model.read import read
from inspector.formats.saved_model.save_folder import check_folder_target, save_folder
from inspector.isolation.limits import CancelToken

SAMPLE = Path(__file__).parents[4] / "sample_models" / "digits_keras"
CONTRACT = '{"contract":1}'


def saved(target: Path, token: CancelToken | None = None) -> None:
    for _ in save_folder(SAMPLE, target, CONTRACT, token or CancelToken()):
        pass


def test_a_copy_has_every_file_and_the_contract(tmp_path: Path) -> None:
    saved(tmp_path / "out")
    copied = {path.relative_to(tmp_path / "out") for path in (tmp_path / "out").rglob("*") if path.is_file()}
    originals = {path.relative_to(SAMPLE) for path in SAMPLE.rglob("*") if path.is_file()}
    assert copied - originals == {Path("assets.extra/modelpack-tui.contract.json")}
    assert originals <= copied
    assert (tmp_path / "out/assets.extra/modelpack-tui.contract.json").read_text() == CONTRACT
    assert read(tmp_path / "out").signatures == read(SAMPLE).signatures
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_an_empty_folder_is_taken_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    saved(tmp_path / "empty")
    with pytest.raises(UsageError, match="holds something"):
        saved(tmp_path / "empty")
    (tmp_path / "file").write_text("mine")
    with pytest.raises(UsageError, match="that is none"):
        check_folder_target(tmp_path / "file")
    with pytest.raises(UsageError, match="there is no folder"):
        check_folder_target(tmp_path / "none" / "out")
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    with pytest.raises(UsageError, match="that is none"):
        check_folder_target(tmp_path / "link")
    assert (tmp_path / "file").read_text() == "mine"


def test_what_is_cancelled_or_refused_leaves_nothing(tmp_path: Path) -> None:
    token = CancelToken()
    token.cancel()
    with pytest.raises(OperationFailed, match="cancelled"):
        saved(tmp_path / "out", token)
    with pytest.raises(OperationFailed, match="cannot write"):
        saved(Path("/proc/out"))
    assert list(tmp_path.iterdir()) == []
