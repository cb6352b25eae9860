"""What crosses between the search for a .tflite and the processes that convert."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from inspector.records.optimization import InputSet

Numbers = Literal["float32", "float16", "large float16", "dynamic int8", "int8", "int16x8"]
"""What weights are stored in and computed with; large float16: fp16, small constants in fp32; int16x8: int8 weights, int16
activations."""

Way = Literal["as saved", "frozen"]
"""How the converter gets at the SavedModel; frozen: a copy whose signatures hold their variables as constants."""


@dataclass(frozen=True, slots=True)
class Rung:
    """One way to convert: how the SavedModel is read, and which operators may be in the result besides LiteRT's own int8 ones
    (those in fp32 of operators that have no int8 form)."""

    way: Way = "as saved"
    float_fallback: bool = False


@dataclass(frozen=True, slots=True)
class Source:
    """A SavedModel to convert: absolute path of its folder, tags of the MetaGraph, whether an optimizer's slot variables must
    be left out for TensorFlow to load it."""

    path: str
    tags: tuple[str, ...]
    has_slots: bool = False


@dataclass(frozen=True, slots=True)
class WantedSignature:
    """A signature that must be in the result: raw names, and what to calibrate on."""

    name: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    calibration: InputSet


@dataclass(frozen=True, slots=True)
class ConvertRequest:
    """Rungs to try in order until one gives a .tflite, which is written to output; folder is for copies.

    kept are tensors whose nodes stay in fp32, named as the converter names them. private are texts that may not be in the
    result.
    """

    source: Source
    signatures: tuple[WantedSignature, ...]
    rungs: tuple[Rung, ...]
    numbers: Numbers
    folder: str
    output: str
    kept: tuple[str, ...] = ()
    private: tuple[str, ...] = ()
    threads: int = 0


@dataclass(frozen=True, slots=True)
class RungFailure:
    """Why a rung gave nothing, as one line; operators are those that LiteRT has no builtin for."""

    rung: Rung
    reason: str
    operators: tuple[str, ...] = ()
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Contents:
    """What a .tflite holds: bytes of constants by element type, nodes by operator, those that compute in floats,
    raw names of inputs and outputs by signature."""

    size_bytes: int
    constant_bytes: dict[str, int]
    operators: dict[str, int]
    float_operators: dict[str, int]
    signatures: dict[str, tuple[tuple[str, ...], tuple[str, ...]]]
    node_count: int


@dataclass(frozen=True, slots=True)
class Converted:
    """What came of the rungs: the one that gave a file and what that holds (None: none did), and the failures before it."""

    rung: Rung | None
    contents: Contents | None
    failures: tuple[RungFailure, ...]
    version: str
    repairs: tuple[str, ...] = ()
    calibrated: int = 0
    """Samples that it was calibrated on, of all signatures."""
    unfit: int = 0
    """Samples that were not used because their shape was not that of the first."""


@dataclass(frozen=True, slots=True)
class SensitivityRequest:
    """Which nodes lose most in int8, measured on at most so many samples of each signature."""

    source: Source
    signatures: tuple[WantedSignature, ...]
    rung: Rung
    folder: str
    samples: int
    threads: int = 0


@dataclass(frozen=True, slots=True)
class TensorSensitivity:
    """What int8 does to the result of one node that is given exact inputs: SQNR in dB (None: it is exact, or all zero)."""

    tensor: str
    """Raw, as the converter names it."""
    operator: str
    sqnr_db: float | None


@dataclass(frozen=True, slots=True)
class Sensitivities:
    """Every quantized node's, worst first."""

    tensors: tuple[TensorSensitivity, ...]


@dataclass(frozen=True, slots=True)
class EmbedRequest:
    """A .tflite at source that is to be written to target with a text under a name in its metadata."""

    source: str
    target: str
    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Embedded:
    """How large the file became, in bytes."""

    size_bytes: int
