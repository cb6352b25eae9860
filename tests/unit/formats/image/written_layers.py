"""What was written, read by other means than our own: Python's tar, a layout put together by hand."""

from __future__ import annotations

import gzip
import hashlib
import io
import tarfile
from pathlib import Path
from typing import Any

import zstandard

from inspector.analysis.image.file_system import merge
from inspector.formats.image.layer_contents import read_entry
from inspector.records.image import Image, Layer
from inspector.records.written_image import WrittenImage
from tests.images.build import to_json


def uncompressed(layer: Layer) -> bytes:
    """Return the tar of a layer of an archive or layout that is not compressed as a whole."""
    assert layer.place is not None
    stored = Path(layer.place.path).read_bytes()[layer.place.offset :][: layer.place.length]
    if layer.compression == "gzip":
        return gzip.decompress(stored)
    if layer.compression == "zstd":
        return zstandard.ZstdDecompressor().stream_reader(stored, read_across_frames=True).read()
    return stored


def tars_of(image: WrittenImage) -> dict[str, bytes]:
    """Return the uncompressed layers by part."""
    found = {}
    for layer in image.layers:
        stored = Path(layer.path).read_bytes()
        if layer.media_type.endswith("+gzip"):
            found[layer.part] = gzip.decompress(stored)
        else:
            found[layer.part] = zstandard.ZstdDecompressor().stream_reader(stored, read_across_frames=True).read()
    return found


def members_of(image: WrittenImage) -> dict[str, tarfile.TarInfo]:
    """Return what Python's own reader makes of all layers, those above over those below."""
    found: dict[str, tarfile.TarInfo] = {}
    for tar in tars_of(image).values():
        found.update({member.name: member for member in members_in(tar)})
    return found


def members_in(tar: bytes) -> list[tarfile.TarInfo]:
    """Return what Python's own reader makes of a tar."""
    with tarfile.open(fileobj=io.BytesIO(tar), encoding="utf-8", errors="surrogateescape") as archive:
        return archive.getmembers()


def saved(image: WrittenImage, folder: Path) -> Path:
    """Lay a written image out by hand, without what saves images."""
    blobs = folder / "blobs" / "sha256"
    blobs.mkdir(parents=True)
    documents = [image.config, image.manifest]
    for data in [*documents, *(Path(layer.path).read_bytes() for layer in image.layers)]:
        (blobs / digest(data)).write_bytes(data)
    entry = {
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "digest": f"sha256:{digest(image.manifest)}",
        "size": len(image.manifest),
    }
    (folder / "index.json").write_bytes(to_json({"schemaVersion": 2, "manifests": [entry]}))
    (folder / "oci-layout").write_bytes(b'{"imageLayoutVersion": "1.0.0"}')
    return folder


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def contents_of(image: Image) -> dict[str, Any]:
    """Return everything about every path of the final file system, contents included, times of folders aside."""
    found: dict[str, Any] = {}
    names: dict[int, str] = {}
    tars = [uncompressed(layer) for layer in image.layers]
    for path, placed in sorted(merge(image.layers).entries.items()):
        entry, content = placed.entry, placed.content
        data = b""
        if content.sparse:
            data = read_entry(image, placed.content_layer, content, 0, content.size)
        elif content.kind == "file":
            data = tars[placed.content_layer][content.offset :][: content.size]
        same = names.setdefault(id(content), path)
        time = entry.mtime if content.kind != "directory" else None
        attributes = (entry.mode, entry.uid, entry.gid, time, content.device, content.sparse)
        link = content.link if content.kind == "symlink" else ""
        lost = {"security.capability"} if entry is not content else set()
        found[path] = (
            content.kind,
            attributes,
            link,
            content.size,
            data,
            same,
            (set(content.xattrs) | set(entry.xattrs)) - lost,
        )
    return found
