"""What kind of artifact a path names, told from its content, never from its suffix."""

from __future__ import annotations

import os
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Final

from inspector.errors import UnreadableArtifact
from inspector.formats.clean_text import one_line
from inspector.formats.onnx.open_file import open_regular
from inspector.formats.onnx.wire import decode_varint

if TYPE_CHECKING:
    from inspector.records.artifact import Format

_HEAD: Final = 4096
_TAR_BLOCK: Final = 512
_DEFINITION_START: Final = b"\x08\x01\x12"
_DEFINITION_TEXTS: Final = (b"saved_model_schema_version", b"meta_graphs {", b"meta_graphs{")
_LONGEST_PRODUCER: Final = 4096

_GZIP: Final = b"\x1f\x8b"
_ZSTD: Final = b"\x28\xb5\x2f\xfd"
_TFLITE: Final = b"TFL3"
_TFLITE_AT: Final = 4
_TAR_MAGIC: Final = b"ustar"
_TAR_MAGIC_AT: Final = 257
_IMAGE_NAMES: Final = frozenset({"manifest.json", "index.json", "oci-layout"})

_ONNX_HINT: Final = "name an ONNX model (.onnx) or export one"
_KNOWN: Final[tuple[tuple[int, bytes, str, str], ...]] = (
    (0, b"PK\x03\x04", "a zip archive", "unpack it and name the model inside, or export a PyTorch .pt with torch.onnx"),
    (0, b"PK\x05\x06", "an empty zip archive", _ONNX_HINT),
    (0, _GZIP, "gzip data without a tar archive in it", "unpack it first: gunzip"),
    (0, b"BZh", "bzip2 data", "unpack it first: bunzip2"),
    (0, b"\xfd7zXZ\0", "xz data", "unpack it first: unxz"),
    (0, b"7z\xbc\xaf\x27\x1c", "a 7z archive", "unpack it, and name the model inside"),
    (0, b"GGUF", "a GGUF model", _ONNX_HINT),
    (0, b"GGML", "a GGML model", _ONNX_HINT),
    (4, b"ORTM", "an ONNX Runtime .ort model", "name the ONNX model it was made from"),
    (0, b"\x89HDF\r\n\x1a\n", "an HDF5 file (Keras weights?)", "export the model to ONNX with tf2onnx"),
    (0, b"\x93NUMPY", "a NumPy array", _ONNX_HINT),
    (0, b"\x89PNG", "a PNG image", _ONNX_HINT),
    (0, b"\xff\xd8\xff", "a JPEG image", _ONNX_HINT),
    (0, b"GIF8", "a GIF image", _ONNX_HINT),
    (0, b"%PDF", "a PDF document", _ONNX_HINT),
    (0, b"\x7fELF", "a program or library", _ONNX_HINT),
    (0, b"version https://git-lfs", "a Git LFS pointer, not the model itself", "fetch the model: git lfs pull"),
    (0, b"<!DOCTYPE", "a web page", "the download went wrong: fetch the file itself"),
    (0, b"<html", "a web page", "the download went wrong: fetch the file itself"),
)  # fmt: skip


def detect(path: Path) -> Format:
    """Return the format of the artifact at path; a file of no other known kind is taken for ONNX, which reading it decides.

    Raises UnreadableArtifact, with a hint, for what is something else, not there, empty, or no regular file.
    """
    label = one_line(path)
    try:
        is_folder = path.is_dir()
        is_saved_model = is_folder and _is_saved_model_folder(path)
        is_layout = is_folder and _is_layout(path)
    except (OSError, ValueError) as error:
        raise UnreadableArtifact(f"{label}: {one_line(error)}", "check the path") from None
    if is_saved_model:
        return "saved_model"
    if is_layout:
        return "image"
    if is_folder:
        raise UnreadableArtifact(f"{label}: is a folder without a saved_model.pb or an index.json", _hint_for_folder(path))
    head, size = _head(path, label)
    if _is_definition(head, size):
        return "saved_model"
    if _is_image(path, head, label):
        return "image"
    if head[_TFLITE_AT : _TFLITE_AT + len(_TFLITE)] == _TFLITE:
        return "tflite"
    kind, hint = _recognize(head)
    if kind:
        raise UnreadableArtifact(f"{label}: is {kind}, not a model that can be opened", hint)
    return "onnx"


def _is_saved_model_folder(path: Path) -> bool:
    if (path / "saved_model.pb").exists() or (path / "saved_model.pbtxt").exists():
        return True
    from inspector.formats.saved_model.serving_folder import is_serving_folder

    return is_serving_folder(path)


def _is_layout(path: Path) -> bool:
    """Tell whether a folder is an OCI layout: oci-layout marks it, and index.json beside blobs/ will do."""
    return (path / "oci-layout").exists() or ((path / "index.json").exists() and (path / "blobs").is_dir())


def _is_image(path: Path, head: bytes, label: str) -> bool:
    """Tell whether a file may be an archive of images; what is compressed with zstd is told by reading it.

    Raises UnreadableArtifact for a plain tar that holds none of the files that images are found by.
    """
    if head.startswith(_ZSTD):
        return True
    if head.startswith(_GZIP):
        return _begins_as_tar(_first_block(head))
    if not _begins_as_tar(head):
        return False
    problem = _tar_without_image(path, label)
    if problem:
        hint = "unpack it, and name the model inside; an image is what docker save wrote"
        raise UnreadableArtifact(f"{label}: is a tar archive {problem}", hint)
    return True


def _begins_as_tar(head: bytes) -> bool:
    return head[_TAR_MAGIC_AT : _TAR_MAGIC_AT + len(_TAR_MAGIC)] == _TAR_MAGIC


def _first_block(head: bytes) -> bytes:
    """Return the first bytes of gzip data, none if it is damaged."""
    try:
        return zlib.decompressobj(wbits=31).decompress(head, _TAR_BLOCK)
    except zlib.error:
        return b""


def _tar_without_image(path: Path, label: str) -> str:
    """Return why a plain tar is no archive of images; empty if it is one. Its headers are walked up to the first sign."""
    from inspector.formats.image.archive_tar import WalkEnd, walk_archive
    from inspector.formats.image.tar_sources import FileStretch

    descriptor = open_regular(path)
    end = WalkEnd()
    try:
        source = FileStretch(descriptor, 0, os.fstat(descriptor).st_size)
        for member in walk_archive(source, label, end):
            if member.name in _IMAGE_NAMES:
                return ""
    except OSError as error:
        raise UnreadableArtifact(f"{label}: {error.strerror}", "check the disk") from None
    finally:
        os.close(descriptor)
    return (
        f"{end.problem}, and no manifest.json or index.json up to there"
        if end.problem
        else "without a manifest.json or index.json"
    )


def _is_definition(head: bytes, size: int) -> bool:
    """Tell whether a file begins as a saved_model.pb or .pbtxt does: version 1, then a MetaGraph that fills the file.

    An ONNX model of IR version 1 has its producer's name, a short text, where the MetaGraph is.
    """
    if head.lstrip(b" \t\r\n").startswith(_DEFINITION_TEXTS):
        return True
    if head[:3] != _DEFINITION_START:
        return False
    try:
        length, position = decode_varint(head, 3)
    except (IndexError, ValueError):
        return False
    return head[position : position + 1] == b"\x0a" and (length > _LONGEST_PRODUCER or position + length == size)


def _head(path: Path, label: str) -> tuple[bytes, int]:
    descriptor = open_regular(path)
    try:
        head, size = os.pread(descriptor, _HEAD, 0), os.fstat(descriptor).st_size
    except OSError as error:
        raise UnreadableArtifact(f"{label}: {error.strerror}", "check the disk") from None
    finally:
        os.close(descriptor)
    if not head:
        raise UnreadableArtifact(f"{label}: is empty", "the download or export did not finish: repeat it")
    return head, size


def _recognize(head: bytes) -> tuple[str, str]:
    for offset, magic, kind, hint in _KNOWN:
        if head[offset : offset + len(magic)] == magic:
            return kind, hint
    if len(head) > 1 and head[0] == 0x80 and 2 <= head[1] <= 5:
        return "a Python pickle", "never open a pickle from a stranger: export the model with torch.onnx.export"
    if head[8:9] == b"{" and int.from_bytes(head[:8], "little") < 1 << 40:
        return "a safetensors file, weights without a graph", _ONNX_HINT
    text = head.lstrip(b" \t\r\n\xef\xbb\xbf")
    if text[:1] == b"{" and b'"' in text:
        return "JSON text", "convert an ONNX model in JSON to binary: onnx.load, then onnx.save"
    if text.startswith((b"ir_version:", b"ir_version :", b"<\n  ir_version", b"< ir_version", b"<ir_version", b"graph {")):
        return "an ONNX model as text", "convert it to binary: onnx.load(path, format='textproto' or 'onnxtxt'), then onnx.save"
    return "", ""


def _hint_for_folder(path: Path) -> str:
    if (path / "manifest.json").exists() and (path / "version").exists():
        return "if skopeo or podman wrote it, copy it to an OCI layout: skopeo copy dir:FOLDER oci:LAYOUT"
    try:
        models = sorted(entry.name for entry in os.scandir(path) if entry.name.endswith((".onnx", ".tflite")))[:3]
    except OSError:
        return "name a model file"
    return f"name a model in it: {', '.join(map(one_line, models))}" if models else "name a model file or a SavedModel folder"
