"""Which weights hold the same bytes: told by size first, then by samples, then by digests as far as the budget goes."""

from __future__ import annotations

import hashlib
import os
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Final, TypeVar

from inspector.errors import InspectorError
from inspector.formats.onnx.containment import Locator
from inspector.formats.onnx.open_file import open_regular
from inspector.records.artifact import Computation
from inspector.records.equal_weights import EqualWeights
from inspector.records.tensor import Weight

SMALLEST: Final = 1024
"""Bytes from which on a weight is looked at; below, equal ones (scalars, axes, shapes) are no news."""

_SAMPLE: Final = 256
_CHUNK: Final = 1 << 20

Place = tuple[str, int, int]
"""File (empty: the artifact), offset and length of a stretch of storage."""

Item = TypeVar("Item")


def find_equal_weights(computation: Computation, byte_budget: int) -> tuple[EqualWeights, ...]:
    """Return the groups of weights that are equal in element type, shape and stored bytes, in file order.

    A tied group shares one stretch of storage; any other lists one weight for each stretch. Only weights of a size that occurs
    more than once are touched: first three samples of each, then, for groups in order of size while their bytes fit into
    byte_budget, the whole. Groups past the budget are unconfirmed, with the bytes still to read. Weights under 1 KiB, and
    files that cannot be read, are left out.
    """
    stored = [weight for weight in computation.weights if weight.storage.length >= SMALLEST and _has_bytes(weight)]
    by_place = _grouped(stored, _place)
    tied = [_tied(group) for group in by_place if len(group) > 1]
    with closing(_Files(Path(computation.definition_path))) as files:
        alike = _repeated([group[0] for group in by_place], _appearance)
        candidates = [same for group in alike for same in _repeated(_in_storage_order(group), files.sample)]
        equal = list(_confirmed(candidates, files, byte_budget))
    return _in_file_order(computation, tied + equal)


def _in_file_order(computation: Computation, groups: list[EqualWeights]) -> tuple[EqualWeights, ...]:
    """Return the groups by their first weight, and the weights of each, as the file has them."""
    order = {id(weight): index for index, weight in enumerate(computation.weights)}
    in_order = [replace(group, weights=tuple(sorted(group.weights, key=lambda w: order[id(w)]))) for group in groups]
    return tuple(sorted(in_order, key=lambda group: order[id(group.weights[0])]))


def _has_bytes(weight: Weight) -> bool:
    return weight.storage.encoding in ("raw", "typed", "external")


def _place(weight: Weight) -> Place:
    return weight.storage.path, weight.storage.offset, weight.storage.length


def _appearance(weight: Weight) -> Hashable:
    """Return what equal weights have in common before any byte is read; inline and external bytes mean the same."""
    storage = weight.storage
    return weight.dtype, weight.shape, storage.length, storage.field, storage.tagged


def _in_storage_order(weights: Iterable[Weight]) -> list[Weight]:
    return sorted(weights, key=_place)


def _grouped(items: Iterable[Item], key: Callable[[Item], Hashable | None]) -> list[list[Item]]:
    """Return the items in groups of the same key, in order of first appearance; those without a key are left out."""
    groups: defaultdict[Hashable, list[Item]] = defaultdict(list)
    for item in items:
        if (found := key(item)) is not None:
            groups[found].append(item)
    return list(groups.values())


def _repeated(items: Iterable[Item], key: Callable[[Item], Hashable | None]) -> list[list[Item]]:
    """Return the groups of more than one item of the same key."""
    return [group for group in _grouped(items, key) if len(group) > 1]


def _tied(group: list[Weight]) -> EqualWeights:
    return EqualWeights(tuple(group), group[0].byte_count, tied=True)


def _confirmed(candidates: list[list[Weight]], files: _Files, byte_budget: int) -> Iterator[EqualWeights]:
    """Yield the groups of weights whose samples agree, split by digest where the budget allows."""
    candidates.sort(key=lambda group: len(group) * group[0].storage.length)
    left = byte_budget
    for group in candidates:
        length = group[0].storage.length
        needed = len(group) * length
        if needed > left:
            yield EqualWeights(tuple(group), group[0].byte_count, confirmed=False, unread_bytes=needed)
            continue
        left -= needed
        for same in _repeated(group, files.digest):
            yield EqualWeights(tuple(same), same[0].byte_count)


class _Files:
    """Reads stretches of the artifact and its external files, each opened once and checked as it is."""

    def __init__(self, artifact: Path) -> None:
        self._artifact = artifact
        self._locator = Locator(artifact)
        self._descriptors: dict[str, int | None] = {}

    def close(self) -> None:
        """Close whatever was opened."""
        for descriptor in self._descriptors.values():
            if descriptor is not None:
                os.close(descriptor)

    def sample(self, weight: Weight) -> bytes | None:
        """Return bytes from the head, the middle and the tail of a weight, None where it cannot be read in full."""
        _, offset, length = _place(weight)
        descriptor = self._descriptor(weight.storage.path)
        if descriptor is None:
            return None
        try:
            parts = [os.pread(descriptor, _SAMPLE, offset + start) for start in (0, (length - _SAMPLE) // 2, length - _SAMPLE)]
        except (OSError, OverflowError):
            return None
        return b"".join(parts) if all(len(part) == _SAMPLE for part in parts) else None

    def digest(self, weight: Weight) -> bytes | None:
        """Return the sha256 of a weight's stored bytes, None where it cannot be read in full."""
        _, offset, length = _place(weight)
        descriptor = self._descriptor(weight.storage.path)
        if descriptor is None:
            return None
        digest, end = hashlib.sha256(), offset + length
        while offset < end:
            try:
                data = os.pread(descriptor, min(_CHUNK, end - offset), offset)
            except OSError:
                return None
            if not data:
                return None
            digest.update(data)
            offset += len(data)
        return digest.digest()

    def _descriptor(self, location: str) -> int | None:
        """Return a descriptor of the artifact (empty location) or of an external file, None if it may not be opened."""
        if location not in self._descriptors:
            try:
                found = self._locator.open(location) if location else open_regular(self._artifact)
            except InspectorError:
                found = None
            self._descriptors[location] = found
        return self._descriptors[location]
