"""What of the final file system serving does not need: an estimate, by kind, and as a union that counts nothing twice."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Final

from inspector.analysis.image.build_tools import tool_files
from inspector.analysis.image.cuda import cpu_only, is_cuda, library_name, may_be_library, shipped_twice
from inspector.analysis.image.duplicates import same_content, uncompared
from inspector.analysis.image.leftover_kinds import kinds_in
from inspector.analysis.image.same_content import NO_KEYS, ContentKeys
from inspector.analysis.image.stored import Stored
from inspector.analysis.image.weights_twice import may_be_weights, weights_twice
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


@dataclass(frozen=True, slots=True)
class Told:
    """Leftovers told by place and name, before any contents were compared: paths and what they rest on, by kind."""

    paths: Mapping[LeftoverKind, Sequence[str]]
    notes: Mapping[LeftoverKind, str]


def find_leftovers(
    image: Image, final: FileSystem, packages: Packages, keys: ContentKeys = NO_KEYS, told: Told | None = None
) -> Leftovers:
    """Return the leftovers of a file system, largest kind first; told is what told_by_place() says, where that was asked.

    A file with several names (hard links) counts once, and only where all its names are leftovers of the kind; kinds without
    bytes are left out. Files are told by place and name, equal content by keys. Linear in files.
    """
    told = told or told_by_place(image, final, packages)
    copies = same_content(final, keys)
    repeated = [path for group in copies for names in group[1:] for path in names]
    paths: dict[LeftoverKind, Sequence[str]] = {"same content twice": repeated, **told.paths}
    notes: dict[LeftoverKind, str] = {"same content twice": _note_on_copies(uncompared(final, keys)), **told.notes}
    return _Sums(final).leftovers(paths, notes)


def told_by_place(image: Image, final: FileSystem, packages: Packages) -> Told:
    """Return the leftovers that can be told without comparing contents."""
    paths = _kinds_by_folder(final)
    notes = dict(_NOTES)
    paths.setdefault("build tools", []).extend(tool_files(Stored(image.layers, final), packages))
    libraries = {path: size for path, size in _sizes(final, may_be_library).items() if library_name(path)}
    _add(paths, notes, "CUDA twice", shipped_twice(libraries))
    if libraries:
        _add(paths, notes, "CUDA without use", _cuda_without_use(image, final, packages))
    _add(paths, notes, "weights twice", weights_twice(_sizes(final, may_be_weights)))
    return Told(paths, notes)


def _sizes(final: FileSystem, is_wanted: Callable[[str], bool]) -> dict[str, int]:
    """Return the bytes of the files whose path, after its last dot, ends as wanted."""
    endings = final.files_by_ending
    return {path: final.entries[path].size for ending in endings if is_wanted(ending) for path in endings[ending]}


def _kinds_by_folder(final: FileSystem) -> dict[LeftoverKind, list[str]]:
    found: dict[LeftoverKind, list[str]] = {}
    for folder, files in final.files_by_folder.items():
        for kind, paths in kinds_in(folder, files, final.entries):
            found.setdefault(kind, []).extend(paths)
    return found


def _add(
    paths: dict[LeftoverKind, list[str]], notes: dict[LeftoverKind, str], kind: LeftoverKind, found: tuple[Iterable[str], str]
) -> None:
    paths[kind], notes[kind] = list(found[0]), found[1]


def _cuda_without_use(image: Image, final: FileSystem, packages: Packages) -> tuple[Iterable[str], str]:
    if not image.complete or any(layer.problem for layer in image.layers):
        return (), ""
    files = list(chain.from_iterable(final.files_by_folder.values()))
    reason = cpu_only(files, packages, image.config.environment)
    return ([path for path in files if is_cuda(path)], reason) if reason else ((), "")


def _note_on_copies(not_compared: int) -> str:
    note = "equal byte for byte, or in sha256; the copy that is kept and hard links are not counted"
    return f"{note}; {not_compared:,} more files of equal size were not compared" if not_compared else note


class _Sums:
    """Adds up paths by kind so that each content counts once."""

    def __init__(self, final: FileSystem) -> None:
        self._entries = final.entries
        self._names = [paths for paths in final.linked_files.values() if self._entries[paths[0]].content.kind == "file"]
        """All names of each file that has several."""

    def leftovers(self, paths: Mapping[LeftoverKind, Iterable[str]], notes: Mapping[LeftoverKind, str]) -> Leftovers:
        """Return the kinds that have bytes, and their union."""
        kinds = []
        union: dict[str, int] = {}
        for kind, members in paths.items():
            sizes = {path: self._entries[path].content.size for path in members}
            size = self._freed(sizes)
            if size:
                kinds.append(Leftover(kind, size, len(sizes), _largest_first(sizes), notes.get(kind, "")))
                union.update(sizes)
        kinds.sort(key=lambda leftover: (-leftover.bytes, leftover.kind))
        return Leftovers(self._freed(union), len(union), tuple(kinds))

    def _freed(self, sizes: Mapping[str, int]) -> int:
        """Return the bytes that removing all the paths, given with their own, frees."""
        total = sum(sizes.values())
        for names in self._names:
            here = [sizes[path] for path in names if path in sizes]
            total -= sum(here[1:] if len(here) == len(names) else here)
        return total


def _largest_first(sizes: Mapping[str, int]) -> tuple[str, ...]:
    by_size: defaultdict[int, list[str]] = defaultdict(list)
    for path, size in sizes.items():
        by_size[size].append(path)
    ordered: list[str] = []
    for size in sorted(by_size, reverse=True):
        ordered += sorted(by_size[size])
    return tuple(ordered)
