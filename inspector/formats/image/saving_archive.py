"""What an archive or layout of a written image consists of: files by name, always the same for the same image and names."""

from __future__ import annotations

import os
import tarfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from inspector.errors import OperationFailed
from inspector.formats.image.digests import blob_name, sha256_of
from inspector.formats.image.saving_names import annotations_of
from inspector.formats.image.tar_sources import CHUNK
from inspector.formats.image.writing_config import OCI_MANIFEST, descriptor, to_json
from inspector.records.written_image import WrittenImage

_INDEX: Final = "application/vnd.oci.image.index.v1+json"
_LAYOUT: Final = b'{"imageLayoutVersion": "1.0.0"}'


@dataclass(frozen=True, slots=True)
class SavedFile:
    """One file: its name, its bytes, or the file that has them (a path in the file system's bytes, and how many)."""

    name: str
    content: bytes = b""
    path: bytes = b""
    length: int = 0

    @property
    def size(self) -> int:
        """Bytes of the file."""
        return self.length if self.path else len(self.content)


def layout_files(written: WrittenImage, names: Sequence[str]) -> list[SavedFile]:
    """Return the files of an OCI layout (image-spec, image-layout.md)."""
    manifest = descriptor(OCI_MANIFEST, sha256_of(written.manifest), len(written.manifest))
    named = [{**manifest, "annotations": annotations_of(name)} for name in names] or [manifest]
    index = to_json({"schemaVersion": 2, "mediaType": _INDEX, "manifests": named})
    return [SavedFile("oci-layout", _LAYOUT), SavedFile("index.json", index), *_blobs(written)]


def archive_files(written: WrittenImage, names: Sequence[str]) -> list[SavedFile]:
    """Return the files of what docker save writes since version 25: an OCI layout, and manifest.json beside it."""
    manifest = to_json([_docker_manifest(written, names)])
    return [SavedFile("manifest.json", manifest), *layout_files(written, names)]


def tar_pieces(files: Iterable[SavedFile]) -> Iterator[bytes]:
    """Yield a tar of files; raises OSError, and OperationFailed where one is shorter than it was."""
    for file in files:
        info = tarfile.TarInfo(file.name)
        info.size = file.size
        yield info.tobuf(tarfile.PAX_FORMAT)
        yield from file_pieces(file)
        yield bytes(-file.size % tarfile.BLOCKSIZE)
    yield bytes(2 * tarfile.BLOCKSIZE)


def file_pieces(file: SavedFile) -> Iterator[bytes]:
    """Yield the bytes of a file."""
    if not file.path:
        yield file.content
        return
    left = file.length
    with Path(os.fsdecode(file.path)).open("rb", buffering=0) as stream:
        while left and (piece := stream.read(min(CHUNK, left))):
            left -= len(piece)
            yield piece
    if left:
        raise OperationFailed(f"{file.name} is not what was written: {left:,} bytes are missing", "try again; check the disk")


def _docker_manifest(written: WrittenImage, names: Sequence[str]) -> dict[str, Any]:
    return {
        "Config": blob_name(sha256_of(written.config)),
        "RepoTags": list(names) or None,
        "Layers": [blob_name(layer.digest) for layer in written.layers],
        "LayerSources": {
            layer.diff_id: descriptor(layer.media_type, layer.digest, layer.compressed_bytes) for layer in written.layers
        },
    }


def _blobs(written: WrittenImage) -> list[SavedFile]:
    """Return the blobs in order of their digests."""
    blobs = {sha256_of(data): SavedFile(blob_name(sha256_of(data)), data) for data in (written.config, written.manifest)}
    for layer in written.layers:
        path = Path(layer.path).absolute()
        blobs[layer.digest] = SavedFile(blob_name(layer.digest), b"", os.fsencode(path), layer.compressed_bytes)
    return [blobs[digest] for digest in sorted(blobs)]
