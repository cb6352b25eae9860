"""Images opened from Docker's and podman's own engines: what is told at once, what their exports bring, single files."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from inspector.errors import UnreadableArtifact, UsageError
from inspector.formats.image.engine import copy_engine_entry, engine_images, read_engine, read_engine_entry
from inspector.isolation.child import ChildFailed
from inspector.isolation.limits import CancelToken
from inspector.records.artifact import EngineReference
from inspector.records.event import Finished, Partial, Progress
from inspector.records.image import Entry, Image
from tests.images.build import (
    File,
    Folder,
    HardLink,
    ImageSpec,
    Opaque,
    Symlink,
    Whiteout,
    build_layer,
    docker_archive,
)
from tests.images.engine import EngineUnderTest

MODEL = os.urandom(3_000_000)
HISTORY = (
    {"created": "2026-01-02T03:04:05Z", "created_by": "ADD rootfs.tar / # buildkit"},
    {"created": "2026-01-02T03:04:05Z", "created_by": "ENV LANG=C", "empty_layer": True},
    {"created": "2026-01-02T03:04:05Z", "created_by": "RUN train && chmod 600 secrets # buildkit"},
    {"created": "2026-01-02T03:04:05Z", "created_by": "RUN rm old # buildkit"},
)
LAYERS = (
    {
        "models": Folder(),
        "models/net.onnx": File(b"old" * 1000, mtime=7),
        "models/same.bin": File(b"1" * 70_000),
        "secrets": b"token",
        "old": b"gone",
        "näme with space": "grüße".encode(),
        "etc/link": Symlink("../models"),
        "linked": HardLink("models/same.bin"),
    },
    {"models/net.onnx": File(MODEL, mtime=7), "models/same.bin": File(b"2" * 70_000), "secrets": File(b"token", mode=0o600)},
    {"old": Whiteout(), "etc": Opaque(), "etc/new": b"n"},
)


@pytest.fixture(params=["docker", "podman"])
def engine(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> EngineUnderTest:
    """Return each engine in turn, as the one that the environment names."""
    found: EngineUnderTest = request.getfixturevalue(f"{request.param}_engine")
    monkeypatch.setenv("DOCKER_HOST", found.host)
    return found


@pytest.fixture
def loaded(engine: EngineUnderTest, tmp_path: Path) -> Iterator[str]:
    """Return the name of an image that the engine has for as long as the test runs."""
    name = f"engine-images-{os.getpid()}:1"
    spec = ImageSpec([build_layer(layer) for layer in LAYERS], {"User": "me"}, (name,), history=HISTORY)
    engine.load(docker_archive(tmp_path / "image.tar", [spec]))
    yield name
    engine.client().remove_image(name, force=True)


def _read(name: str) -> Image:
    last = list(read_engine(EngineReference(name)))[-1]
    assert isinstance(last, Finished)
    return last.result


def _find(image: Image, layer: int, path: str) -> Entry:
    return next(entry for entry in image.layers[layer].entries or () if entry.path == path)


def test_layers_come_at_once_and_files_with_the_export(engine: EngineUnderTest, loaded: str) -> None:
    events = list(read_engine(EngineReference(loaded)))
    first = next(event for event in events if not isinstance(event, Progress))
    assert isinstance(first, Partial)
    assert [layer.entries for layer in first.result.layers] == [None] * 3
    assert [layer.created_by for layer in first.result.layers] == [HISTORY[index]["created_by"] for index in (0, 2, 3)]
    assert all((layer.reported_bytes or 0) > 0 for layer in first.result.layers)
    assert isinstance(events[-1], Finished)
    image: Image = events[-1].result
    assert [[entry.path for entry in layer.entries or ()] for layer in image.layers] == [
        [path.rstrip("/") for path in layer] for layer in LAYERS
    ]
    assert [layer.verification for layer in image.layers] == ["verified"] * 3
    assert [step.layer for step in image.history] == [0, None, 1, 2]
    assert (image.config.user, image.platform, image.source) == ("me", "linux/amd64", "engine")
    assert image.references[0].endswith(loaded)
    assert image.artifact.path == f"docker://{loaded}"
    assert image.artifact.metadata["engine"].startswith(("Docker 2", "Podman "))


def test_every_file_is_read_whether_it_is_in_the_final_file_system_or_under_it(engine: EngineUnderTest, loaded: str) -> None:
    image = _read(loaded)
    for index, entries in enumerate(LAYERS):
        for path, node in entries.items():
            content = node if isinstance(node, bytes) else getattr(node, "content", b"")
            if content:
                entry = _find(image, index, path)
                middle = len(content) // 2
                assert read_engine_entry(image, index, entry, middle, 100) == content[middle : middle + 100], (index, path)
    assert read_engine_entry(image, 0, _find(image, 0, "models")) == b""
    assert read_engine_entry(image, 1, _find(image, 1, "models/net.onnx"), len(MODEL) + 5) == b""


@pytest.mark.parametrize(("layer", "path"), [(1, "models/net.onnx"), (0, "models/net.onnx")])
def test_copies_a_whole_file_where_the_descriptor_stands(engine: EngineUnderTest, loaded: str, layer: int, path: str) -> None:
    image = _read(loaded)
    node = LAYERS[layer][path]
    assert isinstance(node, File)
    with tempfile.TemporaryFile() as file:
        file.write(b"before")
        file.flush()
        last = list(copy_engine_entry(image, layer, _find(image, layer, path), file.fileno()))[-1]
        assert last == Finished(len(node.content))
        file.seek(0)
        assert file.read() == b"before" + node.content


def test_no_container_and_no_volume_stays(engine: EngineUnderTest, loaded: str) -> None:
    before = _left_over(engine)
    image = _read(loaded)
    read_engine_entry(image, 1, _find(image, 1, "secrets"))
    cancel = CancelToken()
    with tempfile.TemporaryFile() as file:
        events = copy_engine_entry(image, 1, _find(image, 1, "models/net.onnx"), file.fileno(), cancel)
        next(event for event in events if isinstance(event, Progress))
        cancel.cancel()
        with pytest.raises(ChildFailed, match="cancelled"):
            list(events)
    assert _left_over(engine) <= before


def _left_over(engine: EngineUnderTest) -> set[str]:
    client: Any = engine.client()
    ours = [container["Id"] for container in client.containers(all=True) if "modelpack-tui" in str(container["Command"])]
    return {*ours, *(volume["Name"] for volume in client.volumes()["Volumes"] or ())}


def test_suggestions_and_errors_name_what_the_engine_has(engine: EngineUnderTest, loaded: str) -> None:
    assert any(name.endswith(loaded) and size > len(MODEL) for name, size in engine_images())
    misspelt = loaded.replace("images", "image")
    with pytest.raises(UnreadableArtifact, match=rf"^docker://{misspelt}: no such image on (Docker|Podman) \d") as caught:
        _read(misspelt)
    assert loaded in caught.value.hint
    assert f"pull {misspelt}" in caught.value.hint
    with pytest.raises(UsageError, match="linux/amd64, not for linux/arm64"):
        list(read_engine(EngineReference(loaded), "linux/arm64"))


def test_an_image_is_found_by_its_digest_too(engine: EngineUnderTest, loaded: str) -> None:
    identity = _read(loaded).config.digest
    assert identity.startswith("sha256:")
    assert _read(identity).layers == _read(loaded).layers
