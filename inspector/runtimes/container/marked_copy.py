"""A copy of an image of which an engine has no layer yet: the same layers, over an empty one that is new each time.

Engines know a layer by those below it (its chain ID), so that under a new lowest layer all of them are unpacked again. That one
holds no file, only a global header of the tar format with a random comment.
"""

from __future__ import annotations

import hashlib
import json
import os
import tarfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from inspector.errors import OperationFailed
from inspector.records.loadable_image import LayerBlob, LoadableImage
from inspector.runtimes.container.ours import REPOSITORY

_PIECE: Final = 1 << 20

_HINT: Final = "the image is damaged: save or build it again"


@dataclass(frozen=True, slots=True)
class MarkedCopy:
    """A copy under a name of its own, ready to be sent."""

    name: str
    image: LoadableImage
    config: bytes
    marker: bytes

    def archive(self) -> Iterator[bytes]:
        """Yield the copy as docker load takes it; raises OSError where a layer's file cannot be read."""
        config = f"{hashlib.sha256(self.config).hexdigest()}.json"
        layers = [f"{index}.tar" for index in range(len(self.image.layers) + 1)]
        manifest = json.dumps([{"Config": config, "RepoTags": [self.name], "Layers": layers}]).encode()
        yield _member("manifest.json", manifest)
        yield _member(config, self.config)
        yield _member(layers[0], self.marker)
        for name, layer in zip(layers[1:], self.image.layers, strict=True):
            yield _header(name, layer.length)
            yield from _content(layer)
            yield _padding(layer.length)
        yield bytes(2 * tarfile.BLOCKSIZE)


def marked_copy(image: LoadableImage, labels: Mapping[str, str]) -> MarkedCopy:
    """Return a copy of the image with labels of ours besides its own; raises OperationFailed for a senseless configuration."""
    token = os.urandom(16).hex()
    marker = tarfile.TarInfo.create_pax_global_header({"comment": token}) + bytes(2 * tarfile.BLOCKSIZE)
    try:
        config = _marked_config(json.loads(image.config), f"sha256:{hashlib.sha256(marker).hexdigest()}", labels)
    except (ValueError, TypeError, RecursionError):
        raise OperationFailed(f"{image.title}: its configuration makes no sense", _HINT) from None
    if len(config["rootfs"]["diff_ids"]) != len(image.layers) + 1:
        raise OperationFailed(f"{image.title}: its configuration has another number of layers than the image", _HINT)
    return MarkedCopy(f"{REPOSITORY}:{token}", image, json.dumps(config).encode(), marker)


def _marked_config(document: Any, diff_id: str, labels: Mapping[str, str]) -> dict[str, Any]:
    """Return the configuration with one more layer at the bottom; raises TypeError where it is not what it should be."""
    config = _folded(document)
    rootfs, settings = _folded(config.get("rootfs")), _folded(config.get("config") or {})
    config["rootfs"] = {"type": "layers", "diff_ids": [diff_id, *rootfs.get("diff_ids", [])]}
    own = settings.pop("labels", None) or {}
    config["config"] = {**settings, "Labels": {**own, **labels}}
    if config.get("history"):
        config["history"] = [{"created_by": "modelpack-tui: a new layer to unpack upon"}, *config["history"]]
    return config


def _folded(document: Any) -> dict[str, Any]:
    """Return an object whose own names engines read in any case, under the names that we use."""
    if not isinstance(document, dict):
        raise TypeError
    known = {"rootfs", "config", "history", "diff_ids", "labels"}
    return {name.lower() if name.lower() in known else name: value for name, value in document.items()}


def _content(layer: LayerBlob) -> Iterator[bytes]:
    """Yield the bytes of a layer, and zeros for those that its file has not, so that the engine tells what is wrong with it."""
    left = layer.length
    with open(layer.path, "rb", buffering=0) as file:  # noqa: PTH123 - as the others
        file.seek(layer.offset)
        while left and (piece := file.read(min(_PIECE, left))):
            left -= len(piece)
            yield piece
    while left:
        piece = bytes(min(_PIECE, left))
        left -= len(piece)
        yield piece


def _member(name: str, content: bytes) -> bytes:
    return _header(name, len(content)) + content + _padding(len(content))


def _header(name: str, length: int) -> bytes:
    found = tarfile.TarInfo(name)
    found.size = length
    return found.tobuf(tarfile.GNU_FORMAT)


def _padding(length: int) -> bytes:
    return bytes(-length % tarfile.BLOCKSIZE)
