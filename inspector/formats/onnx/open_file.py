"""Opening files that may be anything: only regular ones, never waiting on one."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from inspector.errors import UnreadableArtifact
from inspector.formats.clean_text import one_line
from inspector.formats.onnx.wire import Source

_KINDS = (
    (stat.S_ISDIR, "a folder", "name the model file inside it"),
    (stat.S_ISFIFO, "a named pipe", "write what it gives to a file first"),
    (stat.S_ISSOCK, "a socket", "name a model file"),
    (stat.S_ISCHR, "a device", "name a model file"),
    (stat.S_ISBLK, "a device", "name a model file"),
)


def open_regular(path: Path) -> int:
    """Return a descriptor for reading the regular file at path; raises UnreadableArtifact for all else, without waiting."""
    label = one_line(path)
    try:
        _refuse_irregular(label, path.stat())
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY)
    except FileNotFoundError:
        raise UnreadableArtifact(f"{label}: no such file", "check the path") from None
    except PermissionError:
        raise UnreadableArtifact(f"{label}: permission denied", "check who may read it: ls -l") from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise UnreadableArtifact(f"{label}: {one_line(reason)}", "check the path") from None
    try:
        _refuse_irregular(label, os.fstat(descriptor))
    except UnreadableArtifact:
        os.close(descriptor)
        raise
    return descriptor


def _refuse_irregular(label: str, status: os.stat_result) -> None:
    if stat.S_ISREG(status.st_mode):
        return
    for matches, kind, hint in _KINDS:
        if matches(status.st_mode):
            raise UnreadableArtifact(f"{label}: is {kind}, not a model file", hint)
    raise UnreadableArtifact(f"{label}: is no regular file", "name a model file")


@contextmanager
def open_source(path: Path) -> Iterator[Source]:
    """Open the regular file at path for walking; raises UnreadableArtifact."""
    descriptor = open_regular(path)
    try:
        yield Source(descriptor, os.fstat(descriptor).st_size, one_line(path))
    finally:
        os.close(descriptor)
