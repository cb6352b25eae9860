"""What the pictures of a SavedModel's optimize tab show: real steps on the digits sample, with the timings of one run.

Timings differ at every run, and so would every picture: those of a run on two cores with AVX512-VNNI take their place.
Everything else (verdicts, sizes, parity, conformance, signatures) is what the steps give when the pictures are made.
"""

from __future__ import annotations

import functools
import shutil
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from inspector.isolation.limits import CancelToken
from inspector.records.benchmark import Conditions
from inspector.records.event import Event, Finished, Progress
from inspector.records.inspection import Inspection
from inspector.records.measurement import Comparison
from inspector.records.optimization import (
    Attempt,
    Change,
    OptimizationRequest,
    OptimizerName,
    OptimizeSettings,
    Preflight,
    StepProgress,
)
from inspector.runtimes.tensorflow import availability
from inspector.tui.app import ModelpackApp
from inspector.tui.widgets.optimize import OptimizePane
from inspector.tui.widgets.optimize.step_log import StepLog, StepRow
from inspector.workflows.examine import examine
from inspector.workflows.optimization.session import OptimizationSession

SAMPLES = Path(__file__).resolve().parent.parent / "sample_models"
MODEL, DATA = SAMPLES / "digits_keras", SAMPLES / "digits_keras.npz"
STEPS: tuple[OptimizerName, ...] = ("prune", "simplify", "int8")

_SECONDS = {"prune": 38.2, "simplify": 41.6, "int8": 52.9}
_RUNTIMES = "before in TensorFlow, after in LiteRT"
_COMPARISONS = (
    Comparison("session_creation", 87.8, 0.95, 0.0108, 0.0095, 0.0145, "faster", 11, 0.93, 1.25, threads=2, note=_RUNTIMES),
    Comparison("latency", 0.601, 0.0176, 0.0249, 0.0167, 0.0378, "faster", 330, 0.98, 1.05, threads=2, note=_RUNTIMES),
    Comparison(
        *("cold_start", 4856.1, 211.6, 0.0539, 0.0387, 0.0870, "faster", 7, 0.69, 1.33),  # type: ignore[arg-type]
        threads=0,
        note=f"{_RUNTIMES}; importing the runtime takes 4.23 s of it before, 164 ms after; files in the page cache",
        conditions=Conditions(cache="warm"),
    ),
)


@functools.cache
def steps() -> tuple[StepRow, ...]:
    """Run the steps on the sample with its labelled data, and return them as rows; a minute or two."""
    session = OptimizationSession(inspected(), request())
    log = StepLog()
    for name in STEPS:
        log.begin(name, session.current)
        change = next(event.result for event in session.run(name, CancelToken()) if isinstance(event, Finished))
        log.finish(_with_timings(change), session.current)
        _keep(session)
    session.close()
    return log.rows


def inspected() -> Inspection:
    """Return the sample, read and analyzed."""
    inspection = next(event.result for event in examine(MODEL) if isinstance(event, Finished))
    assert isinstance(inspection, Inspection)
    return inspection


def request() -> OptimizationRequest:
    """Return what the steps are judged by: nothing is timed, since the timings of one run are shown."""
    return OptimizationRequest(OptimizeSettings(comparison_seconds=0), str(DATA))


def litert_file() -> Path:
    """Return the .tflite file that the steps gave, under a name that can be shown."""
    steps()
    return _kept() / "digits_keras-int8.tflite"


@functools.cache
def _kept() -> Path:
    import tempfile

    return Path(tempfile.mkdtemp(prefix="pictures-"))


def _keep(session: OptimizationSession) -> None:
    path = Path(session.current.path)
    if path.suffix == ".tflite":
        shutil.copy(path, _kept() / "digits_keras-int8.tflite")


def forget() -> None:
    """Remove what was kept for the pictures."""
    shutil.rmtree(_kept(), ignore_errors=True)


def _with_timings(change: Change) -> Change:
    parity = change.parity and replace(change.parity, seconds=0.0)
    fixed = replace(change, seconds=_SECONDS[change.optimizer], parity=parity)
    return replace(fixed, comparisons=_COMPARISONS) if change.optimizer == "int8" else fixed


def show_converted(app: ModelpackApp) -> None:
    """Show what the steps came to, the cursor on the last."""
    pane = _pane(app)
    pane.runner.data_note = "2,985 samples, labelled"
    pane.request = OptimizationRequest(data=DATA.name)
    pane.runner.log.rows = steps()
    pane.runner.format = "tflite"
    pane.runner.preflights = {
        name: Preflight(False, "it is a LiteRT model now: undo, or start from the SavedModel") for name in pane.runner.steps
    }
    pane.refresh_all()
    pane.results.focus()
    pane.results.cursor = len(STEPS)


def show_pruned(app: ModelpackApp) -> None:
    """Show the same with the cursor on the first step."""
    show_converted(app)
    _pane(app).results.cursor = 1


def show_converting(app: ModelpackApp) -> None:
    """Show a step in the middle of its work; the job only waits."""
    pane = _pane(app)
    pane.runner.data_note = "2,985 samples, labelled"
    pane.request = OptimizationRequest(data=DATA.name)
    tried = (Attempt("LiteRT int8", "failed", "the converter left the values of its variables out"),)
    now = StepProgress("int8", "judging LiteRT int8, variables as constants", tried)
    row = StepRow(2, "int8", "running", 1, progress=now, doing="comparing outputs: serving_default")
    pane.runner.log.rows = (*steps()[:2], row)

    def workflow(token: CancelToken) -> Iterator[Event[None]]:
        yield Progress(3, 5, "comparing outputs")
        while not token.cancelled:
            time.sleep(0.05)

    pane.runner._running = app.jobs.start("int8", workflow, pane)
    pane.refresh_all()
    pane.results.focus()
    pane.results.cursor = 2


def show_without_tensorflow(app: ModelpackApp) -> None:
    """Show what is said where TensorFlow is not installed."""
    there = availability._is_there
    availability._is_there = lambda: False
    try:
        pane = _pane(app)
        session = pane.runner.session
        pane.runner.preflights = {name: session.preflight(name) for name in session.steps()}
    finally:
        availability._is_there = there
    pane.refresh_all()


def _pane(app: ModelpackApp) -> OptimizePane:
    return app.screen.query_one(OptimizePane)
