"""Symlinks and folders that are nothing any more once files are gone."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from typing import Final

from inspector.analysis.image.slim.owners import final_of
from inspector.analysis.image.symlinks import Symlinks, inside_root
from inspector.records.file_system import Placed
from inspector.records.image_inspection import ImageInspection

_STANDING: Final = 2
"""Folders this deep stay even when they are empty: programs expect /usr/include, /root/.cache and the like."""
_WRITABLE: Final = 0o1002
"""Sticky, or writable by everybody."""
_ROUNDS: Final = 2
"""Links that lead to folders go after these, folders that held such links after that."""


def without_use(inspection: ImageInspection, gone: Collection[str], keeps: Callable[[str], bool]) -> frozenset[str]:
    """Return the symlinks that lead to what goes, and the folders in which nothing is left, of those that may go.

    Folders near the root, below /var, writable by others or owned by a user, and what volumes and the working folder are, stay.
    """
    return _Emptied(inspection, gone, keeps).all()


class _Emptied:
    def __init__(self, inspection: ImageInspection, gone: Collection[str], keeps: Callable[[str], bool]) -> None:
        self._entries = final_of(inspection).entries
        self._gone = set(gone)
        self._keeps = keeps
        self._found: set[str] = set()
        config = inspection.image.config
        named = (*config.volumes, config.working_dir, *(value for name, value in config.environment if name == "HOME"))
        self._standing = frozenset(above for path in named for above in _with_folders(inside_root(path)))
        self._links = self._all_links()

    def _all_links(self) -> dict[str, str]:
        """Return where each symlink leads."""
        symlinks = Symlinks(self._entries)
        links = (path for path, placed in self._entries.items() if placed.entry.kind == "symlink")
        return {path: real for path in links if (real := symlinks.real(path)) is not None}

    def all(self) -> frozenset[str]:
        """Return all of them."""
        for _ in range(_ROUNDS if self._gone else 0):
            self._take(path for path, real in self._links.items() if real in self._gone and path not in self._gone)
            self._take(self._empty_folders())
        return frozenset(self._found)

    def _take(self, paths: Iterator[str]) -> None:
        found = [path for path in paths if not self._keeps(path)]
        self._found.update(found)
        self._gone.update(found)

    def _empty_folders(self) -> Iterator[str]:
        """Yield the folders that lose something and hold nothing any more, those in others first."""
        left: dict[str, int] = {}
        for path in self._entries:
            if path not in self._gone:
                folder = path.rpartition("/")[0]
                left[folder] = left.get(folder, 0) + 1
        pending = {path.rpartition("/")[0] for path in self._gone if "/" in path}
        for folder in sorted(pending, key=lambda path: -path.count("/")):
            yield from self._upwards(folder, left)

    def _upwards(self, folder: str, left: dict[str, int]) -> Iterator[str]:
        while folder and folder not in self._gone and not left.get(folder) and self._may_go(folder, self._entries.get(folder)):
            yield folder
            self._gone.add(folder)
            folder = folder.rpartition("/")[0]
            left[folder] = left.get(folder, 0) - 1

    def _may_go(self, folder: str, placed: Placed | None) -> bool:
        if placed is None or placed.entry.kind != "directory" or folder in self._standing or self._keeps(folder):
            return False
        if folder.count("/") < _STANDING or folder.startswith("var/"):
            return False
        return not placed.entry.uid and not placed.entry.mode & _WRITABLE


def _with_folders(path: str) -> Iterator[str]:
    while path:
        yield path
        path = path.rpartition("/")[0]
