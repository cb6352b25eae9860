"""What each step makes of each model: the command itself, one step a run, as a table of status, reason, size, parity, speed."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from tests.large_external import large_transformer
from tests.performance.large_models import CACHE
from tests.performance.measuring import Row, run_once
from tests.published_models.bert_base import save_bert_base
from tests.published_models.filling import fill_weights
from tests.published_models.image_classifiers import save_resnet50

COMMAND = str(Path(sys.executable).parent / "modelpack-tui")
SAMPLES = Path(__file__).parents[2] / "sample_models"
STEPS = ("simplify", "fp16", "int8")
DIGITS = {"digits_cnn": "digits_cnn.npz", "digits_transformer": "digits_transformer.npz"}
PACKAGES = ("basic_pitch", "rapidocr_onnxruntime", "silero_vad")
MOST_SECONDS = 1800
BUDGET = "90s"


@dataclass(frozen=True)
class Subject:
    """A model to optimize, what it is called here, and the options it is optimized with."""

    name: str
    path: Path
    options: tuple[str, ...] = ()


def subjects() -> Iterator[Subject]:
    """Yield the samples, the models that packages ship, and the published ones with seeded weights."""
    for name, data in DIGITS.items():
        yield Subject(name, SAMPLES / f"{name}.onnx", ("--data", str(SAMPLES / data)))
    for package in PACKAGES:
        for path in _shipped(package):
            yield Subject(f"{package.split('_', maxsplit=1)[0]} {path.stem}", path)
    for name, save in (("resnet50", save_resnet50), ("bert_base", save_bert_base)):
        folder = CACHE / f"published_{name}"
        if not (folder / "model.onnx").exists():
            folder.mkdir(parents=True)
            fill_weights(save(folder))
        yield Subject(name, folder / "model.onnx", ("--dim", "sequence=128") if name == "bert_base" else ())


def _shipped(package: str) -> list[Path]:
    spec = find_spec(package)
    folders = (spec.submodule_search_locations or []) if spec else []
    return sorted(path for folder in folders for path in Path(folder).rglob("*.onnx"))


def change_of(subject: Subject, step: str) -> dict[str, Any]:
    """Return the change that the command reports for one step."""
    command = [
        COMMAND,
        str(subject.path),
        "--apply",
        step,
        "--budget",
        BUDGET,
        "--report",
        "-",
        "--format",
        "json",
        *subject.options,
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=MOST_SECONDS)
    if done.returncode not in (0, 1):
        raise RuntimeError(f"{command} ended with {done.returncode}: {done.stderr[-500:]}")
    change: dict[str, Any] = json.loads(done.stdout)["changes"][0]
    return change


def table_row(subject: Subject, change: dict[str, Any]) -> str:
    """Return one row of the Markdown table."""
    before, after = change["before"], change["after"]
    cells = [
        subject.name,
        change["optimizer"],
        f"**{change['verdict']}**",
        _size(before, after),
        f"{_nodes(before)} → {_nodes(after)}" if after else _nodes(before),
        _parity(change),
        _ratio(change, "session_creation"),
        _ratio(change, "latency"),
        change["choice"] if not change["reason"] else change["reason"],
    ]
    return f"| {' | '.join(cell.replace('|', '/') for cell in cells)} |"


def _size(before: dict[str, Any], after: dict[str, Any] | None) -> str:
    if not after:
        return f"{before['size_bytes'] / 1e6:.2f} MB"
    return f"{before['size_bytes'] / 1e6:.2f} → {after['size_bytes'] / 1e6:.2f} MB"


def _nodes(facts: dict[str, Any]) -> str:
    return f"{facts['node_count'] - facts['constant_count']:,}"


def _parity(change: dict[str, Any]) -> str:
    outputs = (change["parity"] or {}).get("outputs", [])
    figures = [output["sqnr_db"] for output in outputs if output["sqnr_db"] is not None]
    return f"{min(figures):.0f} dB" if figures else ("equal" if outputs else "")


def _ratio(change: dict[str, Any], kind: str) -> str:
    found = next((one for one in change["comparisons"] if one["kind"] == kind), None)
    return f"{found['ratio']:.2f}× ({found['low']:.2f} to {found['high']:.2f})" if found else ""


HEADER = """\
| model | step | verdict | size | nodes without constants | SQNR | session creation | latency | why |
|---|---|---|---|---|---|---|---|---|"""


def optimization_table(only: str = "") -> Iterator[str]:
    """Yield the table line by line; only: models whose name holds this text."""
    yield HEADER
    for subject in subjects():
        if only in subject.name:
            for step in STEPS:
                yield table_row(subject, change_of(subject, step))


def digits_int8() -> Iterator[Row]:
    """Size and shown accuracy loss of the digits sample in int8."""
    subject = next(one for one in subjects() if one.name == "digits_cnn")
    change = change_of(subject, "int8")
    ratio = (change["after"] or change["before"])["size_bytes"] / change["before"]["size_bytes"]
    yield Row("digits_cnn int8: file size / original", f"{ratio:.2f}x ({change['verdict']})", "<= 0.35x", ratio <= 0.35)
    conformance = change["conformance"] or {"loss_high": 1.0, "before": 0.0, "after": 0.0, "samples": 0}
    figure = (
        f"{conformance['loss_high']:.2%} at 95 % ({conformance['before']:.2%} to {conformance['after']:.2%}, "
        f"{conformance['samples']:,} samples)"
    )
    yield Row("digits_cnn int8: accuracy loss at most", figure, "< 0.5 %", conformance["loss_high"] < 0.005)


def large_external() -> Iterator[Row]:
    """simplify and int8 of a model with 2.7 GB of external data: peak memory of all processes, and what came of each step."""
    path = CACHE / "large_external" / "model.onnx"
    if not path.exists():
        path.parent.mkdir(parents=True)
        large_transformer(path, blocks=52)
    report = path.with_name("report.json")
    command = [COMMAND, str(path), "--apply", "simplify,int8", "--budget", "10m", "--dim", "sequence=16"]
    sample = run_once([*command, "--report", str(report)], accepted=(0, 1))
    for change in json.loads(report.read_text())["changes"]:
        size = _size(change["before"], change["after"])
        figure = f"{change['verdict']}, {size}, {_parity(change)}"
        yield Row(f"2.7 GB external: {change['optimizer']}", figure, "accepted", change["status"] == "accepted")
    figure = f"{sample.peak_bytes / 1e9:.1f} GB ({sample.seconds:.0f} s)"
    yield Row("  peak memory of all processes, both steps", figure, "<= 12 GB", sample.peak_bytes <= 12e9)


if __name__ == "__main__":
    for line in optimization_table(sys.argv[1] if len(sys.argv) > 1 else ""):
        print(line, flush=True)
