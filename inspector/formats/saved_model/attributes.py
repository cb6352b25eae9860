"""AttrValue: how a node is set, and which functions it names."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from inspector.formats.clean_text import TextCleaner
from inspector.formats.saved_model.dtypes import dtype_name
from inspector.formats.saved_model.schema import AttributeMessage
from inspector.formats.saved_model.shapes import open_shape, shape_text
from inspector.records.graph import Attribute
from inspector.records.tensor import Shape

OUTPUT_SHAPES: Final = "_output_shapes"
MOST_ELEMENTS: Final = 4_096
"""Elements of a list that are kept."""
_LONGEST_REMEMBERED: Final = 512
_MOST_REMEMBERED: Final = 200_000


class ReadAttribute(NamedTuple):
    """One attribute with what else it tells: functions by attribute name, and the shapes in it."""

    attribute: Attribute
    functions: tuple[tuple[str, str], ...] = ()
    shapes: tuple[Shape | None, ...] | None = None
    holds_tensor: bool = False


class AttributeReader(dict[bytes, ReadAttribute]):
    """Attributes by their bytes, parsed when first met: equal ones (T, padding, strides) come back many times over."""

    def __init__(self, cleaner: TextCleaner) -> None:
        super().__init__()
        self._cleaner = cleaner
        self.clipped_lists = 0

    def __missing__(self, raw: bytes) -> ReadAttribute:
        read = self._convert(AttributeMessage.FromString(raw))
        if len(raw) <= _LONGEST_REMEMBERED and len(self) < _MOST_REMEMBERED:
            self[raw] = read
        return read

    def _convert(self, message: Any) -> ReadAttribute:
        name, value = self._cleaner.names[message.key], message.value
        choice = value.WhichOneof("kind")
        if choice is not None:
            return self._single(name, choice, value)
        if value.HasField("tensor"):
            return ReadAttribute(Attribute(name, "tensor", ""), holds_tensor=True)
        if value.HasField("list"):
            return self._list(name, value.list)
        return ReadAttribute(Attribute(name, "string", ""))

    def _single(self, name: str, choice: str, value: Any) -> ReadAttribute:
        clean = self._cleaner.clean_value
        if choice == "s":
            return ReadAttribute(Attribute(name, "string", clean(value.s)))
        if choice == "i":
            return ReadAttribute(Attribute(name, "int", value.i))
        if choice == "f":
            return ReadAttribute(Attribute(name, "float", value.f))
        if choice == "b":
            return ReadAttribute(Attribute(name, "int", int(value.b)))
        if choice == "type":
            return ReadAttribute(Attribute(name, "type", dtype_name(value.type)))
        if choice == "shape":
            shape = open_shape(value.shape)
            return ReadAttribute(Attribute(name, "type", shape_text(shape)), shapes=(shape,))
        if choice == "placeholder":
            return ReadAttribute(Attribute(name, "reference", clean(value.placeholder)))
        function = self._cleaner.names[value.func.name]
        return ReadAttribute(Attribute(name, "string", function), ((name, function),) if function else ())

    def _list(self, name: str, values: Any) -> ReadAttribute:
        clean = self._cleaner.clean_value
        if values.s:
            return ReadAttribute(Attribute(name, "strings", tuple([clean(one) for one in self._kept(values.s)])))
        if values.i:
            return ReadAttribute(Attribute(name, "ints", tuple(self._kept(values.i))))
        if values.f:
            return ReadAttribute(Attribute(name, "floats", tuple(self._kept(values.f))))
        if values.b:
            return ReadAttribute(Attribute(name, "ints", tuple([int(one) for one in self._kept(values.b)])))
        if values.type:
            return ReadAttribute(Attribute(name, "types", tuple([dtype_name(one) for one in self._kept(values.type)])))
        if values.shape:
            shapes = tuple([open_shape(one) for one in self._kept(values.shape)])
            return ReadAttribute(Attribute(name, "types", tuple([shape_text(one) for one in shapes])), shapes=shapes)
        if values.func:
            names = [self._cleaner.names[one.name] for one in self._kept(values.func)]
            called = tuple([(f"{name}:{i}", one) for i, one in enumerate(names)])
            return ReadAttribute(Attribute(name, "strings", tuple(names)), called)
        if values.tensor:
            return ReadAttribute(Attribute(name, "tensors", ("",) * len(values.tensor)), holds_tensor=True)
        return ReadAttribute(Attribute(name, "ints", ()))

    def _kept(self, values: Any) -> Any:
        if len(values) <= MOST_ELEMENTS:
            return values
        self.clipped_lists += 1
        return values[:MOST_ELEMENTS]
