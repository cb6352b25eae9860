"""What stays and what goes of each package, model and folder; nothing counts twice, and nothing is left out."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from heapq import nlargest
from typing import Final

from inspector.analysis.image.slim.owners import Ownership, Remembered, final_of, folders_above, ownership
from inspector.analysis.image.slim.parts import SITE, parts_of
from inspector.analysis.image.slim.patterns import pattern_of
from inspector.records.file_system import FileSystem
from inspector.records.image_contents import InsideArtifact
from inspector.records.image_inspection import ImageInspection
from inspector.records.slimming import GroupKind, KeepReason, KeptShare, Risk, SlimGroup
from inspector.records.written_image import LayerPart

_SHOWN: Final = 10
_DEEP_TOPS: Final = frozenset(("usr", "var", "opt", "home", "srv", "mnt", "media", "lib", "lib64"))
"""Folders whose own folders are told apart, since they have little to do with each other."""
_PREFIXES: Final = ("usr/local/lib/", "usr/local/share/", "usr/lib/", "usr/share/", "usr/src/", "var/lib/", "var/www/")


@dataclass(frozen=True, slots=True, order=True)
class GroupName:
    """What files belong to; pattern puts them into keep or drop."""

    kind: GroupKind
    name: str
    pattern: str


@dataclass(slots=True)
class _Sum:
    kept_bytes: int = 0
    kept_files: int = 0
    dropped_files: int = 0
    dropped: list[tuple[int, str]] = field(default_factory=list)


def groups_of(inspection: ImageInspection, kept: Container[str] | None = None) -> tuple[SlimGroup, ...]:
    """Return what stays and goes by package, model, application folder and folder of the system, by bytes that go.

    kept are the paths that stay (None: all). All groups' bytes come to those of the final file system, files to its files:
    a content with several names counts for the first that stays, or the first of all. Linear in files.
    """
    sums: dict[GroupName, _Sum] = {}
    names = names_of(inspection)
    for path, size, stays in _counted(final_of(inspection), kept):
        name = names[path]
        total = sums.get(name)
        if total is None:
            total = sums[name] = _Sum()
        if stays:
            total.kept_bytes += size
            total.kept_files += 1
        else:
            total.dropped_files += 1
            total.dropped.append((size, path))
    groups = [_group(name, total) for name, total in sums.items()]
    return tuple(sorted(groups, key=lambda one: (-one.dropped_bytes, -one.kept_bytes, one.kind, one.name)))


def kept_shares(inspection: ImageInspection, reasons: Mapping[str, KeepReason]) -> tuple[KeptShare, ...]:
    """Return what stays by reason, largest first; reasons are those of paths, of which others than files count nothing.

    Bytes come to those of the contents that stay, each counted once, for the first of its names; files to their names.
    """
    found: dict[KeepReason, tuple[int, int]] = {}
    for path, size, stays in _counted(final_of(inspection), reasons):
        if stays:
            total, files = found.get(reasons[path], (0, 0))
            found[reasons[path]] = (total + size, files + 1)
    shares = (KeptShare(reason, total, files) for reason, (total, files) in found.items())
    return tuple(sorted(shares, key=lambda share: (-share.bytes, -share.files, share.reason)))


def _counted(final: FileSystem, kept: Container[str] | None) -> Iterator[tuple[str, int, bool]]:
    """Yield every regular file with the bytes that count for its path, and whether it stays."""
    linked = final.linked_files
    owners = {min(names, key=lambda path: (kept is not None and path not in kept, path)) for names in linked.values()}
    for path, placed in final.entries.items():
        content = placed.content
        if content.kind == "file":
            counts = id(content) not in linked or path in owners
            yield path, content.size if counts else 0, kept is None or path in kept


def _group(name: GroupName, total: _Sum) -> SlimGroup:
    largest = tuple((path, size) for size, path in nlargest(_SHOWN, total.dropped))
    risk, reason = _judgement(name, total)
    return SlimGroup(
        name.kind,
        name.name,
        total.kept_bytes,
        total.kept_files,
        sum(size for size, _ in total.dropped),
        total.dropped_files,
        name.pattern,
        largest,
        risk,
        reason,
    )


def _judgement(name: GroupName, total: _Sum) -> tuple[Risk, str]:
    """Return what may come of what goes."""
    if not total.dropped_files:
        return "none", "all of it stays"
    if not total.kept_files:
        if name.kind in ("application", "model"):
            return "high", "nothing of it stays: what an exercise did not reach is missed when somebody asks for it"
        return "low", "nothing of it stays"
    if name.kind in ("application", "model"):
        return "high", "part of it goes: what an exercise did not reach is missed when somebody asks for it"
    return "medium", "part of it stays: what is loaded only on certain requests is missed then"


def _names_of(inspection: ImageInspection) -> Mapping[str, GroupName]:
    return _Names(inspection).all()


names_of: Final = Remembered(_names_of)
"""The group of every regular file of the final file system, by path."""


class _Names:
    """Tells whose files they are, once a folder wherever no package owns them."""

    def __init__(self, inspection: ImageInspection) -> None:
        self._final = final_of(inspection)
        self._owned: Ownership = ownership(inspection)
        self._parts = parts_of(inspection)
        self._models = {one.path: one for one in inspection.models}
        self._saved_models = {one.path: one for one in inspection.models if one.format == "saved_model"}
        self._in_folders: dict[tuple[str, LayerPart], GroupName] = {}
        self._packages = {one: GroupName(one.kind, one.name, pattern_of(one)) for one in self._owned.packages}

    def all(self) -> Mapping[str, GroupName]:
        """Return the group of every file."""
        names: dict[str, GroupName] = {}
        owned, parts = self._owned.of_path, self._parts
        for folder, files in self._final.files_by_folder.items():
            for path in files:
                owner = owned.get(path)
                names[path] = self._packages[owner] if owner is not None else self._unowned(folder, path, parts[path])
        return names

    def _unowned(self, folder: str, path: str, part: LayerPart) -> GroupName:
        if part == "weights":
            return self._weights(folder, path)
        if not folder:
            return GroupName("application" if part == "code" else "system", f"/{path}", f"/{path}")
        found = self._in_folders.get((folder, part))
        if found is None:
            found = self._in_folders[folder, part] = self._of_folder(folder, part)
        return found if found.name else GroupName("python", path.rpartition("/")[2], f"/{path}")

    def _weights(self, folder: str, path: str) -> GroupName:
        model = self._model_of(folder, path)
        if model is not None:
            ending = "/" if model.format == "saved_model" else ""
            return GroupName("model", f"/{model.path}", f"/{model.path}{ending}")
        return GroupName("model", f"/{folder}", f"/{folder}/") if folder else GroupName("model", f"/{path}", f"/{path}")

    def _model_of(self, folder: str, path: str) -> InsideArtifact | None:
        """Return the model that a file is, or is called after, or in whose SavedModel it lies."""
        name = path.rpartition("/")[2]
        stem = name.partition(".onnx")[0]
        called = (path, *(f"{folder}/{one}.onnx" if folder else f"{one}.onnx" for one in (stem, name.partition(".")[0])))
        found = next((self._models[one] for one in called if one in self._models), None)
        if found is None and self._saved_models:
            found = next((self._saved_models[above] for above in folders_above(path) if above in self._saved_models), None)
        return found

    def _of_folder(self, folder: str, part: LayerPart) -> GroupName:
        """Return whose folder it is; without a name for site-packages itself, whose files are modules of their own."""
        site = SITE.search(folder)
        if part == "dependencies" and site is not None:
            module = folder[site.end() :].partition("/")[0]
            return GroupName("python", module, f"/{folder[: site.end()]}{module}/") if module else GroupName("python", "", "")
        if part == "dependencies" and "node_modules" in folder:
            folder = f"{folder.partition('node_modules')[0]}node_modules"
            return GroupName("application", f"/{folder}", f"/{folder}/")
        top = _top_of(folder)
        return GroupName("application" if part == "code" else "system", f"/{top}", f"/{top}/")


def _top_of(folder: str) -> str:
    """Return the folder that says enough: /app, /opt/thing, /usr/lib/python3.12."""
    prefix = next((one for one in _PREFIXES if folder.startswith(one)), "")
    parts = folder[len(prefix) :].split("/")
    if prefix:
        return f"{prefix}{parts[0]}"
    depth = 2 if parts[0] in _DEEP_TOPS else 1
    is_hidden = parts[0] in ("root", "home") and any(part.startswith(".") for part in parts[depth : depth + 1])
    return "/".join(parts[: depth + is_hidden])


def sizes_of(final: FileSystem, paths: Iterable[str]) -> int:
    """Return the bytes of files, a content with several names counted once."""
    seen: set[int] = set()
    total = 0
    for path in paths:
        placed = final.entries.get(path)
        if placed is not None and placed.content.kind == "file" and id(placed.content) not in seen:
            seen.add(id(placed.content))
            total += placed.size
    return total
