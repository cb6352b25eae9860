"""What warmstart makes of each model's start: the command itself, as a table of session creation, first run, whole start."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.performance.large_models import CACHE
from tests.performance.optimize_bench import COMMAND, DIGITS, MOST_SECONDS, Subject, subjects

WANTED = (*DIGITS, "basic nmp", "resnet50", "bert_base")
INLINE = "resnet50"
BUDGET = "90s"
HEADER = """\
| model | weights | verdict | session creation | first run | whole start | loading + first run | warm latency | size | chosen |
|---|---|---|---|---|---|---|---|---|---|"""


def models() -> Iterator[tuple[Subject, str]]:
    """Yield the models and where their weights lie: those of the catalogue, and ResNet-50 once more in one file."""
    for subject in subjects():
        if subject.name in WANTED:
            outside = subject.name in ("resnet50", "bert_base")
            yield subject, "beside" if outside else "inside"
        if subject.name == INLINE:
            yield Subject(f"{INLINE} in one file", _in_one_file(subject.path), subject.options), "inside"


def _in_one_file(path: Path) -> Path:
    import onnx

    target = CACHE / f"published_{INLINE}_in_one_file" / "model.onnx"
    if not target.exists():
        target.parent.mkdir(parents=True)
        onnx.save(onnx.load(path), target)
    return target


def change_of(subject: Subject) -> dict[str, Any]:
    """Return the change that the command reports."""
    command = [COMMAND, str(subject.path), "--apply", "warmstart", "--budget", BUDGET, "--report", "-", "--format", "json"]
    done = subprocess.run([*command, *subject.options], capture_output=True, text=True, timeout=MOST_SECONDS)
    if done.returncode not in (0, 1):
        raise RuntimeError(f"{command} ended with {done.returncode}: {done.stderr[-500:]}")
    change: dict[str, Any] = json.loads(done.stdout)["changes"][0]
    return change


def table_row(subject: Subject, weights: str, change: dict[str, Any]) -> str:
    """Return one row of the Markdown table."""
    phases = {one["phase"]: one for one in change["comparisons"] if one["kind"] == "cold_start"}
    latency = next((one for one in change["comparisons"] if one["kind"] == "latency"), None)
    chosen = next((one["name"] for one in change["attempts"] if one["outcome"] == "chosen"), "none: " + change["reason"])
    before, after = change["before"], change["after"]
    size = f"{before['size_bytes'] / 1e6:.1f}" + (f" → {after['size_bytes'] / 1e6:.1f}" if after else "") + " MB"
    cells = [
        subject.name,
        weights,
        f"**{change['verdict']}**",
        _times(phases.get("session")),
        _times(phases.get("first run")),
        f"{_times(phases.get(''))}, {_ratio(phases.get(''))}",
        _ratio(phases.get("model")),
        _ratio(latency),
        size,
        chosen,
    ]
    return f"| {' | '.join(cell.replace('|', '/') for cell in cells)} |"


def _times(compared: dict[str, Any] | None) -> str:
    return f"{compared['before_ms']:.3g} → {compared['after_ms']:.3g} ms" if compared else "not measured"


def _ratio(compared: dict[str, Any] | None) -> str:
    if not compared or not compared["pairs"]:
        return ""
    return f"{compared['ratio']:.2f}× ({compared['low']:.2f} to {compared['high']:.2f}), n = {compared['pairs']}"


def warmstart_table(only: str = "") -> Iterator[str]:
    """Yield the table line by line; only: models whose name holds this text."""
    yield HEADER
    for subject, weights in models():
        if only in subject.name:
            yield table_row(subject, weights, change_of(subject))


if __name__ == "__main__":
    for line in warmstart_table(sys.argv[1] if len(sys.argv) > 1 else ""):
        print(line, flush=True)
