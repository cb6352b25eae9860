"""Several artifacts, and folders of them, on the command line; the run of two hundred is in tests/e2e/test_many.py."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.builders import chain, save

Command = Callable[..., tuple[int, str, str]]


@pytest.fixture
def models(tmp_path: Path) -> Path:
    folder = tmp_path / "models"
    folder.mkdir()
    for number in (1, 2, 3):
        save(chain(number), folder / f"chain-{number}.onnx")
    return folder


def test_several_artifacts_give_an_index_on_standard_output(command: Command, models: Path) -> None:
    code, out, err = command(models / "chain-1.onnx", models / "chain-3.onnx")
    assert code == 0
    assert "2 artifacts" in out
    assert "chain-1.onnx" in out
    assert out.rstrip().endswith("verdict: pass")
    assert "2 pass" in err


def test_a_folder_gives_one_of_what_is_in_it(command: Command, models: Path) -> None:
    code, out, _ = command(models, "--format", "json")
    assert code == 0
    assert [row["node_count"] for row in json.loads(out)["rows"]] == [1, 2, 3]


@pytest.mark.parametrize(("report_format", "end"), [("md", ".md"), ("sarif", ".sarif"), ("junit", ".xml"), (None, ".html")])
def test_reports_of_each_in_the_format_that_is_named(
    command: Command, models: Path, tmp_path: Path, report_format: str | None, end: str
) -> None:
    named = ("--format", report_format) if report_format else ()
    code, out, _ = command(models, "--report", tmp_path / "out/deep", *named)
    assert (code, out) == (0, "")
    written = sorted(path.name for path in (tmp_path / "out/deep").iterdir())
    assert written == sorted([*(f"chain-{number}.onnx{end}" for number in (1, 2, 3)), "index.html", "index.json"])


def test_an_index_alone_leads_to_no_reports(command: Command, models: Path, tmp_path: Path) -> None:
    assert command(models, "--report", tmp_path / "all.html")[0] == 0
    page = (tmp_path / "all.html").read_text()
    assert "chain-2.onnx" in page
    assert 'href="chain' not in page


def test_rules_hold_for_each_and_the_broken_ones_are_named(command: Command, models: Path) -> None:
    code, out, err = command(models, "--fail-if", "nodes > 2", "--jobs", "1")
    assert code == 1
    assert f"{models}/chain-3.onnx: fails: nodes > 2" in err
    assert "1 fail" in out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--apply", "fp16"], "--apply is of one artifact"),
        (["--bench"], "--bench is of one artifact"),
        (["--compare", "other.onnx"], "--compare is of one artifact"),
        (["--contract", "c.yaml"], "--contract is of one artifact"),
        (["--write-contract"], "--write-contract is of one artifact"),
        (["--baseline", "review.json"], "--baseline is of one artifact"),
        (["--report", "index.sarif"], "an index is text, Markdown, JSON or HTML"),
        (["--format", "junit"], "an index is text, Markdown, JSON or HTML"),
        (["--fail-if", "nodess > 2"], "did you mean nodes?"),
        (["--jobs", "0"], "--jobs"),
    ],
)
def test_what_makes_no_sense_is_told_before_any_work(command: Command, models: Path, arguments: list[str], said: str) -> None:
    code, out, err = command(models, *arguments)
    assert (code, out) == (2, "")
    assert said in err
    assert len(err.splitlines()) == 1


def test_a_file_where_the_folder_should_be_is_told(command: Command, models: Path, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("mine")
    code, _, err = command(models, "--report", f"{tmp_path}/taken/")
    assert (code, (tmp_path / "taken").read_text()) == (2, "mine")
    assert "it is a file" in err


def test_no_index_is_written_over_an_artifact(command: Command, models: Path) -> None:
    before = (models / "chain-1.onnx").read_bytes()
    code, _, err = command(models, "--report", models / "chain-1.onnx", "--format", "json")
    assert (code, (models / "chain-1.onnx").read_bytes()) == (2, before)
    assert "only read" in err or "chain-1.onnx" in err


def test_an_empty_folder_is_told_with_what_would_be_one(command: Command, tmp_path: Path) -> None:
    code, _, err = command(tmp_path)
    assert code == 3
    assert "is a folder in which no artifact lies" in err


def test_after_ctrl_c_what_is_done_is_kept(models: Path, tmp_path: Path) -> None:
    for number in range(400):
        save(chain(30), models / f"more-{number}.onnx")
    arguments = [sys.executable, "-m", "inspector", str(models), "--report", str(tmp_path / "out/"), "--jobs", "1"]
    process = subprocess.Popen(arguments, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, cwd=Path.cwd())
    deadline = time.monotonic() + 60
    while not [*(tmp_path).glob("out/more*.html")] and time.monotonic() < deadline:
        time.sleep(0.02)
    os.kill(process.pid, signal.SIGINT)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 130
    index = json.loads((tmp_path / "out/index.json").read_text())
    assert len(index["rows"]) + len(index["not_looked_at"]) == 403
    assert index["not_looked_at"]
    assert "not looked at" in err
