"""What a TensorFlow Lite model says beyond its graphs: which graph each signature runs, quantization, what was left over."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

TFLITE: Final = "tflite"
"""Domain of the operators that TensorFlow Lite itself has (Node.domain)."""

CUSTOM_DOMAIN: Final = "custom"
"""Domain of operators that the program around the interpreter must register."""

FLEX_DOMAIN: Final = "flex"
"""Domain of TensorFlow's own operators, which only an interpreter with the Flex delegate runs (Select TF operators)."""


@dataclass(frozen=True, slots=True)
class Quantization:
    """How the integers of a tensor stand for real values: real = scale · (stored - zero point).

    scales and zero_points are the first few; count is how many scales there are, more than one along the axis.
    """

    scales: tuple[float, ...]
    zero_points: tuple[int, ...]
    count: int
    axis: int = 0


@dataclass(frozen=True, slots=True)
class SignatureGraph:
    """The graph (Graph.path) that a signature runs, and the tensor there of each of its inputs and outputs, by name."""

    name: str
    graph: str
    inputs: Mapping[str, str]
    outputs: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class TFLiteFacts:
    """Everything a TensorFlow Lite model holds that is no graph."""

    schema_version: int
    signatures: tuple[SignatureGraph, ...] = ()
    """Of each signature the file declares; empty where it declares none."""
    quantization: Mapping[tuple[str, str], Quantization] = field(default_factory=dict)
    """By (graph path, tensor name)."""
    operator_versions: Mapping[str, int] = field(default_factory=dict)
    """The newest version of each operator that the file asks for."""
    buffer_count: int = 0
    unused_buffers: int = 0
    """Buffers with bytes that nothing refers to."""
    unused_bytes: int = 0
