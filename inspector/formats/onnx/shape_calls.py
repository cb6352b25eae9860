"""Function bodies seen from their calls: the types and attribute values that all calls have in common."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import onnx

from inspector.formats.onnx.shape_model import nodes_within
from inspector.formats.onnx.shape_stand_ins import UNREADABLE_DOMAIN


@dataclass(frozen=True, slots=True)
class Call:
    """One use of a function: the TypeProtos it passes (None: not known) and its AttributeProtos."""

    types: list[Any | None]
    attributes: list[Any]


def joined_inputs(function: Any, calls: list[Call]) -> list[Any | None]:
    """Return, for each input of a function, what all its calls agree on (None: nothing)."""
    return [_joined([c.types[slot] if slot < len(c.types) else None for c in calls]) for slot in range(len(function.input))]


def _joined(types: list[Any | None]) -> Any | None:
    """Return a TypeProto that is true of all types, None if there is none."""
    if not types or any(known is None or known.WhichOneof("value") != "tensor_type" for known in types):
        return None
    first = onnx.TypeProto()
    first.CopyFrom(types[0])
    ours = first.tensor_type
    for other in types[1:]:
        theirs = other.tensor_type  # type: ignore[union-attr]
        if theirs.elem_type != ours.elem_type:
            return None
        if not theirs.HasField("shape") or len(theirs.shape.dim) != len(ours.shape.dim):
            ours.ClearField("shape")
        for mine, given in zip(ours.shape.dim, theirs.shape.dim, strict=False):
            if mine != given:
                mine.Clear()
    return first


def bound_body(function: Any, calls: list[Call]) -> Any:
    """Return a function body as a graph without inputs, its attribute references replaced by the values calls agree on.

    A node whose attribute differs between calls is put where inference does not look.
    """
    body = onnx.GraphProto(name=function.name)
    body.node.extend(function.node)
    body.value_info.extend(function.value_info)
    for name in function.output:
        body.output.add(name=name)
    defaults = {attribute.name: attribute for attribute in function.attribute_proto}
    for node in nodes_within(body):
        if any(attribute.ref_attr_name for attribute in node.attribute):
            _bind(node, calls, defaults)
    return body


def _bind(node: Any, calls: list[Call], defaults: dict[str, Any]) -> None:
    """Replace the attribute references of one node."""
    bound = []
    for attribute in node.attribute:
        if not attribute.ref_attr_name:
            bound.append(_copy(attribute, attribute.name))
            continue
        values = _values(attribute.ref_attr_name, calls, defaults)
        if len(values) > 1 or not calls:
            node.domain = UNREADABLE_DOMAIN
        elif values[0] is not None:
            bound.append(_copy(values[0], attribute.name))
    del node.attribute[:]
    node.attribute.extend(bound)


def _values(name: str, calls: list[Call], defaults: dict[str, Any]) -> list[Any | None]:
    """Return the distinct values an attribute has over all calls; None stands for a call that gives none."""
    distinct: dict[bytes, Any | None] = {}
    for call in calls:
        value = next((a for a in call.attributes if a.name == name), defaults.get(name))
        distinct[b"" if value is None else value.SerializeToString(deterministic=True)] = value
    return list(distinct.values())


def _copy(attribute: Any, name: str) -> Any:
    """Return a copy of an attribute under a name."""
    copy = onnx.AttributeProto()
    copy.CopyFrom(attribute)
    copy.name = name
    return copy
