"""The paths that a container opened, as its entries are named; bounded."""

from __future__ import annotations

import threading
from typing import Final

from inspector.isolation.escaping import cleaned
from inspector.records.serving import Observation
from inspector.runtimes.container.fanotify import ON_FOLDER, OPEN, OPEN_EXEC

MOST_PATHS: Final = 1_000_000
"""Different paths that are remembered of one container; images have fewer files, containers may make more."""
MOST_BYTES: Final = 64 << 20
"""Bytes of all these paths."""
_DELETED: Final = b" (deleted)"


class OpenedPaths:
    """Takes in paths as the kernel tells them; one thread feeds it, any may look."""

    def __init__(self, outside: tuple[bytes, ...] = ()) -> None:
        """outside: folders of this machine that are a container's root; what is opened below them is named from there."""
        self.lost = 0
        self._outside = tuple(folder.rstrip(b"/") + b"/" for folder in outside)
        self._seen: dict[bytes, int] = {}
        self._bytes = 0
        self._lock = threading.Lock()

    @property
    def count(self) -> int:
        """How many different paths there are."""
        return len(self._seen)

    def add(self, raw: bytes, mask: int) -> None:
        """Remember a path and what was done with it."""
        path = self.inside(raw)
        with self._lock:
            self._remember(path, mask)
            if path.endswith(_DELETED):  # or a file that is named so: neither is of an image unless its layers have it
                self._remember(path.removesuffix(_DELETED), mask)

    def knows(self, raw: bytes) -> bool:
        """Whether a path was opened before."""
        return self.inside(raw) in self._seen

    def lose(self, count: int = 1) -> None:
        """Take note of what nobody can name any more."""
        with self._lock:
            self.lost += count

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._seen.clear()
            self._bytes = self.lost = 0

    def observation(self, notes: tuple[str, ...] = ()) -> Observation:
        """Return everything so far."""
        with self._lock:
            seen, lost = dict(self._seen), self.lost
        names = {path: cleaned(path) for path in seen}
        return Observation(
            frozenset(names.values()),
            frozenset(names[path] for path, mask in seen.items() if mask & OPEN_EXEC),
            frozenset(names[path] for path, mask in seen.items() if mask & ON_FOLDER),
            lost,
            notes,
        )

    def inside(self, raw: bytes) -> bytes:
        """Return a path relative to the container's root, which is empty."""
        for folder in self._outside:
            if raw.startswith(folder) or raw == folder[:-1]:
                return raw[len(folder) :]
        return raw.lstrip(b"/")

    def _remember(self, path: bytes, mask: int) -> None:
        known = self._seen.get(path)
        if known is not None:
            self._seen[path] = known | mask
        elif len(self._seen) >= MOST_PATHS or self._bytes + len(path) > MOST_BYTES:
            self.lost += 1
        else:
            self._seen[path] = mask & (OPEN | OPEN_EXEC | ON_FOLDER)
            self._bytes += len(path)
