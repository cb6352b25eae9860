"""Two hundred artifacts in one run of the real command, five of them damaged."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import psutil
import pytest

from inspector.report.index.json import from_index_json
from tests.fleet import DAMAGED, fleet

COUNT = 200
MOST_MEMORY = 400 << 20
JOBS = 2


class Ran(NamedTuple):
    """What became of the run, and of the processes it was made of."""

    folder: Path
    readable: list[str]
    code: int
    out: str
    err: str
    peak_bytes: int
    most_children: int
    left_over: list[int]


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Ran:
    folder = tmp_path_factory.mktemp("many")
    readable = fleet(folder / "fleet", COUNT)
    arguments = ["fleet", "--report", "reports/", "--report", "index.md", "--jobs", str(JOBS)]
    command = [sys.executable, "-m", "inspector", *arguments]
    process = subprocess.Popen(
        command, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    peak, most, seen = _watched(process)
    out, err = process.communicate(timeout=60)
    left = [pid for pid in seen if psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE]
    return Ran(folder, readable, process.returncode, out, err, peak, most, left)


def _watched(process: subprocess.Popen[str]) -> tuple[int, int, set[int]]:
    """Return the most memory that the command itself held, the most children at a time, and all of them by id."""
    peak, most, seen = 0, 0, set()
    watched = psutil.Process(process.pid)
    while process.poll() is None:
        peak = max([peak, *_peak(process.pid)])
        children = {child.pid for child in _children(watched)}
        most = max(most, len(children))
        seen |= children
        time.sleep(0.05)
    return peak, most, seen


def _peak(pid: int) -> Iterator[int]:
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return
    yield from (int(line.split()[1]) << 10 for line in lines if line.startswith("VmHWM"))


def _children(process: psutil.Process) -> list[Any]:
    try:
        return process.children()
    except psutil.NoSuchProcess:
        return []


def test_the_exit_code_says_that_something_could_not_be_read(ran: Ran) -> None:
    assert ran.code == 1


def test_the_damaged_and_no_others_are_named(ran: Ran) -> None:
    lines = [line for line in ran.err.splitlines() if line.startswith("modelpack-tui: error: ")]
    named = {f"fleet/{path}" for path in DAMAGED}
    assert len(lines) == len(named)
    for path in named:
        assert any(line.startswith((f"modelpack-tui: error: {path}: ", f"modelpack-tui: error: {path}/")) for line in lines), (
            path
        )
    assert "195 pass, 5 could not be read" in ran.err.splitlines()[-1]


def test_every_other_one_has_a_report_of_its_own(ran: Ran) -> None:
    index = from_index_json((ran.folder / "reports/index.json").read_bytes())
    good = {row.path: row.reports for row in index.rows if row.verdict == "pass"}
    assert {str(ran.folder / path) for path in good} == set(ran.readable)
    names = [name for reports in good.values() for name in reports]
    assert len(set(names)) == COUNT - len(DAMAGED)
    for path, (name,) in good.items():
        page = (ran.folder / "reports" / name).read_text()
        assert page.startswith("<!DOCTYPE html>")
        assert Path(path).name in page
    assert len([*(ran.folder / "reports").iterdir()]) == len(names) + len(("index.html", "index.json"))


def test_the_index_has_them_all(ran: Ran) -> None:
    index = from_index_json((ran.folder / "reports/index.json").read_bytes())
    assert (len(index.rows), index.not_looked_at, index.verdict) == (COUNT, (), "fail")
    assert {row.path for row in index.rows if row.verdict == "unreadable"} == {f"fleet/{path}" for path in DAMAGED}
    assert {row.format for row in index.rows if row.format} == {"onnx", "saved_model", "image"}
    page = (ran.folder / "reports/index.html").read_text()
    assert all(f'href="{name}"' in page for row in index.rows for name in row.reports)
    markdown = (ran.folder / "index.md").read_text().splitlines()
    assert sum(line.startswith("| unreadable") for line in markdown) == len(DAMAGED)
    assert markdown[-1] == "verdict: fail"


def test_memory_and_processes_are_bounded(ran: Ran) -> None:
    assert 0 < ran.peak_bytes < MOST_MEMORY
    assert 0 < ran.most_children <= JOBS
    assert ran.left_over == []


def test_nothing_is_printed_where_nobody_asked(ran: Ran) -> None:
    assert ran.out == ""


def test_the_index_is_of_its_schema(ran: Ran) -> None:
    written = json.loads((ran.folder / "reports/index.json").read_text())
    assert written["schema"] == 1
    assert next(iter(written)) == "schema"
