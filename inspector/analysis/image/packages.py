"""Which packages an image holds, and how many bytes each of them comes to."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import chain

from inspector.analysis.image.alpine_packages import find_alpine
from inspector.analysis.image.debian_packages import find_debian
from inspector.analysis.image.packages_described import Described
from inspector.analysis.image.packages_text import as_in_records
from inspector.analysis.image.packages_unowned import largest_places
from inspector.analysis.image.python_packages import PythonPackages
from inspector.analysis.image.stored import Stored
from inspector.analysis.image.symlinks import Symlinks
from inspector.records.file_system import FileSystem
from inspector.records.image import Layer
from inspector.records.image_contents import Package, Packages


def find_packages(layers: Sequence[Layer], final: FileSystem) -> Packages:
    """Return the packages of a file system, largest first, and what none of them owns.

    A package's bytes are those of the files its records list that are there; declared_bytes is the sum of the sizes those
    records give, which for Python leaves out what RECORD lists without a size (itself and bytecode). Bytecode that no RECORD
    lists is told apart as bytecode_bytes of the package that owns the module. A file that two packages list counts for the
    first: Debian, Alpine, then Python, those nearer the root first; a distribution whose metadata another package owns is
    that package's. Linear in files and lines of records.
    """
    ownership = _Ownership(layers, final)
    stored = ownership.stored
    for described in chain(find_debian(stored), find_alpine(stored), PythonPackages(stored).find()):
        if described.kind != "python" or described.place not in ownership.owners:
            ownership.add(described)
    return ownership.result()


class _Ownership:
    """Who owns which file, while packages come in one by one."""

    def __init__(self, layers: Sequence[Layer], final: FileSystem) -> None:
        self.stored = Stored(layers, final)
        self._final = final
        self.owners: dict[str, int] = {}
        """Index of the owning package, by the path of a file."""
        self._entries = final.entries
        self._left = dict(final.entries)
        """What no package listed so far."""
        self._symlinks = Symlinks(final.entries)
        self._packages: list[Package] = []

    def add(self, described: Described) -> None:
        """Take in one package: count those of its files that are there and not taken."""
        owners, mine, entries, left = self.owners, len(self._packages), self._entries, self._left
        size = files = missing = changed = 0
        for listed, declared in described.files:
            path, place = listed, left.pop(listed, None)
            if place is None:
                real = listed if listed in entries else self._locate(listed)
                if real is None:
                    missing += 1
                    continue
                path, place = real, left.pop(real, None)
                if place is None:
                    continue
            content = place.content
            if content.kind != "file":
                continue
            owners[path] = mine
            files += 1
            size += content.size
            changed += declared is not None and declared != content.size
        package = Package(described.kind, described.name, described.version, size, files, place=described.place)
        self._packages.append(
            replace(
                package,
                declared_bytes=described.declared_bytes,
                missing_files=missing,
                changed_files=changed,
                layer=self._entries[described.place].layer,
                summary=described.summary,
            )
        )

    def _locate(self, path: str) -> str | None:
        found = (self._symlinks.locate(form) for form in as_in_records(path))
        return next((real for real in found if real is not None), None)

    def result(self) -> Packages:
        """Return what was taken in, and what is left."""
        bytecode = [0] * len(self._packages)
        folders: defaultdict[str, list[tuple[str, int]]] = defaultdict(list)
        unowned = list(self._unowned(bytecode))
        for one in unowned:
            folders[one[0].rpartition("/")[0]].append(one)
        packages = [
            replace(package, bytecode_bytes=extra) if extra else package
            for package, extra in zip(self._packages, bytecode, strict=True)
        ]
        packages.sort(key=lambda package: (-package.bytes, package.kind, package.name))
        return Packages(tuple(packages), sum(size for _, size in unowned), len(unowned), largest_places(folders))

    def _unowned(self, bytecode: list[int]) -> Iterator[tuple[str, int]]:
        """Yield the files nobody owns with their bytes, hard links after the first without; add up bytecode by package."""
        linked = self._final.linked_files
        counted = {content for content, names in linked.items() if not self.owners.keys().isdisjoint(names)}
        for path, place in self._left.items():
            content = place.content
            if content.kind != "file":
                continue
            size = content.size
            if id(content) in linked:
                size = 0 if id(content) in counted else size
                counted.add(id(content))
            owner = self._owner_of_bytecode(path) if path.endswith(".pyc") else None
            if owner is None:
                yield path, size
            else:
                bytecode[owner] += size

    def _owner_of_bytecode(self, path: str) -> int | None:
        folder, _, name = path.rpartition("/")
        parent, _, last = folder.rpartition("/")
        if last != "__pycache__":
            return self.owners.get(path[:-1])
        module = f"{name.partition('.')[0]}.py"
        return self.owners.get(f"{parent}/{module}" if parent else module)
