"""An archive that is compressed as a whole, indexed in one bounded pass of a child process."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from inspector.errors import UnreadableArtifact
from inspector.formats.clean_text import one_line
from inspector.formats.image.archive import HEAD, Found, Store
from inspector.formats.image.archive_answer import WrappedAnswer, WrappedRequest
from inspector.formats.image.archive_members import Member, Members
from inspector.isolation.child import FinishedChild, run_child
from inspector.isolation.limits import GIB, CancelToken, Limits
from inspector.records.image import BlobPlace, Compression

_ENTRY: Final = "inspector.formats.image.archive_child:index_in_child"
_SECONDS: Final = 600.0
_LIMITS: Final = Limits(memory_bytes=2 * GIB, wall_seconds=_SECONDS + 30)
_MOST_BYTES: Final = 64 * GIB
_MOST_RATIO: Final = 1200
_FREE_BYTES: Final = GIB
_LARGEST_ANSWER: Final = 384 << 20


class WrappedStore(Store):
    """The members of a gzip or zstd archive, with the documents among them."""

    def __init__(self, path: Path, wrapping: Compression, cancel: CancelToken | None = None) -> None:
        """Raises UnreadableArtifact for what holds no tar, and ChildFailed."""
        self.label = one_line(path)
        self._path = os.fspath(path)
        self._wrapping = wrapping
        self.size_bytes = path.stat().st_size
        answer = self._indexed(path, cancel)
        self.problem = answer.problem
        self._end = answer.uncompressed_bytes
        self._heads = {raw.offset: raw.head for raw in answer.members if raw.head}
        self._documents = {raw.offset: raw.document for raw in answer.members if raw.document}
        self.members = Members(
            Member(os.fsdecode(raw.name), raw.kind, raw.offset, raw.size, os.fsdecode(raw.link)) for raw in answer.members
        )

    def find(self, name: str) -> Found:
        located = self.members.locate(name)
        member = located.member
        if member is None:
            return Found(None, located.problem, located.escapes)
        there = min(member.size, max(0, self._end - member.offset)) if self.problem else member.size
        place = BlobPlace(self._path, member.offset, member.size, self._wrapping)
        problem = "" if there == member.size else f"cut short: {there:,} of {member.size:,} bytes are there"
        return Found(place, problem, repeated=member.name in self.members.repeated)

    def read(self, place: BlobPlace, length: int) -> bytes:
        document = self._documents.get(place.offset)
        if document is not None:
            return document[:length]
        head = self._heads.get(place.offset, b"")
        if length > HEAD and head.lstrip().startswith((b"{", b"[")) and place.length > len(head):
            raise UnreadableArtifact(f"{self.label}: its manifests are too large", "unpack it first: gunzip or unzstd")
        return head[:length]

    def _indexed(self, path: Path, cancel: CancelToken | None) -> WrappedAnswer:
        most = min(_MOST_BYTES, _MOST_RATIO * self.size_bytes + _FREE_BYTES)
        request = WrappedRequest(os.fsencode(path.absolute()), self.label, self._wrapping, most, _SECONDS)
        title = f"reading {one_line(path.name)}"
        events = run_child(_ENTRY, request, WrappedAnswer, _LIMITS, cancel, title=title, result_limit=_LARGEST_ANSWER)
        return next(event.result for event in events if isinstance(event, FinishedChild))
