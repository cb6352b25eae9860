"""Variables: what graphs and objects say of them, joined with where the checkpoint holds them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from inspector.formats.clean_text import TextCleaner
from inspector.formats.saved_model.checkpoint import OBJECT_GRAPH_KEY, Checkpoint, Entry, shard_location
from inspector.formats.saved_model.object_graph import Objects
from inspector.records.dtype import BITS
from inspector.records.saved_model import Handle, VariableFacts, VariableRole
from inspector.records.tensor import Shape, Storage, Weight

_ATTRIBUTES: Final = "/.ATTRIBUTES/"
_SLOT: Final = re.compile(r"^(?P<of>.*)/\.OPTIMIZER_SLOT/(?P<path>.*)/(?P<slot>[^/]+)/\.ATTRIBUTES/")
_OPTIMIZER: Final = re.compile(r"(^|[/.])_?optimizer([/.]|$)|/\.OPTIMIZER_SLOT/", re.IGNORECASE)
_TRAINED: Final = re.compile(r"(^|[/.])_?optimizer[/.]_trainable_variables([/.\[]|$)", re.IGNORECASE)
"""Keras 3 keeps a model's own weights under its optimizer as well, and TensorFlow names one path of each."""
_TRAINING: Final = re.compile(
    r"(^|[/.])(keras_api/metrics|keras_api\.metrics|_?metrics|compiled_metrics|loss_tracker|_loss_tracker|save_counter)([/.\[]|$)"
)


@dataclass(slots=True, eq=False)
class Variable:
    """One variable while it is put together; name is what graphs and weights call it, unique in the artifact."""

    name: str
    key: bytes
    dtype: str
    shape: Shape | None
    trainable: bool = False
    device: str = ""
    path: str = ""
    declared: bool = True
    slot_of: str = ""
    slot: str = ""
    nodes: list[str] = field(default_factory=list)
    """Nodes of a TF1-style GraphDef that make it."""
    handles: list[Handle] = field(default_factory=list)
    entry: Entry | None = None
    is_served: bool = False


def from_objects(objects: Objects) -> dict[int, Variable]:
    """Return the variables of an object graph, by node."""
    return {
        number: Variable(one.name, one.key, one.dtype, one.shape, one.trainable, one.device, one.path, slot=one.slot)
        for number, one in objects.variables.items()
    }


def link_slots(objects: Objects, variables: Mapping[int, Variable]) -> None:
    """Name the variable that each slot belongs to; names must be unique by now."""
    for number, one in objects.variables.items():
        if one.slot_of in variables:
            variables[number].slot_of = variables[one.slot_of].name


def make_unique(variables: Iterable[Variable], cleaner: TextCleaner) -> None:
    """Give variables of one name distinct names: their keys in the checkpoint, else their paths."""
    listed = list(variables)
    counts = Counter(one.name for one in listed)
    taken = {name for name, count in counts.items() if count == 1}
    last: dict[str, int] = {}
    for one in listed:
        if one.name in taken and counts[one.name] == 1:
            continue
        base = cleaner.clean(one.key).partition(_ATTRIBUTES)[0] or one.path or one.name
        name, number = base, last.get(base, 1)
        while name in taken:
            number += 1
            name = f"{base} ({number})"
        last[base] = number
        taken.add(name)
        one.name = name


def undeclared(
    checkpoint: Checkpoint,
    known: Iterable[bytes],
    described: Mapping[bytes, tuple[str, str, str]],
    cleaner: TextCleaner,
) -> list[Variable]:
    """Return the checkpoint's entries that no graph or object declares."""
    seen = {*known, OBJECT_GRAPH_KEY}
    found = []
    for key, entry in checkpoint.entries.items():
        if key in seen:
            continue
        full_name, slot, slot_of = described.get(key, ("", "", ""))
        text = cleaner.names[key]
        if not slot and (match := _SLOT.match(text)):
            slot, slot_of = match["slot"], match["of"]
        name = full_name or text.partition(_ATTRIBUTES)[0]
        found.append(Variable(name, key, entry.dtype, entry.shape, declared=False, slot=slot, slot_of=slot_of))
    return found


def role_of(variable: Variable, key: str) -> VariableRole:
    """Return what a variable is for."""
    if variable.slot:
        return "optimizer"
    if not variable.is_served and not _found(_TRAINED, variable, key):
        if _found(_OPTIMIZER, variable, key):
            return "optimizer"
        if _found(_TRAINING, variable, key):
            return "training"
    if "float" not in variable.dtype and "complex" not in variable.dtype:
        return "parameter" if variable.trainable else "state"
    return "parameter"


def _found(pattern: re.Pattern[str], variable: Variable, key: str) -> bool:
    return pattern.search(key) is not None or pattern.search(variable.path) is not None


def facts_of(variable: Variable, cleaner: TextCleaner) -> VariableFacts:
    """Return the record of a variable."""
    entry, key = variable.entry, cleaner.names[variable.key]
    shape = entry.shape if entry is not None else whole(variable.shape)
    shards = {one.shard for one in entry.stretches()} if entry is not None else set()
    return VariableFacts(
        name=variable.name,
        key=key if entry is not None else "",
        dtype=entry.dtype if entry is not None else variable.dtype,
        shape=shape,
        byte_count=entry.byte_count if entry is not None else 0,
        shard=next(iter(shards)) if len(shards) == 1 else -1,
        offset=entry.offset if entry is not None else 0,
        weight=variable.name if entry is not None else "",
        role=role_of(variable, key),
        trainable=variable.trainable,
        declared=variable.declared,
        stored=entry is not None,
        slot_of=variable.slot_of,
        slot=variable.slot,
        slices=entry.slices if entry is not None else (),
        handles=tuple(variable.handles),
        device=variable.device,
    )


def weight_of(variable: Variable, checkpoint: Checkpoint) -> Weight | None:
    """Return the stored values of a variable as a weight, None where there are none."""
    entry = variable.entry
    if entry is None:
        return None
    home = min(variable.handles, key=lambda handle: handle.graph != "", default=None)
    stored = entry.size if entry.dtype not in BITS else None
    return Weight(
        variable.name,
        entry.dtype,
        entry.shape,
        _storage(entry, checkpoint),
        "variable",
        home.graph if home is not None else "",
        stored_bytes=stored,
    )


def whole(shape: Shape | None) -> tuple[int, ...] | None:
    """Return a shape of known lengths only, None for any other."""
    if shape is None or not all(isinstance(dim, int) for dim in shape):
        return None
    return tuple(dim for dim in shape if isinstance(dim, int))


def _storage(entry: Entry, checkpoint: Checkpoint) -> Storage:
    if not entry.slices:
        return Storage("external", shard_location(entry.shard, checkpoint.shard_count), entry.offset, entry.size)
    # The index holds slices in the order of where they begin.
    first, *others = entry.parts or [entry]
    reached = first.offset + first.size
    for part in others:
        if part.shard != first.shard or part.offset != reached:
            return Storage("none")
        reached += part.size
    # Slices along the first dimension that follow one another are the whole tensor in one piece.
    is_whole = all(set(text.split(":")[1:]) <= {"-"} for text in entry.slices)
    location = shard_location(first.shard, checkpoint.shard_count)
    return Storage("external", location, first.offset, reached - first.offset) if is_whole else Storage("none")
