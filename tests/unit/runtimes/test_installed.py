"""Versions of installed packages, against what importlib.metadata says."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.metadata import distributions, version
from pathlib import Path

import pytest

from inspector.runtimes.installed import installed_version


def test_every_installed_distribution_has_the_version_that_importlib_tells() -> None:
    names = {found.metadata["Name"] for found in distributions()}
    assert len(names) > 20
    assert {name: installed_version(name) for name in names} == {name: version(name) for name in names}


@pytest.mark.parametrize("name", ["typing_extensions", "Typing.Extensions", "typing-extensions"])
def test_names_are_compared_as_installers_do(name: str) -> None:
    assert installed_version(name) == version("typing-extensions")


def test_what_is_not_installed_has_no_version() -> None:
    assert installed_version("no-such-distribution") == ""


def test_the_first_place_on_the_path_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for place, number in (("a", "1.0"), ("b", "2.0")):
        folder = tmp_path / place / f"Some_Thing-{number}.dist-info"
        folder.mkdir(parents=True)
        (folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: Some_Thing\nVersion: {number}\n\nVersion: 9\n")
    monkeypatch.setattr(sys, "path", [str(tmp_path / name) for name in ("missing", "a", "b")])
    assert installed_version("some-thing") == "1.0"


def test_older_metadata_is_read_and_what_is_none_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "old.egg-info").mkdir()
    (tmp_path / "old.egg-info" / "PKG-INFO").write_text("Metadata-Version: 1.0\nVersion: 0.3\n")
    (tmp_path / "file-1.egg-info").write_text("Version: 1\n")
    (tmp_path / "empty-1.dist-info").mkdir()
    (tmp_path / "pipe-1.dist-info").mkdir()
    os.mkfifo(tmp_path / "pipe-1.dist-info" / "METADATA")
    monkeypatch.setattr(sys, "path", [str(tmp_path)])
    assert [installed_version(name) for name in ("old", "file", "empty", "pipe")] == ["0.3", "1", "", ""]


def test_the_parser_of_importlib_is_not_loaded() -> None:
    code = (
        "import sys; from inspector.workflows.environment import environment; environment();"
        "print([name for name in ('importlib.metadata', 'email.message') if name in sys.modules])"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"
