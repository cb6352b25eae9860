"""The contract: what an artifact promises to whoever serves it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from inspector.records.tensor import Shape

CONTRACT_VERSION = 1

CONTRACT_KEY = "modelpack-tui.contract"
"""Key of the ONNX metadata property that holds the contract of what this program wrote, as JSON."""

BOUND_KEY = "modelpack-tui.bound"
"""Key of the ONNX metadata property that says what a model is bound to: see analysis.binding."""

Metric = Literal["accuracy", "top_k", "mae", "cosine"]

ParameterValue = str | int | float | bool | tuple[int | float | str, ...]


@dataclass(frozen=True, slots=True)
class ValueRange:
    """The smallest and largest value a tensor may hold; None where there is no bound."""

    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class TensorPromise:
    """One input or output: element type, shape (symbols for dimensions that stay dynamic, None: unknown), value range."""

    name: str
    dtype: str
    shape: Shape | None = None
    range: ValueRange | None = None
    description: str = ""
    original_name: str = ""
    """What the signature that it was made from calls it, where it had to get another name."""


@dataclass(frozen=True, slots=True)
class PreprocessingStep:
    """One step between raw data and an input, such as resize, normalize or tokenize; input empty: all of them."""

    operation: str
    input: str = ""
    description: str = ""
    parameters: Mapping[str, ParameterValue] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where the artifact comes from: the file it was made of and its digest, who made that, and what was done to it."""

    source: str = ""
    source_sha256: str = ""
    producer: str = ""
    version: str = ""
    """The artifact's own version."""
    recipe: tuple[str, ...] = ()
    """What was done, in order, one line a step."""
    tools: Mapping[str, str] = field(default_factory=dict)
    """Version of every tool that had a hand in it."""


@dataclass(frozen=True, slots=True)
class Binding:
    """What a model was rewritten for, and runs on only: a release of a runtime, and a processor where the layout depends on it.

    processor is its architecture and the instruction sets that decide the layout, as Linux names them; empty: any.
    """

    runtime: str
    """Name and version: "onnxruntime 1.32.0"."""
    processor: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RuntimeRequirements:
    """What it takes to run it: a runtime of at least a version, operator sets by domain, file-format version, devices."""

    name: str = "onnxruntime"
    minimum_version: str = ""
    opsets: Mapping[str, int] = field(default_factory=dict)
    ir_version: int | None = None
    devices: tuple[str, ...] = ("cpu",)
    bound: Binding | None = None
    """What it is bound to; None: to nothing beyond the rest."""


@dataclass(frozen=True, slots=True)
class Tolerances:
    """How far outputs may be from the original's, where that is not left to each optimizer's defaults (None)."""

    max_absolute: float | None = None
    min_cosine: float | None = None
    min_sqnr_db: float | None = None
    min_top1_agreement: float | None = None


@dataclass(frozen=True, slots=True)
class ConformanceTerms:
    """The metric on labelled data that a changed artifact may lose at most margin of, shown at a confidence."""

    metric: Metric = "accuracy"
    data: str = ""
    """Path of the .npz with inputs and labels, relative to the contract's file; empty: what --data names."""
    labels: str = "label"
    """Name of the array that holds the labels (or reference values, for mae and cosine)."""
    output: str = ""
    """Output that the metric is computed on; empty: the first one."""
    k: int = 5
    """For top_k."""
    margin: float = 0.005
    confidence: float = 0.95
    minimum_samples: int = 0


@dataclass(frozen=True, slots=True)
class ArtifactLimits:
    """Bounds on the artifact's size, its median latency and its cold start; None where there is no bound."""

    size_bytes: int | None = None
    latency_ms: float | None = None
    cold_start_ms: float | None = None


@dataclass(frozen=True, slots=True)
class Contract:
    """What an artifact promises: signature, preprocessing, where it comes from, what it needs, what must hold of it."""

    name: str = ""
    inputs: tuple[TensorPromise, ...] = ()
    outputs: tuple[TensorPromise, ...] = ()
    preprocessing: tuple[PreprocessingStep, ...] = ()
    provenance: Provenance = field(default_factory=Provenance)
    runtime: RuntimeRequirements = field(default_factory=RuntimeRequirements)
    conformance: ConformanceTerms | None = None
    tolerances: Tolerances = field(default_factory=Tolerances)
    limits: ArtifactLimits = field(default_factory=ArtifactLimits)
    contract: int = CONTRACT_VERSION
    """Version of this format."""


ChangeKind = Literal[
    "input removed", "input added", "output removed", "output added", "order", "dtype", "shape", "dynamic dimension lost",
    "opset raised", "opset lowered", "IR version raised", "domain added", "bound", "preprocessing", "range", "other",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class ContractChange:
    """One difference between two contracts: what kind, where ("input image"), what it was and what it is.

    allowed says that it was asked for, or breaks no promise; any other one is a reason for rejection.
    """

    kind: ChangeKind
    place: str
    before: str
    after: str
    allowed: bool = False
