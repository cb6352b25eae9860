"""Which file of rules belongs to where somebody works, and which ones are never looked at."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from inspector.formats.rules_file import find_rules

RULES = 'fail-if = ["findings.high > 0"]\n'
TABLE = f"[tool.modelpack-tui]\n{RULES}"


@pytest.fixture
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder deep in a repository that lies in a folder that is nobody's home."""
    monkeypatch.setenv("HOME", str(tmp_path / "elsewhere"))
    (tmp_path / "repository/.git").mkdir(parents=True)
    deep = tmp_path / "repository/models/new"
    deep.mkdir(parents=True)
    return deep


def found(start: Path) -> Path | None:
    path, warnings = find_rules(start)
    assert not warnings
    return path


def test_the_nearest_one_upward_within_the_repository(work: Path) -> None:
    root = work.parents[1]
    assert found(work) is None
    (root / "modelpack.toml").write_text(RULES)
    assert found(work) == root / "modelpack.toml"
    (work.parent / "pyproject.toml").write_text(TABLE)
    assert found(work) == work.parent / "pyproject.toml"
    (work / "modelpack.toml").write_text(RULES)
    assert found(work) == Path("modelpack.toml")


def test_nothing_above_the_repository_is_looked_at(work: Path) -> None:
    (work.parents[2] / "modelpack.toml").write_text(RULES)
    assert found(work) is None


def test_outside_of_repository_and_home_only_the_folder_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "elsewhere"))
    below = tmp_path / "a/b"
    below.mkdir(parents=True)
    (tmp_path / "a/modelpack.toml").write_text(RULES)
    assert found(below) is None
    assert found(tmp_path / "a") == Path("modelpack.toml")
    monkeypatch.setenv("HOME", str(tmp_path / "a"))
    assert found(below) == tmp_path / "a/modelpack.toml"


def test_a_project_without_our_table_is_passed_over(work: Path) -> None:
    (work / "pyproject.toml").write_text("[project]\nname = 'x'\ndescription = 'modelpack-tui'\n")
    (work.parents[1] / "modelpack.toml").write_text(RULES)
    assert found(work) == work.parents[1] / "modelpack.toml"


def test_a_broken_project_counts_where_it_names_us(work: Path) -> None:
    (work / "pyproject.toml").write_text("= broken\n[tool.other]\n")
    assert found(work) is None
    (work / "pyproject.toml").write_text("= broken\n[tool.modelpack-tui]\n")
    assert found(work) == Path("pyproject.toml")


@pytest.mark.parametrize("kind", ["folder", "pipe", "dangling link", "loop"])
def test_what_is_no_file_is_passed_over(work: Path, kind: str) -> None:
    path = work / "modelpack.toml"
    if kind == "folder":
        path.mkdir()
    elif kind == "pipe":
        os.mkfifo(path)
    else:
        path.symlink_to(path if kind == "loop" else "absent")
    assert found(work) is None


def test_whose_file_it_is_is_said_where_it_is_somebody_elses(work: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (work / "modelpack.toml").write_text(RULES)
    os.chown(work / "modelpack.toml", 4711, -1) if os.geteuid() == 0 else monkeypatch.setattr(os, "geteuid", lambda: 4711)
    path, warnings = find_rules(work)
    assert path == Path("modelpack.toml")
    assert "belongs to another user" in warnings[0]
