"""Where names lead in the file system that trace keeps: symlinks on the way included, always inside the image's root."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from inspector.records.file_system import Placed

_MOST_HOPS: Final = 40
"""Symlinks that Linux follows before it gives up (path_resolution(7))."""
_LONGEST_PATH: Final = 4096
_MOST_STEPS: Final = 5_000_000
"""Folders passed through for all names asked for; a real image takes some ten thousand."""


class Trail(NamedTuple):
    """Where a name leads, and what is passed on the way: symlinks, and folders that ".." leaves again.

    end is a path whether or not anything lies there, None where links go in a circle.
    """

    end: str | None
    passed: tuple[str, ...] = ()


class Links:
    """Follows names of one file system, and knows which symlinks lead to a path."""

    def __init__(self, entries: Mapping[str, Placed]) -> None:
        """entries are those of the file system, by path."""
        self._entries = entries
        self._known: dict[str, Trail] = {}
        self._steps_left = _MOST_STEPS
        self._leading: dict[str, list[Trail]] | None = None

    def follow(self, name: str) -> Trail:
        """Return where a name leads, a last symlink followed too; absolute or relative to the root; remembered."""
        found = self._known.get(name)
        if found is None:
            found = self._known[name] = self._walk(name)
        return found

    def find(self, name: str) -> Trail | None:
        """Return where a name leads if something lies there."""
        trail = self.follow(name)
        return trail if trail.end is not None and (trail.end in self._entries or not trail.end) else None

    def leading_to(self, path: str) -> Sequence[Trail]:
        """Return the trail of each symlink that leads to this very path, itself first; in order of their paths."""
        if self._leading is None:
            self._leading = {}
            for link in sorted(path for path, place in self._entries.items() if place.entry.kind == "symlink"):
                trail = self.follow(link)
                if trail.end is not None:
                    self._leading.setdefault(trail.end, []).append(trail)
        return self._leading.get(path, ())

    def _walk(self, name: str) -> Trail:
        pending = _parts(name)
        here = ""
        hops, passed = 0, []
        while pending:
            self._steps_left -= 1
            part = pending.pop()
            if part == ".." and here:
                passed.append(here)
                here = here.rpartition("/")[0]
            if part in ("", ".", ".."):
                continue
            here = f"{here}/{part}" if here else part
            place = self._entries.get(here)
            if place is None or place.entry.kind != "symlink":
                continue
            hops += 1
            passed.append(here)
            if hops > _MOST_HOPS or self._steps_left < 0:
                return Trail(None)
            target = place.entry.link
            here = "" if target.startswith("/") else here.rpartition("/")[0]
            pending.extend(_parts(target))
        return Trail(here, tuple(dict.fromkeys(passed)))


def _parts(path: str) -> list[str]:
    """Return the folders of a path, last one first; of a path longer than Linux takes, none."""
    return path.split("/")[::-1] if len(path) <= _LONGEST_PATH else []
