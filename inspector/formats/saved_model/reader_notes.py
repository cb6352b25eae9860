"""Findings that only the reader can make: what is damaged, missing or odd about the files themselves."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

from inspector.formats.clean_text import TextCleaner
from inspector.formats.onnx.notes import Notes
from inspector.formats.saved_model.checkpoint import Checkpoint, Entry, ShardUse
from inspector.formats.saved_model.meta_graph import DefinitionReader
from inspector.formats.saved_model.shapes import shape_text
from inspector.formats.saved_model.variables import Variable, facts_of
from inspector.records.dtype import UNDEFINED, packed_bytes
from inspector.records.graph import NodeRef
from inspector.records.saved_model import VariableFacts
from inspector.records.tensor import Weight

_INDEX = "file variables/variables.index"
_DAMAGED = "loading fails: save the model again"
_UNCOUNTABLE = 10**15


def note_library(notes: Notes, definition: DefinitionReader) -> None:
    """Take note of unknown fields and of functions that share a name."""
    for (message, number), length in definition.unknown.items():
        notes.add(
            "unknown-field",
            "medium" if length > 1024 else "low",
            f"field {number} of {message} is not known: {length:,} bytes in all",
            "file saved_model.pb",
            "written by a newer or a foreign tool",
        )
    for name in definition.repeated_functions:
        notes.add("duplicate-function", "high", f"two functions are named {name}; the first is shown", f"function {name}")


def note_checkpoint(notes: Notes, checkpoint: Checkpoint, shards: Sequence[ShardUse]) -> None:
    """Take note of what is wrong with the index and the data files."""
    if checkpoint.problem:
        hint = "the variables cannot all be loaded: fetch or save the model again"
        notes.add("checkpoint-unreadable", "high", f"the checkpoint is damaged: {checkpoint.problem}", _INDEX, hint)
    if checkpoint.unchecked_bytes:
        message = f"checksums of {checkpoint.unchecked_bytes:,} bytes of the index were not verified"
        notes.add("checkpoint-unchecked", "info", message, _INDEX)
    if not checkpoint.is_little_endian:
        notes.add("checkpoint-big-endian", "medium", "the variables are stored with the high byte first", _INDEX)
    for use in shards:
        if use.facts.problem or use.file.missing_bytes:
            _note_shard(notes, use)


def _note_shard(notes: Notes, use: ShardUse) -> None:
    facts = use.facts
    place = f"file {facts.path}"
    if not use.file.contained:
        notes.add("external-data-escapes", "high", f"{facts.path}: {facts.problem}: it was not opened", place)
    elif facts.problem:
        message = (
            f"{facts.path} is {facts.problem}: {facts.entry_count:,} tensors of {facts.used_bytes:,} bytes cannot be loaded"
        )
        notes.add("shard-missing", "high", message, place, "fetch the SavedModel again, all of variables/")
    else:
        message = f"{facts.path} holds {facts.size_bytes:,} bytes where the index needs {facts.needed_bytes:,}"
        notes.add("shard-size-mismatch", "high", message, place, "cut short, or from another save: fetch it again")


def note_variables(notes: Notes, checkpoint: Checkpoint, variables: Sequence[Variable], cleaner: TextCleaner) -> None:
    """Take note of variables whose values are not stored, or not as they are declared."""
    for key in checkpoint.negative_shapes:
        name = cleaner.names[key]
        message = f"{name} has a negative length in the checkpoint, taken as 0"
        notes.add("negative-dimension", "high", message, f"variable {name}", _DAMAGED)
    for one in variables:
        if one.entry is not None:
            _note_size(notes, one.name, one.entry)
            _note_difference(notes, one)
    if not checkpoint.problem:
        _note_missing(notes, checkpoint, [facts_of(one, cleaner) for one in variables])


def note_constants(notes: Notes, unfit: Sequence[Weight]) -> None:
    """Take note of constants that hold more or fewer bytes than their shape asks for."""
    for weight in unfit:
        asked = f"{weight.byte_count:,}" if weight.byte_count < _UNCOUNTABLE else "more bytes than can be counted"
        message = (
            f"constant {weight.name} holds {weight.storage.length:,} bytes where its shape and {weight.dtype} ask for {asked}"
        )
        place = NodeRef(weight.graph, weight.node) if weight.node >= 0 else None
        notes.add("weight-size-mismatch", "high", message, f"node {weight.name}", _DAMAGED, place, weight.name)


def _note_size(notes: Notes, name: str, entry: Entry) -> None:
    if entry.slices and len(entry.parts) != len(entry.slices):
        message = f"variable {name} is stored in {len(entry.slices):,} slices, of which {len(entry.parts):,} are there"
        notes.add("weight-size-mismatch", "high", message, f"variable {name}", _DAMAGED, tensor=name)
        return
    expected = packed_bytes(entry.dtype, prod(entry.shape))
    if expected is not None and expected != entry.byte_count:
        asked = f"{expected:,}" if expected < _UNCOUNTABLE else "more bytes than can be counted"
        message = f"variable {name} holds {entry.byte_count:,} bytes where its shape and {entry.dtype} ask for {asked}"
        notes.add("weight-size-mismatch", "high", message, f"variable {name}", _DAMAGED, tensor=name)


def _note_difference(notes: Notes, variable: Variable) -> None:
    """Take note of a variable stored with another shape or type than it is declared with."""
    entry = variable.entry
    if entry is None or not variable.declared or variable.shape is None or entry.slices:
        return
    same = len(variable.shape) == len(entry.shape) and all(
        ours is None or ours == theirs for ours, theirs in zip(variable.shape, entry.shape, strict=True)
    )
    if not same or variable.dtype not in (entry.dtype, UNDEFINED):
        ours = f"{variable.dtype}{shape_text(variable.shape)}"
        theirs = f"{entry.dtype}{shape_text(entry.shape)}"
        message = f"variable {variable.name} is declared as {ours} and stored as {theirs}"
        notes.add("shape-contradiction", "high", message, f"variable {variable.name}", _DAMAGED, tensor=variable.name)


def _note_missing(notes: Notes, checkpoint: Checkpoint, variables: Sequence[VariableFacts]) -> None:
    for one in variables:
        if not one.stored and one.role == "parameter":
            where = "the checkpoint has no entry for it" if checkpoint.is_there else "there is no checkpoint"
            message = f"variable {one.name} has no values: {where}"
            notes.add("variable-missing", "high", message, f"variable {one.name}", "save the model again", tensor=one.name)
