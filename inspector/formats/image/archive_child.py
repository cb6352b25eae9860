"""One pass over a compressed archive as a child process makes it: every member indexed, small documents kept."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from inspector.errors import UnreadableArtifact
from inspector.formats.image.archive_answer import RawMember, WrappedAnswer, WrappedRequest
from inspector.formats.image.archive_members import Member
from inspector.formats.image.archive_tar import NoTar, WalkEnd, walk_archive
from inspector.formats.image.decompress import Bounded, StretchReader, decompressor
from inspector.formats.image.json_text import LARGEST_JSON
from inspector.formats.image.tar_sources import StreamSource
from inspector.formats.onnx.open_file import open_regular

_HEAD: Final = 16
_MOST_DOCUMENT_BYTES: Final = 64 << 20
_JSON: Final = (b"{", b"[")
_MOST_TEXT_BYTES: Final = 64 << 20
"""Names and links of members together."""


def index_in_child(request: WrappedRequest, _report: Callable[[int, int, str], None]) -> WrappedAnswer:
    """Index the archive; raises UnreadableArtifact if there is no tar in it."""
    descriptor = open_regular(Path(os.fsdecode(request.path)))
    try:
        size = os.fstat(descriptor).st_size
        stored = StretchReader(descriptor, 0, size)
        stream = decompressor(stored.read, request.wrapping)
        bounded = Bounded(stream.read, request.most_bytes, time.monotonic() + request.seconds)
        source = StreamSource(bounded.read, digest=False)
        end = WalkEnd()
        members = list(_members(source, request.label, end))
        return WrappedAnswer(members, end.problem, source.position)
    except NoTar as error:
        hint = f"if it is a model, unpack it first: {'gunzip' if request.wrapping == 'gzip' else 'unzstd'}"
        raise UnreadableArtifact(error.message, hint) from None
    finally:
        os.close(descriptor)


def _members(source: StreamSource, label: str, end: WalkEnd) -> Iterator[RawMember]:
    kept = text = 0
    for member in walk_archive(source, label, end):
        name, link = (part.encode("utf-8", "surrogateescape") for part in (member.name, member.link))
        text += len(name) + len(link)
        if text > _MOST_TEXT_BYTES:
            end.problem = f"was not read on after {_MOST_TEXT_BYTES >> 20} MiB of names"
            return
        head, document = _beginning(source, member, _MOST_DOCUMENT_BYTES - kept)
        kept += len(document)
        yield RawMember(name, member.kind, member.offset, member.size, link, head, document)


def _beginning(source: StreamSource, member: Member, room: int) -> tuple[bytes, bytes]:
    """Return the first bytes of a member, and all of it where it looks like JSON and there is room."""
    if member.kind != "file":
        return b"", b""
    head = source.read(min(_HEAD, member.size))
    if not head.lstrip().startswith(_JSON) or member.size > min(LARGEST_JSON, room):
        return head, b""
    return head, head + source.read(member.size - len(head))
