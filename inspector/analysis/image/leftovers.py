"""What of the final file system serving does not need: an estimate, by kind, and as a union that counts nothing twice."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from inspector.analysis.image.build_tools import tool_files
from inspector.analysis.image.cuda import cpu_only, is_cuda, library_name, shipped_twice
from inspector.analysis.image.duplicates import same_content, uncompared
from inspector.analysis.image.leftover_kinds import KindTeller
from inspector.analysis.image.stored import Stored
from inspector.analysis.image.weights_twice import weights_twice
from inspector.records.file_system import FileSystem
from inspector.records.image import Image
from inspector.records.image_contents import Packages
from inspector.records.image_waste import Leftover, LeftoverKind, Leftovers

_NOTES: Final[Mapping[LeftoverKind, str]] = {
    "package caches": "package managers fetch them again when asked to",
    "bytecode": "removing it makes every start slower: importing onnxruntime took 1.75 times as long without, onnx 2.1 times",
    "tests": "test folders inside installed packages; a few packages import their own",
    "headers": "kernels compiled while serving (torch.compile, Triton, CuPy) need them",
    "static libraries": "used by linkers only",
    "build tools": "compilers, binutils, make, git and -dev packages; kernels compiled while serving need some",
    "docs": "licenses that must be shipped may be among them",
    "locales": "translations; C.utf8 is kept",
}


def find_leftovers(image: Image, final: FileSystem, packages: Packages) -> Leftovers:
    """Return the leftovers of a file system, largest kind first.

    A file with several names (hard links) counts once, and only where all its names are leftovers of the kind; kinds without
    bytes are left out. Files are told by place and name, equal content by sha256. Linear in files.
    """
    paths = _told_by_place(final)
    notes = dict(_NOTES)
    paths.setdefault("build tools", set()).update(tool_files(Stored(image.layers, final), packages))
    copies = same_content(final)
    paths["same content twice"] = {path for group in copies for names in group[1:] for path in names}
    notes["same content twice"] = _note_on_copies(uncompared(final))
    sizes = {path: place.content.size for path, place in final.entries.items() if place.content.kind == "file"}
    libraries = {path: size for path, size in sizes.items() if ".so" in path and library_name(path)}
    _add(paths, notes, "CUDA twice", shipped_twice(libraries))
    _add(paths, notes, "CUDA without use", _cuda_without_use(image, sizes, packages, bool(libraries)))
    _add(paths, notes, "weights twice", weights_twice(sizes))
    return _Sums(final, sizes).leftovers(paths, notes)


def _told_by_place(final: FileSystem) -> dict[LeftoverKind, set[str]]:
    teller = KindTeller(final.entries)
    found: dict[LeftoverKind, set[str]] = {}
    for path, place in final.entries.items():
        if place.content.kind == "file":
            for kind in teller.kinds(path):
                found.setdefault(kind, set()).add(path)
    return found


def _add(
    paths: dict[LeftoverKind, set[str]], notes: dict[LeftoverKind, str], kind: LeftoverKind, found: tuple[Iterable[str], str]
) -> None:
    paths[kind], notes[kind] = set(found[0]), found[1]


def _cuda_without_use(
    image: Image, sizes: Mapping[str, int], packages: Packages, has_libraries: bool
) -> tuple[Iterable[str], str]:
    if not has_libraries or not image.complete or any(layer.problem for layer in image.layers):
        return (), ""
    reason = cpu_only(sizes, packages, image.config.environment)
    return ([path for path in sizes if is_cuda(path)], reason) if reason else ((), "")


def _note_on_copies(not_compared: int) -> str:
    note = "equal sha256; the copy that is kept and hard links are not counted"
    return f"{note}; {not_compared:,} more files of equal size were not compared" if not_compared else note


class _Sums:
    """Adds up paths by kind so that each content counts once."""

    def __init__(self, final: FileSystem, sizes: Mapping[str, int]) -> None:
        self._sizes = sizes
        names: dict[int, list[str]] = {}
        linked = {id(place.content) for place in final.entries.values() if place.entry is not place.content}
        for path, place in final.entries.items() if linked else ():
            if id(place.content) in linked:
                names.setdefault(id(place.content), []).append(path)
        self._names = [paths for paths in names.values() if paths[0] in sizes]
        """All names of each file that has several."""

    def leftovers(self, paths: Mapping[LeftoverKind, set[str]], notes: Mapping[LeftoverKind, str]) -> Leftovers:
        """Return the kinds that have bytes, and their union."""
        kinds = []
        union: set[str] = set()
        for kind, members in paths.items():
            size, files = self._total(members)
            if size:
                largest = sorted(sorted(members), key=self._sizes.__getitem__, reverse=True)
                kinds.append(Leftover(kind, size, files, tuple(largest), notes.get(kind, "")))
                union |= members
        kinds.sort(key=lambda leftover: (-leftover.bytes, leftover.kind))
        return Leftovers(*self._total(union), tuple(kinds))

    def _total(self, paths: set[str]) -> tuple[int, int]:
        """Return the bytes that removing all the paths frees, and the number of files."""
        size = sum(map(self._sizes.__getitem__, paths))
        for first, *others in self._names:
            here = [path for path in (first, *others) if path in paths]
            freed = 1 if len(here) == 1 + len(others) else 0
            size -= (len(here) - freed) * self._sizes[first]
        return size, len(paths)
