"""What ONNX models and SavedModels have in common when they are measured: inputs in a folder of our own, and two paths."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from inspector.isolation.private_folder import PrivateFolder, temporary_folder
from inspector.records.event import Started, Steps
from inspector.records.optimization import OptimizationRequest, OptimizeSettings

if TYPE_CHECKING:
    from inspector.bench.cold_start import Starter
    from inspector.isolation.limits import CancelToken
    from inspector.records.benchmark import BenchPart, BenchPlan, BenchSubject, StartupCandidate
    from inspector.records.inspection import Inspection
    from inspector.records.optimization import InputSet
    from inspector.records.runnable import Runnable
    from inspector.workflows.benchmark.measurable import Pace
    from inspector.workflows.benchmark.schedule import Turn

INPUTS: Final = 16
SUBJECTS: Final[tuple[BenchSubject, ...]] = ("before", "after")


def settings_of(plan: BenchPlan, inspection: Inspection) -> OptimizeSettings:
    """Return limits for children that run the model: what the plan says, or what the model is likely to need."""
    from inspector.workflows.optimization.grounds import settings_for

    settings = OptimizeSettings(threads=plan.threads[0], seed=plan.seed, step_seconds=plan.sample_seconds)
    return settings_for(OptimizationRequest(settings=settings, memory_bytes=plan.memory_bytes), inspection)


@contextmanager
def folder_for_inputs() -> Iterator[PrivateFolder]:
    """Give a folder of our own, which stays where all goes well; raises OperationFailed where none can be had."""
    folder = temporary_folder("inputs")
    try:
        yield folder
    except BaseException:
        folder.close()
        raise


def read_inputs(
    inspection: Inspection, plan: BenchPlan, folder: Path, settings: OptimizeSettings, cancel: CancelToken
) -> Steps[InputSet]:
    """Return the inputs that the plan names, those to compare outputs on. Raises UsageError where they do not fit."""
    from inspector.verify.data import read_data

    yield Started(f"reading {Path(plan.data).name}")
    split = yield from read_data(Path(plan.data), inspection, str(folder / "data"), settings, cancel, signature=plan.signature)
    return split.evaluation


@dataclass(slots=True)
class ModelPair:
    """One model or two of the same signature, with the inputs they are started and run with."""

    before: Inspection
    after: Inspection | None
    inputs: InputSet
    settings: OptimizeSettings
    device: str
    notes: tuple[str, ...]
    folder: PrivateFolder
    accelerators: tuple[str, ...] = ()

    @property
    def artifacts(self) -> tuple[str, ...]:
        """What to call what is measured."""
        return tuple(one.computation.artifact.path for one in self.models)

    @property
    def models(self) -> tuple[Inspection, ...]:
        """The one, or both."""
        return (self.before,) if self.after is None else (self.before, self.after)

    def started_in_turns(self, starters: Sequence[Starter], turn: Turn, pace: Pace) -> Steps[BenchPart]:
        """Start each model in fresh processes, in random order."""
        from inspector.bench.cold_start import cold_start

        by_subject = dict(zip(SUBJECTS, starters, strict=False))
        named = dict(zip(SUBJECTS, self.artifacts, strict=False))
        return (yield from cold_start(by_subject, turn.conditions, self.device, named, pace.seconds, pace.seed, pace.cancel))

    def run_in_turns(self, calls: Sequence[Runnable], turn: Turn, pace: Pace) -> Steps[BenchPart]:
        """Call the models when warm, interleaved."""
        from inspector.bench.latency import latency_of

        return (
            yield from latency_of(
                calls,
                self.inputs,
                turn.conditions,
                self.device,
                pace.seconds,
                self.settings,
                pace.seed,
                pace.cancel,
            )
        )

    def close(self) -> None:
        """Remove the inputs."""
        self.folder.close()


class CalledPair(ModelPair):
    """A .tflite file, two, or two artifacts of different formats: ready to be started and called, each in its own runtime."""

    __slots__ = ("calls",)

    calls: tuple[Runnable, ...]

    def starts(self, turn: Turn, pace: Pace) -> Steps[BenchPart]:
        """Start each with its runtime in fresh processes, in random order."""
        from inspector.runtimes.call_starters import starter_of

        threads = turn.conditions.threads
        starters = [starter_of(call, self.inputs, self.device, threads, self.settings) for call in self.calls]
        return (yield from self.started_in_turns(starters, turn, pace))

    def latencies(self, turn: Turn, pace: Pace) -> Steps[BenchPart]:
        """Call both when warm, interleaved in one process."""
        return (yield from self.run_in_turns(self.calls, turn, pace))

    def advice(self, pace: Pace) -> Steps[tuple[StartupCandidate, ...]]:
        """Return nothing: there is no other way to save such an artifact that could be tried."""
        del pace
        yield from ()
        return ()
