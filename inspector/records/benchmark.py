"""Benchmarks: what to measure, every sample, and what a run of them amounts to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from inspector.records.machine_state import MachineState
from inspector.records.measurement import CacheState, Comparison, Conditions

BenchKind = Literal["cold_start", "latency"]

BenchSubject = Literal["before", "after"]

Device = Literal["auto", "cpu", "cuda"]

RunStatus = Literal["measured", "cut short", "not measured"]

PERCENTILES: tuple[float, ...] = (0.5, 0.9, 0.95, 0.99, 0.999)


@dataclass(frozen=True, slots=True)
class ImageStart:
    """How an image is started, and what counts as ready.

    ready is "http://HOST:PORT/path" (answered with a status below 400), "log:TEXT" (printed on either stream), "exit" (ended
    with 0), or empty: what the image's own health check says, its first output where it has none.
    """

    command: tuple[str, ...] = ()
    """In place of the image's own; empty: its entrypoint and command."""
    ready: str = ""
    bytes_per_second: int = 125_000_000
    """Bandwidth at which the transfer is modelled: 1 Gbit/s."""


@dataclass(frozen=True, slots=True)
class BenchPlan:
    """What to measure, under which conditions, and for how long in all; enough to do it again.

    One run is made for each cache state and CPU quota (cold start), each batch size and thread count (latency), and each load
    (open loop). budget_seconds is about what all of it takes, up to three times as much where more is needed to claim anything;
    sample_seconds bounds one sample, memory_bytes each process (None: as much as the artifact is likely to need).
    """

    kinds: tuple[BenchKind, ...] = ("cold_start", "latency")
    device: Device = "auto"
    batches: tuple[int, ...] = (1,)
    threads: tuple[int, ...] = (0,)
    caches: tuple[CacheState, ...] = ("cold", "warm")
    cpus: tuple[float, ...] = ()
    """CPU quotas to repeat the cold start under, beside no quota."""
    loads: tuple[float, ...] = ()
    """Shares of capacity at which requests arrive in an open loop, beside the closed loop."""
    budget_seconds: float = 60.0
    sample_seconds: float = 120.0
    memory_bytes: int | None = None
    seed: int = 0
    data: str = ""
    """Path of an .npz of real inputs; empty: seeded ones are made."""
    signature: str = ""
    """Of a SavedModel; empty: the one that serves by default."""
    lengths: Mapping[str, int] = field(default_factory=dict)
    other: str = ""
    """Path of the artifact that was measured beside, where it is a file of the user's."""
    image: ImageStart = field(default_factory=ImageStart)


@dataclass(frozen=True, slots=True)
class PhaseSample:
    """One phase of one start: its wall and processor time in ms, and what the process held and had done at its end.

    rss_bytes is the resident memory at the end; faults and read_bytes (from storage) are those of the phase alone. None: not
    known. modelled: computed from bytes and a stated bandwidth, not measured.
    """

    name: str
    milliseconds: float
    cpu_ms: float | None = None
    rss_bytes: int | None = None
    minor_faults: int | None = None
    major_faults: int | None = None
    read_bytes: int | None = None
    modelled: bool = False


@dataclass(frozen=True, slots=True)
class ColdStart:
    """One start in a fresh process (or container): the phases in order, and the wall time that an outside clock took.

    wall_ms leaves modelled phases out. resident_before is the share of the watched files' bytes that were in the page cache
    right before (None: cannot be told); cache_note says why a cold cache was not achieved. A start that failed has the phases
    it got to and says why.
    """

    wall_ms: float
    phases: tuple[PhaseSample, ...] = ()
    resident_before: float | None = None
    cache_note: str = ""
    failure: str = ""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PhaseFigures:
    """A phase over all samples: median ms with an interval of 95 %, and medians of what is known beside it."""

    median_ms: float
    low_ms: float
    high_ms: float
    cpu_ms: float | None = None
    rss_bytes: int | None = None
    minor_faults: int | None = None
    major_faults: int | None = None
    read_bytes: int | None = None
    modelled: bool = False


@dataclass(frozen=True, slots=True)
class Percentile:
    """A percentile by its share (0.99), in ms; None where there are fewer samples than it needs."""

    share: float
    milliseconds: float | None
    needs: int


@dataclass(frozen=True, slots=True)
class Benchmark:
    """One run: every sample of one subject under the same conditions, and what they amount to.

    Samples of a latency are single runs when warm, in ms, in the order they were taken; of a cold start whole starts. The
    first run of a session is its own number. Outliers are counted, never dropped.
    """

    subject: BenchSubject
    kind: BenchKind
    device: str
    samples: int
    median_ms: float
    low_ms: float = 0.0
    high_ms: float = 0.0
    phases: Mapping[str, PhaseFigures] = field(default_factory=dict)
    conditions: Conditions = field(default_factory=Conditions)
    artifact: str = ""
    status: RunStatus = "measured"
    note: str = ""
    """Why it was cut short or not measured."""
    percentiles: tuple[Percentile, ...] = ()
    throughput_per_second: float | None = None
    """Samples (batch elements) a second."""
    first_ms: float | None = None
    """The first run of the session, or the first start, which is no part of the figures."""
    outliers: int = 0
    failures: int = 0
    """Samples that failed; why is in the note."""
    times_ms: tuple[float, ...] = ()
    starts: tuple[ColdStart, ...] = ()
    control_ms: tuple[float, ...] = ()
    """Of the original only: its times once more, from sessions of their own; they give the noise floor."""
    control_starts: tuple[ColdStart, ...] = ()
    """Of the original only: the starts of the control, one a round as in starts."""
    nodes_on_cpu: tuple[str, ...] = ()
    """Nodes that another device than the wanted one executes, as the runtime says."""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class BenchPart:
    """What one set of conditions has given so far: a run of each subject, and what is said of them side by side."""

    runs: tuple[Benchmark, ...] = ()
    comparisons: tuple[Comparison, ...] = ()


MODEL_PHASE = "model"
"""What of a start is the model's own, as one phase: reading it, creating the session, the first run."""


@dataclass(frozen=True, slots=True)
class StartupFile:
    """A model saved another way so that it starts sooner: where it lies, bytes with external data, what to know of it."""

    path: str
    name: str
    size_bytes: int
    note: str = ""
    bound: Literal["", "runtime", "processor"] = ""
    """What it can only be run on: this release of the runtime, or that on this kind of processor, too; empty: on any."""


@dataclass(frozen=True, slots=True)
class StartupCandidate:
    """One way to save the model so that it starts sooner, as measured beside the original; the first one is the advice.

    comparison is of MODEL_PHASE, phases hold the whole start and the session and first run that MODEL_PHASE consists of.
    """

    name: str
    comparison: Comparison
    size_bytes: int
    note: str = ""
    chosen: bool = False
    phases: tuple[Comparison, ...] = ()


@dataclass(frozen=True, slots=True)
class BenchResult:
    """Everything measured so far; doing says what goes on, and is empty once all is done or it was cut short."""

    plan: BenchPlan
    runs: tuple[Benchmark, ...] = ()
    comparisons: tuple[Comparison, ...] = ()
    startup: tuple[StartupCandidate, ...] = ()
    device: str = "cpu"
    """The device that was chosen."""
    doing: str = ""
    cut_short: str = ""
    """Why it ended before its time: "interrupted", "no space left"."""
    machine: MachineState | None = None
    elapsed_seconds: float = 0.0
    method: tuple[str, ...] = ()
    """Why it is this device, and what was assumed of the inputs."""
    warnings: tuple[str, ...] = ()
