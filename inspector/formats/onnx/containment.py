"""Whether a file that a model names may be opened: only regular files inside the model's own folder, or its hub cache."""

from __future__ import annotations

import fcntl
import os
import stat
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final

from inspector.errors import OperationFailed
from inspector.records.artifact import LinkKind

_MOST_LINKS: Final = 40
_MOST_ENTRIES: Final = 20_000
_F_GETPATH: Final = 50
"""fcntl command of macOS that gives the path of a descriptor."""

MISSING: Final = "missing"


@dataclass(frozen=True, slots=True)
class Located:
    """Where a location leads: the real path and the folder it must stay in, or the problem that forbids to open it."""

    real: Path | None = None
    root: Path | None = None
    size_bytes: int | None = None
    link: LinkKind = "none"
    problem: str = ""
    escapes: bool = False
    """Whether the problem is that the location leads out of the model's folder."""

    @property
    def contained(self) -> bool:
        """Whether the location stays where it may be; a missing file does."""
        return self.problem in ("", MISSING)


class Locator:
    """Finds the files that the model at a path names."""

    def __init__(self, model: Path) -> None:
        self._folders = list(_folders(model))
        self._inodes: dict[Path, Counter[tuple[int, int]]] = {}

    def locate(self, location: str) -> Located:
        """Return where the location leads; nothing is opened."""
        refused = _refuse_text(location)
        if refused is not None:
            return refused
        for folder in self._folders:
            candidate = folder / location
            if os.path.lexists(candidate):
                return self._follow(candidate, folder)
        return Located(problem=MISSING)

    def open(self, location: str) -> int:
        """Return a descriptor for reading the file at the location, checked again after it was opened.

        Raises OperationFailed if it is not there or may not be opened.
        """
        found = self.locate(location)
        if found.problem or found.real is None or found.root is None:
            raise OperationFailed(f"{location}: {found.problem or MISSING}", "external data must lie beside the model")
        try:
            descriptor = os.open(found.real, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY)
        except OSError as error:
            raise OperationFailed(f"{location}: {error.strerror}", "check who may read it: ls -l") from error
        try:
            self._check_opened(descriptor, found.real, found.root, location)
        except BaseException:
            os.close(descriptor)
            raise
        return descriptor

    def _check_opened(self, descriptor: int, real: Path, root: Path, location: str) -> None:
        status = os.fstat(descriptor)
        opened = _path_of(descriptor) or Path(os.path.realpath(real))
        same = os.path.samestat(status, real.stat(follow_symlinks=False))
        if not (stat.S_ISREG(status.st_mode) and same and opened.is_relative_to(root) and not self._strays(status, root)):
            raise OperationFailed(f"{location}: was exchanged while it was opened", "open the model again")

    def _follow(self, candidate: Path, folder: Path) -> Located:
        try:
            real = Path(os.path.realpath(candidate, strict=True))
            status = real.stat()
        except FileNotFoundError:
            return Located(problem="a link that leads nowhere", link="symlink")
        except OSError as error:
            return Located(problem=f"cannot be reached: {error.strerror}")
        hub = hub_cache_root(folder)
        link: LinkKind = "none" if real == candidate else "symlink"
        root = folder
        if not real.is_relative_to(folder):
            if hub is None or not real.is_relative_to(hub):
                return Located(problem="a symbolic link that leaves the model's folder", link="symlink", escapes=True)
            root, link = hub, "hub_cache"
        if not stat.S_ISREG(status.st_mode):
            return Located(problem="no regular file", link=link)
        if status.st_nlink > 1 and link != "hub_cache":
            link = "hard_link"
        if self._strays(status, root):
            problem = "a hard link to a file that is also outside the model's folder"
            return Located(problem=problem, link="hard_link", escapes=True)
        return Located(real, root, status.st_size, link)

    def _strays(self, status: os.stat_result, root: Path) -> bool:
        """Return whether the file has a name outside the root: more names than the root holds."""
        if status.st_nlink <= 1:
            return False
        if root not in self._inodes:
            self._inodes[root] = Counter(_entries(root))
        return self._inodes[root][status.st_dev, status.st_ino] < status.st_nlink


def hub_cache_root(folder: Path) -> Path | None:
    """Return the models--… folder of a Hugging Face cache whose snapshots hold the folder, None if it is not in one.

    Layout: models--ORG--NAME/snapshots/REVISION/… are links to models--ORG--NAME/blobs/DIGEST
    (https://huggingface.co/docs/huggingface_hub/guides/manage-cache).
    """
    for parent in folder.parents:
        if parent.name == "snapshots" and parent.parent.name.startswith("models--") and (parent.parent / "blobs").is_dir():
            return parent.parent
    return None


def link_of(path: Path) -> LinkKind:
    """Return how the path leads to the artifact: straight, by a symbolic or hard link, or through a hub cache."""
    status = path.lstat()
    if stat.S_ISLNK(status.st_mode):
        folder = Path(os.path.realpath(path.parent))
        hub = hub_cache_root(folder)
        return "hub_cache" if hub is not None and Path(os.path.realpath(path)).is_relative_to(hub) else "symlink"
    return "hard_link" if status.st_nlink > 1 else "none"


def _refuse_text(location: str) -> Located | None:
    if not location:
        return Located(problem="no location is given")
    if "\0" in location:
        return Located(problem="the location holds a zero byte")
    pure = PurePosixPath(location)
    if pure.is_absolute() or location[1:3] in (":\\", ":/") or location.startswith("\\\\"):
        return Located(problem="an absolute path", escapes=True)
    if ".." in pure.parts or ".." in location.split("\\"):
        return Located(problem="a path that leaves the model's folder with '..'", escapes=True)
    return Located(problem="a folder") if str(pure) == "." else None


def _folders(model: Path) -> Iterator[Path]:
    """Yield the real folder the model was named in, then those of the files its links lead to."""
    seen = set()
    for _ in range(_MOST_LINKS):
        folder = Path(os.path.realpath(model.parent))
        if folder not in seen:
            seen.add(folder)
            yield folder
        model = folder / model.name
        if not model.is_symlink():
            return
        model = folder / model.readlink()


def _entries(root: Path) -> Iterator[tuple[int, int]]:
    waiting, count = [root], 0
    while waiting:
        try:
            with os.scandir(waiting.pop()) as entries:
                for entry in entries:
                    count += 1
                    if count > _MOST_ENTRIES:
                        return
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append(Path(entry.path))
                    elif entry.is_file(follow_symlinks=False):
                        status = entry.stat(follow_symlinks=False)
                        yield status.st_dev, status.st_ino
        except OSError:
            continue


def _path_of(descriptor: int) -> Path | None:
    """Return the path the descriptor was opened at, None where the platform does not tell."""
    if sys.platform == "darwin":
        return Path(os.fsdecode(fcntl.fcntl(descriptor, _F_GETPATH, bytes(1024)).rstrip(b"\0")))
    try:
        return Path(f"/proc/self/fd/{descriptor}").readlink()
    except OSError:
        return None
