"""Copies that are new to an engine: their archive, their lowest layer and their configuration."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from pathlib import Path
from typing import Any

import pytest

from inspector.errors import OperationFailed
from inspector.records.loadable_image import LayerBlob, LoadableImage
from inspector.runtimes.container.marked_copy import marked_copy
from tests.images.build import ImageSpec, build_layer


def loadable(folder: Path, config: bytes | None = None) -> LoadableImage:
    layers = [build_layer({"a": b"1"}, "gzip"), build_layer({"b": b"2" * 70_000}, "gzip")]
    path = folder / "blobs"
    path.write_bytes(b"before" + b"".join(layer.blob for layer in layers))
    blobs, at = [], len(b"before")
    for layer in layers:
        blobs.append(LayerBlob(str(path), at, len(layer.blob), len(layer.blob)))
        at += len(layer.blob)
    spec = ImageSpec(layers, {"Cmd": ["x"], "Labels": {"own": "1"}})
    return LoadableImage("sample", spec.config_blob() if config is None else config, tuple(blobs))


def unpacked(archive: bytes) -> tuple[dict[str, bytes], dict[str, Any], dict[str, Any]]:
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        files = {member.name: (tar.extractfile(member) or io.BytesIO()).read() for member in tar}
    (manifest,) = json.loads(files["manifest.json"])
    return files, manifest, json.loads(files[manifest["Config"]])


def test_the_layers_lie_over_one_that_is_new_and_empty(tmp_path: Path) -> None:
    image = loadable(tmp_path)
    files, manifest, config = unpacked(b"".join(marked_copy(image, {"mark": "2"}).archive()))
    original = json.loads(image.config)
    assert manifest["Config"] == f"{hashlib.sha256(files[manifest['Config']]).hexdigest()}.json"
    assert [hashlib.sha256(files[name]).hexdigest() for name in manifest["Layers"][1:]] == [
        hashlib.sha256(Path(tmp_path, "blobs").read_bytes()[layer.offset :][: layer.length]).hexdigest()
        for layer in image.layers
    ]
    lowest = files[manifest["Layers"][0]]
    assert lowest[156:157] == b"g"  # a global header, its text in one block, and the two that end a tar
    assert len(lowest) == 4 * tarfile.BLOCKSIZE
    assert not any(lowest[2 * tarfile.BLOCKSIZE :])
    diff_ids = config["rootfs"]["diff_ids"]
    assert diff_ids == [f"sha256:{hashlib.sha256(lowest).hexdigest()}", *original["rootfs"]["diff_ids"]]
    assert config["config"] == {**original["config"], "Labels": {"own": "1", "mark": "2"}}
    assert len(config["history"]) == len(original["history"]) + 1
    assert {name: value for name, value in config.items() if name not in ("rootfs", "config", "history")} == {
        name: value for name, value in original.items() if name not in ("rootfs", "config", "history")
    }


def test_no_two_copies_share_a_layer_or_a_name(tmp_path: Path) -> None:
    image = loadable(tmp_path)
    first, second = marked_copy(image, {}), marked_copy(image, {})
    assert first.name != second.name
    assert first.marker != second.marker
    assert first.config != second.config


@pytest.mark.parametrize(
    "config",
    [
        b"",
        b"[]",
        b"{}",
        b'{"rootfs": []}',
        b'{"rootfs": {"diff_ids": ["sha256:1"]}}',
        b'{"rootfs": {"diff_ids": 3}}',
        b'{"rootfs": {"diff_ids": ["a", "b"]}, "config": {"Labels": 3}}',
        b"[" * 100_000,
    ],
)
def test_a_senseless_configuration_is_one_line(tmp_path: Path, config: bytes) -> None:
    with pytest.raises(OperationFailed, match="configuration"):
        marked_copy(loadable(tmp_path, config), {})


def test_a_layer_that_has_become_shorter_is_filled_up_for_the_engine_to_refuse(tmp_path: Path) -> None:
    image = loadable(tmp_path)
    copy = marked_copy(image, {})
    with Path(tmp_path, "blobs").open("r+b") as file:
        file.truncate(20)
    files, manifest, _ = unpacked(b"".join(copy.archive()))
    assert [len(files[name]) for name in manifest["Layers"][1:]] == [layer.length for layer in image.layers]
