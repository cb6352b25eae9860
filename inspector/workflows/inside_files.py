"""Which files of an image make up a model inside it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import Final

from inspector.analysis.image.symlinks import Symlinks
from inspector.errors import OperationFailed
from inspector.records.file_system import FileSystem, Placed
from inspector.records.image import Blob, Entry, Image, Layer
from inspector.records.image_contents import InsideArtifact
from inspector.records.image_inspection import ImageInspection

MOST_FILES: Final = 1_000
_DEFINITIONS: Final = ("saved_model.pb", "saved_model.pbtxt")
_OWN_FILES: Final = (*_DEFINITIONS, "fingerprint.pb", "keras_metadata.pb")
_OWN_FOLDERS: Final = ("variables/", "assets/", "assets.extra/")
"""What belongs to a SavedModel; other things may lie in its folder, such as a whole file system."""

_LONGEST_NAME: Final = 200
_BLOB_ENTRY: Final = "blob"


@dataclass(frozen=True, slots=True)
class InsideFile:
    """One file to copy: where it goes, relative to the folder it is copied into, and what holds it."""

    target: str
    image: Image
    layer: int
    """Index of the layer among the image's."""
    entry: Entry


def files_of_model(inspection: ImageInspection, model: InsideArtifact) -> list[InsideFile]:
    """Return the file of an ONNX model, or the files that make up a SavedModel.

    Raises OperationFailed where they are not there, or too many.
    """
    if model.digest:
        return [_blob(inspection, model)]
    final = _final(inspection, model)
    if model.format == "saved_model":
        return _folder(inspection, final, model)
    place = Symlinks(final.entries).follow(model.path)
    if place is None or place.content.kind != "file":
        raise OperationFailed(f"{model.path or '/'} is no file of the image")
    return [_file(inspection, name_of(model), place)]


def neighbor(inspection: ImageInspection, model: InsideArtifact, location: str) -> InsideFile | None:
    """Return the file of external data that an ONNX model names, None where it is not in the model's folder.

    Symlinks are followed as long as they stay in that folder, or in the Hugging Face cache that it is part of.
    """
    parts = PurePosixPath(location).parts
    if model.digest or not parts or location.startswith("/") or ".." in parts or inspection.file_system is None:
        return None
    folder = model.path.rpartition("/")[0]
    relative = "/".join(parts)
    links = Symlinks(inspection.file_system.entries)
    real = links.real(f"{folder}/{relative}" if folder else relative)
    place = None if real is None else inspection.file_system.entries.get(real)
    if real is None or place is None or place.content.kind != "file":
        return None
    if not any(_is_in(real, root) for root in (folder, links.real(folder) or "", *_hub_cache(folder))):
        return None
    return _file(inspection, relative, place)


def own_name(model: InsideArtifact) -> str:
    """Return the last part of a model's path in the image; empty for the root."""
    return model.path.rpartition("/")[2]


def name_of(model: InsideArtifact) -> str:
    """Return the name a model gets in the folder it is copied into: its own, unless that is too long for a file system."""
    name = own_name(model)
    fallback = {"saved_model": "model", "tflite": "model.tflite"}.get(model.format, "model.onnx")
    return name if name not in ("", ".", "..") and len(name.encode("utf-8", "replace")) <= _LONGEST_NAME else fallback


def _folder(inspection: ImageInspection, final: FileSystem, model: InsideArtifact) -> list[InsideFile]:
    prefix = f"{model.path}/" if model.path else ""
    links = Symlinks(final.entries)
    found = []
    for path, place in _own(final, prefix):
        real = links.real(path) if place.entry.kind == "symlink" else path
        leads = final.entries.get(real) if real is not None and _is_in(real, model.path) else None
        if leads is not None and leads.content.kind == "file":
            found.append(_file(inspection, f"{name_of(model)}/{path.removeprefix(prefix)}", leads))
        if len(found) > MOST_FILES:
            raise OperationFailed(f"{model.path} holds more than {MOST_FILES:,} files", "no SavedModel does")
    if not any(file.target.endswith(_DEFINITIONS) for file in found):
        raise OperationFailed(f"{model.path or '/'} holds no SavedModel")
    return found


def _own(final: FileSystem, prefix: str) -> Iterator[tuple[str, Placed]]:
    """Yield the files of a SavedModel in the folder that prefix names, in the order they lie in their layers."""
    own = [
        (path, place)
        for path, place in final.entries.items()
        if path.startswith(prefix) and (path[len(prefix) :] in _OWN_FILES or path.startswith(_OWN_FOLDERS, len(prefix)))
    ]
    yield from sorted(own, key=lambda item: (item[1].content_layer, item[1].content.offset))


def _file(inspection: ImageInspection, target: str, place: Placed) -> InsideFile:
    return InsideFile(target, inspection.image, place.content_layer, place.content)


def _blob(inspection: ImageInspection, model: InsideArtifact) -> InsideFile:
    """Return a blob as if it were the one file of a plain layer, which it lies in the archive like."""
    named = (blob for blob in inspection.image.blobs if blob.digest == model.digest)
    found: Blob | None = next(named, None)
    if found is None or found.place is None:
        raise OperationFailed(f"{model.path}: the blob {model.digest} is not in the archive", "download it again")
    size = found.place.length
    entry = Entry(_BLOB_ENTRY, "file", size, offset=0, stored=size)
    layer = Layer(0, found.digest, compressed_bytes=size, size_bytes=size, place=found.place, entries=(entry,))
    return InsideFile(name_of(model), replace(inspection.image, layers=(layer,)), 0, entry)


def _final(inspection: ImageInspection, model: InsideArtifact) -> FileSystem:
    if inspection.file_system is None:
        raise OperationFailed(f"{model.path}: the files of the image are not known yet", "wait until its layers are read")
    return inspection.file_system


def _is_in(path: str, folder: str) -> bool:
    return not folder or path.startswith(f"{folder}/")


def _hub_cache(folder: str) -> Iterator[str]:
    """Yield the models--… folder of a Hugging Face cache that holds the folder, if one does."""
    parts = folder.split("/")
    for position, part in enumerate(parts[:-1]):
        if part.startswith("models--") and parts[position + 1] == "snapshots":
            yield "/".join(parts[: position + 1])
