"""Tensors made into weights: named, placed, with the values of the small ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from inspector.errors import UnreadableArtifact
from inspector.formats.clean_text import TextCleaner
from inspector.formats.onnx.notes import Notes
from inspector.formats.onnx.tensors import MOST_DIMENSIONS, Tensor, TensorReader
from inspector.formats.onnx.typed_values import EXPECTED_FIELD, HAS_SMALL_VALUES, STRING_DATA, dense, small_values
from inspector.formats.onnx.wire import DAMAGED_HINT, Source, Span, fields, packed_varints, signed, varint_at
from inspector.records.dtype import packed_bytes
from inspector.records.graph import NodeRef
from inspector.records.making import quick_maker
from inspector.records.tensor import Carrier, Storage, TensorSpec, Weight

MOST_WEIGHTS: Final = 1_000_000
SMALL_COUNT: Final = 64
_LONGEST_SMALL: Final = SMALL_COUNT * 16


_make_spec: Final = quick_maker(TensorSpec)
_make_storage: Final = quick_maker(Storage)
_make_weight: Final = quick_maker(Weight)


class Holder:
    """What holds a tensor: its carrier, the path of the graph and, for a node's attribute, the node's index."""

    __slots__ = ("carrier", "graph", "node")

    def __init__(self, carrier: Carrier, graph: str, node: int = -1) -> None:
        self.carrier: Carrier = carrier
        self.graph = graph
        self.node = node

    def node_ref(self) -> NodeRef | None:
        """Return the node that carries the tensor, None for an initializer."""
        return NodeRef(self.graph, self.node) if self.node >= 0 else None


class WeightCollector:
    """Gathers the weights of one file in file order."""

    def __init__(self, source: Source, cleaner: TextCleaner, notes: Notes) -> None:
        self._source = source
        self._cleaner = cleaner
        self._notes = notes
        self._tensors = TensorReader(source, cleaner, notes)
        self.weights: list[Weight] = []
        self.small_values: dict[tuple[str, str], tuple[int | float, ...]] = {}
        self.external: dict[int, dict[str, bytes]] = {}
        """What the file says of external weights, by index in weights."""

    def add_tensor(self, spans: Sequence[Span], name: str | None, holder: Holder) -> TensorSpec:
        """Add the tensor at the spans; name None stands for its own name."""
        tensor = self._tensors.read(spans)
        if name is None:
            name = self._cleaner.names[tensor.name]
        shape = tuple(tensor.dims)
        if shape and min(shape) < 0:
            self._note(holder, name, "negative-dimension", f"weight {name} has a negative length {min(shape)}, taken as 0")
            shape = tuple(max(dim, 0) for dim in shape)
        weight = self._weight(tensor, name, shape, holder)
        self.add(weight)
        self._check_size(weight, tensor, holder)
        if weight.storage.encoding in ("raw", "typed") and weight.dtype in HAS_SMALL_VALUES:
            self._take_small_values(weight)
        return _make_spec(name, weight.dtype, shape)

    def add_sparse(self, spans: Sequence[Span], name: str | None, holder: Holder) -> TensorSpec:
        """Add the values and the indices of the sparse tensor at the spans; it is named as its values are."""
        values: list[Span] = []
        indices: list[Span] = []
        dims: list[int] = []
        for span in spans:
            for tag, _, start, end in fields(self._source, *span):
                if tag == 0x0A:
                    values.append(Span(start, end))
                elif tag == 0x12:
                    indices.append(Span(start, end))
                elif tag == 0x18:
                    dims.append(max(signed(varint_at(self._source, start, end)), 0))
                elif tag == 0x1A:
                    dims.extend(max(signed(dim), 0) for dim in packed_varints(self._source, start, end))
                else:
                    self._notes.unrecognized("SparseTensor", tag, start, end)
        spec = self.add_tensor(values, name, holder) if values else TensorSpec(name or "")
        if indices:
            self.add_tensor(indices, f"{spec.name}.indices", holder)
        return TensorSpec(spec.name, spec.dtype, tuple(dims[:MOST_DIMENSIONS]))

    def add(self, weight: Weight) -> None:
        """Add a weight that was read otherwise."""
        if len(self.weights) >= MOST_WEIGHTS:
            raise UnreadableArtifact(f"{self._source.label}: holds more than {MOST_WEIGHTS:,} weights", DAMAGED_HINT)
        self.weights.append(weight)

    def _weight(self, tensor: Tensor, name: str, shape: tuple[int, ...], holder: Holder) -> Weight:
        stored_bytes = None
        if tensor.is_external:
            storage = Storage("external")
            self.external[len(self.weights)] = tensor.external
        elif tensor.raw is not None:
            start, end = tensor.raw
            storage = _make_storage("raw", "", start, end - start, 0, False, False)
        elif tensor.typed:
            field = tensor.stored_field()
            stretch = tensor.typed[field]
            storage = Storage("typed", "", stretch.start, stretch.end - stretch.start, field, stretch.tagged)
            stored_bytes = stretch.value_bytes if tensor.dtype == "string" and field == STRING_DATA else None
        else:
            storage = Storage("none", "", tensor.start)
        return _make_weight(name, tensor.dtype, shape, storage, holder.carrier, holder.graph, holder.node, stored_bytes)

    def _check_size(self, weight: Weight, tensor: Tensor, holder: Holder) -> None:
        count, storage = weight.element_count, weight.storage
        if storage.encoding == "external":
            return
        if storage.encoding == "none":
            if count:
                self._note(holder, weight.name, "weight-size-mismatch", f"weight {weight.name} has no values at all")
            return
        if storage.encoding == "typed" and storage.field != EXPECTED_FIELD.get(weight.dtype):
            message = f"weight {weight.name}: {weight.dtype} values do not belong in field {storage.field}"
            self._note(holder, weight.name, "weight-size-mismatch", message)
            return
        if storage.encoding == "raw":
            expected, stored = packed_bytes(weight.dtype, count), storage.length
        else:
            expected, stored = _typed_bytes(weight, tensor)
        if expected is not None and expected != stored:
            self._note(
                holder,
                weight.name,
                "weight-size-mismatch",
                f"weight {weight.name} holds {stored:,} bytes where its shape and {weight.dtype} ask for {_count(expected)}",
            )

    def _take_small_values(self, weight: Weight) -> None:
        count, storage = weight.element_count, weight.storage
        if count > SMALL_COUNT or storage.length > _LONGEST_SMALL:
            return
        if storage.encoding == "typed" and storage.field != EXPECTED_FIELD[weight.dtype]:
            return
        stored = self._source.read(storage.offset, storage.length)
        if storage.encoding == "typed":
            try:
                stored = dense(weight.dtype, storage.field, storage.tagged, stored)
            except ValueError as error:
                raise self._source.malformed(storage.offset, str(error)) from None
        if len(stored) == weight.byte_count:
            self.small_values[weight.graph, weight.name] = small_values(weight.dtype, count, stored)

    def _note(self, holder: Holder, name: str, rule: str, message: str) -> None:
        node = holder.node_ref()
        where = "" if node is None else f"node {holder.node}"
        place = " in ".join(part for part in (where, holder.graph) if part) or f"weight {name}"
        self._notes.add(rule, "high", message, place, "runtimes refuse such a model or read other values", node, name)


def _typed_bytes(weight: Weight, tensor: Tensor) -> tuple[int | None, int]:
    """Return the bytes expected and stored where the field tells without being read: four or eight bytes an element."""
    storage = weight.storage
    width = {"float32": 4, "complex64": 8, "float64": 8, "complex128": 16}.get(weight.dtype)
    if width is None or storage.field not in (4, 10):
        return None, storage.length
    stored = tensor.typed[storage.field].value_bytes
    if storage.tagged and tensor.typed[storage.field].parts == 1:
        element = 4 if storage.field == 4 else 8
        stored = stored // (element + 1) * element
    return weight.element_count * width, stored


def _count(number: int) -> str:
    return f"{number:,}" if number < 1 << 80 else f"about 2^{number.bit_length() - 1}"
