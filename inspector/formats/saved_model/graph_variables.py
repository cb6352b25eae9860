"""Variables of a TF1-style graph: the nodes that make them, by the name the checkpoint knows them under."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from google.protobuf.message import DecodeError

from inspector.formats.saved_model.captures import HANDLE_OPERATORS
from inspector.formats.saved_model.checkpoint import Checkpoint
from inspector.formats.saved_model.meta_reading import MetaReading
from inspector.formats.saved_model.nodes import RawNode
from inspector.formats.saved_model.schema import VariableMessage
from inspector.formats.saved_model.variables import Variable

_PART: Final = re.compile(r"(?P<whole>.+)/part_\d+")
_SLOTS: Final = frozenset(
    ("Momentum", "Adam", "Adam_1", "Adagrad", "Adadelta", "Adadelta_1", "RMSProp", "RMSProp_1", "RMSProp_2", "Ftrl", "Ftrl_1")
)
_TRAINABLE: Final = "trainable_variables"


def name_graph_variables(meta: MetaReading, checkpoint: Checkpoint) -> dict[int, Variable]:
    """Return the variables that the GraphDef's nodes make, numbered; parts of one stored tensor are one variable."""
    trainable = set(_collected(meta, _TRAINABLE))
    by_name: dict[str, Variable] = {}
    for node in meta.raw.graph.nodes:
        if node.operator not in HANDLE_OPERATORS:
            continue
        name = _stored_name(node, checkpoint)
        variable = by_name.get(name)
        if variable is None:
            shape = node.shapes.get("shape")
            variable = by_name[name] = Variable(name, _encoded(name), node.text("dtype"), shape, device=node.device)
        variable.nodes.append(node.name)
        variable.trainable |= node.name in trainable
    _name_slots(by_name)
    return dict(enumerate(by_name.values()))


def _name_slots(by_name: Mapping[str, Variable]) -> None:
    """Find the slots of TensorFlow 1's optimizers: variables named after another of the same shape and after the optimizer."""
    for name, variable in by_name.items():
        owner, _, slot = name.rpartition("/")
        if slot in _SLOTS and owner in by_name and by_name[owner].shape == variable.shape and not variable.trainable:
            variable.slot, variable.slot_of = slot, by_name[owner].name


def captured_constants(meta: MetaReading) -> dict[int, Variable]:
    """Return the constants of the GraphDef that functions are bound to, by node of the object graph."""
    found = {}
    for number, operation in meta.objects.constants.items():
        node = meta.tensors.nodes.get(operation)
        if node is not None and node.constants:
            constant = node.constants[0][1]
            found[number] = Variable(operation, b"", constant.dtype, constant.shape, nodes=[operation])
    return found


def _stored_name(node: RawNode, checkpoint: Checkpoint) -> str:
    """Return the name in the checkpoint: the shared name or the node's, or that of the tensor it is a part of."""
    for name in (node.text("shared_name"), node.name):
        if name and _encoded(name) in checkpoint.entries:
            return name
        part = _PART.fullmatch(name)
        if part is not None and _encoded(part["whole"]) in checkpoint.entries:
            return part["whole"]
    return node.name


def _encoded(name: str) -> bytes:
    return name.encode("utf-8", "surrogateescape")


def _collected(meta: MetaReading, collection: str) -> Iterator[str]:
    items: Any = meta.raw.collections.get(collection)
    for raw in items.bytes_list.value if items is not None else ():
        try:
            yield meta.cleaner.names[VariableMessage.FromString(raw).variable_name].rpartition(":")[0]
        except DecodeError:
            continue
