"""Assets are found inside the folder only, whatever their names claim."""

from __future__ import annotations

from pathlib import Path

import pytest

from inspector.formats.clean_text import TextCleaner
from inspector.formats.onnx.containment import Locator
from inspector.formats.saved_model.assets import read_assets, read_extra_assets
from inspector.records.saved_model import AssetFacts


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    saved = tmp_path / "model"
    (saved / "assets" / "words").mkdir(parents=True)
    (saved / "assets.extra").mkdir()
    (saved / "saved_model.pb").write_bytes(b"")
    (saved / "assets" / "vocabulary.txt").write_text("a\nb\n")
    (tmp_path / "secret.txt").write_text("secret")
    return saved


def read(folder: Path, *names: str) -> tuple[AssetFacts, ...]:
    locator = Locator(folder / "saved_model.pb")
    return read_assets(locator, folder, [(name, "Const:0") for name in names], TextCleaner())


def test_a_declared_asset_is_there_with_its_size(folder: Path) -> None:
    assert read(folder, "vocabulary.txt") == (AssetFacts("vocabulary.txt", "assets/vocabulary.txt", "Const:0", 4),)


def test_a_declared_asset_may_be_missing(folder: Path) -> None:
    asset = read(folder, "gone.txt")[0]
    assert (asset.size_bytes, asset.contained, asset.problem) == (None, True, "the file is not there")


@pytest.mark.parametrize("name", ["../saved_model.pb", "../../secret.txt", "words/../../../secret.txt", "..\\..\\secret.txt"])
def test_a_name_that_leads_out_is_not_followed(folder: Path, name: str) -> None:
    asset = next(one for one in read(folder, name) if one.declared)
    assert (asset.contained, asset.size_bytes) == (False, None)
    assert ".." in asset.problem


@pytest.mark.parametrize("name", ["/etc/passwd", "C:\\windows\\win.ini", "\\\\server\\share", "gs://bucket/words.txt", "C:x"])
def test_an_absolute_name_is_not_followed(folder: Path, name: str) -> None:
    asset = next(one for one in read(folder, name) if one.declared)
    assert (asset.contained, asset.size_bytes, asset.problem) == (False, None, "an absolute path")


def test_a_link_that_leads_out_is_not_followed(folder: Path) -> None:
    (folder / "assets" / "link.txt").symlink_to(folder.parent / "secret.txt")
    asset = read(folder, "link.txt")[0]
    assert not asset.contained
    assert asset.size_bytes is None


@pytest.mark.parametrize("name", ["", "x" * 300, "a\0b", "\x1b]52;c;QQ==\x07", "words"])
def test_names_that_are_no_file_are_said(folder: Path, name: str) -> None:
    asset = next(one for one in read(folder, name) if one.declared)
    assert asset.size_bytes is None
    assert asset.problem
    assert "\x1b" not in asset.filename


def test_files_that_nobody_declares_are_listed(folder: Path) -> None:
    (folder / "assets" / "words" / "left.bin").write_bytes(bytes(7))
    (folder / "assets" / "loop").symlink_to(folder)
    found = read(folder, "vocabulary.txt")
    assert [(asset.path, asset.declared, asset.size_bytes) for asset in found] == [
        ("assets/vocabulary.txt", True, 4),
        ("assets/words/left.bin", False, 7),
    ]


def test_extra_assets_are_listed_with_their_sizes(folder: Path) -> None:
    (folder / "assets.extra" / "b").write_bytes(bytes(3))
    (folder / "assets.extra" / "a").write_bytes(bytes(5))
    found = read_extra_assets(folder, TextCleaner())
    assert [(asset.path, asset.size_bytes) for asset in found] == [("assets.extra/a", 5), ("assets.extra/b", 3)]


def test_no_folders_are_no_assets(tmp_path: Path) -> None:
    assert read_extra_assets(tmp_path, TextCleaner()) == ()
    assert read(tmp_path) == ()
