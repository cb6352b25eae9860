"""Which files of external data a model has, found without reading it as protobuf."""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path
from typing import Final

_KEY: Final = b"\x0a\x08location\x12"
"""How a StringStringEntryProto with the key "location" begins: field 1 of eight bytes, then field 2; see onnx.proto."""
_LONGEST: Final = 1 << 10
_CHUNK: Final = 4 << 20
_MOST: Final = 10_000


def model_files(path: str) -> tuple[str, ...]:
    """Return the model at an absolute path and the files of external data beside or below it that are there.

    The file is searched for entries that name external data; a name that leads out of the model's folder is left aside, as the
    runtime refuses it.
    """
    try:
        status = Path(path).stat()
    except OSError:
        return (path,)
    return _files_of(path, status.st_mtime_ns, status.st_size)


@lru_cache(maxsize=64)
def _files_of(path: str, _changed_ns: int, _size: int) -> tuple[str, ...]:
    """Return the files of a model that was last changed then; each start asks, and a large one takes a second to search."""
    folder = Path(path).parent
    found = [path]
    for location in sorted(_locations(path)):
        name = os.fsdecode(location)
        if "\0" in name or Path(name).is_absolute() or ".." in Path(name).parts:
            continue
        beside = folder / name
        if beside.is_file():
            found.append(str(beside))
    return tuple(dict.fromkeys(found))


def _locations(path: str) -> set[bytes]:
    """Return every value of a key "location" in a file, whatever it belongs to; none where it cannot be read."""
    found: set[bytes] = set()
    kept = b""
    try:
        with Path(path).open("rb", buffering=0) as file:
            while chunk := file.read(_CHUNK):
                data = kept + chunk
                _collect(data, found)
                kept = data[-(len(_KEY) + 3 + _LONGEST) :]
    except OSError:
        return set()
    return found


def _collect(data: bytes, found: set[bytes]) -> None:
    """Add the values that lie wholly in data."""
    start = data.find(_KEY)
    while start >= 0 and len(found) < _MOST:
        place = start + len(_KEY)
        length = data[place] if place < len(data) else 0
        place += 1
        if length >= 0x80 and place < len(data):
            length = (length & 0x7F) | (data[place] << 7)
            place += 1
        if 0 < length <= _LONGEST and place + length <= len(data):
            found.add(data[place : place + length])
        start = data.find(_KEY, start + 1)
