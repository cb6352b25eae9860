"""ONNX models laid out to be measured: one set of inputs for both, one device, a folder that goes when all is done."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from inspector.errors import OperationFailed
from inspector.isolation.private_folder import PrivateFolder
from inspector.records.event import Started, Steps
from inspector.records.optimization import OptimizationRequest, OptimizeSettings, Subject
from inspector.workflows.optimization.facts import model_facts

if TYPE_CHECKING:
    from inspector.bench.cold_start import Starter
    from inspector.isolation.limits import CancelToken
    from inspector.records.benchmark import BenchPart, BenchPlan, BenchSubject, ColdStart, StartupCandidate
    from inspector.records.inspection import Inspection
    from inspector.records.measurement import CacheState
    from inspector.records.optimization import InputSet
    from inspector.workflows.benchmark.measurable import Pace
    from inspector.workflows.benchmark.schedule import Turn

INPUTS: Final = 16


def lay_out_models(before: Inspection, after: Inspection | None, plan: BenchPlan, cancel: CancelToken) -> Steps[Models]:
    """Return one model or two with inputs and a device. Raises UsageError, OperationFailed, ChildFailed."""
    from inspector.runtimes.onnx_runtime.devices import choose_device, offered_devices

    chosen = choose_device(plan.device, (yield from offered_devices(cancel)))
    folder = private_folder()
    with _kept_where_all_is_well(folder):
        settings = settings_of(plan, before)
        inputs = yield from _inputs(before, plan, folder.path, settings, cancel)
    notes = (f"device {chosen.device}: {chosen.why}", *chosen.warnings, *inputs.notes)
    return Models(before, after, inputs, settings, chosen.device, notes, folder)


def settings_of(plan: BenchPlan, inspection: Inspection) -> OptimizeSettings:
    """Return limits for children that run the model: what the plan says, or what the model is likely to need."""
    from inspector.workflows.optimization.grounds import settings_for

    settings = OptimizeSettings(threads=plan.threads[0], seed=plan.seed, step_seconds=plan.sample_seconds)
    return settings_for(OptimizationRequest(settings=settings, memory_bytes=plan.memory_bytes), inspection)


def private_folder() -> PrivateFolder:
    """Return a folder of our own for inputs; raises OperationFailed where none can be had."""
    try:
        return PrivateFolder(Path(tempfile.gettempdir()).absolute())
    except OSError as error:
        raise OperationFailed(f"no folder for inputs: {error.strerror or error}", "set TMPDIR to one that can be") from None


@contextmanager
def _kept_where_all_is_well(folder: PrivateFolder) -> Iterator[None]:
    try:
        yield
    except BaseException:
        folder.close()
        raise


def _inputs(
    inspection: Inspection, plan: BenchPlan, folder: Path, settings: OptimizeSettings, cancel: CancelToken
) -> Steps[InputSet]:
    if plan.data:
        from inspector.verify.data import read_data

        yield Started(f"reading {Path(plan.data).name}")
        split = yield from read_data(Path(plan.data), inspection, str(folder / "data"), settings, cancel, "label")
        return split.evaluation
    from inspector.verify.inputs import make_inputs

    yield Started("making inputs")
    made = str(folder / "inputs")
    return (yield from make_inputs(inspection, made, INPUTS, plan.seed, settings, cancel, plan.lengths))


@dataclass(slots=True)
class Models:
    """One model or two of the same signature, ready to be started and run."""

    before: Inspection
    after: Inspection | None
    inputs: InputSet
    settings: OptimizeSettings
    device: str
    notes: tuple[str, ...]
    folder: PrivateFolder

    @property
    def artifacts(self) -> tuple[str, ...]:
        """What to call what is measured."""
        return tuple(one.computation.artifact.path for one in (self.before, self.after) if one is not None)

    @property
    def _paths(self) -> dict[BenchSubject, str]:
        subjects: tuple[BenchSubject, ...] = ("before", "after")
        return {subject: str(Path(path).absolute()) for subject, path in zip(subjects, self.artifacts, strict=False)}

    def starts(self, turn: Turn, pace: Pace) -> Steps[BenchPart]:
        """Start each model in fresh processes, in random order."""
        from inspector.bench.cold_start import cold_start

        starters = {subject: self._starter(path, turn.conditions.threads) for subject, path in self._paths.items()}
        return (
            yield from cold_start(starters, turn.conditions, self.device, self._paths, pace.seconds, pace.seed, pace.cancel)
        )

    def _starter(self, path: str, threads: int) -> Starter:
        from inspector.runtimes.onnx_runtime.start import start_model
        from inspector.runtimes.start import StartSettings

        settings = StartSettings(self.settings.memory_bytes, self.settings.step_seconds)

        def start(cache: CacheState | None, cpus: float | None, cancel: CancelToken | None) -> Steps[ColdStart]:
            return start_model(path, self.inputs, self.device, threads, cache, cpus, settings, cancel)

        return start

    def latencies(self, turn: Turn, pace: Pace) -> Steps[BenchPart]:
        """Run the models when warm, interleaved."""
        from inspector.bench.latency import latency

        paths = self._paths
        return (
            yield from latency(
                paths["before"],
                paths.get("after"),
                self.inputs,
                turn.conditions,
                self.device,
                pace.seconds,
                self.settings,
                pace.seed,
                pace.cancel,
            )
        )

    def advice(self, pace: Pace) -> Steps[tuple[StartupCandidate, ...]]:
        """Save the model in other ways and measure how each starts."""
        from inspector.bench.startup import startup
        from inspector.optimize.warmstart import startup_candidates

        made = self.folder.path / "starts"
        made.mkdir(mode=0o700)
        path = self._paths["before"]
        subject = Subject(path, self.before, model_facts(self.before.computation))
        files = yield from startup_candidates(subject, str(made), self.settings, pace.cancel)
        budget = pace.seconds
        return (yield from startup(path, files, self.inputs, self.settings, pace.cancel, budget_seconds=budget, partials=False))

    def close(self) -> None:
        """Remove the inputs."""
        self.folder.close()
