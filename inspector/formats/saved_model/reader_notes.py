"""Findings that only the reader can make: what is damaged, missing or odd about the files themselves."""

from __future__ import annotations

from collections.abc import Sequence

from inspector.formats.onnx.notes import Notes
from inspector.formats.saved_model.checkpoint import Checkpoint, ShardUse
from inspector.formats.saved_model.meta_graph import DefinitionReader
from inspector.records.saved_model import VariableFacts

_INDEX = "file variables/variables.index"


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


def note_variables(notes: Notes, checkpoint: Checkpoint, variables: Sequence[VariableFacts]) -> None:
    """Take note of variables whose values are not stored, or not as they are declared."""
    if checkpoint.problem:
        return
    for one in variables:
        if not one.stored and one.role == "parameter":
            where = "the checkpoint has no entry for it" if checkpoint.is_there else "there is no checkpoint"
            message = f"variable {one.name} has no values: {where}"
            notes.add("variable-missing", "high", message, f"variable {one.name}", "save the model again", tensor=one.name)
