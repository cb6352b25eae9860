"""The models in an image: ONNX and TensorFlow Lite files, SavedModel folders, and blobs of artifacts that are models."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from inspector.analysis.image.onnx_head import is_model, may_be_model
from inspector.analysis.image.stored import Stored
from inspector.records.file_system import FileSystem, Placed
from inspector.records.image import Blob, Layer
from inspector.records.image_contents import InsideArtifact

NO_LAYER: Final = -1
"""Layer of an artifact that is a blob of its own."""
_FIRST_TAG: Final = b"\x08"
"""Field ir_version of a ModelProto."""
_TFLITE: Final = b"TFL3"
"""What a .tflite holds after its first four bytes."""
_ANY_SIZE: Final = 1 << 62
_DEFINITIONS: Final = ("saved_model.pb", "saved_model.pbtxt")
_DEFINITION_ENDINGS: Final = ("pbtxt", "pb")
"""The one that TensorFlow prefers comes last."""
_OWN_FOLDERS: Final = ("variables", "assets", "assets.extra")
_OWN_FILES: Final = (*_DEFINITIONS, "fingerprint.pb", "keras_metadata.pb")
_OTHER_SUFFIXES: Final = re.compile(
    r".*\.(?:so[.\d]*|py|pyc|a|o|exe|gz|zip|tar|whl|safetensors|pt|pth|h5|gguf|bin|data|json|txt)"
)


def find_models(layers: Sequence[Layer], final: FileSystem, blobs: Sequence[Blob]) -> tuple[InsideArtifact, ...]:
    """Return the models of the final file system and of an artifact's blobs, largest first.

    ONNX files are told by a name in .onnx and first bytes that do not speak against it, or by first bytes alone; the bytes of
    their external data are not counted. A name in .tflite and the format's identifier tell TensorFlow Lite files. Of a
    SavedModel the definition, variables and assets are counted.
    """
    found = [*_onnx_files(layers, final), *_tflite_files(layers, final), *_saved_models(final), *_onnx_blobs(blobs)]
    return tuple(sorted(found, key=lambda model: (-model.bytes, model.path)))


def _onnx_files(layers: Sequence[Layer], final: FileSystem) -> Iterator[InsideArtifact]:
    stored = Stored(layers, final)
    named = {path for ending in ("onnx", "ONNX") for path in final.files_by_ending.get(ending, ()) if path[-5:-4] == "."}
    for path in (*named, *(path for path in _told_by_head(layers, final) if path not in named)):
        place = final.entries[path]
        if _is_onnx(stored, path, place, path in named):
            yield InsideArtifact(path, "onnx", place.content.size, place.content_layer)


def _told_by_head(layers: Sequence[Layer], final: FileSystem) -> Sequence[str]:
    """Return the paths of contents that begin as a model does, however large they are."""
    told = {
        path for layer in layers for path, head in layer.heads.items() if head[:1] == _FIRST_TAG and is_model(head, _ANY_SIZE)
    }
    return [path for path, place in final.entries.items() if place.content.path in told] if told else ()


def _is_onnx(stored: Stored, path: str, place: Placed, named: bool) -> bool:
    if place.content.kind != "file" or not place.content.size:
        return False
    head = stored.head_of(place)
    if named:
        return not head or may_be_model(head, place.content.size)
    if head[:1] != _FIRST_TAG or path.endswith(_DEFINITIONS) or _OTHER_SUFFIXES.fullmatch(path):
        return False
    return is_model(head, place.content.size)


def _tflite_files(layers: Sequence[Layer], final: FileSystem) -> Iterator[InsideArtifact]:
    stored = Stored(layers, final)
    for path in final.files_by_ending.get("tflite", ()):
        place = final.entries[path]
        head = stored.head_of(place)
        if place.content.kind == "file" and place.content.size and (not head or head[4:8] == _TFLITE):
            yield InsideArtifact(path, "tflite", place.content.size, place.content_layer)


def _saved_models(final: FileSystem) -> Iterator[InsideArtifact]:
    roots: dict[str, Placed] = {}
    named = (path for ending in _DEFINITION_ENDINGS for path in final.files_by_ending.get(ending, ()))
    for path in named:
        folder, _, name = path.rpartition("/")
        if name in _DEFINITIONS:
            roots[folder] = final.entries[path]
    sizes = _bytes_of(roots, final) if roots else {}
    for folder, place in roots.items():
        yield InsideArtifact(folder, "saved_model", sizes[folder], place.content_layer)


def _bytes_of(roots: dict[str, Placed], final: FileSystem) -> dict[str, int]:
    """Return the bytes of each SavedModel's own files."""
    sizes = dict.fromkeys(roots, 0)
    prefixes = {f"{folder}/{name}" if folder else name: folder for folder in roots for name in _OWN_FOLDERS}
    for folder, files in final.files_by_folder.items():
        if folder in roots:
            start = len(folder) + 1 if folder else 0
            sizes[folder] += sum(place.content.size for path, place in files.items() if path[start:] in _OWN_FILES)
        elif (owner := _owner(folder, prefixes)) is not None:
            sizes[owner] += sum(place.content.size for place in files.values())
    return sizes


def _owner(folder: str, prefixes: dict[str, str]) -> str | None:
    while folder:
        if folder in prefixes:
            return prefixes[folder]
        folder = folder.rpartition("/")[0]
    return None


def _onnx_blobs(blobs: Sequence[Blob]) -> Iterator[InsideArtifact]:
    for blob in blobs:
        is_archive = any(word in blob.media_type.lower() for word in ("tar", "gzip", "zstd"))
        if not is_archive and (blob.title.lower().endswith(".onnx") or "onnx" in blob.media_type.lower()):
            yield InsideArtifact(blob.title or blob.digest, "onnx", blob.size_bytes, NO_LAYER, blob.digest)
