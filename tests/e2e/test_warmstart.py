"""--apply warmstart from the command line: starts are really measured, and what is written reopens."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.builders import save_external
from tests.unit.optimize.test_warmstart import network, outputs

COMMAND = [sys.executable, "-m", "inspector"]
PHASES = {"", "model", "session", "first run"}


@pytest.fixture
def model(tmp_path: Path) -> Path:
    (tmp_path / "tmp").mkdir()
    (tmp_path / "models").mkdir()
    return save_external(network(), tmp_path / "models")


def left_behind(model: Path) -> list[Path]:
    """Return what this program left where temporary files go; the runtime itself may leave a file there."""
    return list((model.parents[1] / "tmp").glob("modelpack-tui*"))


def command(model: Path, *options: str) -> list[str]:
    return [*COMMAND, str(model), "--apply", "warmstart", "--budget", "10s", "--report", "-", "--format", "json", *options]


def environment(model: Path) -> dict[str, str]:
    return {**os.environ, "TMPDIR": str(model.parents[1] / "tmp")}


def test_it_measures_starts_and_writes_only_what_starts_sooner(model: Path) -> None:
    target = model.with_name("started.onnx")
    done = subprocess.run(
        command(model, "--output", str(target)), capture_output=True, text=True, timeout=300, env=environment(model)
    )
    assert done.returncode in (0, 1, 4), done.stderr
    change: dict[str, Any] = json.loads(done.stdout)["changes"][0]
    assert change["optimizer"] == "warmstart"
    assert change["status"] in ("accepted", "skipped", "rejected")
    assert {one["phase"] for one in change["comparisons"] if one["kind"] == "cold_start"} == PHASES, change["reason"]
    tried = {one["name"]: one["outcome"] for one in change["attempts"]}
    assert len(tried) == 8
    assert tried["optimized offline, with prepacked weights"] == "not run"
    assert not left_behind(model)
    if change["status"] == "accepted":
        assert outputs(target) == pytest.approx(outputs(model), rel=1e-3, abs=1e-4)
    else:
        assert "loading and the first run take" in change["reason"]
        assert sorted(path.name for path in model.parent.iterdir()) == ["model.onnx", "weights.bin"]


def test_interrupted_it_leaves_nothing_behind(model: Path) -> None:
    target = model.with_name("started.onnx")
    process = subprocess.Popen(
        command(model, "--output", str(target)), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=environment(model)
    )
    folder = model.parents[1] / "tmp"
    end = time.monotonic() + 120
    while not list(folder.rglob("model.onnx")) and time.monotonic() < end:
        time.sleep(0.05)
    children = psutil.Process(process.pid).children(recursive=True)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    assert process.returncode == 130
    assert not left_behind(model)
    assert not psutil.wait_procs(children, timeout=10)[1]
    assert sorted(path.name for path in model.parent.iterdir()) == ["model.onnx", "weights.bin"]
