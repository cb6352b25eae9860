"""Slimming an image: how far to go, what stays and why, what goes, and what proves that the rest still serves.

Paths are relative to the root, as those of entries are: cleaned, without "/" in front. Sizes are bytes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from inspector.records.benchmark import ImageStart
from inspector.records.contract import Contract
from inspector.records.measurement import Comparison
from inspector.records.optimization import ChangeStatus
from inspector.records.serving import AnswerDifference
from inspector.records.written_image import ImageBytes, LayerCompression, LayerPart

SlimLevel = Literal["flatten", "clean", "trace"]
"""flatten: the final file system as it is, without waste; clean: without leftovers, by kind; trace: what serving uses."""

SLIM_LEVELS: tuple[SlimLevel, ...] = ("flatten", "clean", "trace")

Risk = Literal["none", "low", "medium", "high"]

ExerciseKind = Literal["http", "command", "contract"]

SlimVerdict = Literal["proven", "not proven", "nothing to do", "rejected", "cannot run"]
"""not proven: written without a proof, since there is no engine."""


@dataclass(frozen=True, slots=True)
class Exercise:
    """Something a container is made to do: requests over HTTP, a command in it, or the contract's inputs at an endpoint."""

    kind: ExerciseKind
    told: str
    """As the user gave it, cleaned."""
    path: str = ""
    """Of http: the file with the requests."""
    command: tuple[str, ...] = ()
    url: str = ""
    """Of contract: where the inputs are posted to, with the port that the container listens on."""


@dataclass(frozen=True, slots=True)
class SlimRequest:
    """What the user wants: which levels, what must stay or go, what proves that it serves, within what time.

    keep and drop are patterns: the name of a kind of leftover ("tests"), "package:NAME", or a glob of absolute paths
    ("/opt/models/**"); keep wins. budget_seconds is about what proving one level may take, start-up comparison included.
    """

    levels: tuple[SlimLevel, ...] = SLIM_LEVELS
    keep: tuple[str, ...] = ()
    drop: tuple[str, ...] = ()
    exercises: tuple[Exercise, ...] = ()
    start: ImageStart = field(default_factory=ImageStart)
    compression: LayerCompression = "gzip"
    contract: Contract | None = None
    contract_folder: str = ""
    """Folder that paths in the contract are relative to."""
    data: str = ""
    """Path of an .npz with inputs; empty: the contract's, or seeded ones."""
    budget_seconds: float = 120.0
    sample_seconds: float = 120.0
    """How long one container may take to become ready, and each exercise."""
    memory_bytes: int | None = None
    """Limit of a container; None: none."""
    seed: int = 0
    compare_starts: bool = True


KeepReason = Literal[
    "opened", "executed", "listed", "link", "library", "bytecode", "source", "package metadata", "settings", "certificates",
    "locale", "time zone", "home", "mount point", "start-up", "asked for", "added back", "folder", "device",
]  # fmt: skip
"""Why trace keeps a path; library: an ELF file that a kept one needs; start-up: entrypoint, loader, Python's landmarks."""

GroupKind = Literal["python", "debian", "alpine", "leftover", "application", "model", "system"]
"""Whose files they are: a package's, a kind of leftover, no package's (application), a model's, or the rest."""


@dataclass(frozen=True, slots=True)
class SlimGroup:
    """What stays and what goes of one package, or one kind of what no package owns. pattern puts it into keep or drop."""

    kind: GroupKind
    name: str
    kept_bytes: int
    kept_files: int
    dropped_bytes: int
    dropped_files: int
    pattern: str = ""
    largest: tuple[tuple[str, int], ...] = ()
    """The largest files that go, with their bytes."""
    risk: Risk = "low"
    reason: str = ""


@dataclass(frozen=True, slots=True)
class KeptShare:
    """What stays for one reason."""

    reason: KeepReason
    bytes: int
    files: int


@dataclass(frozen=True, slots=True)
class Unexercised:
    """A part of the image that no exercise reached: what it is, where, and its bytes."""

    what: Literal["code", "model", "port", "program", "health check"]
    place: str
    bytes: int = 0


@dataclass(frozen=True, slots=True)
class SlimAttempt:
    """One slimmed image that was put to the proof: what was added back before it, and what became of it."""

    added_back: tuple[str, ...]
    outcome: Literal["passed", "failed"]
    reason: str = ""
    size_bytes: int = 0
    compressed_bytes: int | None = None
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class SlimProof:
    """What was shown of a slimmed image: status "passed", "failed", or "not run" with the reason."""

    status: Literal["passed", "failed", "not run"]
    reason: str = ""
    answers: int = 0
    """Compared."""
    exercises: tuple[str, ...] = ()
    differences: tuple[AnswerDifference, ...] = ()
    new_messages: tuple[str, ...] = ()
    volatile: tuple[str, ...] = ()
    largest_error: float | None = None
    config_changes: tuple[str, ...] = ()
    """What of user, environment, labels, ports … is not as it was; our own labels are not among them."""
    attempts: tuple[SlimAttempt, ...] = ()
    missing: tuple[str, ...] = ()
    """Dropped files that a failure names."""
    starts: tuple[Comparison, ...] = ()
    """Cold and warm starts beside the original's, by phase."""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SlimStep:
    """One level applied: what went, what stayed, what was proven, and what became of it."""

    level: SlimLevel
    status: ChangeStatus
    verdict: SlimVerdict
    reason: str
    before: ImageBytes
    after: ImageBytes | None = None
    risk: Risk = "none"
    groups: tuple[SlimGroup, ...] = ()
    """By bytes that go, largest first."""
    kept: tuple[KeptShare, ...] = ()
    unexercised: tuple[Unexercised, ...] = ()
    bytecode: str = ""
    """What was done about bytecode, and what that costs in bytes and gains at the start."""
    proof: SlimProof | None = None
    digest: str = ""
    """Of the manifest that was written."""
    layers: tuple[tuple[LayerPart, str, int], ...] = ()
    """Part, digest and compressed bytes of each layer."""
    output: str = ""
    """Where it was written to, as the user named it; empty: it was not."""
    warnings: tuple[str, ...] = ()
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Slimming:
    """Every level in order, each made from the original; what is written is the last accepted one."""

    source: str
    original: ImageBytes
    steps: tuple[SlimStep, ...]
    output: str = ""
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SlimSurvey:
    """What each level would do, told without an engine: bytes and files that would go, by group; trace is not among them."""

    original: ImageBytes
    flatten_bytes: int
    flatten_files: int
    clean: tuple[SlimGroup, ...] = ()
    """Every kind of leftover; dropped_bytes is 0 for those that stay unless they are dropped by name."""
    packages: tuple[SlimGroup, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SlimProgress:
    """What is known while a level runs: what goes on, what stays and goes so far, attempts, and answers compared."""

    level: SlimLevel
    doing: str
    steps: tuple[SlimStep, ...] = ()
    """Those that are done."""
    groups: tuple[SlimGroup, ...] = ()
    kept: tuple[KeptShare, ...] = ()
    attempts: tuple[SlimAttempt, ...] = ()
    opened: int = 0
    """Paths that containers were seen to open."""
    answers: int = 0


SLIM_LABELS: Mapping[str, str] = {
    "level": "org.modelpack-tui.slim.level",
    "source": "org.modelpack-tui.slim.source",
    "tool": "org.modelpack-tui.slim.version",
    "contract": "org.modelpack-tui.contract",
}
"""Labels that a slimmed image bears beside its own: the level, the digest of the original's configuration, what made it, the
contract as JSON."""
