"""Reviews that were saved: tell whether a file is one, and read it."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Final

from inspector.errors import InspectorError, UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from inspector.records.review import Review

MOST_BYTES = 256 << 20
"""Of a review: raw samples take room, but no more than this."""

_LOOKED_AT: Final = 64 << 10
"""Bytes at either end of a file in which its own keys are looked for; who sorts keys puts them last."""
_BLANK: Final = b" \t\r\n"
_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"
_SCHEMA: Final = re.compile(rb'"schema"\s*:\s*[0-9]')
_HUGE: Final = re.compile(rb'(?:"\s*:|[\[,])\s*-?[0-9]{25,}')
"""A whole number that no review of ours holds: those past 64 bits are written as the largest."""
_TOOL: Final = re.compile(rb'"tool"\s*:\s*\{')


def is_review(path: Path) -> bool:
    """Return whether a file looks like a saved review: a JSON object with a schema and a tool; whatever goes wrong is a no.

    Reads both ends of the file only; read_review() decides.
    """
    try:
        head, tail = _ends(path)
    except (OSError, ValueError, InspectorError):
        return False
    if not head.removeprefix(_BYTE_ORDER_MARK).lstrip(_BLANK).startswith(b"{"):
        return False
    return all(pattern.search(head) or pattern.search(tail) for pattern in (_SCHEMA, _TOOL))


def _ends(path: Path) -> tuple[bytes, bytes]:
    from inspector.formats.onnx.open_file import open_regular

    descriptor = open_regular(path)
    try:
        size = os.fstat(descriptor).st_size
        head = os.pread(descriptor, _LOOKED_AT, 0)
        return head, os.pread(descriptor, _LOOKED_AT, max(0, size - _LOOKED_AT))
    finally:
        os.close(descriptor)


def read_review(path: Path) -> Review:
    """Return a saved review; UsageError in one line where the file is none."""
    import msgspec

    from inspector.isolation.plain_line import plain_line
    from inspector.report.json import from_json

    data = _bytes_of(path)
    if _HUGE.search(data):
        raise UsageError(f"{path}: holds a number that no review has", "--report review.json writes one")
    try:
        return from_json(data.removeprefix(_BYTE_ORDER_MARK))
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        reason = plain_line(str(error))
        raise UsageError(f"{path}: is no review of this version: {reason}", "--report review.json writes one") from None


def _bytes_of(path: Path) -> bytes:
    from inspector.formats.onnx.open_file import open_regular

    try:
        with os.fdopen(open_regular(path), "rb") as file:
            data = file.read(MOST_BYTES + 1)
    except InspectorError as error:
        raise UsageError(error.message.replace("not a model file", "not a review"), "name a review.json") from None
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror or error}", "check the disk") from None
    if len(data) > MOST_BYTES:
        raise UsageError(f"{path}: is larger than {MOST_BYTES:,} bytes", "a review takes a few megabytes at most")
    return data
