"""Nodes, types and attributes as short text, as they come from the artifact: whoever draws it cleans it."""

from __future__ import annotations

from collections.abc import Iterable

from inspector.records.dtype import UNDEFINED
from inspector.records.graph import Attribute, Node
from inspector.records.tensor import Dim, Shape, TensorSpec

Part = tuple[str, str]
"""A piece of text and the name of its style."""

BREAK = "\n  "
"""The one part that begins another line."""

KERNEL_ATTRIBUTES = frozenset(("kernel_shape", "strides", "dilations", "group"))
SUMMARIZED = ("axis", "axes", "perm", "keepdims", "num_heads", "hidden_size", "direction", "mode", "equation")
MAX_VALUES = 8
SYMBOL_LENGTHS = (10, 7, 4)
"""How long symbols of dimensions may be, the longest that fits first."""


def shape_text(shape: Shape | None, longest: int = 0) -> str:
    """Return "[batch,64,56,56]", "?" for a dimension nothing is known of, "" for an unknown rank.

    With longest, symbols of more characters are cut in the middle.
    """
    if shape is None:
        return ""
    return "[" + ",".join(_dim_text(dim, longest) for dim in shape) + "]"


def _dim_text(dim: Dim, longest: int) -> str:
    text = "?" if dim is None else str(dim)
    return shortened(text, longest) if longest and isinstance(dim, str) else text


def shortened(text: str, width: int) -> str:
    """Return the text in at most width characters, cut in the middle: names differ at both ends."""
    if len(text) <= width:
        return text
    tail = (width - 1) // 2
    return (text[: width - 1 - tail].rstrip("…") + "…" + text[len(text) - tail :].lstrip("…")) if tail else text[:width]


def type_text(spec: TensorSpec | None, always_dtype: bool = False, room: int = 0) -> str:
    """Return shape and, where it is not float32 (or always), element type: "int64[1]".

    With room, symbols are cut until the text takes no more characters than that, as far as it can be done.
    """
    if spec is None:
        return ""
    shown = always_dtype or spec.dtype != "float32"
    dtype = spec.dtype if spec.dtype != UNDEFINED and shown else ""
    text = dtype + shape_text(spec.shape)
    for longest in SYMBOL_LENGTHS:
        if not room or len(text) <= room:
            break
        text = dtype + shape_text(spec.shape, longest)
    return text


def times(values: Iterable[object]) -> str:
    """Return "3×3"."""
    return "×".join(str(value) for value in values)


def value_list(values: Iterable[object], limit: int = MAX_VALUES) -> str:
    """Return "[1, 2, 3, …]" with at most limit values."""
    listed = list(values)
    shown = [f"{value:g}" if isinstance(value, float) else str(value) for value in listed[:limit]]
    return "[" + ", ".join([*shown, "…"] if len(listed) > limit else shown) + "]"


def attribute_summary(node: Node) -> str:
    """Return the attributes that tell one use of an operator from another: "7×7/2", "axis 1", "g32"."""
    attributes = {attribute.name: attribute for attribute in node.attributes}
    parts = [_kernel(attributes)]
    for name in SUMMARIZED:
        if name in attributes:
            parts.append(_short(attributes[name]))
    return " ".join(part for part in parts if part)


def _kernel(attributes: dict[str, Attribute]) -> str:
    kernel = _numbers(attributes.get("kernel_shape"))
    strides = _numbers(attributes.get("strides"))
    dilations = _numbers(attributes.get("dilations"))
    group = attributes.get("group")
    text = times(kernel)
    if any(stride != 1 for stride in strides):
        text += "/" + (str(strides[0]) if len(set(strides)) == 1 else times(strides))
    if any(dilation != 1 for dilation in dilations):
        text += " d" + (str(dilations[0]) if len(set(dilations)) == 1 else times(dilations))
    if group is not None and group.value != 1 and group.kind == "int":
        text += f" g{group.value}"
    return text.strip()


def _numbers(attribute: Attribute | None) -> tuple[int, ...]:
    if attribute is None or not isinstance(attribute.value, tuple):
        return ()
    return tuple(value for value in attribute.value if isinstance(value, int))


def _short(attribute: Attribute) -> str:
    value = attribute.value
    if isinstance(value, tuple):
        listed = ",".join(str(item) for item in value[:MAX_VALUES])
        return f"{attribute.name} {listed}" + (",…" if len(value) > MAX_VALUES else "")
    if attribute.name == "keepdims":
        return "" if value == 1 else "no keepdims"
    return f"{attribute.name} {value}"


def attribute_text(attribute: Attribute) -> str:
    """Return one attribute's value in full, long lists cut."""
    value = attribute.value
    if attribute.kind in ("tensor", "graph", "type", "reference"):
        return f"({attribute.kind}) {value}"
    if isinstance(value, tuple):
        return value_list(value, 16)[1:-1].replace(",", "") if attribute.kind == "ints" else value_list(value, 16)
    return f"{value:g}" if isinstance(value, float) else str(value)
