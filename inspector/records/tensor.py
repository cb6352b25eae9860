"""Tensors as they are described: names, element types, shapes, and where stored values lie."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import Literal

from inspector.records.dtype import UNDEFINED, packed_bytes

Dim = int | str | None
"""A length, a symbol or formula ("batch"), or None where nothing is known."""

Shape = tuple[Dim, ...]

Carrier = Literal["initializer", "constant", "sparse_initializer", "attribute", "training", "variable"]
"""What holds a weight: a graph initializer, a Constant node, a sparse initializer, another node's tensor attribute,
training_info, or (SavedModel) a checkpoint variable."""

Encoding = Literal["raw", "typed", "external", "none"]
"""How the values lie in the file: raw little-endian bytes, protobuf's typed repeated fields, another file, or not at all."""


@dataclass(frozen=True, slots=True)
class TensorSpec:
    """One named tensor of a signature or graph: element type and shape (None: unknown rank)."""

    name: str
    dtype: str = UNDEFINED
    shape: Shape | None = None


@dataclass(frozen=True, slots=True)
class Storage:
    """Where the bytes of a weight lie: encoding, the file (empty: the artifact itself), byte offset and length."""

    encoding: Encoding
    path: str = ""
    offset: int = 0
    length: int = 0
    field: int = 0
    """For typed encoding: the TensorProto field number the values came from, or, for a Constant node's value_int and its like,
    the AttributeProto field number (the dtype tells them apart)."""
    tagged: bool = False
    """For typed encoding: whether the stretch is protobuf fields, each with its tag (not packed, or in several parts; other
    fields may lie in between), rather than one packed payload."""
    repeats: bool = False
    """SavedModel: whether fewer values are stored than there are, the last one (0 where none is) standing for the rest."""


@dataclass(frozen=True, slots=True)
class Weight:
    """A tensor with stored values; the values themselves are only read on demand."""

    name: str
    dtype: str
    shape: tuple[int, ...]
    storage: Storage
    carrier: Carrier = "initializer"
    graph: str = ""
    """Path of the graph that holds it (Graph.path)."""
    node: int = -1
    """Index of the node that carries it, for carrier "constant" or "attribute"; -1 otherwise."""
    stored_bytes: int | None = None
    """For element types of no fixed width (string): the bytes of the values."""

    @property
    def element_count(self) -> int:
        """Number of elements: the product of the shape, 1 for a scalar."""
        return prod(self.shape)

    @property
    def byte_count(self) -> int:
        """Bytes of the values, dense: elements x width, sub-byte types packed; the string bytes for strings."""
        dense = packed_bytes(self.dtype, self.element_count)
        return dense if dense is not None else (self.stored_bytes or 0)
