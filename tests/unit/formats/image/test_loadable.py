"""What engines are given of images, however these are stored: gzip blobs and the configuration as it stands."""

from __future__ import annotations

import gzip
import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import pytest

from inspector.errors import OperationFailed
from inspector.formats.image import loadable
from inspector.formats.image.loadable import make_loadable
from inspector.formats.image.read import read
from inspector.records.event import Steps
from inspector.records.loadable_image import LayerBlob, LoadableImage
from tests.images.build import (
    Compression,
    File,
    ImageSpec,
    build_layer,
    docker_archive,
    oci_archive,
    oci_layout,
)

Result = TypeVar("Result")
Write = Callable[[Path, list[ImageSpec]], Path]


def result(steps: Steps[Result]) -> Result:
    while True:
        try:
            next(steps)
        except StopIteration as end:
            found: Result = end.value
            return found


def stored(layer: LayerBlob) -> bytes:
    return Path(layer.path).read_bytes()[layer.offset :][: layer.length]


def made(path: Path, folder: Path) -> LoadableImage:
    folder.mkdir()
    return result(make_loadable(read(path), folder))


def spec(*compressions: Compression) -> ImageSpec:
    contents = [{"a": File(b"a" * 200_000)}, {"b": File(os.urandom(3000))}, {"c": b"c"}]
    return ImageSpec([build_layer(one, kind) for one, kind in zip(contents, compressions, strict=True)], {"Cmd": ["x"]})


@pytest.mark.parametrize("write", [docker_archive, oci_archive, oci_layout])
@pytest.mark.parametrize("compressions", [("none", "none", "none"), ("gzip", "zstd", "gzip"), ("zstd", "gzip", "none")])
def test_every_layer_is_a_gzip_blob(tmp_path: Path, write: Write, compressions: tuple[Compression, ...]) -> None:
    image = spec(*compressions)
    found = made(write(tmp_path / "image", [image]), tmp_path / "folder")
    assert found.config == image.config_blob()
    assert [gzip.decompress(stored(layer)) for layer in found.layers] == [layer.tar for layer in image.layers]
    for layer, one, compression in zip(found.layers, image.layers, compressions, strict=True):
        assert layer.pulled_bytes == (layer.length if compression == "none" else len(one.blob))
        assert (stored(layer) == one.blob) == (compression == "gzip")
    assert len(list((tmp_path / "folder").iterdir())) == sum(one != "gzip" for one in compressions)


def test_an_archive_compressed_as_a_whole_is_read_in_one_pass(tmp_path: Path) -> None:
    image = spec("none", "gzip", "none")
    plain = docker_archive(tmp_path / "image.tar", [image])
    wrapped = tmp_path / "image.tar.gz"
    wrapped.write_bytes(gzip.compress(plain.read_bytes()))
    found = made(wrapped, tmp_path / "folder")
    assert [gzip.decompress(stored(layer)) for layer in found.layers] == [layer.tar for layer in image.layers]


def test_a_layer_that_is_used_twice_is_packed_once(tmp_path: Path) -> None:
    layer = build_layer({"a": b"a"})
    found = made(oci_layout(tmp_path / "image", [ImageSpec([layer, layer])]), tmp_path / "folder")
    assert len(found.layers) == 2
    assert found.layers[0] == found.layers[1]


def test_a_layer_that_is_not_what_the_configuration_says_is_one_line(tmp_path: Path) -> None:
    image = spec("none", "none", "none")
    path = docker_archive(tmp_path / "image.tar", [image])
    data = path.read_bytes()
    path.write_bytes(data.replace(b"a" * 1000, b"A" + b"a" * 999, 1))
    with pytest.raises(OperationFailed, match="layer 1 is not what its configuration says"):
        made(path, tmp_path / "folder")


def test_a_layer_that_is_missing_is_one_line(tmp_path: Path) -> None:
    image = spec("gzip", "gzip", "gzip")
    folder = oci_layout(tmp_path / "image", [image])
    Path(folder, "blobs", "sha256", hashlib.sha256(image.layers[1].blob).hexdigest()).unlink()
    with pytest.raises(OperationFailed, match="layer 2 is missing"):
        made(folder, tmp_path / "folder")


def test_no_space_is_said_before_anything_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loadable, "_MARGIN", 1 << 62)
    path = docker_archive(tmp_path / "image.tar", [spec("none", "none", "none")])
    with pytest.raises(OperationFailed, match="no space") as caught:
        made(path, tmp_path / "folder")
    assert "TMPDIR" in caught.value.hint
    assert list((tmp_path / "folder").iterdir()) == []
