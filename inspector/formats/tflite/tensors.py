"""Tensors of one subgraph: names that tell them apart, shapes, quantization, and the weights among them."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import prod
from typing import Final

from inspector.errors import UnreadableArtifact
from inspector.formats.onnx.notes import Notes
from inspector.formats.onnx.tensors import MOST_DIMENSIONS
from inspector.formats.onnx.typed_values import HAS_SMALL_VALUES, small_values
from inspector.formats.onnx.wire import DAMAGED_HINT
from inspector.formats.tflite.buffers import Buffers
from inspector.formats.tflite.element_types import element_type
from inspector.formats.tflite.tables import FlatFile, Listed, Table
from inspector.records.dtype import packed_bytes
from inspector.records.tensor import Shape, Storage, TensorSpec, Weight
from inspector.records.tflite import Quantization

MOST_TENSORS: Final = 1_000_000
SMALL_COUNT: Final = 64
_SHOWN_SCALES: Final = 4

_SHAPE, _TYPE, _BUFFER, _NAME, _QUANTIZATION, _IS_VARIABLE, _SPARSITY, _SHAPE_SIGNATURE, _HAS_RANK = range(9)
_SCALE, _ZERO_POINT, _AXIS = 2, 3, 6


@dataclass(slots=True)
class Gathered:
    """What all subgraphs of one file give together."""

    weights: list[Weight] = field(default_factory=list)
    small_values: dict[tuple[str, str], tuple[int | float, ...]] = field(default_factory=dict)
    quantization: dict[tuple[str, str], Quantization] = field(default_factory=dict)
    tensors: int = 0
    repeated_names: int = 0


@dataclass(slots=True)
class Tensor:
    """One tensor as the file has it; place is where its bytes lie, None where it holds none."""

    spec: TensorSpec
    place: Listed | None
    is_variable: bool
    is_sparse: bool


class TensorReader:
    """Reads the tensors of all subgraphs of one file."""

    def __init__(self, file: FlatFile, buffers: Buffers, notes: Notes, gathered: Gathered) -> None:
        self._file = file
        self._buffers = buffers
        self._notes = notes
        self._gathered = gathered

    def read(self, subgraph: Table, slot: int, path: str) -> list[Tensor]:
        """Return the tensors of a subgraph in file order, each with a name of its own; weights are gathered."""
        offsets = subgraph.tables(slot)
        self._gathered.tensors += len(offsets)
        if self._gathered.tensors > MOST_TENSORS:
            raise UnreadableArtifact(f"{self._file.pages.label}: holds more than {MOST_TENSORS:,} tensors", DAMAGED_HINT)
        tables = [self._file.table(at) for at in offsets]
        says_rank = any(table.flag(_HAS_RANK) for table in tables)
        taken: set[str] = set()
        return [self._tensor(table, index, path, taken, says_rank) for index, table in enumerate(tables)]

    def _tensor(self, table: Table, index: int, path: str, taken: set[str], says_rank: bool) -> Tensor:
        name = self._name(table.text(_NAME), index, taken)
        shape, declared = self._lengths(table, _SHAPE), self._lengths(table, _SHAPE_SIGNATURE)
        place = self._place(table.uint32(_BUFFER), name)
        is_sparse = table.has(_SPARSITY)
        dtype = element_type(table.int8(_TYPE))
        if place is not None:
            self._add_weight(name, dtype, shape, place, path, is_sparse)
        self._take_quantization(table, path, name)
        known = _shape(shape, declared, place is not None, table.flag(_HAS_RANK) or not says_rank)
        return Tensor(TensorSpec(name, dtype, known), place, table.flag(_IS_VARIABLE), is_sparse)

    def _name(self, name: str, index: int, taken: set[str]) -> str:
        """Return a name that no other tensor of the subgraph has: operators refer to tensors by number, so names may repeat."""
        unique = name or f"tensor {index}"
        if unique in taken:
            self._gathered.repeated_names += 1
            unique = f"{unique}#{index}"
            while unique in taken:
                unique += "'"
        taken.add(unique)
        return unique

    def _lengths(self, table: Table, slot: int) -> tuple[int, ...]:
        lengths = table.numbers(slot, "i", MOST_DIMENSIONS + 1)
        if len(lengths) > MOST_DIMENSIONS:
            raise self._file.pages.malformed(table.position, f"a tensor has more than {MOST_DIMENSIONS} dimensions")
        return lengths

    def _place(self, buffer: int, name: str) -> Listed | None:
        if not buffer:
            return None
        found = self._buffers.place(buffer)
        if found is None:
            message = f"tensor {name} refers to buffer {buffer:,}, the file has {self._buffers.count:,}"
            self._note("buffer-out-of-range", message, name)
        return found if found is not None and found.length else None

    def _add_weight(self, name: str, dtype: str, shape: tuple[int, ...], place: Listed, path: str, is_sparse: bool) -> None:
        if shape and min(shape) < 0:
            self._note("negative-dimension", f"weight {name} has a negative length {min(shape)}, taken as 0", name)
            shape = tuple(max(length, 0) for length in shape)
        storage = Storage("raw", "", place.start, place.length)
        stored_bytes = place.length if dtype == "string" else None
        if is_sparse:
            stored = (place.length * 8 // max(packed_bits(dtype), 1),)
            self._gathered.weights.append(Weight(name, dtype, stored, storage, "sparse_initializer", path))
            return
        weight = Weight(name, dtype, shape, storage, "initializer", path, -1, stored_bytes)
        self._gathered.weights.append(weight)
        expected = packed_bytes(dtype, weight.element_count)
        if expected is not None and expected != place.length:
            asked = f"{expected:,}" if expected < 1 << 80 else f"about 2^{expected.bit_length() - 1}"
            message = f"weight {name} holds {place.length:,} bytes where its shape and {dtype} ask for {asked}"
            self._note("weight-size-mismatch", message, name)
        elif weight.element_count <= SMALL_COUNT and dtype in HAS_SMALL_VALUES:
            stored_values = self._file.pages.read(place.start, place.length)
            self._gathered.small_values[path, name] = small_values(dtype, weight.element_count, stored_values)

    def _take_quantization(self, table: Table, path: str, name: str) -> None:
        quantization = table.table(_QUANTIZATION)
        count = 0 if quantization is None else quantization.count(_SCALE)
        if quantization is not None and count:
            self._gathered.quantization[path, name] = Quantization(
                quantization.floats(_SCALE, _SHOWN_SCALES),
                quantization.numbers(_ZERO_POINT, "q", _SHOWN_SCALES),
                count,
                quantization.int32(_AXIS),
            )

    def _note(self, rule: str, message: str, name: str) -> None:
        hint = "the file is damaged: interpreters refuse it, or read other values"
        self._notes.add(rule, "high", message, f"tensor {name}", hint, tensor=name)


def packed_bits(dtype: str) -> int:
    """Return the bits that one element takes, 0 where that is not fixed."""
    return packed_bytes(dtype, 8) or 0


def is_empty(spec: TensorSpec) -> bool:
    """Tell whether a tensor has no elements for certain."""
    lengths = [length for length in spec.shape or () if isinstance(length, int)]
    return len(lengths) == len(spec.shape or ()) and prod(lengths) == 0


def _shape(shape: tuple[int, ...], declared: tuple[int, ...], is_stored: bool, has_rank: bool) -> Shape | None:
    """Return the shape with None for each length that is open.

    shape is the one to begin with, of which interpreters take 1 for an open length; declared, where given, has -1 there.
    Without any dimension the tensor is a scalar or, in files that say of others that they have a rank, of unknown rank.
    """
    if is_stored:
        return tuple(max(length, 0) for length in shape)
    lengths = declared if len(declared) == len(shape) else shape
    if not lengths and not has_rank:
        return None
    return tuple(length if length >= 0 else None for length in lengths)
