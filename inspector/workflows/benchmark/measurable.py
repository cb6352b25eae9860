"""What each kind of artifact must offer to be measured; the kinds differ in how they are started and run, not in the method."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from inspector.isolation.limits import CancelToken
    from inspector.records.benchmark import BenchPart, StartupCandidate
    from inspector.records.event import Steps
    from inspector.workflows.benchmark.schedule import Turn


@dataclass(frozen=True, slots=True)
class Pace:
    """How long a turn may take, the seed of everything random in it, and who may stop it."""

    seconds: float
    seed: int
    cancel: CancelToken


class Measurable(Protocol):
    """An artifact, or two, laid out to be measured; close() takes away what that took."""

    @property
    def device(self) -> str:
        """Where it runs: cpu, cuda, or the name of an engine."""
        ...

    @property
    def artifacts(self) -> Sequence[str]:
        """What to call what is measured, as the user named it."""
        ...

    @property
    def notes(self) -> Sequence[str]:
        """What was assumed: of inputs, of the device."""
        ...

    @property
    def accelerators(self) -> tuple[str, ...]:
        """The accelerators of the machine, as MachineState has them."""
        ...

    def starts(self, turn: Turn, pace: Pace) -> Steps[BenchPart]:
        """Measure whole starts in fresh processes. Raises OperationFailed."""
        ...

    def latencies(self, turn: Turn, pace: Pace) -> Steps[BenchPart]:
        """Measure runs when warm. Raises OperationFailed."""
        ...

    def advice(self, pace: Pace) -> Steps[tuple[StartupCandidate, ...]]:
        """Measure what would start sooner; nothing where there is no such thing to try. Raises OperationFailed."""
        ...

    def close(self) -> None:
        """Remove every file that measuring took."""
        ...
