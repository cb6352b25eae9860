"""The child processes of the search for a .tflite, each bounded by the settings."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar

from inspector.isolation.child import FinishedChild, run_child
from inspector.isolation.limits import Limits
from inspector.isolation.plain_line import plain_line
from inspector.optimize.litert.messages import (
    Converted,
    ConvertRequest,
    Numbers,
    Rung,
    Sensitivities,
    SensitivityRequest,
    Source,
    WantedSignature,
)
from inspector.records.event import Steps, finish
from inspector.runtimes.tensorflow.child_environment import tensorflow_environment
from inspector.runtimes.tensorflow.served import loader_for

if TYPE_CHECKING:
    from inspector.isolation.limits import CancelToken
    from inspector.optimize.optimizer import StepWork
    from inspector.records.optimization import Subject

_ROOM: Final = "inspector.optimize.litert"

MEASURED_SAMPLES: Final = 8
"""Samples of each signature on which nodes are measured: the debugger keeps every tensor of a run."""

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Children:
    """Runs TensorFlow's converter elsewhere. Every method raises ChildFailed, or the InspectorError that its child raised."""

    subject: Subject
    work: StepWork
    cancel: CancelToken

    def convert(
        self, numbers: Numbers, rungs: Sequence[Rung], output: str, kept: Sequence[str] = ()
    ) -> Steps[FinishedChild[Converted]]:
        """Try the rungs until one writes output."""
        source = source_of(self.subject)
        private = (self.work.folder, *(f"{source.path}/{name}" for name in ("assets", "variables", "saved_model.pb")))
        wanted, threads = wanted_signatures(self.subject, self.work), self.work.settings.threads
        with self._copies() as folder:
            request = ConvertRequest(source, wanted, tuple(rungs), numbers, folder, output, tuple(kept), private, threads)
            return (yield from self._run("convert_child:convert_in_child", request, Converted, f"converting to {numbers}"))

    def sensitivities(self, rung: Rung) -> Steps[Sensitivities]:
        """Measure what int8 does to each node."""
        source, wanted = source_of(self.subject), wanted_signatures(self.subject, self.work)
        threads, doing = self.work.settings.threads, "measuring nodes in int8"
        with self._copies() as folder:
            request = SensitivityRequest(source, wanted, rung, folder, MEASURED_SAMPLES, threads)
            return (yield from self._run("sensitivity_child:measure_in_child", request, Sensitivities, doing)).result

    def _copies(self) -> tempfile.TemporaryDirectory[str]:
        """Return a folder for copies of the SavedModel, which are as large as it is and go with the child."""
        return tempfile.TemporaryDirectory(prefix="copies-", dir=self.work.folder)

    def _run(self, entry: str, request: object, response: type[Result], doing: str) -> Steps[FinishedChild[Result]]:
        settings = self.work.settings
        title = f"{doing} of {plain_line(Path(self.subject.path).name, 80)}"
        limits = Limits(settings.memory_bytes, settings.step_seconds)
        child = run_child(
            f"{_ROOM}.{entry}", request, response, limits, self.cancel, title=title, environment=tensorflow_environment()
        )
        finished = yield from finish(child)
        assert isinstance(finished, FinishedChild)
        return finished


def source_of(subject: Subject) -> Source:
    """Return where the SavedModel lies and how TensorFlow loads it."""
    facts = subject.inspection.computation.saved_model
    assert facts is not None
    folder = subject.path if Path(subject.path, facts.definition).is_file() else facts.folder
    return Source(str(Path(folder).absolute()), facts.main.tags, loader_for(facts) == "session")


def wanted_signatures(subject: Subject, work: StepWork) -> tuple[WantedSignature, ...]:
    """Return every signature with the names that it has in the original, and what to calibrate on."""
    facts = subject.inspection.computation.saved_model
    assert facts is not None
    held = {one.name: one for one in facts.main.signatures}
    found = []
    for one in work.signatures:
        names = one.calibration.names
        outputs = one.reference.names
        known = held.get(one.call.signature)
        if known is not None:
            names = names or tuple(tensor.name for tensor in known.inputs)
        found.append(WantedSignature(one.call.signature, names, outputs, one.calibration))
    return tuple(found)
