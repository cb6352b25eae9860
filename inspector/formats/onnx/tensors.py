"""TensorProto, read field by field: what it says of itself and where its values lie, never the values."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from inspector.formats.clean_text import TextCleaner
from inspector.formats.onnx.layout import DTYPES, dtype_name
from inspector.formats.onnx.long_text import read_text
from inspector.formats.onnx.notes import Notes
from inspector.formats.onnx.schema import PairMessage
from inspector.formats.onnx.typed_values import EXPECTED_FIELD
from inspector.formats.onnx.wire import LENGTH, Source, Span, decode_varint, fields, packed_varints, run, signed, varint_at

MOST_DIMENSIONS = 1024
MOST_EXTERNAL_ENTRIES = 64
_TYPED_TAGS = frozenset({0x22, 0x25, 0x28, 0x2A, 0x32, 0x38, 0x3A, 0x51, 0x52, 0x58, 0x5A})
"""float_data, int32_data, string_data, int64_data, double_data and uint64_data, packed and one by one."""
_USUAL_HEAD: Final = re.compile(rb"((?:\x08[\x00-\x7f]){0,8})\x10([\x01-\x7f])\x42([\x01-\x7f])")
"""How most exporters begin a small tensor: lengths, element type and name, each a byte or a byte's length long."""
_RAW: Final = 0x4A
_LONGEST_HEAD: Final = 11
"""Bytes that hold a tag and any length."""


class Stretch:
    """Where one typed field lies: from its first element to its last, packed payload or whole fields, and how much it is."""

    __slots__ = ("end", "field_start", "parts", "start", "tagged", "value_bytes")

    def __init__(self) -> None:
        self.start = self.field_start = self.end = self.value_bytes = self.parts = 0
        self.tagged = False

    def add(self, field_start: int, value_start: int, end: int, packed: bool) -> None:
        """Take in one more field of the same number; more than one part is kept with its tags."""
        if self.parts == 0:
            self.field_start, self.tagged = field_start, not packed
            self.start = value_start if packed else field_start
        elif not self.tagged:
            self.start, self.tagged = self.field_start, True
        self.value_bytes += end - value_start
        self.end = end
        self.parts += 1


class Tensor:
    """One tensor as the file describes it."""

    __slots__ = ("dims", "dtype", "external", "is_external", "name", "raw", "start", "typed")

    def __init__(self, start: int) -> None:
        self.start = start
        self.dims: list[int] = []
        self.dtype = "undefined"
        self.name = b""
        self.raw: Span | None = None
        self.typed: dict[int, Stretch] = {}
        self.external: dict[str, bytes] = {}
        self.is_external = False

    def stored_field(self) -> int:
        """Return the number of the typed field the values lie in: the one the dtype asks for, if it is there; 0 for none."""
        expected = EXPECTED_FIELD.get(self.dtype, 0)
        return expected if expected in self.typed else next(iter(self.typed), 0)


class TensorReader:
    """Reads tensors of one file."""

    def __init__(self, source: Source, cleaner: TextCleaner, notes: Notes) -> None:
        self._source = source
        self._cleaner = cleaner
        self._notes = notes

    def read(self, spans: Sequence[Span]) -> Tensor:
        """Return the tensor whose message lies at the spans (several: protobuf merges them)."""
        tensor = Tensor(spans[0].start)
        for start, end in spans:
            if tensor.typed:
                raise self._source.malformed(start, "a tensor lies in several parts")
            position = start if tensor.name else self._read_usual(tensor, start, end)
            while position < end:
                position = self._read_fields(tensor, position, end)
        return tensor

    def _read_usual(self, tensor: Tensor, start: int, end: int) -> int:
        """Read lengths, element type, name and raw values that lie as in most files; return where to go on.

        That is the start, with nothing read, where they lie otherwise: walking fields one by one takes four times as long.
        """
        source = self._source
        data, base = source.data, source.base
        head = _USUAL_HEAD.match(data, start - base, end - base) if start >= base else None
        if head is None:
            return start
        name_at = head.end()
        raw_at = name_at + data[name_at - 1]
        if raw_at + _LONGEST_HEAD > len(data) or data[raw_at] != _RAW:
            return start
        try:
            length, values_at = decode_varint(data, raw_at + 1)
        except ValueError:
            return start
        if base + values_at + length != end:
            return start
        source.take_fields(len(head[1]) // 2 + 3)
        tensor.dims = list(head[1][1::2])
        tensor.dtype = self._dtype(head[2][0], base + name_at - 4)
        tensor.name = data[name_at:raw_at]
        tensor.raw = Span(end - length, end)
        return end

    def _read_fields(self, tensor: Tensor, position: int, end: int) -> int:
        """Read fields up to the end, or past one run of scalars that are not packed; return where to go on."""
        source = self._source
        for tag, at, start, after in fields(source, position, end):
            if tag == 0x08:
                self._add_dimension(tensor, varint_at(source, start, after), at)
            elif tag == 0x10:
                tensor.dtype = self._dtype(varint_at(source, start, after), at)
            elif tag == 0x4A:
                tensor.raw = Span(start, after)
            elif tag == 0x42:
                tensor.name = read_text(source, self._cleaner, start, after)
            elif tag in _TYPED_TAGS:
                if tag & 7 != LENGTH:
                    past_run = run(source, at, end, tag)[0]
                    tensor.typed.setdefault(tag >> 3, Stretch()).add(at, at, past_run, packed=False)
                    return past_run
                tensor.typed.setdefault(tag >> 3, Stretch()).add(at, start, after, packed=tag != 0x32)
            else:
                self._read_rare(tensor, tag, Span(start, after))
        return end

    def _read_rare(self, tensor: Tensor, tag: int, value: Span) -> None:
        source = self._source
        if tag == 0x0A:
            for number in packed_varints(source, *value):
                self._add_dimension(tensor, number, value.start)
        elif tag == 0x6A:
            self._add_external(tensor, value)
        elif tag == 0x70:
            tensor.is_external = varint_at(source, *value) == 1
        else:
            self._notes.unrecognized("Tensor", tag, value.start, value.end)

    def _add_dimension(self, tensor: Tensor, number: int, offset: int) -> None:
        if len(tensor.dims) >= MOST_DIMENSIONS:
            raise self._source.malformed(offset, f"a tensor has more than {MOST_DIMENSIONS:,} dimensions")
        tensor.dims.append(signed(number))

    def _add_external(self, tensor: Tensor, value: Span) -> None:
        if value.end - value.start > 64 * 1024 or len(tensor.external) >= MOST_EXTERNAL_ENTRIES:
            raise self._source.malformed(value.start, "where a tensor's external data lies is described at too great length")
        pair = PairMessage()
        try:
            pair.ParseFromString(self._source.read(value.start, value.end - value.start))
        except Exception:
            raise self._source.malformed(value.start, "where a tensor's external data lies is malformed") from None
        tensor.external[self._cleaner.clean_value(pair.key)] = pair.value

    def _dtype(self, number: int, offset: int) -> str:
        number = signed(number, 32)
        if number not in DTYPES:
            self._notes.add(
                "unknown-dtype",
                "medium",
                f"element type {number} is not known to ONNX",
                f"byte {offset:,}",
                "the file is newer than this tool, or damaged",
            )
        return dtype_name(number)
