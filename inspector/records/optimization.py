"""Making an artifact smaller or faster: what is changed, with what, how, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from inspector.records.contract import Contract, ContractChange
from inspector.records.inspection import Inspection
from inspector.records.measurement import Comparison
from inspector.records.parity import ConformanceResult, GateCheck, Parity
from inspector.records.runnable import Runnable, RuntimeName

OptimizerName = Literal[
    "prune", "simplify", "to-onnx", "to-litert", "fp16", "int8", "int8-dynamic", "warmstart", "slim"
]  # fmt: skip
"""slim is about images; prune, to-onnx and to-litert are about SavedModels, warmstart about ONNX models, others about both."""

ChangeStatus = Literal["accepted", "rejected", "skipped"]

ChangeVerdict = Literal["accepted", "smaller but slower", "sooner but slower", "rejected", "nothing to do", "cannot run"]
"""sooner but slower: it starts sooner, and each run takes longer."""

Permission = Literal["io-dtype", "static-dims", "opset", "growth", "cpu-bound", "signature-drift"]
"""What a user may allow a change to do: change the element types of inputs and outputs, lose a dynamic dimension, raise an
operator set, become larger, use operators that only this runtime on this processor has, be served as a new version with
another signature than the version before it."""


@dataclass(frozen=True, slots=True)
class InputSet:
    """Inputs in a folder: sample i is the file "%05d.npz" % i, an uncompressed .npz of one feed, array "%d" % j for input j.

    names are the inputs in that order, so that a name from a file never becomes the name of a member. They are as the runtime
    takes them: clean them before they are shown.
    """

    folder: str
    names: tuple[str, ...]
    count: int
    source: Literal["synthetic", "data"]
    seed: int | None = None
    path: str = ""
    """The file the user named."""
    notes: tuple[str, ...] = ()
    """What was assumed of each input: "mask: 0 and 1", "input_ids: 0 to 30,521 (rows of the embedding)"."""
    lengths: Mapping[str, int] = field(default_factory=dict)
    """The lengths that symbolic dimensions were given."""


@dataclass(frozen=True, slots=True)
class DataSplit:
    """What a user's file of samples is used for: calibration shares no sample with any other set, evaluation (parity while
    choosing) none with confirmation (parity of what was chosen).

    labelled is all that is not in calibration where the file holds labels, and labels_file the path of a .npy aligned with it;
    a set that there are too few samples for is empty, or synthetic, and its notes say so.
    """

    calibration: InputSet
    evaluation: InputSet
    confirmation: InputSet
    labelled: InputSet | None
    labels_file: str
    samples: int
    """How many the file holds."""


@dataclass(frozen=True, slots=True)
class Reference:
    """What the original gave for an InputSet: output j of sample i is array "%d" % j of "%05d.npz" % i in the folder."""

    folder: str
    names: tuple[str, ...]
    inputs: InputSet


@dataclass(frozen=True, slots=True)
class SignatureWork:
    """One signature of the artifact a step begins with: how it is called there, inputs to calibrate on, and what the original
    gives for others."""

    call: Runnable
    calibration: InputSet
    reference: Reference


@dataclass(frozen=True, slots=True)
class OptimizeSettings:
    """How much a step may take and what it may do.

    memory_bytes and step_seconds bound each child process, budget_seconds the search of one step (a step that has found
    nothing by then ends). threads 0: as many as there are cores.
    """

    memory_bytes: int = 4 << 30
    step_seconds: float = 600.0
    budget_seconds: float = 300.0
    threads: int = 0
    seed: int = 0
    allow: frozenset[Permission] = frozenset()
    keep_fp32: tuple[str, ...] = ()
    """Nodes of the main graph that must stay in fp32, by name as the file writes it, or "#12" for the twelfth of a file."""
    device: str = "cpu"
    comparison_seconds: float = 10.0
    """How long an accepted result is timed beside the original; 0: not at all."""
    signatures: tuple[str, ...] = ()
    """Of a SavedModel: keep only these; empty: all."""


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """A model in a few numbers; bytes with external data, or of a SavedModel's whole folder, nodes of all graphs."""

    size_bytes: int
    node_count: int
    constant_count: int
    """Nodes that are Constant: node_count with them, node_count - constant_count without."""
    parameter_count: int = 0
    weight_bytes: int = 0
    opset: int | None = None
    ir_version: int | None = None
    sha256: str = ""


@dataclass(frozen=True, slots=True)
class Subject:
    """What an optimizer works on: an inspected ONNX file or SavedModel that nobody else changes, of so many bytes.

    calls: how each signature of the original is called in it, where that had several or another format; empty: as it is.
    """

    path: str
    inspection: Inspection
    facts: ModelFacts
    calls: tuple[Runnable, ...] = ()


@dataclass(frozen=True, slots=True)
class Preflight:
    """What can be said before a step runs: whether it can, and what it would do and why, in sentences for a person."""

    runnable: bool
    reason: str = ""
    """Why it cannot run, or that there is nothing to do."""
    nothing_to_do: bool = False
    choice: str = ""
    """What it would do: "static int8 (QDQ)"."""
    notes: tuple[str, ...] = ()
    """The grounds: "94 % of FLOPs are in Conv", "this CPU has AVX512-VNNI"."""
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class KeptNode:
    """A node of the main graph that stays in fp32, and why; node is its index in the subject's file."""

    name: str
    operator: str
    reason: str
    node: int = -1
    sqnr_db: float | None = None


@dataclass(frozen=True, slots=True)
class NodeSensitivity:
    """What quantizing does at one node: SQNR in dB of its output computed from exact inputs (local), and with everything
    before it quantized, too (accumulated)."""

    name: str
    operator: str
    node: int
    local_sqnr_db: float | None
    accumulated_sqnr_db: float | None
    kept_fp32: bool = False


@dataclass(frozen=True, slots=True)
class Candidate:
    """A file an optimizer made and wants judged; path lies in the work folder, external data beside it."""

    path: str
    name: str
    """Who made it: "onnxsim", "onnxruntime float16", "static int8, MinMax, 3 nodes in fp32"."""
    recipe: tuple[str, ...]
    """How, one line a step, with tool versions and every option that matters: enough to do it again."""
    repairs: tuple[str, ...] = ()
    kept_fp32: tuple[KeptNode, ...] = ()
    expected_changes: frozenset[Permission] = frozenset()
    """Changes of the contract that this optimizer makes by its nature and declares (int8 raising the opset to 13)."""
    calls: tuple[Runnable, ...] = ()
    """How each signature is called in it, by the signature's name in the original; empty: an ONNX model of one signature."""


@dataclass(frozen=True, slots=True)
class SignatureProof:
    """What was proven of one signature of an artifact that has several, or why it could not be."""

    name: str
    parity: Parity | None = None
    gates: tuple[GateCheck, ...] = ()
    confirmation: Parity | None = None
    """The same on inputs that had no part in choosing it."""
    conformance: ConformanceResult | None = None
    contract_changes: tuple[ContractChange, ...] = ()
    reason: str = ""
    """Why it is not proven; empty if it is."""
    notes: tuple[str, ...] = ()
    """What was assumed of its inputs."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """What became of a candidate: passed, or the first reason why not, with everything that was found out on the way."""

    passed: bool
    reason: str
    facts: ModelFacts | None = None
    parity: Parity | None = None
    gates: tuple[GateCheck, ...] = ()
    conformance: ConformanceResult | None = None
    contract_changes: tuple[ContractChange, ...] = ()
    failed_at: Literal["", "read", "checker", "load", "contract", "parity", "conformance", "size"] = ""
    signatures: tuple[SignatureProof, ...] = ()
    """Of a SavedModel, one for each signature; parity, gates and conformance above are those of the default one."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One candidate, or one converter that gave none, and what became of it; the log of a step."""

    name: str
    outcome: Literal["chosen", "passed", "rejected", "failed", "not run"]
    reason: str = ""
    size_bytes: int | None = None
    node_count: int | None = None
    worst_sqnr_db: float | None = None
    worst_cosine: float | None = None
    repairs: tuple[str, ...] = ()
    seconds: float = 0.0
    peak_bytes: int | None = None


@dataclass(frozen=True, slots=True)
class StepProgress:
    """What is known while a step runs: what it is doing now, and what became of the candidates so far."""

    optimizer: OptimizerName
    doing: str
    attempts: tuple[Attempt, ...] = ()


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an optimizer found: its best candidate with the judgement that passed it, or why there is none."""

    best: Candidate | None
    judgement: Judgement | None
    reason: str
    attempts: tuple[Attempt, ...] = ()
    nothing_to_do: bool = False
    sensitivity: tuple[NodeSensitivity, ...] = ()
    warnings: tuple[str, ...] = ()
    comparisons: tuple[Comparison, ...] = ()
    """What was measured to choose the best one by, where that is how it is chosen."""


@dataclass(frozen=True, slots=True)
class ConversionNode:
    """A QuantizeLinear, DequantizeLinear or Cast left in the result, and its share of the measured run time."""

    name: str
    operator: str
    milliseconds: float | None = None
    share: float | None = None


@dataclass(frozen=True, slots=True)
class Autopsy:
    """What is left to wish for in the result: conversions by operator, the costliest of them, and their share of run time."""

    conversions: Mapping[str, int] = field(default_factory=dict)
    """Nodes in the file by operator: QuantizeLinear, DequantizeLinear, DynamicQuantizeLinear, Cast."""
    conversion_share: float | None = None
    """Share of node time that conversions take when it runs, after the runtime's own fusions; None: not measured."""
    costliest: tuple[ConversionNode, ...] = ()
    executed_operators: Mapping[str, float] = field(default_factory=dict)
    """Share of node time by operator as the runtime executes them (QLinearConv, ConvInteger …), largest first."""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Change:
    """One optimizer applied: what it did, what was proven, and what became of it."""

    optimizer: OptimizerName
    status: ChangeStatus
    verdict: ChangeVerdict
    reason: str
    before: ModelFacts
    after: ModelFacts | None = None
    output: str = ""
    """Path of the file it ended in, as the user gave it; empty where none was written."""
    choice: str = ""
    preflight: Preflight | None = None
    recipe: tuple[str, ...] = ()
    parity: Parity | None = None
    gates: tuple[GateCheck, ...] = ()
    confirmation: Parity | None = None
    """The same on inputs that had no part in choosing it."""
    conformance: ConformanceResult | None = None
    contract_changes: tuple[ContractChange, ...] = ()
    comparisons: tuple[Comparison, ...] = ()
    autopsy: Autopsy | None = None
    attempts: tuple[Attempt, ...] = ()
    kept_fp32: tuple[KeptNode, ...] = ()
    sensitivity: tuple[NodeSensitivity, ...] = ()
    repairs: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    seconds: float = 0.0
    signatures: tuple[SignatureProof, ...] = ()
    """Of a SavedModel, one for each signature; parity, gates and conformance above are those of the default one."""
    files: tuple[str, ...] = ()
    """Where signatures became files of their own: the paths beside output, as the user's gave them."""
    runtime: RuntimeName | None = None
    """What runs the result, where that is told by the step: TensorFlow, LiteRT or ONNX Runtime."""


@dataclass(frozen=True, slots=True)
class Optimization:
    """Every step in order, judged against the original; what is written is the last accepted one."""

    source: str
    original: ModelFacts
    changes: tuple[Change, ...]
    contract: Contract
    output: str = ""
    final: ModelFacts | None = None
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class OptimizationRequest:
    """What the user gave: inputs and labels, a contract, lengths of symbolic dimensions, settings.

    memory_bytes None: as much as the model is likely to need, and the machine can spare.
    """

    settings: OptimizeSettings = field(default_factory=OptimizeSettings)
    data: str = ""
    """Path of an .npz; empty: seeded inputs are made."""
    contract: Contract | None = None
    contract_folder: str = ""
    """Folder that paths in the contract are relative to."""
    lengths: Mapping[str, int] = field(default_factory=dict)
    memory_bytes: int | None = None
    signature: str = ""
    """Of a SavedModel: the signature that data and labels are for; empty: the default one."""
