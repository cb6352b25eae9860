"""The checkpoint in variables/: an index of tensors, and the data files they lie in.

The index is a LevelDB table of BundleEntryProto by tensor name, the header under the empty name
(tensorflow/core/protobuf/tensor_bundle.proto names the fields).
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from google.protobuf.message import DecodeError

from inspector.errors import OperationFailed, UnreadableArtifact
from inspector.formats.clean_text import one_line
from inspector.formats.onnx.containment import MISSING, Locator
from inspector.formats.onnx.ranges import cover
from inspector.formats.onnx.wire import Source, decode_varint
from inspector.formats.saved_model.dtypes import dtype_name
from inspector.formats.saved_model.leveldb_table import MalformedTableError, Table
from inspector.formats.saved_model.masked_checksum import masked_checksum
from inspector.formats.saved_model.schema import BundleEntryMessage, BundleHeaderMessage
from inspector.formats.saved_model.shapes import whole_shape
from inspector.records.artifact import ByteRange, ExternalFile
from inspector.records.saved_model import CheckpointFacts, Shard

PREFIX: Final = "variables/variables"
OBJECT_GRAPH_KEY: Final = b"_CHECKPOINTABLE_OBJECT_GRAPH"
MOST_SHARDS: Final = 10_000
LARGEST_OBJECT_GRAPH: Final = 128 * 1024**2
_MOST_SLICES: Final = 100_000
_SLICE_MARK: Final = b"\0"
_NAME_END: Final = b"\0\1"


@dataclass(slots=True)
class Entry:
    """One tensor of the index: where its bytes lie, or the slices it is stored in (then size is 0)."""

    key: bytes
    dtype: str
    shape: tuple[int, ...]
    shard: int
    offset: int
    size: int
    slices: tuple[str, ...] = ()
    parts: list[Entry] = field(default_factory=list)

    @property
    def byte_count(self) -> int:
        """Bytes stored, of all slices."""
        return self.size + sum(part.size for part in self.parts)

    def stretches(self) -> list[Entry]:
        """Return what is stored in one piece: the entry itself or its slices."""
        return self.parts if self.slices else [self]


@dataclass(slots=True)
class Checkpoint:
    """A checkpoint as its index describes it; problem says why the index could not be read, empty if it could."""

    entries: dict[bytes, Entry] = field(default_factory=dict)
    shard_count: int = 0
    producer: int = 0
    is_little_endian: bool = True
    is_there: bool = False
    problem: str = ""
    unchecked_bytes: int = 0
    negative_shapes: list[bytes] = field(default_factory=list)
    """Tensors with a length below zero."""
    orphans: list[Entry] = field(default_factory=list)
    """Slices of tensors that the index does not name."""


def read_checkpoint(locator: Locator) -> Checkpoint:
    """Return the checkpoint beside the definition; what is wrong with its index is in its problem."""
    checkpoint = Checkpoint()
    location = f"{PREFIX}.index"
    found = locator.locate(location)
    if found.problem == MISSING:
        return checkpoint
    checkpoint.is_there = True
    try:
        with opened(locator, location) as source:
            table = Table(source)
            for key, value in table.entries():
                _take(checkpoint, key, value)
            checkpoint.unchecked_bytes = table.unchecked_bytes
    except MalformedTableError as error:
        checkpoint.problem = f"the index holds {error}"
    except (OperationFailed, UnreadableArtifact) as error:
        checkpoint.problem = error.message
    _attach_slices(checkpoint)
    return checkpoint


@contextmanager
def opened(locator: Locator, location: str) -> Iterator[Source]:
    """Open a file of the SavedModel's own folder for walking; raises OperationFailed."""
    descriptor = locator.open(location)
    try:
        yield Source(descriptor, os.fstat(descriptor).st_size, one_line(location))
    finally:
        os.close(descriptor)


def shard_location(number: int, count: int) -> str:
    """Return where a data file lies: "variables/variables.data-00000-of-00001"."""
    return f"{PREFIX}.data-{number:05d}-of-{count:05d}"


def _take(checkpoint: Checkpoint, key: bytes, value: bytes) -> None:
    try:
        if not key:
            header = BundleHeaderMessage.FromString(value)
            if not 0 <= header.num_shards <= MOST_SHARDS:
                raise MalformedTableError(f"{header.num_shards:,} data files")
            checkpoint.shard_count = header.num_shards
            checkpoint.producer = header.version.producer
            checkpoint.is_little_endian = header.endianness == 0
            return
        message = BundleEntryMessage.FromString(value)
        checkpoint.entries[key] = _entry(key, message)
        if any(dim.size < 0 for dim in message.shape.dim):
            checkpoint.negative_shapes.append(key)
    except DecodeError:
        raise MalformedTableError(f"a malformed entry for {one_line(key.decode('utf-8', 'replace'))}") from None


def _entry(key: bytes, message: Any) -> Entry:
    if len(message.slices) > _MOST_SLICES:
        raise MalformedTableError(f"a tensor in more than {_MOST_SLICES:,} slices")
    slices = tuple(_slice_text(one) for one in message.slices)
    if message.offset < 0 or message.size < 0 or message.shard_id < 0:
        raise MalformedTableError(f"a negative place for {one_line(key.decode('utf-8', 'replace'))}")
    return Entry(
        key, dtype_name(message.dtype), whole_shape(message.shape), message.shard_id, message.offset, message.size, slices
    )


def _slice_text(message: Any) -> str:
    """Return a slice as TensorFlow writes it: "start,length" by dimension, "-" for a whole one, joined by ":"."""
    return ":".join(f"{e.start},{e.length}" if e.HasField("length") else "-" for e in message.extent)


def _attach_slices(checkpoint: Checkpoint) -> None:
    """Move the entries of slices, whose keys begin with a zero byte, to the tensors they are part of."""
    for key in [key for key in checkpoint.entries if key.startswith(_SLICE_MARK)]:
        part = checkpoint.entries.pop(key)
        name = key[1:].partition(_NAME_END)[0].replace(b"\0\xff", b"\0").replace(b"\xff\0", b"\xff")
        whole = checkpoint.entries.get(name)
        if whole is None:
            checkpoint.orphans.append(part)
        else:
            whole.parts.append(part)


@dataclass(slots=True)
class ShardUse:
    """One data file as the index uses it."""

    facts: Shard
    file: ExternalFile


def inspect_shards(checkpoint: Checkpoint, locator: Locator) -> list[ShardUse]:
    """Return every data file that the index names, with how its entries cover it; nothing is opened."""
    by_shard: dict[int, list[Entry]] = {}
    for entry in (*checkpoint.entries.values(), *checkpoint.orphans):
        for one in entry.stretches():
            by_shard.setdefault(one.shard, []).append(one)
    numbers = sorted({*range(checkpoint.shard_count), *by_shard})
    return [_shard_use(locator, shard_location(n, checkpoint.shard_count), by_shard.get(n, [])) for n in numbers]


def _shard_use(locator: Locator, location: str, entries: list[Entry]) -> ShardUse:
    found = locator.locate(location)
    needed = max((entry.offset + entry.size for entry in entries), default=0)
    ranges = [ByteRange(entry.offset, entry.size) for entry in entries]
    coverage = cover(ranges, needed if found.size_bytes is None else found.size_bytes)
    used, problem = coverage.used_bytes, found.problem
    missing = max(0, needed - (found.size_bytes or 0))
    gaps = coverage.gaps if found.size_bytes is not None else ()
    file = ExternalFile(
        location,
        found.size_bytes,
        found.contained,
        found.link,
        len(entries),
        used,
        missing,
        coverage.overlaps,
        gaps,
        problem=problem,
    )
    return ShardUse(Shard(location, found.size_bytes, needed, len(entries), used, problem), file)


def checkpoint_facts(checkpoint: Checkpoint, shards: list[ShardUse]) -> CheckpointFacts | None:
    """Return what to tell of the checkpoint, None where there is none."""
    if not checkpoint.is_there:
        return None
    return CheckpointFacts(
        PREFIX,
        len(checkpoint.entries),
        checkpoint.shard_count,
        sum(entry.byte_count for entry in checkpoint.entries.values()),
        checkpoint.producer,
        tuple(use.facts for use in shards),
        checkpoint.is_little_endian,
    )


def read_object_graph(checkpoint: Checkpoint, locator: Locator) -> bytes:
    """Return the serialized object graph that the checkpoint stores as a text, b"" without one.

    A string tensor lies as the lengths of its elements, a checksum of those, and the elements. Raises OperationFailed,
    UnreadableArtifact, or ValueError where it is malformed.
    """
    entry = checkpoint.entries.get(OBJECT_GRAPH_KEY)
    if entry is None or entry.dtype != "string" or entry.shape not in ((), (1,)):
        return b""
    if entry.size > LARGEST_OBJECT_GRAPH:
        raise ValueError(f"an object graph of {entry.size:,} bytes is too large")
    with opened(locator, shard_location(entry.shard, checkpoint.shard_count)) as source:
        stored = source.read(entry.offset, entry.size)
    try:
        length, position = decode_varint(stored, 0)
    except IndexError:
        raise ValueError("the object graph is cut short") from None
    raw = stored[position + 4 :]
    width = 4 if length <= 0xFFFF_FFFF else 8
    expected = masked_checksum(length.to_bytes(width, "little"))
    if len(raw) != length or int.from_bytes(stored[position : position + 4], "little") != expected:
        raise ValueError("the object graph is damaged")
    return raw
