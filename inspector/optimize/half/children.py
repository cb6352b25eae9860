"""The child processes of the search for an fp16 model, each bounded by the settings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar

from inspector.isolation.child import FinishedChild, run_child
from inspector.isolation.limits import NUMPY_ON_ONE_THREAD, CancelToken, Limits
from inspector.isolation.plain_line import plain_line
from inspector.optimize.half.messages import (
    Census,
    CensusRequest,
    CompareRequest,
    Comparison,
    Converted,
    Converter,
    ConvertRequest,
    Emulated,
    EmulateRequest,
    Kept,
    Prepared,
    PrepareRequest,
)
from inspector.records.event import Steps, finish

if TYPE_CHECKING:
    from inspector.optimize.optimizer import StepWork
    from inspector.records.optimization import Subject

COMPARED_SAMPLES: Final = 2
"""Inputs on which activations are compared node by node."""

_ROOM: Final = "inspector.optimize.half"

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Children:
    """Runs what must not run here. Every method raises ChildFailed, or the InspectorError that its child raised."""

    subject: Subject
    work: StepWork
    cancel: CancelToken

    def prepare(self) -> Steps[Prepared]:
        """Make the original ready for converters."""
        path = str(Path(self.subject.path).absolute())
        request = PrepareRequest(path, self.work.folder, self.work.settings.keep_fp32)
        return (yield from self._run("prepare_child:prepare_in_child", request, Prepared, "preparing")).result

    def census(self) -> Steps[Census]:
        """Measure the ranges of all tensors on the calibration inputs."""
        request = CensusRequest(self.work.folder, self.work.calibration, self.work.settings.threads)
        return (yield from self._run("census_child:take_census", request, Census, "the census of ranges")).result

    def convert(
        self, converter: Converter, kept: Sequence[Kept], half_io: Sequence[str], output: str
    ) -> Steps[FinishedChild[Converted]]:
        """Run one converter and repair what it made."""
        names = tuple(one.name for one in kept)
        beside = bool(self.subject.inspection.computation.external_files)
        request = ConvertRequest(self.work.folder, converter, names, tuple(half_io), output, beside)
        return (yield from self._run("convert_child:convert_in_child", request, Converted, f"{converter}'s conversion"))

    def emulate(self, candidate: str) -> Steps[str]:
        """Write a candidate as fp32 that is rounded to fp16 after every node; return the path."""
        output = f"{candidate}.emulated.onnx"
        yield from self._run("emulate_child:emulate_in_child", EmulateRequest(candidate, output), Emulated, "emulating fp16")
        return output

    def compare(self, candidate: str) -> Steps[Comparison]:
        """Compare a candidate's activations with those of the fp32 model."""
        settings = self.work.settings
        request = CompareRequest(
            self.work.folder, candidate, self.work.calibration, COMPARED_SAMPLES, settings.threads, settings.memory_bytes
        )
        return (yield from self._run("compare_child:compare_nodes", request, Comparison, "comparing activations")).result

    def _run(self, entry: str, request: object, response: type[Result], doing: str) -> Steps[FinishedChild[Result]]:
        settings = self.work.settings
        title = f"{doing} of {plain_line(Path(self.subject.path).name, 80)}"
        limits = Limits(settings.memory_bytes, settings.step_seconds)
        child = run_child(
            f"{_ROOM}.{entry}", request, response, limits, self.cancel, title=title, environment=NUMPY_ON_ONE_THREAD
        )
        finished = yield from finish(child)
        assert isinstance(finished, FinishedChild)
        return finished


def discard(path: str) -> None:
    """Remove a model file of the work folder and its weights: candidates of large models would fill the disk."""
    Path(path).unlink(missing_ok=True)
    Path(f"{path}.data").unlink(missing_ok=True)
