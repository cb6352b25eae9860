"""What keeps an image from being written is one line, and nothing is left of the attempt."""

from __future__ import annotations

import os
import resource
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from inspector.errors import InspectorError, OperationFailed
from inspector.formats.image import writing
from inspector.formats.image.writing import write_image
from inspector.isolation.child import ChildFailed
from inspector.isolation.limits import CancelToken
from inspector.records.event import Progress
from inspector.records.image import Image
from inspector.records.written_image import AddedFile, EntryPlace, KeptEntry, Selection
from tests.images.build import Compression, File, HardLink, ImageSpec, Symlink, build_layer, docker_archive, oci_layout
from tests.unit.formats.image.selecting import CHANGES, everything, opened, result, written

NOISE = os.urandom(300_000)


def archive(path: Path, compression: Compression, content: bytes = NOISE, wrapping: Compression = "none") -> Path:
    layers = [build_layer({"a": File(content), "b": b"b"}, compression), build_layer({"c": b"c" * 600})]
    return docker_archive(path, [ImageSpec(layers)], wrapping)


@contextmanager
def largest_file(byte_count: int) -> Iterator[None]:
    """Let this process and its children write no larger files, as a full disk would."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (byte_count, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def failure(image: Image, folder: Path, selection: Selection | None = None) -> InspectorError:
    """Return how writing fails; nothing is left in the folder."""
    with pytest.raises(InspectorError) as caught:
        written(image, folder, selection)
    assert list(folder.iterdir()) == []
    assert "\n" not in str(caught.value)
    return caught.value


def cut(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 3)


def change_a_byte(path: Path) -> None:
    data = path.read_bytes()
    at = data.index(b"c" * 600) if b"c" * 600 in data else len(data) // 3
    path.write_bytes(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :])


def replace_it(path: Path) -> None:
    archive(path, "none", NOISE[:1000])


@pytest.mark.parametrize(
    ("compression", "damage"),
    [
        ("none", cut),
        ("none", replace_it),
        ("none", Path.unlink),
        ("gzip", cut),
        ("gzip", change_a_byte),
        ("zstd", change_a_byte),
    ],
)
def test_an_archive_that_is_another_now_is_told(
    tmp_path: Path, compression: Compression, damage: Callable[[Path], None]
) -> None:
    path = archive(tmp_path / "image.tar", compression)
    image = opened(path)
    damage(path)
    failure(image, tmp_path / "out")


def test_a_wrapped_archive_that_is_cut_short_is_told(tmp_path: Path) -> None:
    path = archive(tmp_path / "image.tar.gz", "none", wrapping="gzip")
    image = opened(path)
    cut(path)
    failure(image, tmp_path / "out")


def test_what_was_verified_once_is_verified_again_when_it_changes(tmp_path: Path) -> None:
    path = archive(tmp_path / "image.tar", "none")
    image = opened(path)
    written(image, tmp_path / "before")
    change_a_byte(path)
    assert "layer 2 is not what it was when the image was read" in failure(image, tmp_path / "out").message


def test_other_entries_are_told_even_where_no_digest_is_known(tmp_path: Path) -> None:
    path = oci_layout(tmp_path / "image", [ImageSpec([build_layer({"a": b"a", "b": b"b"})])])
    image = opened(path)
    layers = tuple(replace(layer, diff_id="", entries=(layer.entries or ())[::-1]) for layer in image.layers)
    assert "layer 1 is not what it was" in failure(replace(image, layers=layers), tmp_path / "out").message


@pytest.mark.parametrize("compression", ["none", "gzip"])
def test_a_full_disk_is_told(tmp_path: Path, compression: Compression) -> None:
    image = opened(archive(tmp_path / "image.tar", compression))
    with largest_file(100_000):
        error = failure(image, tmp_path / "out")
    assert isinstance(error, OperationFailed)
    assert "cannot be written: File too large" in error.message


def test_no_space_is_told_before_anything_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    image = opened(archive(tmp_path / "image.tar", "none"))
    monkeypatch.setattr(writing, "_MARGIN", 1 << 62)
    error = failure(image, tmp_path / "out")
    assert "no space" in error.message
    assert "TMPDIR" in error.hint


def test_cancelling_leaves_nothing(tmp_path: Path) -> None:
    content = NOISE * 60
    image = opened(archive(tmp_path / "image.tar", "none", content))
    folder, token = tmp_path / "out", CancelToken()
    folder.mkdir()
    steps = write_image(image, everything(image), CHANGES, "gzip", folder, token)
    while not isinstance(next(steps), Progress):
        pass
    token.cancel()
    with pytest.raises(ChildFailed) as caught:
        list(steps)
    assert caught.value.kind == "cancelled"
    assert list(folder.iterdir()) == []


def test_who_stops_listening_leaves_nothing(tmp_path: Path) -> None:
    image = opened(archive(tmp_path / "image.tar", "none", NOISE * 60))
    folder = tmp_path / "out"
    folder.mkdir()
    steps = write_image(image, everything(image), CHANGES, "gzip", folder, CancelToken())
    while not isinstance(next(steps), Progress):
        pass
    assert list(folder.iterdir()) != []
    steps.close()
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize(
    ("selection", "said"),
    [
        (Selection(()), "nothing of it would be left"),
        (Selection((KeptEntry("a", "base", EntryPlace(0, 99)),)), "no such entry"),
        (Selection((KeptEntry("a", "base", EntryPlace(7, 0)),)), "no such entry"),
        (Selection((KeptEntry("lost", "base", EntryPlace(0, 2)),)), "a file that is nowhere"),
        (Selection((KeptEntry("link", "base", EntryPlace(0, 3)),), (AddedFile("link/x", "code", b"x"),)), "is no folder"),
    ],
)
def test_selections_that_make_no_sense_are_told(tmp_path: Path, selection: Selection, said: str) -> None:
    layer = build_layer({"a": b"a", "b": b"b", "lost": HardLink("nowhere"), "link": Symlink("a")})
    image = opened(docker_archive(tmp_path / "image.tar", [ImageSpec([layer])]))
    assert said in failure(image, tmp_path / "out", selection).message


def test_an_image_without_its_layers_is_told(tmp_path: Path) -> None:
    image = opened(archive(tmp_path / "image.tar", "none"))
    selection = everything(image)
    for change in ({"place": None}, {"problem": "cut short"}):
        broken = replace(image, layers=(replace(image.layers[0], **change), *image.layers[1:]))
        assert "layer 1" in failure(broken, tmp_path / "out", selection).message


def test_a_folder_that_is_gone_is_told(tmp_path: Path) -> None:
    image = opened(archive(tmp_path / "image.tar", "none"))
    with pytest.raises(OperationFailed, match="cannot be written to"):
        result(write_image(image, everything(image), CHANGES, "gzip", tmp_path / "gone", CancelToken()))
