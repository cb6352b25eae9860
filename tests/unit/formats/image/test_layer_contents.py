"""Contents of files in layers: read in part, copied whole, digested; from plain, compressed and wrapped archives alike."""

from __future__ import annotations

import hashlib
import io
import os
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from inspector.errors import OperationFailed
from inspector.formats.image.layer_contents import copy_entry, hash_entries, read_entry
from inspector.isolation.child import ChildFailed
from inspector.isolation.limits import CancelToken
from inspector.records.event import Finished, Progress
from inspector.records.image import Compression, Entry, Image
from tests.images.build import File, HardLink, Sparse, Symlink, build_layer
from tests.unit.formats.image.layer_images import image_of, indexed

BIG = bytes(range(251)) * 9000
SPARSE = Sparse(3_000_000, ((5000, b"first"), (2_000_000, b"second" * 100)), "pax 1.0")
OLD_SPARSE = Sparse(200_000, tuple((at * 1000, b"%d" % at) for at in range(100)), "old GNU")
FILES = [
    ("small", File(b"content")),
    ("big", File(BIG)),
    ("sparse", SPARSE),
    ("old", OLD_SPARSE),
    ("empty", File()),
    ("link", Symlink("big")),
    ("twin", HardLink("big")),
    ("last", File(b"last")),
]
STORED = pytest.mark.parametrize(
    ("compression", "wrapping"),
    [("none", "none"), ("gzip", "none"), ("zstd", "none"), ("none", "gzip"), ("gzip", "zstd")],
)


def opened(folder: Path, compression: Compression, wrapping: Compression) -> tuple[Image, dict[str, Entry]]:
    layers = [build_layer({"below": b"x" * 3000}, compression), build_layer(FILES, compression)]
    image = indexed(image_of(folder, layers, wrapping))
    return image, {entry.path: entry for entry in image.layers[1].entries or ()}


@STORED
def test_reading_parts(compression: Compression, wrapping: Compression, tmp_path: Path) -> None:
    image, entries = opened(tmp_path, compression, wrapping)
    for path, start, length in (("small", 0, 99), ("big", 1_000_000, 70), ("sparse", 1_999_990, 30), ("old", 990, 5000)):
        content = dict(FILES)[path].content  # type: ignore[union-attr]
        assert read_entry(image, 1, entries[path], start, length) == content[start : start + length]
    assert read_entry(image, 1, entries["big"], 500) == BIG[500 : 500 + 65536]


@STORED
def test_copying_whole_files(compression: Compression, wrapping: Compression, tmp_path: Path) -> None:
    image, entries = opened(tmp_path, compression, wrapping)
    for path in ("big", "sparse"):
        target = os.memfd_create("copy")
        try:
            os.write(target, b"before:")
            *events, last = copy_entry(image, 1, entries[path], target)
            content = dict(FILES)[path].content  # type: ignore[union-attr]
            assert last == Finished(len(content)) or last.result == len(content)  # type: ignore[union-attr]
            os.write(target, b":after")
            assert os.pread(target, len(content) + 100, 0) == b"before:" + content + b":after"
            assert all(event.total == len(content) for event in events if isinstance(event, Progress))
        finally:
            os.close(target)


@STORED
def test_digests(compression: Compression, wrapping: Compression, tmp_path: Path) -> None:
    image, entries = opened(tmp_path, compression, wrapping)
    unknown = {path: replace(entry, sha256="") for path, entry in entries.items()}
    for given in (entries, unknown):
        *_, last = hash_entries(image, {1: list(given.values())})
        assert isinstance(last, Finished)
        assert last.result == {
            (1, entries[path].offset): hashlib.sha256(node.content).hexdigest()
            for path, node in FILES
            if isinstance(node, File | Sparse) and node.content
        }


def test_what_has_no_content_reads_as_nothing(tmp_path: Path) -> None:
    image, entries = opened(tmp_path, "gzip", "none")
    for path in ("empty", "link", "twin"):
        assert read_entry(image, 1, entries[path]) == b""
    assert read_entry(image, 1, entries["small"], 7) == b""
    assert read_entry(image, 1, entries["small"], -1) == b""
    target = os.memfd_create("copy")
    *_, last = copy_entry(image, 1, entries["empty"], target)
    os.close(target)
    assert last == Finished(0)


def test_copying_in_parts_where_a_child_cannot_reach_the_target(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    image, entries = opened(tmp_path, "gzip", "none")
    monkeypatch.setattr("inspector.formats.image.layer_contents.sys", SimpleNamespace(platform="darwin"))
    monkeypatch.setattr("inspector.formats.image.layer_contents.MOST_READ", 1_000_000)
    with (tmp_path / "copy").open("w+b") as target:
        events = list(copy_entry(image, 1, entries["big"], target.fileno()))
    assert (tmp_path / "copy").read_bytes() == BIG
    assert [event.done for event in events if isinstance(event, Progress)] == [1_000_000, 2_000_000, len(BIG)]


def test_copying_into_a_pipe(tmp_path: Path) -> None:
    image, entries = opened(tmp_path, "gzip", "none")
    read_end, write_end = os.pipe()
    *_, last = copy_entry(image, 1, entries["small"], write_end)
    os.close(write_end)
    with io.FileIO(read_end) as reader:
        assert reader.readall() == b"content"
    assert isinstance(last, Finished)


@pytest.mark.parametrize("compression", ["none", "gzip"])
def test_a_target_that_takes_nothing_is_one_error(compression: Compression, tmp_path: Path) -> None:
    image, entries = opened(tmp_path, compression, "none")
    target = os.open("/dev/full", os.O_WRONLY)
    try:
        with pytest.raises(OperationFailed, match="No space left"):
            list(copy_entry(image, 1, entries["big"], target))
    finally:
        os.close(target)


@pytest.mark.parametrize("compression", ["none", "gzip", "zstd"])
def test_a_file_that_was_changed_since_is_one_error(compression: Compression, tmp_path: Path) -> None:
    image, entries = opened(tmp_path, compression, "none")
    path = Path(image.artifact.path)
    path.write_bytes(path.read_bytes()[: 2000 if compression == "none" else 100])
    for name in ("big", "sparse"):
        with pytest.raises(OperationFailed, match=r"cut short|damaged|no longer"):
            read_entry(image, 1, entries[name])
    *_, last = hash_entries(image, {1: [replace(entries["big"], sha256="")]})
    assert last == Finished({})
    path.unlink()
    with pytest.raises(OperationFailed):
        read_entry(image, 1, entries["big"])


def test_layers_that_are_not_there(tmp_path: Path) -> None:
    image, entries = opened(tmp_path, "none", "none")
    image = replace(image, layers=tuple(replace(layer, place=None) for layer in image.layers))
    with pytest.raises(OperationFailed, match=r"layer 1 of .* cannot be read"):
        read_entry(image, 1, entries["big"])
    *_, last = hash_entries(image, {1: [entries["big"]]})
    assert last == Finished({})


@pytest.mark.parametrize("compression", ["none", "gzip"])
def test_cancelling(compression: Compression, tmp_path: Path) -> None:
    image, entries = opened(tmp_path, compression, "none")
    token = CancelToken()
    token.cancel()
    with pytest.raises(ChildFailed) as caught:
        list(copy_entry(image, 1, entries["big"], 1, token))
    assert caught.value.kind == "cancelled"
    with pytest.raises(ChildFailed):
        list(hash_entries(image, {1: [replace(entries["big"], sha256="")]}, token))
