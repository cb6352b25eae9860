"""Indexing the layers of images: entries, contents, digests, and what becomes of layers that cannot be read."""

from __future__ import annotations

import hashlib
import io
import tarfile
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inspector.formats.clean_text import TextCleaner
from inspector.formats.image.layer_answer import Allowance
from inspector.formats.image.layer_index import index_layers, verify_digests
from inspector.formats.image.layer_stream import LayerIndexer
from inspector.isolation.child import ChildFailed
from inspector.isolation.limits import CancelToken
from inspector.records.event import Finished, Partial, Progress, Started
from inspector.records.image import Compression, Entry, Image
from tests.images.build import (
    Device,
    Fifo,
    File,
    Folder,
    HardLink,
    Opaque,
    Sparse,
    Symlink,
    Whiteout,
    build_layer,
    build_tar,
    compress,
)
from tests.unit.formats.image.layer_images import blob, image_of, index_one, indexed, rules

COMPRESSIONS: tuple[Compression, ...] = ("none", "gzip", "zstd")
BOTH = pytest.mark.parametrize("compression", COMPRESSIONS)
EVERYTHING = [
    ("./", Folder()),
    ("etc/", Folder(0o755)),
    ("etc/passwd", File(b"root:x:0:0::/root:/bin/sh\n", mtime=1_700_000_000)),
    ("usr/bin/tool", File(b"\x7fELF" + b"code" * 500, 0o4755, 5, 6, xattrs={"security.capability": b"\x01"})),
    ("usr/bin/alias", Symlink("/usr/bin/tool")),
    ("usr/bin/twin", HardLink("./usr/bin/tool")),
    ("dev/null", Device(1, 3)),
    ("dev/disk", Device(8, 0, block=True)),
    ("run/pipe", Fifo()),
    ("var/gone", Whiteout()),
    ("gone", Whiteout()),
    ("srv", Opaque()),
    ("data/holes", Sparse(100_000, ((4096, b"data"),))),
    ("empty", File()),
]


def facts(entries: tuple[Entry, ...] | None) -> list[Entry]:
    """Return entries without digests, which plain layers do not have."""
    return [replace(entry, sha256="") for entry in entries or ()]


@BOTH
def test_every_kind_of_entry(compression: Compression, tmp_path: Path) -> None:
    _, layer = index_one(tmp_path, build_tar(EVERYTHING), compression)
    found = {(entry.path, entry.whiteout): entry for entry in layer.entries or ()}
    assert [entry.path for entry in layer.entries or ()] == [
        *("", "etc", "etc/passwd", "usr/bin/tool", "usr/bin/alias", "usr/bin/twin", "dev/null", "dev/disk", "run/pipe"),
        *("var/gone", "gone", "srv", "data/holes", "empty"),
    ]
    tool = found["usr/bin/tool", ""]
    assert (tool.kind, tool.size, tool.mode, tool.uid, tool.gid) == ("file", 2004, 0o4755, 5, 6)
    assert tool.xattrs == ("security.capability",)
    assert found["etc/passwd", ""].mtime == 1_700_000_000
    assert (found["usr/bin/alias", ""].kind, found["usr/bin/alias", ""].link) == ("symlink", "/usr/bin/tool")
    assert (found["usr/bin/twin", ""].kind, found["usr/bin/twin", ""].link) == ("hard_link", "usr/bin/tool")
    assert (found["dev/null", ""].kind, found["dev/null", ""].device) == ("character_device", (1, 3))
    assert (found["dev/disk", ""].kind, found["dev/disk", ""].device) == ("block_device", (8, 0))
    assert found["run/pipe", ""].kind == "fifo"
    assert {key for key in found if key[1]} == {("var/gone", "file"), ("gone", "file"), ("srv", "opaque")}
    holes = found["data/holes", ""]
    assert (holes.size, holes.stored, holes.sparse) == (100_000, 4, True)
    assert layer.problem == ""


@BOTH
def test_contents_and_heads(compression: Compression, tmp_path: Path) -> None:
    _, layer = index_one(tmp_path, build_tar(EVERYTHING), compression)
    assert layer.contents == {"etc/passwd": b"root:x:0:0::/root:/bin/sh\n"}
    assert layer.heads == {"usr/bin/tool": (b"\x7fELF" + b"code" * 255)}


@BOTH
def test_size_and_digests(compression: Compression, tmp_path: Path) -> None:
    tar = build_tar(EVERYTHING)
    _, layer = index_one(tmp_path, tar, compression)
    assert (layer.size_bytes, layer.verification) == (len(tar), "verified")


def test_compressed_layers_give_what_plain_ones_do_and_digest_every_content(tmp_path: Path) -> None:
    tar = build_tar(EVERYTHING)
    plain, gzipped, zstd = (index_one(tmp_path, tar, one)[1] for one in COMPRESSIONS)
    assert facts(gzipped.entries) == facts(zstd.entries) == list(plain.entries or ())
    digests = {entry.path: entry.sha256 for entry in gzipped.entries or () if entry.sha256}
    assert digests == {
        path: hashlib.sha256(node.content).hexdigest() for path, node in EVERYTHING if isinstance(node, File) and node.content
    }


@pytest.mark.parametrize("wrapping", ["gzip", "zstd"])
def test_layers_of_an_archive_compressed_as_a_whole(wrapping: Compression, tmp_path: Path) -> None:
    layers = [build_layer({f"f{at}": b"x" * (at * 1000)}, COMPRESSIONS[at % 3]) for at in range(6)]
    image = image_of(tmp_path, layers, wrapping)
    shuffled = replace(image, layers=tuple(replace(image.layers[-1 - at], index=at) for at in range(6)))
    for one, order in ((image, range(6)), (shuffled, range(5, -1, -1))):
        found = indexed(one)
        assert [[entry.path for entry in layer.entries or ()] for layer in found.layers] == [[f"f{at}"] for at in order]
        assert {layer.verification for layer in found.layers} == {"verified"}


def test_layers_that_share_a_blob_are_each_indexed(tmp_path: Path) -> None:
    one = build_layer({"a": b"x"}, "gzip")
    for wrapping in COMPRESSIONS:
        image = image_of(tmp_path, [one], wrapping)
        found = indexed(replace(image, layers=(image.layers[0], replace(image.layers[0], index=1))))
        assert [[entry.path for entry in layer.entries or ()] for layer in found.layers] == [["a"], ["a"]]


def test_events_come_in_order_with_each_layer_filled_in(tmp_path: Path) -> None:
    layers = [build_layer({f"f{at}": b"x"}, COMPRESSIONS[at % 3]) for at in range(5)]
    first, *events = index_layers(image_of(tmp_path, layers))
    assert first == Started("indexing the layers")
    partial = [event.result for event in events if isinstance(event, Partial)]
    assert [[layer.entries is not None for layer in image.layers] for image in partial] == [
        [index <= done for index in range(5)] for done in range(5)
    ]
    assert isinstance(events[-1], Finished)
    assert events[-1].result.complete
    last = [event for event in events if isinstance(event, Progress)][-1]
    assert (last.done, last.note) == (last.total, "bytes")


@given(st.lists(st.tuples(st.text(max_size=30), st.binary(max_size=2000)), max_size=6))
@settings(max_examples=5, deadline=None)
def test_any_names_mean_the_same_however_a_layer_is_stored(files: list[tuple[str, bytes]]) -> None:
    tar = build_tar([(f"d/{name.encode('utf-8', 'replace')!r}", content) for name, content in files])
    with TemporaryDirectory() as folder:
        plain, gzipped, zstd = (index_one(Path(folder), tar, one)[1] for one in COMPRESSIONS)
    assert facts(gzipped.entries) == facts(zstd.entries) == list(plain.entries or ())


def test_the_stream_indexer_takes_bytes_in_any_pieces() -> None:
    tar = build_tar(EVERYTHING)
    for piece in (1, 7, 511, 513, 100_000):
        source = io.BytesIO(tar)

        class Pieces:
            def read(self, size: int, /) -> bytes:
                return source.read(min(size, piece))  # noqa: B023 - used within the turn

        seen: list[int] = []
        found = LayerIndexer(Pieces()).index(TextCleaner(), "layer 0", seen.append)
        assert len(found.entries) == len(EVERYTHING)
        assert (found.size_bytes, found.sha256) == (len(tar), hashlib.sha256(tar).hexdigest())
        assert seen[-1] == len(tar)


@BOTH
def test_a_wrong_digest_is_a_finding_and_everything_is_shown(compression: Compression, tmp_path: Path) -> None:
    image = image_of(tmp_path, [build_layer({"a": b"x"}, compression)])
    for change in ({"digest": "sha256:" + "0" * 64}, {"diff_id": "sha256:" + "0" * 64}):
        found = indexed(replace(image, layers=(replace(image.layers[0], **change),)))
        layer = found.layers[0]
        assert (layer.verification, [entry.path for entry in layer.entries or ()]) == ("mismatch", ["a"])
        assert layer.problem
        assert [(one.rule, one.severity) for one in found.findings] == [("layer-digest-mismatch", "high")]


def test_what_names_no_digest_or_a_foreign_one_is_not_verified(tmp_path: Path) -> None:
    image = image_of(tmp_path, [build_layer({"a": b"x"}, "gzip")])
    for digest in ("", "sha512:" + "0" * 128, "md5:0", "sha256"):
        found = indexed(replace(image, layers=(replace(image.layers[0], digest=digest, diff_id=digest),)))
        assert (found.layers[0].verification, found.findings) == ("not verified", ())


def test_large_plain_layers_are_verified_on_demand(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("inspector.formats.image.layer_index.VERIFIED_BYTES", 100)
    good, bad = build_layer({"a": b"x" * 5000}), build_layer({"b": b"y"})
    image = image_of(tmp_path, [good, bad])
    image = indexed(replace(image, layers=(image.layers[0], replace(image.layers[1], digest="sha256:" + "1" * 64))))
    assert [layer.verification for layer in image.layers] == ["not verified", "not verified"]
    *_, last = verify_digests(image)
    assert isinstance(last, Finished)
    assert [layer.verification for layer in last.result.layers] == ["verified", "mismatch"]
    assert rules(last.result) == {"layer-digest-mismatch"}
    again = list(verify_digests(last.result))
    assert again[-1] == Finished(last.result)


@BOTH
def test_a_layer_cut_short_keeps_what_was_read(compression: Compression, tmp_path: Path) -> None:
    tar = build_tar({f"f{at}": bytes(range(256)) * 40 for at in range(50)})
    stored = compress(tar, compression)
    image, layer = index_one(tmp_path, tar, compression, stored[: len(stored) // 2])
    assert layer.problem
    assert compression != "none" or 10 < len(layer.entries or ()) < 50
    assert layer.verification == ("mismatch" if compression == "none" else "not verified")
    assert "layer-unreadable" in rules(image)
    assert {one.severity for one in image.findings if one.rule == "layer-unreadable"} == {"high"}


@BOTH
def test_a_file_shorter_than_the_manifest_says(compression: Compression, tmp_path: Path) -> None:
    image = image_of(tmp_path, [build_layer({"a": b"x" * 9000, "b": b"y"}, compression)])
    path = Path(image.artifact.path)
    path.write_bytes(path.read_bytes()[:-600] if compression == "none" else path.read_bytes()[:-30])
    found = indexed(image)
    assert "cut short" in found.layers[0].problem
    path.unlink()
    found = indexed(image)
    assert "no such file" in found.layers[0].problem
    assert found.layers[0].entries == ()


def test_one_bad_layer_leaves_the_others(tmp_path: Path) -> None:
    layers = [build_layer({"a": b"1"}, "gzip"), blob(b"no tar" * 500, "zstd"), build_layer({"c": b"3"}, "zstd")]
    found = indexed(image_of(tmp_path, layers))
    assert [[entry.path for entry in layer.entries or ()] for layer in found.layers] == [["a"], [], ["c"]]
    assert [bool(layer.problem) for layer in found.layers] == [False, True, False]


def test_a_missing_blob_is_a_finding(tmp_path: Path) -> None:
    image = image_of(tmp_path, [build_layer({"a": b"1"})])
    found = indexed(replace(image, layers=(replace(image.layers[0], place=None),)))
    assert (found.layers[0].entries, found.layers[0].problem) == ((), "its blob is missing")
    assert rules(found) == {"layer-unreadable"}
    known = replace(image, layers=(replace(image.layers[0], place=None, problem="is not in the archive"),))
    assert rules(indexed(known)) == set()


def test_what_was_indexed_before_is_kept(tmp_path: Path) -> None:
    image = image_of(tmp_path, [build_layer({"a": b"1"}, "gzip"), build_layer({"b": b"2"})])
    once = indexed(image)
    Path(image.artifact.path).unlink()
    assert indexed(once) == once


@BOTH
def test_cancelling(compression: Compression, tmp_path: Path) -> None:
    image = image_of(tmp_path, [build_layer({"a": b"1"}, compression)] * 3)
    token = CancelToken()
    events = index_layers(image, token)
    next(events)
    token.cancel()
    with pytest.raises(ChildFailed) as caught:
        list(events)
    assert caught.value.kind == "cancelled"


def test_leaving_early_ends_the_children(tmp_path: Path) -> None:
    import psutil

    image = image_of(tmp_path, [build_layer({"a": b"1" * 100_000}, "gzip")] * 4)
    before = {child.pid for child in psutil.Process().children(recursive=True)}
    events = index_layers(image)
    next(events)
    next(events)
    events.close()
    assert {child.pid for child in psutil.Process().children(recursive=True)} <= before


def test_odd_names_are_cleaned_and_told(tmp_path: Path) -> None:
    pairs = [("a\x1b]52;c;x\x07", b""), ("b\u202e", b""), ("c\udcff", b""), ("d\nd", Symlink("\x1b[31m"))]
    image, layer = index_one(tmp_path, build_tar(pairs))
    assert [entry.path for entry in layer.entries or ()] == ["a\\x1b]52;c;x\\x07", "b\\u202e", "c\\xff", "d\\nd"]
    assert (layer.entries or ())[3].link == "\\x1b[31m"
    assert {"unprintable-name", "invalid-utf8"} <= rules(image)


def test_bounds_of_an_image_are_shared_by_its_layers(tmp_path: Path) -> None:
    layers = [build_layer({f"{at}/f{n}": b"" for n in range(10)}, COMPRESSIONS[at % 3]) for at in range(4)]
    *_, last = index_layers(image_of(tmp_path, layers), None, Allowance(entries=25))
    assert isinstance(last, Finished)
    image: Image = last.result
    assert [len(layer.entries or ()) for layer in image.layers] == [10, 10, 5, 0]
    assert [bool(layer.problem) for layer in image.layers] == [False, False, True, True]


def test_names_of_all_layers_count_together(tmp_path: Path) -> None:
    layers = [build_layer({f"{at}/" + "n" * 100: b""}, COMPRESSIONS[at % 3]) for at in range(6)]
    *_, last = index_layers(image_of(tmp_path, layers), None, Allowance(text_bytes=350))
    assert isinstance(last, Finished)
    assert [len(layer.entries or ()) for layer in last.result.layers] == [1, 1, 1, 0, 0, 0]
    assert [bool(layer.problem) for layer in last.result.layers] == [False] * 3 + [True] * 3


def test_tarfile_agrees_on_a_real_tree(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        archive.add(Path(tarfile.__file__).parent / "json", "lib/json")
        archive.add(Path(__file__).parents[4] / "inspector", "app/inspector")
    buffer.seek(0)
    for compression in COMPRESSIONS:
        _, layer = index_one(tmp_path, buffer.getvalue(), compression)
        buffer.seek(0)
        with tarfile.open(fileobj=buffer) as archive:
            truth = [(info.name, info.size, info.mode, info.isdir()) for info in archive]
        assert [(one.path, one.size, one.mode, one.kind == "directory") for one in layer.entries or ()] == truth
