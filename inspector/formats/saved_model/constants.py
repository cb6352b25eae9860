"""TensorProto, read field by field: what it says of itself, where its values lie, and the values of small ones."""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from google.protobuf.message import DecodeError

from inspector.formats.clean_text import TextCleaner
from inspector.formats.onnx.typed_values import (
    HAS_SMALL_VALUES,
    INT32_DATA,
    INT64_DATA,
    TENSORFLOW_STRINGS,
    UINT64_DATA,
    small_values,
)
from inspector.formats.onnx.wire import LARGEST_WINDOW, Source, Span, fields, run, varint_at
from inspector.formats.saved_model.dtypes import dtype_name
from inspector.formats.saved_model.schema import ShapeMessage, TypedValuesMessage
from inspector.formats.saved_model.shapes import whole_shape
from inspector.records.dtype import BITS, UNDEFINED, packed_bytes
from inspector.records.tensor import Storage

SMALL_COUNT: Final = 64
SMALL_BYTES: Final = 1024
SMALL_TEXT_BYTES: Final = 16 * 1024
_LARGEST_SHAPE: Final = 16 * 1024

_DTYPE: Final = 0x08
_SHAPE: Final = 0x12
_CONTENT: Final = 0x22
_TYPED: Final = frozenset({5, 6, 7, 8, 9, 10, 11, 12, 13, 16, 17, 18})
_STRINGS: Final = 8
_SCALAR_WIRES: Final = frozenset({0, 1, 5})
_VERBATIM: Final = {5: ("float32",), 6: ("float64",), 9: ("complex64",), 12: ("complex128",), 18: ()}
"""Fields whose packed payload is the dense values."""
_VARINTS: Final = {7: INT32_DATA, 11: INT32_DATA, 13: INT32_DATA, 10: INT64_DATA, 16: UINT64_DATA, 17: UINT64_DATA}
"""Fields whose packed payload lies as in the field of ONNX's TensorProto of that number."""

_TYPED_NAMES: Final = {
    5: "float_val", 6: "double_val", 7: "int_val", 10: "int64_val", 11: "bool_val", 16: "uint32_val", 17: "uint64_val",
}  # fmt: skip
_HALVES: Final = 13
_CONTINUED: Final = bytes(range(128, 256))
"""Bytes of a variable-length integer that others follow."""


@dataclass(slots=True)
class Constant:
    """One stored tensor; values and texts are those of a small one, None for others."""

    dtype: str = UNDEFINED
    shape: tuple[int, ...] = ()
    storage: Storage = Storage("none")  # noqa: RUF009 - frozen
    stored_bytes: int | None = None
    values: tuple[int | float, ...] | None = None
    texts: tuple[str, ...] | None = None

    @property
    def element_count(self) -> int:
        """Number of elements its shape asks for."""
        count = 1
        for length in self.shape:
            count *= length
        return count


@dataclass(slots=True)
class _Typed:
    """The values of one typed field: where they lie, and whether as one packed payload."""

    spans: list[Span] = field(default_factory=list)
    is_packed: bool = True

    def add(self, span: Span, is_packed: bool) -> None:
        """Take in one more stretch."""
        self.is_packed &= is_packed
        self.spans.append(span)

    @property
    def size(self) -> int:
        """Bytes of all stretches."""
        return sum(span.end - span.start for span in self.spans)

    @property
    def is_one_packed(self) -> bool:
        """Whether one packed payload holds them all."""
        return self.is_packed and len(self.spans) == 1


class ConstantReader:
    """Reads the tensors of one file."""

    def __init__(self, source: Source, cleaner: TextCleaner) -> None:
        self._source = source
        self._cleaner = cleaner

    def read(self, span: Span) -> Constant:
        """Return the tensor whose message lies at the span. Raises UnreadableArtifact if it is malformed."""
        constant = Constant()
        typed: dict[int, _Typed] = {}
        content: Span | None = None
        position = span.start
        while position < span.end:
            for tag, at, start, end in fields(self._source, position, span.end):
                position = end
                if tag == _DTYPE:
                    constant.dtype = dtype_name(varint_at(self._source, start, end) & 0x7FFF_FFFF)
                elif tag == _SHAPE:
                    constant.shape = self._shape(start, end)
                elif tag == _CONTENT:
                    content = Span(start, end)
                elif tag >> 3 in _TYPED:
                    position = self._take_field(typed.setdefault(tag >> 3, _Typed()), tag, at, Span(start, end), span.end)
                    if position != end:
                        break
        self._place(constant, content, typed, span)
        return constant

    def _take_field(self, typed: _Typed, tag: int, at: int, value: Span, end: int) -> int:
        """Take in one field of values, or a run of scalars that are not packed; return where to go on."""
        if tag & 7 in _SCALAR_WIRES:
            past = run(self._source, at, end, tag)[0] if tag < 0x80 else value.end
            typed.add(Span(at, past), is_packed=False)
            return past
        is_text = tag >> 3 == _STRINGS
        typed.add(Span(at, value.end) if is_text else value, is_packed=not is_text)
        return value.end

    def _place(self, constant: Constant, content: Span | None, typed: dict[int, _Typed], span: Span) -> None:
        """Say where the values lie, and take those of a small tensor."""
        if content is not None and content.end > content.start:
            self._take_content(constant, content)
        elif typed:
            self._take_typed(constant, typed, span)
        elif constant.dtype in BITS:
            constant.storage = Storage("raw", "", span.start, 0, repeats=constant.element_count > 0)
            if constant.element_count <= SMALL_COUNT and constant.dtype in HAS_SMALL_VALUES:
                constant.values = (0,) * constant.element_count
        if self._source.fd < 0:
            constant.storage = Storage("none")

    def _shape(self, start: int, end: int) -> tuple[int, ...]:
        if end - start > _LARGEST_SHAPE:
            raise self._source.malformed(start, "a shape is too long")
        try:
            return whole_shape(ShapeMessage.FromString(self._source.read(start, end - start)))
        except DecodeError:
            raise self._source.malformed(start, "a shape is malformed") from None

    def _take_content(self, constant: Constant, content: Span) -> None:
        length = content.end - content.start
        constant.storage = Storage("raw", "", content.start, length)
        count = constant.element_count
        if count <= SMALL_COUNT and constant.dtype in HAS_SMALL_VALUES and length == packed_bytes(constant.dtype, count):
            constant.values = small_values(constant.dtype, count, self._source.read(content.start, length))

    def _take_typed(self, constant: Constant, typed: dict[int, _Typed], whole: Span) -> None:
        number, held = max(typed.items(), key=lambda item: item[1].size)
        first, count = held.spans[0], constant.element_count
        if number == _STRINGS:
            length = held.spans[-1].end - first.start
            constant.storage = Storage("typed", "", first.start, length, TENSORFLOW_STRINGS, True)
            constant.stored_bytes = held.size
        elif held.is_one_packed and number in _VERBATIM:
            dense = packed_bytes(constant.dtype, count)
            repeats = dense is not None and held.size < dense
            constant.storage = Storage("raw", "", first.start, held.size, repeats=repeats)
        elif held.is_one_packed and number in _VARINTS:
            repeats = self._count_varints(first) < count
            constant.storage = Storage("typed", "", first.start, held.size, _VARINTS[number], repeats=repeats)
        limit = SMALL_TEXT_BYTES if number == _STRINGS else SMALL_BYTES
        if whole.end - whole.start <= limit and count <= SMALL_COUNT:
            self._take_small(constant, number, self._source.read(whole.start, whole.end - whole.start))

    def _count_varints(self, span: Span) -> int:
        """Return how many integers a packed field holds."""
        self._source.take_scanned(span.end - span.start)
        width = LARGEST_WINDOW
        pieces = (self._source.read(at, min(width, span.end - at)) for at in range(span.start, span.end, width))
        return sum(len(piece.translate(None, _CONTINUED)) for piece in pieces)

    def _take_small(self, constant: Constant, number: int, raw: bytes) -> None:
        try:
            message = TypedValuesMessage.FromString(raw)
        except DecodeError:
            return
        count = constant.element_count
        if number == _STRINGS:
            constant.texts = _filled([self._cleaner.clean_value(text) for text in message.string_val], count, "")
            constant.stored_bytes = sum(map(len, message.string_val))
            return
        stored = _small_numbers(message, number, constant.dtype)
        if stored is not None and constant.dtype in HAS_SMALL_VALUES:
            constant.values = _filled(stored, count, 0)


def _small_numbers(message: Any, number: int, dtype: str) -> list[int | float] | None:
    if number == _HALVES:
        return [_half(bits, dtype) for bits in message.half_val]
    name = _TYPED_NAMES.get(number)
    return None if name is None else [int(v) if number == 11 else v for v in getattr(message, name)]


def _half(bits: int, dtype: str) -> float:
    low = struct.pack("<H", bits & 0xFFFF)
    unpack: Callable[[bytes], tuple[Any, ...]] = struct.Struct("<f" if dtype == "bfloat16" else "<e").unpack
    return float(unpack(b"\0\0" + low if dtype == "bfloat16" else low)[0])


def _filled(stored: list[Any], count: int, otherwise: Any) -> tuple[Any, ...]:
    """Return count values: TensorFlow stores fewer where the last one repeats to the end."""
    last = stored[-1] if stored else otherwise
    return tuple(stored[:count]) + (last,) * (count - len(stored))
