"""Contents of one size told apart by comparing their bytes, which proves more than a digest does and takes half the time."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from inspector.formats.onnx.open_file import open_regular

_THREADS: Final = 2
_SAMPLE: Final = 4096
_CHUNK: Final = 120 << 10
"""Small enough for the allocator to use the same memory again."""
_PORTION_BYTES: Final = 16 << 20
_PORTION_GROUPS: Final = 256


@dataclass(frozen=True, slots=True)
class Stored:
    """One content: the number of the file it lies in, where it begins there, and its length in bytes."""

    file: int
    offset: int
    length: int


@dataclass(frozen=True, slots=True)
class ComparisonRequest:
    """Groups of contents of one length each, in files that paths name in the file system's bytes."""

    paths: tuple[bytes, ...]
    groups: tuple[tuple[Stored, ...], ...]


def compare_groups(request: ComparisonRequest, report: Callable[[int, int, str], None]) -> list[list[int]]:
    """Return, group by group, for every content the position of the first that equals it; -1 where it cannot be read.

    Each content is read at most three times, however many there are. Raises UnreadableArtifact.
    """
    total = sum(map(len, request.groups))
    found: list[list[int]] = []
    done = 0
    with ExitStack() as stack, ThreadPoolExecutor(_THREADS, thread_name_prefix="comparing") as pool:
        descriptors = [open_regular(Path(os.fsdecode(path))) for path in request.paths]
        for descriptor in descriptors:
            stack.callback(os.close, descriptor)
        for told in pool.map(lambda portion: [_firsts(descriptors, group) for group in portion], _portions(request.groups)):
            found += told
            done += sum(map(len, told))
            report(done, total, "files")
    return found


def _portions(groups: Sequence[Sequence[Stored]]) -> Iterator[list[Sequence[Stored]]]:
    """Yield groups together, as many as a thread compares quickly."""
    portion: list[Sequence[Stored]] = []
    size = 0
    for group in groups:
        portion.append(group)
        size += len(group) * group[0].length if group else 0
        if size > _PORTION_BYTES or len(portion) == _PORTION_GROUPS:
            yield portion
            portion, size = [], 0
    if portion:
        yield portion


def _firsts(descriptors: Sequence[int], group: Sequence[Stored]) -> list[int]:
    """Return for every content of a group the position of the first that equals it, -1 where it cannot be read."""
    if len(group) == 1:
        return [0]
    firsts = [-1] * len(group)
    alike: dict[int, list[int]] = {}
    for position, content in enumerate(group):
        sample = _sample(descriptors[content.file], content)
        if sample is not None:
            alike.setdefault(sample, []).append(position)
    for first, *others in alike.values():
        firsts[first] = first
        unequal = []
        for position in others:
            if _equal(descriptors, group[first], group[position]):
                firsts[position] = first
            else:
                unequal.append(position)
        _tell_by_digest(descriptors, group, unequal, firsts)
    return firsts


def _sample(descriptor: int, content: Stored) -> int | None:
    """Return what equal contents have in common, cheaply; None where a content is cut short."""
    length = min(_SAMPLE, content.length)
    head = os.pread(descriptor, length, content.offset)
    tail = os.pread(descriptor, length, content.offset + content.length - length)
    return hash((head, tail)) if len(head) == len(tail) == length else None


def _equal(descriptors: Sequence[int], one: Stored, other: Stored) -> bool:
    for start in range(0, one.length, _CHUNK):
        length = min(_CHUNK, one.length - start)
        if os.pread(descriptors[one.file], length, one.offset + start) != os.pread(
            descriptors[other.file], length, other.offset + start
        ):
            return False
    return True


def _tell_by_digest(descriptors: Sequence[int], group: Sequence[Stored], positions: Sequence[int], firsts: list[int]) -> None:
    """Tell apart contents that begin and end like another and are not equal to it: comparing each with each might not end."""
    by_digest: dict[bytes, int] = {}
    for position in positions:
        content = group[position]
        sha256 = hashlib.sha256()
        for start in range(0, content.length, _CHUNK):
            length = min(_CHUNK, content.length - start)
            sha256.update(os.pread(descriptors[content.file], length, content.offset + start))
        firsts[position] = by_digest.setdefault(sha256.digest(), position)
