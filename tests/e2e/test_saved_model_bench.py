"""SavedModels measured by the command as a user runs it: what it reports, says and leaves behind."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.saved_models.session import SavedModels

NOISE = ("oneDNN", "absl", "WARNING", "Instructions for updating", "cuda", "I0000", "Traceback")


@dataclass(frozen=True)
class Run:
    """How the command ended, what it printed, and the review it wrote."""

    code: int
    errors: str
    review: dict[str, Any]


def measured(artifact: Path, folder: Path, *options: str) -> Run:
    """Run --bench with a home and a temporary folder of its own; both must be empty afterwards, and the screen quiet."""
    home, scratch, report = folder / "home", folder / "scratch", folder / "review.json"
    home.mkdir()
    scratch.mkdir()
    done = subprocess.run(
        [sys.executable, "-m", "inspector", str(artifact), "--bench", *options, "--report", str(report)],
        env={**os.environ, "HOME": str(home), "TMPDIR": str(scratch)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=280,
    )
    assert done.stdout == ""
    assert not any(word in done.stderr for word in NOISE), done.stderr
    assert list(home.iterdir()) == []
    assert list(scratch.iterdir()) == []
    return Run(done.returncode, done.stderr, json.loads(report.read_text()) if report.exists() else {})


def test_a_published_model_is_started_phase_by_phase(saved_models: SavedModels, tmp_path: Path) -> None:
    run = measured(saved_models.path("basic_pitch"), tmp_path, "--measure", "cold-start", "--cache", "warm", "--budget", "1s")
    assert run.code == 0, run.errors
    (benchmark,) = run.review["benchmarks"]
    assert (benchmark["kind"], benchmark["status"], benchmark["device"]) == ("cold_start", "measured", "cpu")
    for start in benchmark["starts"]:
        names = [phase["name"] for phase in start["phases"]]
        assert names == ["spawn", "interpreter", "imports", "read", "load", "first call", "warm-up"]
        assert sum(phase["milliseconds"] for phase in start["phases"]) == pytest.approx(start["wall_ms"], rel=0.02, abs=200)
    assert any("add_slot" in note for note in benchmark["notes"])


def test_a_signature_is_timed_at_a_batch_size(saved_models: SavedModels, tmp_path: Path) -> None:
    options = ("--signature", "powers", "--batch", "2", "--measure", "latency", "--budget", "4s", "--threads", "1")
    run = measured(saved_models.path("warm_up"), tmp_path, *options)
    assert run.code == 0, run.errors
    (benchmark,) = run.review["benchmarks"]
    assert (benchmark["kind"], benchmark["status"]) == ("latency", "measured")
    assert (benchmark["conditions"]["batch"], benchmark["conditions"]["threads"]) == (2, 1)
    assert benchmark["samples"] == len(benchmark["times_ms"]) > 0
    assert benchmark["first_ms"] > 0
    assert any("from numpy arrays to numpy arrays" in note for note in benchmark["notes"])


def test_what_tensorflow_does_not_load_is_one_line(saved_models: SavedModels, tmp_path: Path) -> None:
    run = measured(saved_models.path("planted_custom_operator"), tmp_path, "--measure", "latency", "--budget", "1s")
    assert run.code == 4
    assert run.errors.splitlines()[-1] == (
        "modelpack-tui: error: planted_custom_operator: TensorFlow cannot load it: Op type not registered 'AcmeFusedAttention'"
    )


def test_a_signature_that_is_not_there_is_a_matter_of_usage(saved_models: SavedModels, tmp_path: Path) -> None:
    run = measured(saved_models.path("warm_up"), tmp_path, "--signature", "nope", "--budget", "1s")
    assert run.code == 2
    assert 'warm_up has no signature "nope"; it has powers, serving_default' in run.errors
