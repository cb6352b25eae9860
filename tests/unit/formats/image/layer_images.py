"""Image records over layers written to a folder, as the reader would give them, for tests of what reads layers."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from inspector.formats.image.layer_index import index_layers
from inspector.records.artifact import Artifact
from inspector.records.event import Finished
from inspector.records.image import BlobPlace, Compression, Image, ImageConfig, Layer
from tests.images.build import BuiltLayer, compress, digest_of


def image_of(folder: Path, layers: Sequence[BuiltLayer], wrapping: Compression = "none") -> Image:
    """Write layers one behind the other into one file, compressed as a whole if wrapping says so, and return the image."""
    path = folder / "layers.tar"
    records, data = [], b""
    for index, layer in enumerate(layers):
        place = BlobPlace(str(path), len(data), len(layer.blob), wrapping)
        data += layer.blob
        records.append(
            Layer(
                index,
                layer.digest,
                layer.diff_id,
                compression=layer.compression,
                compressed_bytes=len(layer.blob),
                place=place,
            )
        )
    path.write_bytes(compress(data, wrapping))
    artifact = Artifact(str(path), "image", path.stat().st_size)
    return Image(artifact, "OCI archive", ImageConfig(), tuple(records))


def blob(tar: bytes, compression: Compression = "none", stored: bytes | None = None) -> BuiltLayer:
    """Return a layer of these bytes; stored: what lies in the archive, where that is not simply the tar compressed."""
    return BuiltLayer(tar, compress(tar, compression) if stored is None else stored, compression)


def indexed(image: Image) -> Image:
    """Return the image with its layers indexed."""
    *_, last = index_layers(image)
    assert isinstance(last, Finished)
    result: Image = last.result
    return result


def index_one(folder: Path, tar: bytes, compression: Compression = "none", stored: bytes | None = None) -> tuple[Image, Layer]:
    """Return an image of this one layer, indexed, and the layer."""
    image = indexed(image_of(folder, [blob(tar, compression, stored)]))
    return image, image.layers[0]


def rules(image: Image) -> set[str]:
    """Return the rules of everything that was found."""
    return {finding.rule for finding in image.findings}


__all__ = ["blob", "digest_of", "image_of", "index_one", "indexed", "rules"]
