"""Paths of members as they would lie below the root of a container, and the whiteouts among them."""

from __future__ import annotations

import re
from typing import Final

from inspector.records.image import Whiteout

MOST_BYTES: Final = 4096
"""Longest path, in bytes, that a file system takes."""

WHITEOUT: Final = b".wh."
_OPAQUE: Final = b".wh..wh..opq"
_DOT: Final = 0x2E
_odd_part: Final = re.compile(b"/[/.]").search
_MOST_REMEMBERED: Final = 20_000
_simple_folders: Final[set[bytes]] = set()
_METADATA: Final = b".wh..wh."
"""Begins the names in which aufs kept its own records."""


class Refused(Exception):
    """A path that leaves the root, or that no file system could hold; engines refuse it as well."""


def simple(raw: bytes) -> bytes | None:
    """Return the normalized path where that takes no thought, which is so for nearly all: it is then no whiteout either."""
    path = raw[2:] if raw.startswith(b"./") else raw
    if path.endswith(b"/"):
        path = path[:-1]
    folder, slash, name = path.rpartition(b"/")
    if not name or name[0] == _DOT or 0 in name or len(path) > MOST_BYTES:
        return None
    return path if folder in _simple_folders or (_is_simple(folder) if slash else True) else None


def _is_simple(folder: bytes) -> bool:
    """Return whether a folder needs no thought either; those that do not are remembered, as entries come folder by folder."""
    if not folder or folder[0] in b"/." or 0 in folder or folder.endswith(b"/") or _odd_part(folder):
        return False
    if len(_simple_folders) >= _MOST_REMEMBERED:
        _simple_folders.clear()
    _simple_folders.add(folder)
    return True


def normalize(raw: bytes) -> bytes:
    """Return the path relative to the root, without empty parts, "." and ".."; raises Refused where it would leave the root.

    An absolute path is taken relative to the root, above which it has nowhere to go.
    """
    if not is_possible(raw):
        raise Refused
    return _resolve(raw, raw[:1] == b"/")


def is_possible(raw: bytes) -> bool:
    """Return whether a file system could take a path as it stands."""
    return len(raw) <= MOST_BYTES and 0 not in raw


def _resolve(path: bytes, is_absolute: bool) -> bytes:
    parts: list[bytes] = []
    for part in path.split(b"/"):
        if part == b"..":
            if parts:
                parts.pop()
            elif not is_absolute:
                raise Refused
        elif part not in (b"", b"."):
            parts.append(part)
    return b"/".join(parts)


def leads_outside(path: bytes, target: bytes) -> bool:
    """Return whether a relative symlink at a normalized path names a place above the root."""
    if target[:1] == b"/" or b".." not in target:
        return False
    depth = path.count(b"/")
    for part in target.split(b"/"):
        if part == b"..":
            depth -= 1
            if depth < 0:
                return True
        elif part not in (b"", b"."):
            depth += 1
    return False


def hidden_by(path: bytes) -> tuple[bytes, Whiteout] | None:
    """Return what a normalized path hides and how; itself and "" for most paths, None for the records of aufs.

    Raises Refused for a whiteout that names nothing.
    """
    if WHITEOUT not in path:
        return path, ""
    folder, _, name = path.rpartition(b"/")
    if name == _OPAQUE:
        return folder, "opaque"
    if name.startswith(_METADATA) or path.startswith(_METADATA) or b"/" + _METADATA in path:
        return None
    if not name.startswith(WHITEOUT):
        return path, ""
    hidden = name[len(WHITEOUT) :]
    if hidden in (b"", b".", b".."):
        raise Refused
    return (folder + b"/" + hidden if folder else hidden), "file"
