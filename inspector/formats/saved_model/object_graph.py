"""The object graph: what Python objects were saved, how they hang together, and which checkpoint entry each variable is."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from inspector.formats.clean_text import TextCleaner
from inspector.formats.saved_model.dtypes import dtype_name
from inspector.formats.saved_model.shapes import open_shape
from inspector.records.saved_model import SavedObject
from inspector.records.tensor import Shape

MOST_OBJECTS_KEPT: Final = 20_000
LONGEST_PATH: Final = 512
ROOT: Final = "root"
VALUE: Final = b"VARIABLE_VALUE"

_KINDS: Final = {
    "user_object": "user object",
    "asset": "asset",
    "function": "function",
    "variable": "variable",
    "bare_concrete_function": "concrete function",
    "constant": "constant",
    "resource": "resource",
    "captured_tensor": "captured tensor",
}


@dataclass(slots=True)
class ObjectVariable:
    """One variable of the object graph."""

    node: int
    name: str
    dtype: str
    shape: Shape | None
    trainable: bool
    device: str
    path: str
    key: bytes = b""
    """Its key in the checkpoint, b"" if it has none there."""
    slot_of: int = -1
    """For a slot: node of the variable it belongs to."""
    slot: str = ""


@dataclass(slots=True)
class Objects:
    """What the object graph says, its numbers being those of its nodes."""

    paths: dict[int, str] = field(default_factory=dict)
    parents: dict[int, int] = field(default_factory=dict)
    variables: dict[int, ObjectVariable] = field(default_factory=dict)
    bound: list[tuple[str, int, int]] = field(default_factory=list)
    """(concrete function, number of bound inputs after this one, node) for each input that a function is bound to."""
    methods: dict[str, list[str]] = field(default_factory=dict)
    """Paths of the methods each concrete function is the traced body of."""
    constants: dict[int, str] = field(default_factory=dict)
    """Names of the GraphDef's nodes that hold captured constants."""
    objects: tuple[SavedObject, ...] = ()


def read_objects(message: Any, cleaner: TextCleaner) -> Objects:
    """Return what a parsed object graph says; references to objects that are not there are left out."""
    found = Objects()
    _walk(message, found, cleaner)
    for number, node in enumerate(message.nodes):
        kind = node.WhichOneof("kind")
        path = found.paths.get(number, f"object {number}")
        if kind == "variable":
            found.variables[number] = _variable(number, node.variable, path, cleaner)
        elif kind == "constant":
            found.constants[number] = cleaner.names[node.constant.operation]
        elif kind in ("function", "bare_concrete_function"):
            for name in _concrete(node):
                found.methods.setdefault(cleaner.names[name], []).append(path)
    _take_slots(message, found, cleaner)
    for entry in message.concrete_functions:
        function, inputs = cleaner.names[entry.key], entry.value.bound_inputs
        found.bound.extend((function, len(inputs) - position, number) for position, number in enumerate(inputs))
    found.objects = tuple(_saved_objects(message, found, cleaner))
    return found


def _walk(message: Any, found: Objects, cleaner: TextCleaner) -> None:
    """Name every object by the shortest way to it from the root."""
    if not message.nodes:
        return
    count = len(message.nodes)
    found.paths[0] = ROOT
    waiting = deque([0])
    while waiting:
        number = waiting.popleft()
        for child in message.nodes[number].children:
            if 0 <= child.node_id < count and child.node_id not in found.paths:
                found.paths[child.node_id] = joined(found.paths[number], cleaner.names[child.local_name])
                found.parents[child.node_id] = number
                waiting.append(child.node_id)


def joined(path: str, name: str) -> str:
    """Return the path of a child: items of lists in brackets."""
    longer = f"{path}[{name}]" if name.isdecimal() else f"{path}.{name}"
    return longer if len(longer) <= LONGEST_PATH else f"{longer[: LONGEST_PATH // 2]}…{longer[-LONGEST_PATH // 2 :]}"


def _variable(number: int, message: Any, path: str, cleaner: TextCleaner) -> ObjectVariable:
    name = cleaner.names[message.name] or path.removeprefix(f"{ROOT}.")
    shape = open_shape(message.shape)
    return ObjectVariable(
        number, name, dtype_name(message.dtype), shape, message.trainable, cleaner.names[message.device], path
    )


def _concrete(node: Any) -> list[bytes]:
    if node.WhichOneof("kind") == "function":
        return list(node.function.concrete_functions)
    return [node.bare_concrete_function.concrete_function_name]


def _take_slots(message: Any, found: Objects, cleaner: TextCleaner) -> None:
    for node in message.nodes:
        for slot in node.slot_variables:
            variable = found.variables.get(slot.slot_variable_node_id)
            if variable is not None and slot.original_variable_node_id in found.variables:
                variable.slot_of = slot.original_variable_node_id
                variable.slot = cleaner.names[slot.slot_name]


def _saved_objects(message: Any, found: Objects, cleaner: TextCleaner) -> Iterator[SavedObject]:
    for number, node in enumerate(message.nodes[:MOST_OBJECTS_KEPT]):
        kind = node.WhichOneof("kind") or ""
        identifier = cleaner.names[node.user_object.identifier] if kind == "user_object" else ""
        children = tuple((cleaner.names[child.local_name], child.node_id) for child in node.children)
        path = found.paths.get(number, "")
        yield SavedObject(number, path, _KINDS.get(kind, "object"), identifier, _detail(node, kind, cleaner), children)


def _detail(node: Any, kind: str, cleaner: TextCleaner) -> str:
    if kind == "variable":
        return cleaner.names[node.variable.name]
    if kind == "constant":
        return cleaner.names[node.constant.operation]
    if kind in ("function", "bare_concrete_function"):
        return ", ".join(cleaner.names[name] for name in _concrete(node)[:8])
    if kind == "captured_tensor":
        return cleaner.names[node.captured_tensor.name]
    return cleaner.names[node.registered_name]


def match_checkpoint(objects: Any, trackable: Any, found: Objects, cleaner: TextCleaner) -> dict[bytes, tuple[str, str, str]]:
    """Find the checkpoint's key of every variable by walking both graphs along equal names.

    Returns, for keys in the checkpoint's graph: the variable's full name there, and for a slot its name and the key of the
    variable it belongs to, as text.
    """
    paired = _pair(objects, trackable)
    for ours, theirs in paired.items():
        variable = found.variables.get(ours)
        if variable is not None:
            variable.key = _key(trackable.nodes[theirs])
    _match_slots(objects, trackable, paired, found)
    return _described(trackable, cleaner)


def _pair(objects: Any, trackable: Any) -> dict[int, int]:
    """Return the node of the checkpoint's graph for each object, met along the same names from both roots."""
    paired: dict[int, int] = {}
    if not (objects.nodes and trackable.nodes):
        return paired
    paired[0] = 0
    waiting = deque([0])
    children: dict[int, dict[bytes, int]] = {}
    while waiting:
        ours = waiting.popleft()
        node = paired[ours]
        if node not in children:
            children[node] = {child.local_name: child.node_id for child in trackable.nodes[node].children}
        named = children[node]
        for child in objects.nodes[ours].children:
            theirs = named.get(child.local_name, -1)
            if child.node_id in paired or not (0 <= theirs < len(trackable.nodes) and 0 <= child.node_id < len(objects.nodes)):
                continue
            paired[child.node_id] = theirs
            waiting.append(child.node_id)
    return paired


def _key(node: Any) -> bytes:
    return next((bytes(one.checkpoint_key) for one in node.attributes if one.name == VALUE), b"")


def _match_slots(objects: Any, trackable: Any, paired: dict[int, int], found: Objects) -> None:
    known: dict[int, dict[tuple[int, bytes], int]] = {}
    for ours, theirs in paired.items():
        if not objects.nodes[ours].slot_variables:
            continue
        if theirs not in known:
            known[theirs] = {
                (slot.original_variable_node_id, slot.slot_name): slot.slot_variable_node_id
                for slot in trackable.nodes[theirs].slot_variables
            }
        by_place = known[theirs]
        for slot in objects.nodes[ours].slot_variables:
            variable = found.variables.get(slot.slot_variable_node_id)
            original = paired.get(slot.original_variable_node_id, -1)
            node = by_place.get((original, slot.slot_name), -1)
            if variable is not None and 0 <= node < len(trackable.nodes):
                variable.key = _key(trackable.nodes[node])


def _described(trackable: Any, cleaner: TextCleaner) -> dict[bytes, tuple[str, str, str]]:
    described: dict[bytes, tuple[str, str, str]] = {}
    for node in trackable.nodes:
        for one in node.attributes:
            described.setdefault(bytes(one.checkpoint_key), (cleaner.names[one.full_name], "", ""))
    count = len(trackable.nodes)
    for node in trackable.nodes:
        for slot in node.slot_variables:
            if 0 <= slot.slot_variable_node_id < count and 0 <= slot.original_variable_node_id < count:
                key = _key(trackable.nodes[slot.slot_variable_node_id])
                original = cleaner.names[_key(trackable.nodes[slot.original_variable_node_id])]
                described[key] = (described.get(key, ("", "", ""))[0], cleaner.names[slot.slot_name], original)
    return described
