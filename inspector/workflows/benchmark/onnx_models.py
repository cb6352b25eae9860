"""ONNX models laid out to be measured: one set of inputs for both, and one device."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from inspector.records.event import Started, Steps
from inspector.records.optimization import Subject
from inspector.workflows.benchmark.model_pair import (
    INPUTS,
    ModelPair,
    folder_for_inputs,
    read_inputs,
    settings_of,
)
from inspector.workflows.optimization.facts import model_facts

if TYPE_CHECKING:
    from inspector.isolation.limits import CancelToken
    from inspector.records.benchmark import BenchPart, BenchPlan, StartupCandidate
    from inspector.records.inspection import Inspection
    from inspector.records.optimization import InputSet, OptimizeSettings
    from inspector.workflows.benchmark.measurable import Pace
    from inspector.workflows.benchmark.schedule import Turn


def lay_out_models(before: Inspection, after: Inspection | None, plan: BenchPlan, cancel: CancelToken) -> Steps[OnnxModels]:
    """Return one model or two with inputs and a device. Raises UsageError, OperationFailed, ChildFailed."""
    from inspector.runtimes.onnx_runtime.devices import Offered, choose_device, offered_devices

    needed = max(one.computation.total_bytes for one in (before, after) if one is not None)
    offered = Offered() if plan.device == "cpu" else (yield from offered_devices(cancel))
    chosen = choose_device(plan.device, offered, needed)
    settings = settings_of(plan, before)
    with folder_for_inputs() as folder:
        inputs = yield from _inputs(before, plan, folder.path, settings, cancel)
    notes = (f"device {chosen.device}: {chosen.why}", *chosen.warnings, *inputs.notes)
    return OnnxModels(before, after, inputs, settings, chosen.device, notes, folder, offered.accelerators)


def _inputs(
    inspection: Inspection, plan: BenchPlan, folder: Path, settings: OptimizeSettings, cancel: CancelToken
) -> Steps[InputSet]:
    if plan.data:
        return (yield from read_inputs(inspection, plan, folder, settings, cancel))
    from inspector.verify.inputs import make_inputs

    yield Started("making inputs")
    made = str(folder / "inputs")
    return (yield from make_inputs(inspection, made, INPUTS, plan.seed, settings, cancel, plan.lengths))


class OnnxModels(ModelPair):
    """One ONNX model or two of the same signature, ready to be started and run."""

    __slots__ = ()

    @property
    def _paths(self) -> tuple[str, ...]:
        return tuple(str(Path(path).absolute()) for path in self.artifacts)

    def starts(self, turn: Turn, pace: Pace) -> Steps[BenchPart]:
        """Start each model in fresh processes, in random order."""
        from inspector.runtimes.onnx_runtime.start import model_starter

        threads = turn.conditions.threads
        starters = [model_starter(path, self.inputs, self.device, threads, self.settings) for path in self._paths]
        return (yield from self.started_in_turns(starters, turn, pace))

    def latencies(self, turn: Turn, pace: Pace) -> Steps[BenchPart]:
        """Run the models when warm, interleaved."""
        from inspector.runtimes.calling import file_runnable

        return (yield from self.run_in_turns([file_runnable(path) for path in self._paths], turn, pace))

    def advice(self, pace: Pace) -> Steps[tuple[StartupCandidate, ...]]:
        """Save the model in other ways and measure how each starts."""
        from inspector.bench.startup import startup
        from inspector.optimize.warmstart import startup_candidates

        made = self.folder.path / "starts"
        made.mkdir(mode=0o700)
        path = self._paths[0]
        subject = Subject(path, self.before, model_facts(self.before.computation))
        files = yield from startup_candidates(subject, str(made), self.settings, pace.cancel)
        budget = pace.seconds
        return (yield from startup(path, files, self.inputs, self.settings, pace.cancel, budget_seconds=budget, partials=False))
