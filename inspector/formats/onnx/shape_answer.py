"""What parent and child of shape inference say to each other; places are positions, so that no name has to match."""

from __future__ import annotations

from dataclasses import dataclass

RawDim = int | bytes | None
"""A length, a symbol as it stands in the file, or None."""

INPUT = -1
OUTPUT = -2


@dataclass(frozen=True, slots=True)
class ShapeRequest:
    """The ONNX file whose shapes to infer, as an absolute path in the file system's bytes."""

    path: bytes


@dataclass(frozen=True, slots=True)
class InferredSpec:
    """Element type (empty: not known) and shape (None: unknown rank)."""

    dtype: str
    shape: tuple[RawDim, ...] | None


InferredValue = tuple[int, int, int]
"""One tensor: node index (or INPUT or OUTPUT: the graph itself), slot there, and index of its spec in the answer."""


@dataclass(frozen=True, slots=True)
class InferredGraph:
    """What inference knows of one graph; node_count tells whether it is the graph the reader read."""

    node_count: int
    values: tuple[InferredValue, ...] = ()


@dataclass(frozen=True, slots=True)
class ShapeAnswer:
    """All graphs in the order of Computation.graphs(), training graphs left out; the first problem onnx sees, if any.

    Specs are few even where tensors are many, so each is told once.
    """

    graphs: tuple[InferredGraph, ...]
    specs: tuple[InferredSpec, ...]
    problem: str = ""
