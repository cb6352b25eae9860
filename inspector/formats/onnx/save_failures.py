"""Why a file could not be written, in one line."""

from __future__ import annotations

import errno
from pathlib import Path
from typing import Final

from inspector.errors import OperationFailed
from inspector.formats.clean_text import one_line

_HINTS: Final = {
    errno.ENOSPC: "free space there, or name another folder",
    errno.EDQUOT: "free space there, or name another folder",
    errno.EFBIG: "raise the limit on the size of files (ulimit -f), or name another folder",
    errno.EACCES: "name a folder you may write to",
    errno.EPERM: "name a folder you may write to",
    errno.EROFS: "name a folder you may write to",
    errno.ENAMETOOLONG: "name a shorter one",
}


def failed(target: Path, error: OSError) -> OperationFailed:
    """Return the error for a file that the system refuses to write."""
    reason = one_line(error.strerror or error)
    return OperationFailed(
        f"cannot write {one_line(target)}: {reason[:1].lower()}{reason[1:]}", _HINTS.get(error.errno or 0, "")
    )


def no_room(target: Path, needed: int, free: int) -> OperationFailed:
    """Return the error for a disk that is too full."""
    return OperationFailed(
        f"cannot write {one_line(target)}: it takes {needed:,} bytes and {free:,} are free there", _HINTS[errno.ENOSPC]
    )
