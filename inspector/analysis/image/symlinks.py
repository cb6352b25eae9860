"""Where a path of a file system really leads, its symlinks followed without ever leaving the root."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from inspector.records.file_system import Placed

_MOST_HOPS: Final = 40
"""Symlinks that Linux follows before it gives up (path_resolution(7))."""
_LONGEST_PATH: Final = 4096
_MOST_STEPS: Final = 5_000_000
"""Folders passed through for all paths of a file system; a real one takes thousands."""


class Symlinks:
    """Resolves paths of one file system; folders that were resolved are remembered."""

    def __init__(self, entries: Mapping[str, Placed]) -> None:
        """entries are those of the file system, by path."""
        self._entries = entries
        self._folders: dict[str, str | None] = {"": ""}
        self._steps_left = _MOST_STEPS

    def locate(self, path: str) -> str | None:
        """Return where path lies once the symlinks among its parent folders were followed; a last one is not followed."""
        if path in self._entries:
            return path
        folder, _, name = path.rpartition("/")
        real = self.folder(folder)
        path = f"{real}/{name}" if real else name
        return path if real is not None and path in self._entries else None

    def follow(self, path: str) -> Placed | None:
        """Return what path leads to, a last symlink followed too; None where nothing is there or links go in a circle."""
        real = self.real(path)
        return None if real is None else self._entries.get(real)

    def folder(self, path: str) -> str | None:
        """Return where a folder really lies; remembered."""
        if path not in self._folders:
            self._folders[path] = self.real(path)
        return self._folders[path]

    def real(self, path: str) -> str | None:
        """Return path with all symlinks followed; None where that takes more than 40 of them, or more steps than are left."""
        pending = _parts(path)
        here = ""
        hops = 0
        while pending:
            self._steps_left -= 1
            part = pending.pop()
            if part == "..":
                here = here.rpartition("/")[0]
            if part in ("", ".", ".."):
                continue
            here = f"{here}/{part}" if here else part
            target = self._target(here)
            if target is None:
                continue
            hops += 1
            if hops > _MOST_HOPS or self._steps_left < 0:
                return None
            here = "" if target.startswith("/") else here.rpartition("/")[0]
            pending.extend(_parts(target))
        return here

    def _target(self, path: str) -> str | None:
        place = self._entries.get(path)
        return place.entry.link if place is not None and place.entry.kind == "symlink" else None


def _parts(path: str) -> list[str]:
    """Return the folders of a path, last one first; of a path longer than Linux takes, none."""
    return path.split("/")[::-1] if len(path) <= _LONGEST_PATH else []


def inside_root(path: str) -> str:
    """Return a path without "/" in front, "." or ".." in it; what would lead above the root stays at the root."""
    parts: list[str] = []
    for part in path.split("/"):
        if part == "..":
            del parts[-1:]
        elif part and part != ".":
            parts.append(part)
    return "/".join(parts)
