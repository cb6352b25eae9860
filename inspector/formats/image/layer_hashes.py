"""Digests of the contents of many files: of plain layers in threads, of compressed ones in one pass of a child."""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import Final

from inspector.errors import UnreadableArtifact
from inspector.formats.image.layer_answer import HashRequest, LayerPlace, Stretch
from inspector.formats.image.layer_places import is_plain, limits_for, opened, place_of, seconds_for
from inspector.formats.image.tar_content import digest_content
from inspector.formats.image.tar_header import LayerProblem
from inspector.formats.image.tar_sources import FileStretch
from inspector.formats.image.tar_walk import walk
from inspector.isolation import failure
from inspector.isolation.child import ChildFailed, run_child
from inspector.isolation.limits import CancelToken
from inspector.records.event import Event, Finished, Progress, Started
from inspector.records.image import Entry, Image

_ENTRY: Final = "inspector.formats.image.layer_child:hash_in_child"
_THREADS: Final = 2
_HASH_CHUNK: Final = 1 << 20
_TELL_EVERY: Final = 64
_RUN_BYTES: Final = 32 << 20


def hash_entries(
    image: Image, wanted: Mapping[int, Sequence[Entry]], cancel: CancelToken | None = None
) -> Iterator[Event[Mapping[tuple[int, int], str]]]:
    """Digest the contents of files, by layer index; yield progress and at last sha256 by (layer index, offset).

    One pass a layer; digests that indexing computed are taken as they are. What cannot be read is left out. Raises
    ChildFailed when cancelled.
    """
    yield Started("comparing contents")
    found: dict[tuple[int, int], str] = {}
    total = sum(len(entries) for entries in wanted.values())
    for index, entries in wanted.items():
        found.update({(index, entry.offset): entry.sha256 for entry in entries if entry.sha256})
        missing = [entry for entry in entries if not entry.sha256 and entry.kind == "file" and entry.size]
        place = place_of(image.layers[index])
        if missing and place is not None:
            steps = _hash_plain(place, missing, cancel) if is_plain(place) else _hash_by_child(place, missing, cancel)
            for offset, digest in steps:
                found[index, offset] = digest
                if len(found) % _TELL_EVERY == 0:
                    yield Progress(len(found), total, "files")
    yield Finished(found)


def _hash_plain(place: LayerPlace, entries: Sequence[Entry], cancel: CancelToken | None) -> Iterator[tuple[int, str]]:
    """Digest contents where they lie, in threads: hashing leaves the interpreter to others."""
    try:
        with opened(place) as descriptor:
            simple = sorted({entry.offset: entry for entry in entries if not entry.sparse}.values(), key=lambda e: e.offset)
            yield from _hash_in_threads(descriptor, place, simple, cancel)
            sparse = {entry.offset for entry in entries if entry.sparse}
            if sparse:
                yield from _hash_sparse(descriptor, place, sparse)
    except UnreadableArtifact:
        return


def _hash_in_threads(
    descriptor: int, place: LayerPlace, entries: Sequence[Entry], cancel: CancelToken | None
) -> Iterator[tuple[int, str]]:
    """Yield digests in the order they are ready; each thread takes a run of neighbors at a time."""
    abandoned = CancelToken()

    def is_over() -> bool:
        return abandoned.cancelled or (cancel is not None and cancel.cancelled)

    pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="digest")
    try:
        for ready in as_completed([pool.submit(_hash_run, descriptor, place.stretch, run, is_over) for run in _runs(entries)]):
            if is_over():
                raise failure.cancelled("comparing contents")
            yield from ready.result()
    finally:
        abandoned.cancel()
        pool.shutdown(cancel_futures=True)


def _runs(entries: Sequence[Entry]) -> Iterator[list[Entry]]:
    """Yield neighbors together, as many as are quickly digested."""
    run: list[Entry] = []
    size = 0
    for entry in entries:
        run.append(entry)
        size += entry.size
        if len(run) == _TELL_EVERY or size > _RUN_BYTES:
            yield run
            run, size = [], 0
    if run:
        yield run


def _hash_run(
    descriptor: int, stretch: Stretch, entries: Sequence[Entry], is_over: Callable[[], bool]
) -> list[tuple[int, str]]:
    buffer = bytearray(_HASH_CHUNK)
    view = memoryview(buffer)
    found: list[tuple[int, str]] = []
    for entry in entries:
        sha256 = hashlib.sha256()
        done = 0
        left = min(entry.size, stretch.length - entry.offset)
        while done < left and not is_over():
            count = os.preadv(descriptor, [view[: min(_HASH_CHUNK, left - done)]], stretch.offset + entry.offset + done)
            if count <= 0:
                break
            sha256.update(view[:count])
            done += count
        if done == entry.size:
            found.append((entry.offset, sha256.hexdigest()))
    return found


def _hash_sparse(descriptor: int, place: LayerPlace, offsets: set[int]) -> Iterator[tuple[int, str]]:
    source = FileStretch(descriptor, place.stretch.offset, place.stretch.length)
    with contextlib.suppress(LayerProblem):
        for member in walk(source):
            if member.offset in offsets and (digest := digest_content(source, member)):
                yield member.offset, digest


def _hash_by_child(place: LayerPlace, entries: Sequence[Entry], cancel: CancelToken | None) -> Iterator[tuple[int, str]]:
    request = HashRequest(place, tuple(sorted({entry.offset for entry in entries})), seconds_for(place))
    answer = run_child(_ENTRY, request, dict[int, str], limits_for(place), cancel, title="comparing contents")
    try:
        for event in answer:
            if isinstance(event, Finished):
                yield from ((offset, digest) for offset, digest in event.result.items() if digest)
    except (ChildFailed, UnreadableArtifact) as error:
        if isinstance(error, ChildFailed) and error.kind == "cancelled":
            raise
