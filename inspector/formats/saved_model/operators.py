"""OpDef: what an operator or function takes and gives, as the artifact's own list and library say."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from inspector.formats.clean_text import TextCleaner
from inspector.formats.saved_model.dtypes import dtype_name
from inspector.formats.saved_model.nodes import RawNode
from inspector.records.dtype import UNDEFINED
from inspector.records.saved_model import OperatorDefinition

MOST_OUTPUTS: Final = 65_536
"""Tensors one node may give."""


class Argument(NamedTuple):
    """One input or output of an operator; the attributes name where a node says its type or how many tensors it is."""

    name: str
    dtype: str = UNDEFINED
    type_attribute: str = ""
    number_attribute: str = ""
    type_list_attribute: str = ""


class Operator(NamedTuple):
    """What an operator takes and gives."""

    name: str
    inputs: tuple[Argument, ...]
    outputs: tuple[Argument, ...]
    is_stateful: bool = False
    default_types: Mapping[str, str] = {}
    """Element types of attributes that nodes may leave out (stripped_default_attrs), by name."""
    default_numbers: Mapping[str, int] = {}

    def definition(self) -> OperatorDefinition:
        """Return the record of it."""
        names = (tuple(one.name for one in self.inputs), tuple(one.name for one in self.outputs))
        return OperatorDefinition(self.name, self.is_stateful, *names)


class NodeOutputs(NamedTuple):
    """The tensors a node gives: the place of each named output's first tensor, and their element types in order."""

    places: dict[str, int]
    dtypes: list[str]


def read_operator(message: Any, cleaner: TextCleaner) -> Operator:
    """Return what a parsed OpDef says."""
    return Operator(
        cleaner.names[message.name],
        tuple([_argument(one, cleaner) for one in message.input_arg]),
        tuple([_argument(one, cleaner) for one in message.output_arg]),
        message.is_stateful,
        {cleaner.names[one.name]: dtype_name(one.default_value.type) for one in message.attr if one.default_value.type},
        {cleaner.names[one.name]: one.default_value.i for one in message.attr if one.default_value.i},
    )


def _argument(message: Any, cleaner: TextCleaner) -> Argument:
    names = cleaner.names
    return Argument(
        names[message.name],
        dtype_name(message.type),
        names[message.type_attr],
        names[message.number_attr],
        names[message.type_list_attr],
    )


def node_outputs(operator: Operator, node: RawNode) -> NodeOutputs:
    """Return the tensors that a node of the operator gives, at most MOST_OUTPUTS."""
    places: dict[str, int] = {}
    dtypes: list[str] = []
    for argument in operator.outputs:
        places[argument.name] = len(dtypes)
        dtypes.extend(_dtypes(operator, argument, node)[: MOST_OUTPUTS - len(dtypes)])
    return NodeOutputs(places, dtypes)


def _dtypes(operator: Operator, argument: Argument, node: RawNode) -> list[str]:
    if argument.type_list_attribute:
        listed = node.attribute(argument.type_list_attribute)
        return [str(one) for one in listed.value] if listed is not None and isinstance(listed.value, tuple) else []
    dtype = argument.dtype
    if argument.type_attribute:
        dtype = node.text(argument.type_attribute) or operator.default_types.get(argument.type_attribute, UNDEFINED)
    if not argument.number_attribute:
        return [dtype]
    number = node.attribute(argument.number_attribute)
    count = operator.default_numbers.get(argument.number_attribute, 1)
    if number is not None and isinstance(number.value, int):
        count = number.value
    return [dtype] * max(0, min(count, MOST_OUTPUTS))
