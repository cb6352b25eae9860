"""What each chain of steps makes of each SavedModel, as a table: the command itself, one chain a run."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.performance.large_models import CACHE
from tests.performance.optimize_bench import COMMAND, MOST_SECONDS, SAMPLES
from tests.saved_models.published import basic_pitch_folder

CHAINS = ("prune", "simplify", "to-onnx", "fp16", "int8", "int8-dynamic", "to-onnx,fp16", "to-onnx,int8")
MADE = ("keras_export", "optimizer_slots", "text_table", "two_signatures", "recurrent", "looping")
TITLES = {
    "keras_export": "Keras 3 export",
    "optimizer_slots": "Keras 2 save with slots",
    "text_table": "table, string input",
    "two_signatures": "two signatures",
    "recurrent": "LSTM and GRU",
    "looping": "While loop",
}


@dataclass(frozen=True)
class Subject:
    """A SavedModel, what it is called here, and the options it is optimized with."""

    name: str
    path: Path
    options: tuple[str, ...] = ()


def subjects() -> Iterator[Subject]:
    """Yield the sample, the one that a package ships, and those that our tests make."""
    yield Subject("digits_keras", SAMPLES / "digits_keras", ("--data", str(SAMPLES / "digits_keras.npz")))
    yield Subject("basic-pitch", basic_pitch_folder())
    folder = CACHE / "saved_models"
    missing = [name for name in MADE if not (folder / name).exists()]
    if missing:
        folder.mkdir(parents=True, exist_ok=True)
        environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
        command = [sys.executable, "-m", "tests.saved_models", str(folder), *missing]
        subprocess.run(command, check=True, env=environment, capture_output=True)
    for name in MADE:
        options = ("--keep-signature", "serving_default") if name == "optimizer_slots" else ()
        yield Subject(TITLES[name], folder / name, options)


def changes_of(subject: Subject, chain: str) -> list[dict[str, Any]]:
    """Return the changes that the command reports for a chain of steps."""
    command = [COMMAND, str(subject.path), "--apply", chain, "--report", "-", "--format", "json", *subject.options]
    done = subprocess.run(command, capture_output=True, text=True, timeout=MOST_SECONDS)
    if done.returncode not in (0, 1):
        raise RuntimeError(f"{command} ended with {done.returncode}: {done.stderr[-500:]}")
    changes: list[dict[str, Any]] = json.loads(done.stdout)["changes"]
    return changes


def table_row(subject: Subject, chain: str, changes: list[dict[str, Any]]) -> str:
    """Return one row of the Markdown table: what the last step came to, or the first that was not accepted."""
    change = next((one for one in changes if one["status"] == "rejected"), changes[-1])
    before = changes[0]["before"]["size_bytes"]
    cells = [
        subject.name,
        chain.replace(",", ", "),
        f"**{change['verdict']}**",
        _size(before, change["after"]),
        _parity(change),
        _ratio(change, "latency"),
        _ratio(change, "cold_start"),
        change["reason"],
    ]
    return f"| {' | '.join(cell.replace('|', '/') for cell in cells)} |"


def _size(before: int, after: dict[str, Any] | None) -> str:
    if not after:
        return f"{before / 1e3:,.0f} KB"
    return f"{before / 1e3:,.0f} → {after['size_bytes'] / 1e3:,.0f} KB"


def _parity(change: dict[str, Any]) -> str:
    """Return the lowest SQNR of all outputs of all signatures."""
    proofs = [change["parity"], *(one["parity"] for one in change["signatures"])]
    outputs = [output for parity in proofs if parity for output in parity["outputs"]]
    figures = [output["sqnr_db"] for output in outputs if output["sqnr_db"] is not None]
    return f"{min(figures):.0f} dB" if figures else ("equal" if outputs else "")


def _ratio(change: dict[str, Any], kind: str) -> str:
    found = next((one for one in change["comparisons"] if one["kind"] == kind and one["verdict"] != "not measured"), None)
    return f"{found['ratio']:.2f}× ({found['low']:.2f} to {found['high']:.2f})" if found else ""


HEADER = """\
| model | steps | verdict | size | lowest SQNR | latency | whole start | why |
|---|---|---|---|---|---|---|---|"""


def saved_model_table(only: str = "") -> Iterator[str]:
    """Yield the table line by line; only: models whose name holds this text."""
    yield HEADER
    for subject in subjects():
        if only in subject.name:
            for chain in CHAINS:
                yield table_row(subject, chain, changes_of(subject, chain))


if __name__ == "__main__":
    for line in saved_model_table(sys.argv[1] if len(sys.argv) > 1 else ""):
        print(line, flush=True)
