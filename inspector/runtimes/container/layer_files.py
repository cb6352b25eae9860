"""The files of an unpacked image in the page cache, where the engine keeps them in sight of this process."""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Iterator
from contextlib import suppress
from typing import Any, Final

from inspector.isolation.page_cache import bring_in, evict, residency
from inspector.records.measurement import CacheState

_MOST_FILES: Final = 300_000
_OUT_OF_SIGHT: Final = "page cache not controlled: the engine keeps the layers' files out of sight"


def prepare_cache(inspected: dict[str, Any], cache: CacheState | None) -> tuple[float | None, str]:
    """Bring the files of an image's layers out of the page cache, or into it; what the engine says of it tells where they are.

    Returns the share that is in it afterwards (None: not known) and a note where it is not as wanted.
    """
    folders = list(_folders(inspected))
    files = [path for folder in folders for path in _files(folder)][:_MOST_FILES] if folders else []
    if not files:
        return None, "" if cache is None else _OUT_OF_SIGHT
    if cache == "cold":
        _write_back(folders)
        evict(files)
    elif cache == "warm":
        bring_in(files)
    found = residency(files)
    return found.share, _what_stays(found.share) if cache == "cold" else ""


def _what_stays(share: float | None) -> str:
    if share is None:
        return "cold cache not shown: the kernel does not say what is in it"
    return f"cold cache not achieved: {share:.0%} of the layers' bytes stayed in it" if share > 0.01 else ""


def _folders(inspected: dict[str, Any]) -> Iterator[str]:
    """Yield the folders of all layers that this process can see, where the engine is on this machine and lays them one over
    another.
    """
    data = (inspected.get("GraphDriver") or {}).get("Data") or {}
    for folder in [data.get("UpperDir") or "", *str(data.get("LowerDir") or "").split(":")]:
        if folder.startswith("/") and os.path.isdir(folder):  # noqa: PTH112 - it may be what only the engine can name
            yield folder


def _files(folder: str) -> Iterator[str]:
    """Yield the regular files below a folder, following no link."""
    pending = [folder]
    while pending:
        with suppress(OSError), os.scandir(pending.pop()) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    pending.append(entry.path)
                elif entry.is_file(follow_symlinks=False):
                    yield entry.path


def _write_back(folders: list[str]) -> None:
    """Have what was just unpacked written to storage: what is not cannot be dropped."""
    if not sys.platform.startswith("linux"):
        return
    descriptor = os.open(folders[0], os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        ctypes.CDLL(None).syncfs(descriptor)
    finally:
        os.close(descriptor)
