"""Contents of one size told apart by comparing their bytes, which proves more than a digest does and takes half the time."""

from __future__ import annotations

import hashlib
import os
from array import array
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple

from inspector.formats.onnx.open_file import open_regular

_SAMPLE: Final = 4096
_CHUNK: Final = 120 << 10
"""Small enough for the allocator to use the same memory again."""
_TELL_EVERY: Final = 64


class Stored(NamedTuple):
    """One content: the number of the file it lies in, where it begins there, and its length in bytes."""

    file: int
    offset: int
    length: int


@dataclass(frozen=True, slots=True)
class ComparisonRequest:
    """Groups of contents of one length each, in files that paths name in the file system's bytes.

    There may be very many: numbers are packed, eight bytes each, counts of contents by group and the contents of all groups.
    """

    paths: tuple[bytes, ...]
    counts: bytes
    contents: bytes

    @classmethod
    def of(cls, paths: Sequence[bytes], groups: Sequence[Sequence[Stored]]) -> ComparisonRequest:
        """Pack a request."""
        return cls.packed(paths, map(len, groups), [number for group in groups for content in group for number in content])

    @classmethod
    def packed(cls, paths: Sequence[bytes], counts: Iterable[int], numbers: Sequence[int]) -> ComparisonRequest:
        """Pack counts of contents by group and, of all contents, one after the other, what Stored has."""
        return cls(tuple(paths), array("q", counts).tobytes(), array("q", numbers).tobytes())


def compare_groups(request: ComparisonRequest, report: Callable[[int, int, str], None]) -> bytes:
    """Return for every content the position, in its group, of the first that equals it; -1 where it cannot be read.

    Packed as requests are. Each content is read at most three times, however many there are. Raises UnreadableArtifact.
    """
    numbers, counts = unpacked(request.contents), unpacked(request.counts)
    found = array("q")
    with ExitStack() as stack:
        descriptors = [open_regular(Path(os.fsdecode(path))) for path in request.paths]
        for descriptor in descriptors:
            stack.callback(os.close, descriptor)
        begin = 0
        for done, count in enumerate(counts):
            triples = numbers[3 * begin : 3 * (begin + count)]
            found.extend(_firsts(descriptors, list(map(Stored, triples[::3], triples[1::3], triples[2::3]))))
            begin += count
            if done % _TELL_EVERY == 0:
                report(begin, len(numbers) // 3, "files")
    return found.tobytes()


def unpacked(numbers: bytes) -> Sequence[int]:
    """Return the numbers that were packed."""
    return array("q", numbers)


def _firsts(descriptors: Sequence[int], group: Sequence[Stored]) -> Iterable[int]:
    """Return for every content of a group the position of the first that equals it, -1 where it cannot be read."""
    if len(group) == 1:
        return (0,)
    if len(group) == 2 and (is_equal := _equal(descriptors, *group)) is not None:
        return (0, 0) if is_equal else (0, 1)
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


def _equal(descriptors: Sequence[int], one: Stored, other: Stored) -> bool | None:
    """Return whether two contents of one length are equal; None where one of them is cut short."""
    file, offset, whole = one
    other_file, other_offset, _ = other
    first, second = descriptors[file], descriptors[other_file]
    for start in range(0, whole, _CHUNK):
        length = min(_CHUNK, whole - start)
        data = os.pread(first, length, offset + start)
        if data != os.pread(second, length, other_offset + start):
            return None if _is_short(first, one) or _is_short(second, other) else False
        if len(data) < length:
            return None
    return True


def _is_short(descriptor: int, content: Stored) -> bool:
    return not os.pread(descriptor, 1, content.offset + content.length - 1)


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
