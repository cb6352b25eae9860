"""Finds in the layers of an archive what is needed of them: headers in full, and where contents lie or were put."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Final, NamedTuple

from inspector.errors import OperationFailed
from inspector.formats.clean_text import TextCleaner
from inspector.formats.image.decompress import Bounded, Portion, StretchReader, decompressor, most_uncompressed
from inspector.formats.image.layer_answer import Allowance, LayerPlace, RawEntry
from inspector.formats.image.layer_collector import LayerCollector
from inspector.formats.image.tar_header import LayerProblem
from inspector.formats.image.tar_sources import CHUNK, FileStretch, Read, StreamSource, TarSource, read_at
from inspector.formats.image.tar_walk import Member, walk
from inspector.formats.image.writing_headers import Attributes, RecordingSource, attributes_of
from inspector.formats.image.writing_request import ExpectedEntry, LayerJob, Place
from inspector.formats.onnx.open_file import open_regular
from inspector.records.image import Compression

HINT: Final = "open the image again: its file is another one than when it was read, or damaged"


class Content(NamedTuple):
    """Where the stored bytes of a content lie in an open file."""

    descriptor: int
    offset: int
    length: int


class _Counter(LayerCollector):
    """Makes the same entries of members as indexing does, one at a time."""

    def entry_of(self, member: Member) -> RawEntry | None:
        """Return the entry of a member; None for one that is left out."""
        self._add(member, _unread)
        return self.entries.pop() if self.entries else None


def _unread(_member: Member, _path: bytes) -> bytes:
    return b""


class LayerReader:
    """Reads the layers of one archive or layout; what it found is in attributes and contents, by place."""

    def __init__(self, spool: Path, contents: set[Place], deadline: float, report: Callable[[int], None]) -> None:
        """contents are the places whose bytes are needed; spool is a new file for those of compressed layers."""
        self.attributes: dict[Place, Attributes] = {}
        self.contents: dict[Place, Content] = {}
        self._wanted_contents = contents
        self._deadline = deadline
        self._report = report
        self._cleaner = TextCleaner("the image")
        self._spool_path = spool
        self._spool = -1
        self._spooled = 0
        self._stack = ExitStack()
        self._files: dict[bytes, tuple[int, os.stat_result]] = {}
        self._digests: list[tuple[LayerJob, Future[str]]] = []

    def __enter__(self) -> LayerReader:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()
        self._spool_path.unlink(missing_ok=True)

    def read(self, jobs: list[LayerJob], pool: ThreadPoolExecutor) -> None:
        """Find what is needed of every layer; raises OperationFailed where the archive is not what it was."""
        wrapped: dict[bytes, list[LayerJob]] = {}
        for job in jobs:
            try:
                if job.place.wrapping != "none":
                    wrapped.setdefault(job.place.path, []).append(job)
                elif job.place.stretch.compression == "none":
                    self._read_plain(job, pool)
                else:
                    self._read_compressed(job)
            except LayerProblem as problem:
                raise OperationFailed(f"layer {job.index + 1} {problem}", HINT) from None
        for path, inside in wrapped.items():
            self._read_wrapped(path, inside)

    def check(self) -> None:
        """Raise OperationFailed where a layer turned out to be another than its diff_id says, or a file changed meanwhile."""
        for job, digest in self._digests:
            if digest.result() != job.diff_id:
                raise _other(job)
        for descriptor, before in self._files.values():
            now = os.fstat(descriptor)
            if (now.st_size, now.st_mtime_ns, now.st_ctime_ns) != (before.st_size, before.st_mtime_ns, before.st_ctime_ns):
                raise OperationFailed("the image changed while it was read", "try again once it is written")

    def _opened(self, path: bytes) -> int:
        if path not in self._files:
            descriptor = open_regular(Path(os.fsdecode(path)))
            self._stack.callback(os.close, descriptor)
            self._files[path] = descriptor, os.fstat(descriptor)
        return self._files[path][0]

    def _read_plain(self, job: LayerJob, pool: ThreadPoolExecutor) -> None:
        stretch = job.place.stretch
        descriptor = self._opened(job.place.path)
        if os.fstat(descriptor).st_size < stretch.offset + stretch.length:
            raise LayerProblem("is cut short: the file ends before it")
        if job.diff_id:
            self._digests.append((job, pool.submit(_digest, descriptor, stretch.offset, stretch.length)))
        for member, entry in self._needed(job, FileStretch(descriptor, stretch.offset, stretch.length)):
            place = job.index, entry
            if place in self._wanted_contents:
                self.contents[place] = Content(descriptor, stretch.offset + member.offset, member.stored)
        self._report(stretch.length)

    def _read_compressed(self, job: LayerJob) -> None:
        stretch = job.place.stretch
        stored = StretchReader(self._opened(job.place.path), stretch.offset, stretch.length)
        self._read_stream([job], self._uncompressed(stored.read, stretch.compression, stretch.length))

    def _read_wrapped(self, path: bytes, jobs: list[LayerJob]) -> None:
        """Read all layers of a file that is compressed as a whole in one pass; one that is used twice is read once."""
        size = os.fstat(self._opened(path)).st_size
        outer = StretchReader(self._opened(path), 0, size)
        source = StreamSource(self._uncompressed(outer.read, jobs[0].place.wrapping, size), digest=False)
        by_stretch: dict[tuple[int, int], list[LayerJob]] = {}
        for job in sorted(jobs, key=lambda one: (one.place.stretch.offset, one.index)):
            by_stretch.setdefault((job.place.stretch.offset, job.place.stretch.length), []).append(job)
        for (offset, length), same in by_stretch.items():
            try:
                if source.position > offset or not source.move_to(offset):
                    raise LayerProblem("is cut short: the archive ends before it")
                inner = Portion(source.read, length)
                self._read_stream(same, self._uncompressed(inner.read, same[0].place.stretch.compression, length))
            except LayerProblem as problem:
                raise OperationFailed(f"layer {same[0].index + 1} {problem}", HINT) from None

    def _uncompressed(self, read: Read, compression: Compression, length: int) -> Read:
        bounds = Allowance()
        most = most_uncompressed(length, bounds.uncompressed_bytes, bounds.ratio)
        return Bounded(decompressor(read, compression).read, most, self._deadline).read

    def _read_stream(self, jobs: list[LayerJob], read: Read) -> None:
        """Read one layer to its end, putting aside the contents that are needed, for all that are this layer."""
        job = jobs[0]
        source = StreamSource(read, digest=bool(job.diff_id))
        everything = LayerJob(job.index, job.place, job.entries, job.diff_id, _all_wanted(jobs))
        for member, entry in self._needed(everything, source):
            places = [(one.index, entry) for one in jobs]
            if any(place in self._wanted_contents for place in places):
                content = self._put_aside(source, member)
                self.contents.update((place, content) for place in places)
        source.drain(lambda _: None)
        if job.diff_id and f"sha256:{source.sha256()}" != job.diff_id:
            raise _other(job)
        for one in jobs[1:]:
            for expected in one.wanted:
                self.attributes[one.index, expected.number] = self.attributes[job.index, expected.number]
        self._report(job.place.stretch.length)

    def _put_aside(self, source: StreamSource, member: Member) -> Content:
        if self._spool < 0:
            self._spool = os.open(self._spool_path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            self._stack.callback(os.close, self._spool)
        content = Content(self._spool, self._spooled, member.stored)
        for piece in source.pieces(member.stored):
            view = memoryview(piece)
            while view:
                count = os.write(self._spool, view)
                self._spooled += count
                view = view[count:]
        if self._spooled != content.offset + content.length:
            raise LayerProblem(f"is cut short at byte {source.position:,}")
        return content

    def _needed(self, job: LayerJob, source: TarSource) -> Iterator[tuple[Member, int]]:
        """Yield the members that are needed, with the index of each among the entries, once its attributes are taken in."""
        wanted = {one.number: one for one in job.wanted}
        recording, counter, count = RecordingSource(source), _Counter(Allowance()), 0
        for member in walk(recording):
            blocks = recording.take()
            entry = counter.entry_of(member)
            if entry is None:
                continue
            expected = wanted.get(count)
            if expected is not None:
                self._compare(job, expected, entry)
                self.attributes[job.index, count] = attributes_of(member, entry, blocks)
                yield member, count
            count += 1
            if time.monotonic() > self._deadline:
                raise LayerProblem("was not read on: it took too long")
        if count != job.entries:
            raise _other(job)

    def _compare(self, job: LayerJob, expected: ExpectedEntry, entry: RawEntry) -> None:
        """Raise OperationFailed unless the entry is the one that was indexed."""
        found = (entry.kind, entry.size, entry.mode, entry.uid, entry.gid, entry.mtime, entry.offset, entry.stored)
        if found != expected[2:] or self._cleaner.names[entry.path] != expected.path or entry.whiteout:
            raise _other(job)


def _all_wanted(jobs: list[LayerJob]) -> list[ExpectedEntry]:
    return list({one.number: one for job in jobs for one in job.wanted}.values())


def _other(job: LayerJob) -> OperationFailed:
    return OperationFailed(f"layer {job.index + 1} is not what it was when the image was read", HINT)


def _digest(descriptor: int, offset: int, length: int) -> str:
    sha256 = hashlib.sha256()
    end = offset + length
    while offset < end and (data := read_at(descriptor, offset, min(CHUNK, end - offset))):
        sha256.update(data)
        offset += len(data)
    return f"sha256:{sha256.hexdigest()}"


def read_pieces(content: Content) -> Iterator[bytes]:
    """Yield the stored bytes of a content; raises OperationFailed where the file ends before them."""
    offset, end = content.offset, content.offset + content.length
    while offset < end:
        data = read_at(content.descriptor, offset, min(CHUNK, end - offset))
        if not data:
            raise OperationFailed(f"the image is cut short: {end - offset:,} bytes of a file are missing", HINT)
        offset += len(data)
        yield data


__all__ = ["HINT", "Content", "LayerPlace", "LayerReader", "read_pieces"]
