"""ValueInfoProto and TypeProto: names, element types and shapes of tensors."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from google.protobuf.message import DecodeError
from google.protobuf.unknown_fields import UnknownFieldSet

from inspector.formats.clean_text import TextCleaner
from inspector.formats.onnx.layout import dtype_name
from inspector.formats.onnx.notes import Notes
from inspector.formats.onnx.schema import TypeMessage, ValueInfoMessage
from inspector.formats.onnx.skeleton import SMALL_MESSAGE, Carver
from inspector.formats.onnx.wire import Source
from inspector.records.dtype import UNDEFINED
from inspector.records.tensor import Dim, Shape, TensorSpec

_LONGEST_REMEMBERED: Final = 1024
_MOST_REMEMBERED: Final = 200_000


class _Type(NamedTuple):
    dtype: str
    shape: Shape | None
    has_negative: bool


class ValueReader:
    """Reads the value infos of one file; equal types are parsed once."""

    def __init__(self, source: Source, cleaner: TextCleaner, carver: Carver, notes: Notes) -> None:
        self._source = source
        self._cleaner = cleaner
        self._names = cleaner.names
        self._carver = carver
        self._notes = notes
        self._types: dict[bytes, _Type] = {}

    def read(self, start: int, end: int, graph_path: str) -> TensorSpec:
        """Return the tensor the value info between start and end describes."""
        small = end - start <= SMALL_MESSAGE
        raw = self._source.read(start, end - start) if small else self._carver.carve("ValueInfo", start, end)
        try:
            message = ValueInfoMessage.FromString(raw)
            parts = message.type
            found = self._type(parts[0] if len(parts) == 1 else b"".join(parts))
        except DecodeError:
            raise self._source.malformed(start, "the description of a tensor is malformed") from None
        if len(UnknownFieldSet(message)):
            self._notes.unknown_in(message, "ValueInfo", start, end - start)
        name = self._names[message.name]
        if found.has_negative:
            self._notes.add(
                "negative-dimension",
                "low",
                f"{name} has a negative length, taken as unknown",
                f"tensor {name}" + (f" in {graph_path}" if graph_path else ""),
                "give dynamic dimensions a name instead",
                tensor=name,
            )
        return TensorSpec(name, found.dtype, found.shape)

    def type_text(self, message: Any) -> str:
        """Return the text of a parsed type that is an attribute's value."""
        return self._convert(message).dtype

    def _type(self, raw: bytes) -> _Type:
        known = self._types.get(raw)
        if known is None:
            known = self._convert(TypeMessage.FromString(raw))
            if len(raw) <= _LONGEST_REMEMBERED and len(self._types) < _MOST_REMEMBERED:
                self._types[raw] = known
        return known

    def _convert(self, message: Any) -> _Type:
        choice = message.WhichOneof("value")
        if choice == "tensor_type":
            dims = self._dims(message.tensor_type)
            shape = None if dims is None else tuple(None if isinstance(d, int) and d < 0 else d for d in dims)
            negative = any(isinstance(d, int) and d < 0 for d in dims or ())
            return _Type(dtype_name(message.tensor_type.elem_type), shape, negative)
        return _Type(self._compound(choice, message), None, False)

    def _dims(self, tensor_type: Any) -> tuple[Dim, ...] | None:
        if not tensor_type.HasField("shape"):
            return None
        dims: list[Dim] = []
        for dimension in tensor_type.shape.dim:
            choice = dimension.WhichOneof("value")
            if choice == "dim_value":
                dims.append(dimension.dim_value)
            else:
                dims.append((self._names[dimension.dim_param] or None) if choice else None)
        return tuple(dims)

    def _compound(self, choice: str | None, message: Any) -> str:
        if choice == "sparse_tensor_type":
            return f"sparse_tensor({dtype_name(message.sparse_tensor_type.elem_type)})"
        if choice == "sequence_type":
            return f"sequence({self._element(message.sequence_type.elem_type)})"
        if choice == "optional_type":
            return f"optional({self._element(message.optional_type.elem_type)})"
        if choice == "map_type":
            return f"map({dtype_name(message.map_type.key_type)},{self._element(message.map_type.value_type)})"
        if choice == "opaque_type":
            names = (self._names[message.opaque_type.domain], self._names[message.opaque_type.name])
            return f"opaque({'.'.join(name for name in names if name)})"
        return UNDEFINED

    def _element(self, message: Any) -> str:
        if message.WhichOneof("value") == "tensor_type":
            return f"tensor({dtype_name(message.tensor_type.elem_type)})"
        return self._compound(message.WhichOneof("value"), message)
