"""Which part of a slimmed image each path belongs to: the system, installed packages, the application, or models."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from inspector.analysis.image.pull_kinds import sort_content
from inspector.analysis.image.slim.owners import Remembered, final_of, folders_above, ownership, source_of
from inspector.analysis.image.symlinks import inside_root
from inspector.analysis.image.weights_twice import is_weights
from inspector.records.file_system import FileSystem, Placed
from inspector.records.image_contents import InsideArtifact, PackageKind, Packages
from inspector.records.image_inspection import ImageInspection
from inspector.records.written_image import LayerPart

SITE: Final = re.compile(r"(?:^|/)(?:site|dist)-packages(?:/|$)")
_LIBRARIES: Final = re.compile(
    r"(?:^|/)(?:(?:site|dist)-packages|node_modules|conda-meta|gems|bower_components|go/pkg/mod|R/(?:site-)?library|lib/perl5"
    r"|share/perl5|vendor/bundle|\.cache/(?:pip|uv|pypoetry|pipenv|pdm|conda|yarn|pnpm|npm|go-build)|\.(?:npm|conda|cargo|rustup|m2|gradle))"
    r"(?:/|$)"
)
"""Where package managers of languages install to, and what they keep."""
_MODEL_CACHES: Final = re.compile(r"(?:^|/)(?:huggingface/(?:hub|transformers)|torch/hub|\.keras/models|tfhub_modules)(?:/|$)")
_SYSTEM: Final = re.compile(
    r"(?:bin|boot|dev|etc|lib\w*|media|mnt|proc|run|sbin|sys|tmp|usr(?!/src/)|var(?!/(?:www|task|app|opt)(?:/|$)))(?:/|$)"
)
"""Folders of the operating system, those left out where applications are put."""
_TOP_FILES: Final = re.compile(r"\.dockerenv|\.?singularity[^/]*|initrd\.img[^/]*|vmlinuz[^/]*")
_ALWAYS_WEIGHTS: Final = (
    ".safetensors", ".gguf", ".tflite", ".onnx", ".onnx_data", ".onnx.data", ".pt", ".pth", ".ckpt", ".keras", ".h5",
    ".engine", ".plan",
)  # fmt: skip
_LEAST_WEIGHTS: Final = 1 << 20
"""Bytes from which names that others use as well, such as .bin, tell weights."""
_SAVED_MODEL: Final = re.compile(
    r"(?:variables|assets|assets\.extra)/|(?:saved_model\.pb(?:txt)?|fingerprint\.pb|keras_metadata\.pb)$"
)
_LONGEST: Final = 4096


def _parts_of(inspection: ImageInspection) -> Mapping[str, LayerPart]:
    return _Parts(inspection).parts()


parts_of: Final = Remembered(_parts_of)
"""The part of every path of the final file system but folders, by path; all names of one content have the same part.

Weights are models, what belongs to them and other files of weights, unless a package brought them; dependencies what package
managers of languages installed; base what the system's package manager did, and the rest of the system's folders; code what
lies elsewhere. Files are told apart as for the costs of a pull, which say what somebody changes and builds anew.
"""


def part_of(inspection: ImageInspection, path: str) -> LayerPart:
    """Return the part of a path, one that is not there yet included: bytecode goes with its module, all else by folder."""
    parts = parts_of(inspection)
    found = parts.get(path) or parts.get(source_of(path))
    return found or part_by_place(path)


def part_by_place(path: str) -> LayerPart:
    """Return the part that the place of a file says, whoever put it there."""
    if len(path) > _LONGEST:
        return "base"
    if _MODEL_CACHES.search(path):
        return "weights"
    if _LIBRARIES.search(path):
        return "dependencies"
    return "base" if _SYSTEM.match(path) or _TOP_FILES.fullmatch(path) else "code"


class _Parts:
    """Tells the parts of files by owner, as pulls do, by name and by place; then of links, which follow their neighbors."""

    def __init__(self, inspection: ImageInspection) -> None:
        self._final = final_of(inspection)
        self._owned = {path: owner.kind for path, owner in ownership(inspection).of_path.items()}
        self._pulled = self._as_pulled(inspection)
        self._models = _own_files(self._final, inspection.models)
        self._environments = _environments(self._final)

    def _as_pulled(self, inspection: ImageInspection) -> dict[int, LayerPart]:
        """Return what changes on a pull tell files apart as, by id() of their place."""
        packages = inspection.packages or Packages()
        content = sort_content(inspection.image, self._final, packages, inspection.models)
        kinds: tuple[LayerPart, ...] = ("dependencies", "code", "weights")
        return {id(placed): kind for kind in kinds for placed in content[kind]}  # type: ignore[index]

    def parts(self) -> Mapping[str, LayerPart]:
        """Return the part of every path but folders."""
        parts: dict[str, LayerPart] = {}
        others: list[tuple[str, Placed]] = []
        for folder, files in self._final.files_by_folder.items():
            parts.update(self._in_folder(folder, files))
        for path, placed in self._final.entries.items():
            if path not in parts and placed.entry.kind != "directory":
                others.append((path, placed))
        parts.update(list(self._neighbors(others, parts)))
        self._one_part_for_all_names(parts)
        return parts

    def _in_folder(self, folder: str, files: Mapping[str, Placed]) -> Iterator[tuple[str, LayerPart]]:
        by_place = self._by_folder(folder)
        for path, placed in files.items():
            kind = self._owned.get(path)
            pulled = self._pulled.get(id(placed))
            if kind is None and pulled is None and path not in self._models and not self._is_weights(path, placed, by_place):
                yield path, by_place if folder else part_by_place(path)
            else:
                yield path, self._told(path, placed, kind, pulled, by_place)

    def _told(
        self, path: str, placed: Placed, kind: PackageKind | None, pulled: LayerPart | None, by_place: LayerPart
    ) -> LayerPart:
        if kind is not None:
            return "dependencies" if kind == "python" else "base"
        if path in self._models or self._is_weights(path, placed, by_place):
            return "weights"
        if pulled == "weights":
            return "weights" if by_place != "base" else "base"
        if pulled == "code":
            return "code" if by_place != "dependencies" else by_place
        return by_place

    def _is_weights(self, path: str, placed: Placed, by_place: LayerPart) -> bool:
        """Tell files of weights outside the system by their names."""
        if by_place == "base":
            return False
        return path.endswith(_ALWAYS_WEIGHTS) or (placed.content.size >= _LEAST_WEIGHTS and is_weights(path))

    def _by_folder(self, folder: str) -> LayerPart:
        if not folder:
            return "code"
        inside = f"{folder}/"
        if self._environments and not self._environments.isdisjoint(folders_above(inside)):
            return "dependencies"
        return part_by_place(inside)

    def _neighbors(
        self, others: Iterable[tuple[str, Placed]], parts: Mapping[str, LayerPart]
    ) -> Iterator[tuple[str, LayerPart]]:
        """Yield the parts of links, devices and pipes: that of the files beside them, where these are all of one."""
        known: dict[str, LayerPart] = {}
        for path, placed in others:
            kind = self._owned.get(path)
            if kind is not None:
                yield path, "dependencies" if kind == "python" else "base"
                continue
            folder = path.rpartition("/")[0]
            if folder not in known:
                beside = {parts[one] for one in self._final.files_by_folder.get(folder, ())} if folder else set()
                known[folder] = beside.pop() if len(beside) == 1 else self._by_folder(folder)
            target = self._target(path, placed) if known[folder] == "code" else None
            yield (
                path,
                "weights"
                if target is not None and parts.get(target) == "weights"
                else (known[folder] if folder else part_by_place(path)),
            )

    def _target(self, path: str, placed: Placed) -> str | None:
        if placed.entry.kind != "symlink" or len(placed.entry.link) > _LONGEST:
            return None
        link = placed.entry.link
        return inside_root(link if link.startswith("/") else f"{path.rpartition('/')[0]}/{link}")

    def _one_part_for_all_names(self, parts: dict[str, LayerPart]) -> None:
        """Give every name of a content that has several the part of the first, since hard links stay within a layer."""
        for names in self._final.linked_files.values():
            first = parts.get(min(names))
            if first is not None:
                parts.update(dict.fromkeys(names, first))


def _own_files(final: FileSystem, models: Iterable[InsideArtifact]) -> frozenset[str]:
    """Return the files of models: ONNX with external data that is called after it, SavedModels' own folders."""
    found: set[str] = set()
    saved: set[str] = set()
    for model in models:
        if model.format == "saved_model":
            saved.add(model.path)
            continue
        found.add(model.path)
        folder = model.path.rpartition("/")[0]
        stem = model.path.removesuffix(".onnx")
        endings = ("_data", ".data", ".bin", ".weights")
        named = {f"{base}{ending}" for base in (model.path, stem) for ending in endings}
        found.update(named & final.files_by_folder.get(folder, {}).keys())
    if saved:
        found.update(_saved_models(final, saved))
    return frozenset(found)


def _saved_models(final: FileSystem, roots: set[str]) -> Iterator[str]:
    for folder, files in final.files_by_folder.items():
        inside = f"{folder}/" if folder else ""
        root = "" if "" in roots else next((above for above in folders_above(inside) if above in roots), None)
        if root is not None:
            start = len(root) + 1 if root else 0
            yield from (path for path in files if _SAVED_MODEL.match(path, start))


def _environments(final: FileSystem) -> frozenset[str]:
    """Return the folders of virtual environments and conda's, which package managers own as a whole."""
    endings = final.files_by_ending
    virtual = {path.rpartition("/")[0] for path in endings.get("cfg", ()) if path.endswith("/pyvenv.cfg")}
    conda = {folder.removesuffix("/conda-meta") for folder in final.files_by_folder if folder.endswith("/conda-meta")}
    return frozenset((virtual | conda) - {"", "usr", "usr/local"})
