"""What timing artifacts side by side needs and gives, whatever runtime runs them; the loop is in latency_child."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Literal, Protocol

from inspector.isolation.child import FinishedChild, run_child
from inspector.isolation.limits import Limits
from inspector.records.event import Partial, Progress
from inspector.records.optimization import InputSet
from inspector.records.runnable import Runnable
from inspector.records.tensor import TensorSpec

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from inspector.isolation.limits import CancelToken

ENTRY: Final = "inspector.runtimes.latency_child:time_in_child"

TimedName = Literal["before", "after", "again"]
"""Whose times: the original's, the changed one's, those of the original once more in sessions of its own, as control."""

SUBJECTS: Final[tuple[TimedName, ...]] = ("before", "after", "again")

LABELS: Final[Mapping[TimedName, str]] = {"before": "the original", "after": "the changed artifact", "again": "the original"}

Mode = Literal["together", "in turns"]


class Timed(Protocol):
    """An artifact that is loaded and can be run; each runtime's timed_child has open_timed(), which makes it."""

    @property
    def creation_ms(self) -> float:
        """What it took to load it, in ms."""

    @property
    def inputs(self) -> tuple[TensorSpec, ...]:
        """What it takes, by raw names; an open dimension is a symbol or None."""

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader should know of how it runs."""

    def run(self, feed: Mapping[str, NDArray[Any]]) -> Mapping[str, float] | None:
        """Run it and wait until the outputs are there; where phases are told apart, return their ms. Raises OperationFailed."""

    def close(self) -> None:
        """Let go of it."""


@dataclass(frozen=True, slots=True)
class TimedSubject:
    """One artifact to time: how it is called, and a device, "cpu" or "cuda"."""

    name: TimedName
    call: Runnable
    device: str = "cpu"


@dataclass(frozen=True, slots=True)
class Pace:
    """How samples are taken.

    quick: threads do not spin, runs shorter than half a ms are timed several at once, single samples alternate, and the first
    failure ends it. Otherwise sessions are as a server has them, every sample is a single run, samples are taken in blocks
    between which other sessions' threads come to rest, and who fails drops out. It ends early once the ratio is known to
    +/- tight (or to a tenth of the difference) and there are as many samples as the most demanding figure in reach wants.
    """

    quick: bool = False
    tight: float = 0.01
    wanted: tuple[int, ...] = ()
    fewest_samples: int = 24
    most_samples: int = 8_000


@dataclass(frozen=True, slots=True)
class TimingRequest:
    """What to time, with which inputs, for how long in seconds.

    "together" holds a session of each subject at once and interleaves them; "in turns" holds one session at a time. batch: rows
    of each run, where the first dimension is open. load: None for a closed loop, or the share of the first subject's capacity
    at which requests arrive.
    """

    subjects: tuple[TimedSubject, ...]
    inputs: InputSet
    threads: int
    budget_seconds: float
    seed: int
    pace: Pace = Pace()
    mode: Mode = "together"
    batch: int = 1
    load: float | None = None


@dataclass(frozen=True, slots=True)
class SessionTimes:
    """A session that was made: ms of its creation and of its first run, and the runs until it was warm.

    stable: whether runs had ceased to become faster when the warm-up ended.
    """

    round: int
    name: TimedName
    creation_ms: float
    first_ms: float
    warm_runs: int = 0
    stable: bool = True


@dataclass(frozen=True, slots=True)
class Arrivals:
    """What became of the requests of one open loop that arrived within so many seconds.

    served: finished by the time the last of them arrived; late: started late by the clock's fault, though nothing was in the
    way; waited: found another one being served; lost: given up. busy_seconds: spent serving.
    """

    count: int
    seconds: float
    served: int
    late: int
    waited: int
    lost: int
    busy_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Block:
    """Samples of one session taken one after another, in ms; sample i of all subjects' blocks of a turn has the same input."""

    round: int
    turn: int
    name: TimedName
    times_ms: tuple[float, ...]
    phases_ms: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    arrivals: Arrivals | None = None


@dataclass(frozen=True, slots=True)
class TimingFacts:
    """What is known of a measurement besides its times."""

    feeds: int = 0
    """Distinct inputs that were used."""
    rows: int = 1
    """Rows of each run."""
    threads: int = 0
    repeats: int = 1
    """The most runs that one sample is the mean of."""
    clock_ms: float = 0.0
    """What timing nothing shows."""
    capacity_per_second: float | None = None
    """Runs a second that the first subject's closed loop did just before an open loop."""
    rate_per_second: float | None = None
    """At which requests arrived in it."""
    first_creation_ms: float = 0.0
    """Of the first session of the process, which is not counted."""
    first_subject: TimedName = "before"
    notes: tuple[str, ...] = ()
    subject_notes: Mapping[TimedName, tuple[str, ...]] = field(default_factory=dict)
    known: bool = False
    """Whether it ended early, since more samples would say nothing new."""


@dataclass(frozen=True, slots=True)
class Timings:
    """What was timed since the last of these, in order; facts are as they are now, failures say who dropped out and why."""

    sessions: tuple[SessionTimes, ...] = ()
    blocks: tuple[Block, ...] = ()
    failures: Mapping[TimedName, str] = field(default_factory=dict)
    facts: TimingFacts = TimingFacts()

    def followed_by(self, later: Timings) -> Timings:
        """Return both as one."""
        return Timings(
            self.sessions + later.sessions, self.blocks + later.blocks, {**self.failures, **later.failures}, later.facts
        )


def time_artifacts(
    request: TimingRequest,
    limits: Limits,
    cancel: CancelToken | None = None,
    *,
    title: str,
    environment: Mapping[str, str] | None = None,
) -> Generator[Progress | Partial[Timings] | FinishedChild[Timings]]:
    """Time artifacts in a child; partial records and the result each hold what is new. Raises what run_child() does."""
    return run_child(ENTRY, request, Timings, limits, cancel, title=title, environment=environment, partial_type=Timings)
