"""What a workbench has to report: the artifact, and the work of its tabs as far as it was done."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from inspector.isolation.limits import CancelToken
from inspector.records.event import Event
from inspector.report.figures import bytes_text, plural
from inspector.tui.tabs import artifact_shown
from inspector.workflows.session_review import SessionWork, WrittenReport, input_files, write_session_report

if TYPE_CHECKING:
    from inspector.records.opened import Opened
    from inspector.tui.screens.workbench import WorkbenchScreen
    from inspector.tui.screens.write_report import WriteReportScreen
    from inspector.tui.widgets.benchmark import BenchmarkPane
    from inspector.tui.widgets.optimize import OptimizePane
    from inspector.tui.widgets.slim import SlimPane


def report_dialog(screen: WorkbenchScreen, opened: Opened) -> WriteReportScreen:
    """Return the dialog that writes the report of a workbench."""
    from inspector.tui.screens.write_report import WriteReportScreen

    work = work_of(screen)
    optimize = _optimize(screen)

    def writing(path: Path, token: CancelToken) -> Iterator[Event[WrittenReport]]:
        workflow = lambda cancel: write_session_report(opened, work, path, cancel)  # noqa: E731 -- begun once others let go
        return (optimize.runner.after_others(workflow) if optimize is not None else workflow)(token)

    return WriteReportScreen(proposed_name(opened), holds(work), writing, lambda: input_files(opened, work))


def running(screen: WorkbenchScreen) -> str:
    """Return what has to end before there is something to report; empty where nothing has to."""
    optimize, slim, bench = _optimize(screen), _slim(screen), _benchmark(screen)
    if optimize is not None and optimize.runner.busy:
        return "A step is running"
    if slim is not None and slim.runner.busy:
        return "Levels are running"
    return "Something is being measured" if bench is not None and bench.runner.busy else ""


def work_of(screen: WorkbenchScreen) -> SessionWork:
    """Return what the tabs of a workbench have done so far."""
    from inspector.workflows.optimization.data_facts import named_data

    optimize, slim, bench = _optimize(screen), _slim(screen), _benchmark(screen)
    request = screen.modelpack.requests.get(screen.path)
    data = named_data(request) if request is not None else None
    session = slim.runner.session if slim is not None else None
    measured = bench.runner.result if bench is not None else None
    if measured is None and session is not None:
        measured = session.measured
    return SessionWork(
        optimizing=optimize.runner.session if optimize is not None and not optimize.runner.log.empty else None,
        measured=measured,
        slimming=session.result if session is not None and session.steps else None,
        contract=request.contract if request is not None else None,
        inputs=(data,) if data is not None else (),
        warnings=bench.runner.warnings if bench is not None else (),
    )


def holds(work: SessionWork) -> str:
    """Return in a sentence what a report will tell of."""
    parts = ["what is inside"]
    if work.optimizing is not None and work.optimizing.changes:
        steps = ", ".join(change.optimizer for change in work.optimizing.changes)
        parts.append(f"what {steps} came to, with the proof")
    if work.slimming is not None:
        parts.append(f"{plural(len(work.slimming.steps), 'level')} of slimming, with the proof")
    if work.measured is not None and work.measured.runs:
        parts.append(plural(len(work.measured.runs), "measurement"))
    return f"It tells {parts[0]}." if len(parts) == 1 else f"It tells {', '.join(parts[:-1])} and {parts[-1]}."


def proposed_name(opened: Opened) -> str:
    """Return a name in the working folder: "resnet50-review.html"."""
    artifact = artifact_shown(opened)
    path = artifact.inside or artifact.path
    name = path.rstrip("/").rpartition("/")[2] or "artifact"
    for suffix in (".tar.gz", ".tar.zst", ".tar", ".tgz", ".onnx", ".tflite", ".pb"):
        name = name.removesuffix(suffix)
    kept = "".join(one if one.isalnum() or one in "._-" else "-" for one in name).strip("-.")
    return f"{kept[:80] or 'artifact'}-review.html"


def said(written: WrittenReport) -> str:
    """Return what to say of a report that was written."""
    return f"Written: {written.path}, {bytes_text(written.size_bytes)}"


def _optimize(screen: WorkbenchScreen) -> OptimizePane | None:
    from inspector.tui.widgets.optimize import OptimizePane

    return next(iter(screen.query(OptimizePane)), None)


def _slim(screen: WorkbenchScreen) -> SlimPane | None:
    from inspector.tui.widgets.slim import SlimPane

    return next(iter(screen.query(SlimPane)), None)


def _benchmark(screen: WorkbenchScreen) -> BenchmarkPane | None:
    from inspector.tui.widgets.benchmark import BenchmarkPane

    return next(iter(screen.query(BenchmarkPane)), None)
