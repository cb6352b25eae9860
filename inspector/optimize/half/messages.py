"""What crosses between this process and the children that convert."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from inspector.records.optimization import InputSet

Converter = Literal["onnxruntime", "onnxconverter-common", "onnxsim", "weights only"]

PREPARED = "prepared.onnx"
"""The original in fp32 as every converter gets it, in the work folder; large weights lie in PREPARED_WEIGHTS beside it."""

PREPARED_WEIGHTS = "prepared.weights"


@dataclass(frozen=True, slots=True)
class Kept:
    """A node that must compute in fp32, and why: its name in the prepared model, its operator, and its index in the main graph
    of the file (-1: in a subgraph or a function)."""

    name: str
    operator: str
    reason: str
    node: int = -1
    shown: str = ""
    """Its name as the file writes it, cleaned."""
    sqnr_db: float | None = None


@dataclass(frozen=True, slots=True)
class PrepareRequest:
    """The model at an absolute path, the folder to prepare it in, and the nodes (by name or "#index") that stay in fp32."""

    path: str
    folder: str
    keep_fp32: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Prepared:
    """What preparing found: floats there are to convert, nodes that must stay in fp32, and what was done to the model."""

    float_weights: int
    float_tensors: int
    half_tensors: int
    double_tensors: int
    kept: tuple[Kept, ...]
    repairs: tuple[str, ...]
    masks: int = 0
    """Constants of finfo.min and their like, added to logits, that became a large negative number that fp16 has."""
    unknown_operators: tuple[str, ...] = ()
    float_io: tuple[str, ...] = ()
    """Inputs and outputs that are fp32, as the file writes them."""


@dataclass(frozen=True, slots=True)
class CensusRequest:
    """The folder of the prepared model, and the inputs to run it on."""

    folder: str
    inputs: InputSet
    threads: int


@dataclass(frozen=True, slots=True)
class Census:
    """What the ranges demand: nodes to keep, tensors measured and not, the largest value seen and where."""

    kept: tuple[Kept, ...]
    measured: int
    unmeasured: int
    samples: int
    largest: float
    largest_tensor: str = ""
    wide_io: tuple[str, ...] = ()
    """Inputs and outputs whose values fp16 cannot hold."""


@dataclass(frozen=True, slots=True)
class ConvertRequest:
    """What to convert the prepared model with, the nodes (prepared names) that stay in fp32, and the file to write."""

    folder: str
    converter: Converter
    keep: tuple[str, ...]
    half_io: tuple[str, ...]
    """Inputs and outputs that become fp16, too."""
    output: str
    beside: bool = False
    """Whether weights go into a file beside the output, as the original's do, however few they are."""


@dataclass(frozen=True, slots=True)
class Converted:
    """What a converter made, after repairs: which repairs, how many nodes compute in fp16, and its bytes."""

    repairs: tuple[str, ...]
    half_nodes: int
    float_nodes: int
    casts: int
    versions: str
    size_bytes: int = 0
    """With external data."""


@dataclass(frozen=True, slots=True)
class EmulateRequest:
    """A candidate to emulate, and the file to write."""

    candidate: str
    output: str


@dataclass(frozen=True, slots=True)
class Emulated:
    """How many tensors are rounded to fp16."""

    rounded: int


@dataclass(frozen=True, slots=True)
class CompareRequest:
    """A candidate to compare with the prepared model, node by node."""

    folder: str
    candidate: str
    inputs: InputSet
    samples: int
    threads: int
    memory_bytes: int


@dataclass(frozen=True, slots=True)
class NodeError:
    """How far a node's output is off in fp16: SQNR in dB of its worst output, and of its worst input."""

    name: str
    operator: str
    node: int
    shown: str
    output_sqnr_db: float | None
    input_sqnr_db: float | None
    held: tuple[str, ...] = ()
    """Nodes of the graphs that it holds, which are kept with it."""
    makers: tuple[str, ...] = ()
    """Nodes that make its fp32 operands: where it amplifies their rounding, it is them that must not round."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """Node errors in the order of the graph."""

    nodes: tuple[NodeError, ...]
