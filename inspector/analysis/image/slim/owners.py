"""Which package every file of an image belongs to, and which contents are one under several names."""

from __future__ import annotations

import re
import weakref
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Final, Generic, TypeVar

from inspector.analysis.image.alpine_packages import find_alpine
from inspector.analysis.image.debian_packages import find_debian
from inspector.analysis.image.packages_described import Described
from inspector.analysis.image.packages_text import as_in_records
from inspector.analysis.image.python_packages import PythonPackages
from inspector.analysis.image.stored import Stored
from inspector.analysis.image.symlinks import Symlinks
from inspector.records.file_system import FileSystem
from inspector.records.image_contents import PackageKind
from inspector.records.image_inspection import ImageInspection

_FEW: Final = 2
_DEEPEST: Final = 64
_BYTECODE: Final = (".pyc", ".pyo")
_SEPARATORS: Final = re.compile(r"[-_.]+")

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True, order=True)
class PackageName:
    """A package, whatever its version: where a name is installed twice, both are one."""

    kind: PackageKind
    name: str


@dataclass(frozen=True, slots=True)
class Ownership:
    """Packages by the paths of files and links that they own; bytecode belongs to the package of its module."""

    of_path: Mapping[str, PackageName]
    packages: frozenset[PackageName]


def final_of(inspection: ImageInspection) -> FileSystem:
    """Return the final file system; raises ValueError where the image's layers were not indexed."""
    if inspection.file_system is None:
        raise ValueError("the layers of the image were not indexed")
    return inspection.file_system


class Remembered(Generic[Value]):
    """Asks once for each file system and remembers the last answers for as long as that file system is in use."""

    def __init__(self, ask: Callable[[ImageInspection], Value]) -> None:
        self._ask = ask
        self._known: list[tuple[weakref.ref[FileSystem], object, object, Value]] = []

    def __call__(self, inspection: ImageInspection) -> Value:
        """Return what is asked of the inspection."""
        final = final_of(inspection)
        known = self._known
        for reference, packages, models, value in known:
            if reference() is final and packages is inspection.packages and models is inspection.models:
                return value
        value = self._ask(inspection)
        alive = [one for one in known if one[0]() is not None]
        self._known = [(weakref.ref(final), inspection.packages, inspection.models, value), *alive][:_FEW]
        return value


def _ownership(inspection: ImageInspection) -> Ownership:
    final = final_of(inspection)
    owners = _Owners(Stored(inspection.image.layers, final))
    return owners.ownership()


ownership: Final = Remembered(_ownership)
"""Who owns what, told as find_packages() does: Debian, Alpine, then Python; a file that two list is the first one's."""


class _Owners:
    def __init__(self, stored: Stored) -> None:
        self._stored = stored
        self._entries = stored.entries
        self._symlinks = Symlinks(stored.entries)
        self._owned: dict[str, PackageName] = {}
        self._packages: set[PackageName] = set()

    def ownership(self) -> Ownership:
        """Return who owns what, bytecode that no package lists included."""
        stored = self._stored
        for described in chain(find_debian(stored), find_alpine(stored), PythonPackages(stored).find()):
            if described.kind != "python" or described.place not in self._owned:
                self._add(described)
        self._owned.update(list(self._bytecode()))
        return Ownership(self._owned, frozenset(self._packages))

    def _add(self, described: Described) -> None:
        owner = PackageName(described.kind, described.name)
        self._packages.add(owner)
        owned, entries = self._owned, self._entries
        for listed, _ in described.files:
            path = listed if listed in entries else self._locate(listed)
            if path is not None and path not in owned and entries[path].entry.kind != "directory":
                owned[path] = owner

    def _locate(self, path: str) -> str | None:
        found = (self._symlinks.locate(form) for form in as_in_records(path))
        return next((real for real in found if real is not None), None)

    def _bytecode(self) -> Iterator[tuple[str, PackageName]]:
        for ending in ("pyc", "pyo"):
            for path in self._stored.final.files_by_ending.get(ending, ()):
                owner = None if path in self._owned else self._owned.get(source_of(path))
                if owner is not None:
                    yield path, owner


def folders_above(path: str) -> Iterator[str]:
    """Yield the folders that a path lies in, the uppermost first, as deep as anybody would put something."""
    end = path.find("/")
    for _ in range(_DEEPEST):
        if end < 0:
            return
        yield path[:end]
        end = path.find("/", end + 1)


def normal_name(name: str) -> str:
    """Return a name as Python's packages compare theirs (PEP 503)."""
    return _SEPARATORS.sub("-", name).lower()


def source_of(path: str) -> str:
    """Return where the module lies that bytecode was made of, whether or not it is there."""
    folder, _, name = path.rpartition("/")
    parent, _, last = folder.rpartition("/")
    if last != "__pycache__":
        return path[:-1]
    module = f"{name.partition('.')[0]}.py"
    return f"{parent}/{module}" if parent else module


def is_bytecode(path: str) -> bool:
    """Tell whether a file is Python's bytecode, by its name."""
    return path.endswith(_BYTECODE)
