"""The review: everything known about an artifact in one record, the schema of `--report` JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from inspector.records.artifact import Artifact, ExternalFile
from inspector.records.benchmark import Benchmark, BenchPlan, StartupCandidate
from inspector.records.contract import Contract
from inspector.records.difference import ArtifactComparison
from inspector.records.finding import Finding
from inspector.records.graph import Signature
from inspector.records.graph_outline import GraphOutline
from inspector.records.image_review import ImageReview
from inspector.records.machine_state import MachineState as MachineState
from inspector.records.measurement import Comparison
from inspector.records.optimization import Change
from inspector.records.publishing import PublishedVersion
from inspector.records.saved_model_review import SavedModelReview
from inspector.records.slimming import Slimming

SCHEMA_VERSION = 1


@dataclass(frozen=True, slots=True)
class Tool:
    """What wrote the review."""

    version: str
    name: str = "modelpack-tui"


@dataclass(frozen=True, slots=True)
class Environment:
    """Where the review was made."""

    cpu: str
    isa: tuple[str, ...]
    cores: int
    memory_bytes: int
    platform: str = ""
    versions: Mapping[str, str] = field(default_factory=dict)
    machine: MachineState | None = None
    """Where something was measured: what else bears on the numbers."""


@dataclass(frozen=True, slots=True)
class Flops:
    """Floating-point operations (a multiply-accumulate is two), the share of nodes covered, and where it was evaluated."""

    value: int
    covered: float
    at: Mapping[str, int] = field(default_factory=dict)
    formula: str = ""
    uncovered: Mapping[str, int] = field(default_factory=dict)
    """Operators left out, with the number of nodes."""
    multiply_accumulates: int = 0
    """Those among the FLOPs, each counted as two there: what papers often print as FLOPs."""
    assumed: tuple[str, ...] = ()
    """Symbols that nobody gave a value and that were taken as 1."""
    notes: tuple[str, ...] = ()
    """What else was assumed: loops whose trip count is unknown, branches left out."""


@dataclass(frozen=True, slots=True)
class OperatorUse:
    """One operator and how often it is used, subgraphs and functions included."""

    domain: str
    name: str
    count: int
    parameters: int = 0
    flops: int | None = None


@dataclass(frozen=True, slots=True)
class DtypeShare:
    """Parameters and bytes of all weights of one element type."""

    dtype: str
    parameters: int
    bytes: int


@dataclass(frozen=True, slots=True)
class RepeatedBlock:
    """Consecutive blocks of the same structure."""

    title: str
    count: int
    node_count: int
    exceptions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LargestWeight:
    """One of the largest weights."""

    name: str
    dtype: str
    shape: tuple[int, ...]
    bytes: int
    place: str = ""


@dataclass(frozen=True, slots=True)
class GraphSummary:
    """The computation in numbers.

    node_count is the main graph's, nested_node_count that of subgraphs, functions and training graphs.
    """

    node_count: int
    nested_node_count: int
    parameter_count: int
    weight_bytes: int
    flops: Flops
    opsets: Mapping[str, int]
    operators: tuple[OperatorUse, ...]
    weight_count: int = 0
    weights_by_dtype: tuple[DtypeShare, ...] = ()
    largest_weights: tuple[LargestWeight, ...] = ()
    activation_peak_bytes: int | None = None
    activation_peak_place: str = ""
    activation_covered: float | None = None
    """Share of activations whose size is known; None where that was not counted."""
    lanes: int = 0
    repeats: tuple[RepeatedBlock, ...] = ()
    function_count: int = 0
    ir_version: int | None = None
    producer: str = ""


@dataclass(frozen=True, slots=True)
class Check:
    """A rule the user asked for and what became of it."""

    rule: str
    status: Literal["passed", "failed", "unknown"]
    observed: str = ""
    source: str = ""
    """Where the rule was written: "--fail-if", a file of rules; empty: the contract."""
    note: str = ""
    """Why it could not be decided, what was exempt from it, or why the rule is there."""


@dataclass(frozen=True, slots=True)
class IgnoredFinding:
    """A finding that rules do not count, and why somebody said so."""

    finding: Finding
    reason: str
    source: str = ""


@dataclass(frozen=True, slots=True)
class Review:
    """Everything known about an artifact."""

    tool: Tool
    environment: Environment
    artifact: Artifact
    signatures: tuple[Signature, ...] = ()
    graph: GraphSummary | None = None
    outline: GraphOutline | None = None
    """The main graph folded into few enough rows to be drawn."""
    saved_model: SavedModelReview | None = None
    image: ImageReview | None = None
    external_files: tuple[ExternalFile, ...] = ()
    findings: tuple[Finding, ...] = ()
    ignored: tuple[IgnoredFinding, ...] = ()
    """Findings that a file of rules exempts; they are not among the findings."""
    contract: Contract | None = None
    """What the artifact was held against, or what was written beside the changed one."""
    changes: tuple[Change, ...] = ()
    """Every optimizer that was applied, in order; of an image one for each level of slimming."""
    published: PublishedVersion | None = None
    """The version of a serving folder that the SavedModel, or what was made of it, has become."""
    slimming: Slimming | None = None
    """What slimming the image came to, level by level, and what proves it."""
    plan: BenchPlan | None = None
    """What --bench measured; --replay does it again."""
    benchmarks: tuple[Benchmark, ...] = ()
    """Every run with its raw samples."""
    method: tuple[str, ...] = ()
    """How they were taken, beside the plan: why it is this device, what was assumed of the inputs."""
    comparisons: tuple[Comparison, ...] = ()
    """The artifact beside the last change that was measured, or the one that --compare names; every change has its own."""
    comparison: ArtifactComparison | None = None
    """What tells the artifact that --compare names from this one."""
    baseline: str = ""
    """Path of the review that checks were held against, where there was one."""
    startup: tuple[StartupCandidate, ...] = ()
    """Ways to save the model so that it starts sooner, as measured."""
    checks: tuple[Check, ...] = ()
    verdict: Literal["pass", "fail"] = "pass"
    warnings: tuple[str, ...] = ()
    """What went less well than hoped while the review was made, such as shape inference that timed out."""
    schema: int = SCHEMA_VERSION
