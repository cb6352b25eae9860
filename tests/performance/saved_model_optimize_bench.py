"""What each chain of steps makes of each SavedModel, as a table: one session a model, each chain from the start."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from inspector.isolation.limits import CancelToken
from inspector.records.event import Finished
from inspector.records.optimization import Change, ModelFacts, OptimizationRequest, OptimizeSettings
from inspector.workflows.examine import examine
from inspector.workflows.optimization.session import OptimizationSession
from tests.performance.large_models import CACHE
from tests.performance.optimize_bench import SAMPLES
from tests.saved_models.published import basic_pitch_folder

CHAINS = ("prune", "simplify", "to-onnx", "fp16", "int8")
COMPARISON_SECONDS = 10.0
"""Of runs; whole starts take six times as long, and fewer than about 8 leave too few of TensorFlow's to claim anything."""
MADE = ("keras_export", "optimizer_slots", "text_table", "two_signatures", "recurrent")
TITLES = {
    "keras_export": "Keras 3 export",
    "optimizer_slots": "Keras 2 save with slots",
    "text_table": "table, string input",
    "two_signatures": "two signatures",
    "recurrent": "LSTM and GRU (While loops)",
}


@dataclass(frozen=True)
class Subject:
    """A SavedModel, what it is called here, and what it is optimized with."""

    name: str
    path: Path
    data: str = ""
    signatures: tuple[str, ...] = ()


def subjects() -> Iterator[Subject]:
    """Yield the sample, the one that a package ships, and those that our tests make."""
    yield Subject("digits_keras", SAMPLES / "digits_keras", str(SAMPLES / "digits_keras.npz"))
    yield Subject("basic-pitch", basic_pitch_folder())
    folder = CACHE / "saved_models"
    missing = [name for name in MADE if not (folder / name).exists()]
    if missing:
        folder.mkdir(parents=True, exist_ok=True)
        environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
        command = [sys.executable, "-m", "tests.saved_models", str(folder), *missing]
        subprocess.run(command, check=True, env=environment, capture_output=True)
    for name in MADE:
        yield Subject(TITLES[name], folder / name, signatures=("serving_default",) if name == "optimizer_slots" else ())


def changes_of(session: OptimizationSession, chain: str) -> tuple[Change, ...]:
    """Return what a chain of steps came to, and forget it."""
    for step in chain.split(","):
        result_of_events(session.run(step, CancelToken()))  # type: ignore[arg-type]
        if session.changes[-1].status == "rejected":
            break
    changes = session.changes
    session.undo_to(0)
    return changes


def table_row(subject: Subject, chain: str, changes: tuple[Change, ...]) -> str:
    """Return one row of the Markdown table: what the last step came to, or the first that was not accepted."""
    change = next((one for one in changes if one.status == "rejected"), changes[-1])
    before = changes[0].before.size_bytes
    cells = [
        subject.name,
        chain.replace(",", ", "),
        f"**{change.verdict}**",
        _size(before, change.after),
        _parity(change),
        _ratio(change, "latency"),
        _ratio(change, "cold_start"),
        change.reason,
    ]
    return f"| {' | '.join(cell.replace('|', '/') for cell in cells)} |"


def _size(before: int, after: ModelFacts | None) -> str:
    if after is None:
        return f"{before / 1e3:,.0f} KB"
    return f"{before / 1e3:,.0f} → {after.size_bytes / 1e3:,.0f} KB"


def _parity(change: Change) -> str:
    """Return the lowest SQNR of all outputs of all signatures."""
    proofs = [change.parity, *(one.parity for one in change.signatures)]
    outputs = [output for parity in proofs if parity is not None for output in parity.outputs]
    figures = [output.sqnr_db for output in outputs if output.sqnr_db is not None]
    return f"{min(figures):.0f} dB" if figures else ("equal" if outputs else "")


def _ratio(change: Change, kind: str) -> str:
    found = next((one for one in change.comparisons if one.kind == kind and one.verdict != "not measured"), None)
    if found is None:
        return ""
    figures = f"{found.ratio:.2g}× ({found.low:.2g} to {found.high:.2g})"
    return f"{figures}, no difference shown" if found.verdict == "no difference shown" else figures


HEADER = """\
| model | steps | verdict | size | lowest SQNR | latency | whole start | why |
|---|---|---|---|---|---|---|---|"""


def saved_model_table(only: str = "", seconds: float = COMPARISON_SECONDS) -> Iterator[str]:
    """Yield the table line by line; only: models whose name holds this text; seconds: how long runs are timed."""
    yield HEADER
    for subject in subjects():
        if only in subject.name:
            inspection = result_of_events(examine(subject.path))
            settings = OptimizeSettings(comparison_seconds=seconds, signatures=subject.signatures)
            session = OptimizationSession(inspection, OptimizationRequest(settings=settings, data=subject.data))
            with closing(session):
                for chain in CHAINS:
                    yield table_row(subject, chain, changes_of(session, chain))


def result_of_events(events: Iterable[Any]) -> Any:
    """Return what a workflow came to."""
    return next(event.result for event in events if isinstance(event, Finished))


if __name__ == "__main__":
    seconds = float(sys.argv[2]) if len(sys.argv) > 2 else COMPARISON_SECONDS
    for line in saved_model_table(sys.argv[1] if len(sys.argv) > 1 else "", seconds):
        print(line, flush=True)
