"""Layers made to harm: every one gives a finding or a problem, in bounded memory and time, and nothing is written."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import tarfile
from dataclasses import replace
from pathlib import Path

import pytest
import zstandard

from inspector.formats.image.layer_answer import Allowance
from inspector.formats.image.layer_index import index_layers
from inspector.records.event import Finished
from inspector.records.image import BlobPlace, Compression, Image, Layer
from tests.images.build import Device, File, Folder, HardLink, Symlink, build_tar, compress, pax_record
from tests.unit.formats.image.layer_images import blob, image_of, index_one, indexed, rules

COMPRESSIONS: tuple[Compression, ...] = ("none", "gzip", "zstd")
EACH = pytest.mark.parametrize("compression", COMPRESSIONS)
MIB = 1 << 20
MEASURE = """
import json, resource, sys
from pathlib import Path
from inspector.formats.image.layer_index import index_layers
from inspector.formats.image.layer_answer import Allowance
from inspector.records.artifact import Artifact
from inspector.records.image import BlobPlace, Image, ImageConfig, Layer
path, compression, entries = sys.argv[1], sys.argv[2], int(sys.argv[3])
size = Path(path).stat().st_size
layer = Layer(0, compression=compression, place=BlobPlace(path, 0, size))
image = Image(Artifact(path, "image", size), "OCI archive", ImageConfig(), (layer,))
*_, last = index_layers(image, None, Allowance(entries=entries))
found = last.result.layers[0]
print(json.dumps([len(found.entries), found.size_bytes, found.problem,
                  int(Path("/proc/self/status").read_text().partition("VmHWM:")[2].split()[0]),
                  resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss]))
"""


@pytest.fixture(autouse=True)
def nothing_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> object:
    """Work in an empty folder, and see that it stays so but for the archive that the test made."""
    (tmp_path / "here").mkdir()
    (tmp_path / "temporary").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    monkeypatch.setenv("TMPDIR", str(tmp_path / "temporary"))
    yield
    found = sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*"))
    assert [name for name in found if name != "layers.tar"] == ["here", "temporary"]
    assert not [path for path in (Path("/etc"), Path("/tmp"), Path("/"), tmp_path.parent) if (path / "victim").exists()]


def paths(layer: Layer) -> list[str]:
    return [entry.path for entry in layer.entries or ()]


def finding(image: Image, rule: str) -> str:
    return next(f"{one.severity}: {one.message}" for one in image.findings if one.rule == rule)


def header(name: str, size: int = 0, type: bytes = tarfile.REGTYPE) -> bytes:
    info = tarfile.TarInfo(name)
    info.size, info.type = size, type
    return info.tobuf(tarfile.GNU_FORMAT)


@EACH
def test_names_that_leave_the_root_are_refused(compression: Compression, tmp_path: Path) -> None:
    bad = ["../victim", "a/../../victim", "./../victim", "..", "../../../../../../../../tmp/victim"]
    image, layer = index_one(tmp_path, build_tar([*((name, b"x") for name in bad), ("fine", b"y")]), compression)
    assert paths(layer) == ["fine"]
    assert finding(image, "layer-path-outside") == (
        "high: 5 paths would lie outside the root and were left out, such as ../victim"
    )


@EACH
def test_absolute_names_and_names_that_wander_lie_below_the_root(compression: Compression, tmp_path: Path) -> None:
    names = ["/etc/victim", "//x", "/../y", "a/./b//c/", "d/../e", "./f"]
    image, layer = index_one(tmp_path, build_tar([(name, b"x") for name in names]), compression)
    assert paths(layer) == ["etc/victim", "x", "y", "a/b/c", "e", "f"]
    assert finding(image, "layer-absolute-path").startswith("info: 3 paths have an absolute name")
    assert finding(image, "layer-path-upward").startswith("low: 2 paths have .. in the name")


def test_links_that_leave_the_root(tmp_path: Path) -> None:
    pairs = [
        ("a", HardLink("../../etc/shadow")),
        ("b", HardLink("/etc/x")),
        ("c/d", Symlink("../../../x")),
        ("e", Symlink("/x")),
    ]
    image, layer = index_one(tmp_path, build_tar(pairs))
    assert [(entry.path, entry.link) for entry in layer.entries or ()] == [("b", "etc/x"), ("c/d", "../../../x"), ("e", "/x")]
    assert finding(image, "layer-link-outside").startswith("high: 1 path would link a file outside")
    assert finding(image, "layer-symlink-outside").startswith("low: 1 path is a symlink that climbs above the root")


@EACH
def test_writing_through_a_symlink_is_a_finding(compression: Compression, tmp_path: Path) -> None:
    pairs = [("out", Symlink("/tmp")), ("out/victim", b"x"), ("deep/er", Symlink("..")), ("deep/er/a/b/c", b"y")]
    image, layer = index_one(tmp_path, build_tar(pairs), compression)
    assert paths(layer) == ["out", "out/victim", "deep/er", "deep/er/a/b/c"]
    assert finding(image, "layer-below-symlink").startswith("medium: entries lie below 2 paths")


def test_device_nodes_duplicates_and_whiteouts_of_nothing(tmp_path: Path) -> None:
    pairs = [
        ("dev/sda", Device(8, 0, block=True)),
        *(("again", File(bytes([turn]))) for turn in range(5)),
        ("again", Folder()),
        ("x/.wh.", b""),
        (".wh...", b""),
        (".wh..wh.plnk/1.2", b""),
    ]
    image, layer = index_one(tmp_path, build_tar(pairs))
    assert paths(layer) == ["dev/sda", *["again"] * 6]
    assert {"layer-device", "layer-repeated-path", "layer-odd-whiteout"} <= rules(image)
    assert finding(image, "layer-repeated-path").startswith("low: 5 paths are in the layer more than once, such as again")


@EACH
def test_text_that_writes_to_terminals(compression: Compression, tmp_path: Path) -> None:
    names = ["\x1b]52;c;QUJD\x07", "\x1b[2J", "a\rb", "\u202efdp.exe", "x" * 90 + "\x9b31m", "[/red]", "\udcfe\udcff"]
    image, layer = index_one(tmp_path, build_tar([(name, Symlink(name)) for name in names]), compression)
    for text in [*paths(layer), *(entry.link for entry in layer.entries or ()), *(one.message for one in image.findings)]:
        assert text.isprintable()
    assert len(set(paths(layer))) == len(names)
    assert "unprintable-name" in rules(image)


def test_names_no_file_system_takes(tmp_path: Path) -> None:
    long = "n" * 5000
    records = pax_record("path", "with\0zero")
    tar = header("h", len(records), b"x") + records.ljust(512, b"\0") + header("h") + build_tar([(long, b"x")])
    image, layer = index_one(tmp_path, tar)
    assert paths(layer) == []
    assert finding(image, "layer-path-impossible").startswith("medium: 2 paths have a name that no file system takes")
    assert max(len(one.message) for one in image.findings) < 400


def zeros_zstd(count: int) -> bytes:
    """Return frames of so many MiB of zeros, each a few hundred bytes."""
    return zstandard.ZstdCompressor(level=1).compress(bytes(64 * MIB)) * (count // 64)


def zeros_gzip(count: int) -> bytes:
    return compress(bytes(16 * MIB), "gzip") * (count // 16)


def test_a_zstd_bomb_stops_at_the_ratio(tmp_path: Path) -> None:
    stored = compress(header("zeros", 1 << 40), "zstd") + zeros_zstd(3000 - 3000 % 64)
    assert len(stored) < 400_000
    image, layer = index_one(tmp_path, b"", "zstd", stored)
    assert "it may be a decompression bomb" in layer.problem
    assert paths(layer) == ["zeros"]
    assert (layer.size_bytes or 0) <= 1200 * len(stored) + (1 << 30) + MIB
    assert finding(image, "layer-unreadable").startswith("high: layer 0 was not read on after")


@pytest.mark.parametrize("compression", ["gzip", "zstd"])
@pytest.mark.parametrize("kind", ["content", "skipped", "behind the end", "long name", "wrapped"])
def test_bombs_stop_at_the_bound_wherever_they_are(compression: Compression, kind: str, tmp_path: Path) -> None:
    bound = 100 * MIB
    start = {
        "content": header("file", 1 << 40),
        "skipped": header("V", 1 << 40, b"V"),
        "behind the end": bytes(1024),
        "long name": header("L", 1 << 40, b"L"),
        "wrapped": header("file", 1 << 40),
    }[kind]
    zeros = zeros_gzip(1024) if compression == "gzip" else zeros_zstd(1024)
    stored = compress(start, compression) + zeros
    image = image_of(tmp_path, [blob(b"", compression, stored)])
    if kind == "wrapped":
        plain = image.layers[0].place
        assert plain is not None
        place = replace(plain, length=1 << 42, wrapping=compression)
        image = replace(image, layers=(replace(image.layers[0], compression="none", place=place),))
    *_, last = index_layers(image, None, Allowance(uncompressed_bytes=bound))
    assert isinstance(last, Finished)
    layer = last.result.layers[0]
    assert ("extension of" if kind == "long name" else "decompression bomb") in layer.problem
    assert (layer.size_bytes or 0) <= bound + MIB
    assert rules(last.result) == {"layer-unreadable"}


def test_a_bomb_within_a_bomb(tmp_path: Path) -> None:
    inner = compress(header("f", 1 << 40), "zstd") + zeros_zstd(640)
    outer = compress(header("inner", len(inner) * 100) + inner * 100, "gzip")
    image, layer = index_one(tmp_path, b"", "gzip", outer)
    assert paths(layer) == ["inner"]
    assert (layer.size_bytes or 0) <= len(inner) * 100 + 2048
    assert image.complete


@EACH
def test_millions_of_empty_entries_stop_at_the_bound(compression: Compression, tmp_path: Path) -> None:
    """Ten million in compressed layers; plain ones are as large as they say, so a few hundred thousand have to do."""
    block = b"".join(header(f"{at:06}") for at in range(20_000))
    path = tmp_path / "layers.tar"
    path.write_bytes(block * 10 if compression == "none" else compress(block, compression) * 500)
    count, size, problem, peak, child_peak = measured(path, compression, 100_000)
    assert (count, problem) == (100_000, "has more entries than the 100,000 that are read")
    assert size <= 100_000 * 512 + 2 * MIB or compression == "none"
    assert peak < 250_000
    assert child_peak < 250_000


def test_the_default_bounds_are_those_promised() -> None:
    bounds = Allowance()
    assert (bounds.entries, bounds.uncompressed_bytes, bounds.ratio) == (1_000_000, 64 << 30, 1200)


def measured(path: Path, compression: Compression, entries: int) -> tuple[int, int, str, int, int]:
    """Return entries, bytes and problem of a layer indexed in a process of its own, and the peaks of it and its child in kB."""
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, str(path), compression, str(entries)],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[2],
    )
    count, size, problem, peak, child_peak = json.loads(done.stdout)
    return count, size, problem, peak, child_peak


@pytest.mark.parametrize("compression", ["none", "zstd"])
def test_names_of_a_megabyte_each(compression: Compression, tmp_path: Path) -> None:
    records = pax_record("path", "d/" * 400_000 + "end")
    one = header("h", len(records), b"x") + records + bytes(-len(records) % 512) + header("file")
    path = tmp_path / "layers.tar"
    path.write_bytes(one * 60 if compression == "none" else compress(one, "zstd") * 100)
    count, _, _, peak, child_peak = measured(path, compression, 2_000_000)
    assert count == 0
    assert peak < 150_000
    assert child_peak < 150_000


def test_names_that_come_to_too_much_in_all(tmp_path: Path) -> None:
    pairs = [(f"{'n' * 200}/{at}", b"") for at in range(1000)]
    image = image_of(tmp_path, [blob(build_tar(pairs), "zstd")])
    *_, last = index_layers(image, None, Allowance(text_bytes=50_000))
    assert isinstance(last, Finished)
    layer = last.result.layers[0]
    assert layer.problem == "has names of more than 50,000 bytes in all"
    assert 200 < len(layer.entries or ()) < 250


def test_contents_and_heads_are_bounded(tmp_path: Path) -> None:
    pairs = [(f"p{at}.dist-info/METADATA", b"x" * 1000) for at in range(50)] + [(f"{at}.so", b"\x7fELF") for at in range(50)]
    for compression in COMPRESSIONS:
        image = image_of(tmp_path, [blob(build_tar(pairs), compression)])
        *_, last = index_layers(image, None, Allowance(content_bytes=10_500, heads=7))
        assert isinstance(last, Finished)
        layer = last.result.layers[0]
        assert (len(layer.contents), len(layer.heads), len(layer.entries or ())) == (10, 7, 100)


@EACH
def test_sizes_that_cannot_be(compression: Compression, tmp_path: Path) -> None:
    for size in (1 << 62, (1 << 63) - 1):
        info = tarfile.TarInfo("huge")
        info.size = size
        image, layer = index_one(tmp_path, info.tobuf(tarfile.GNU_FORMAT) + b"x" * 700, compression)
        assert paths(layer) == ["huge"]
        assert "cut short" in layer.problem
        assert rules(image) == {"layer-unreadable"}


def test_a_layer_that_is_anything_else(tmp_path: Path) -> None:
    junk = hashlib.sha256(b"seed").digest() * 400
    for compression in COMPRESSIONS:
        for stored in (b"x", junk, compress(junk, compression), b"\x1f\x8b", b"\x28\xb5\x2f\xfd", compress(b"x", compression)):
            image, layer = index_one(tmp_path, b"", compression, stored)
            assert layer.entries == ()
            assert layer.problem
            assert all(one.severity == "high" for one in image.findings)


@EACH
def test_a_layer_of_nothing_is_no_problem(compression: Compression, tmp_path: Path) -> None:
    for tar in (b"", bytes(512), bytes(1024), bytes(50_000)):
        image, layer = index_one(tmp_path, tar, compression)
        assert (layer.entries, layer.problem, layer.verification, image.findings) == ((), "", "verified", ())


def test_place_that_points_elsewhere(tmp_path: Path) -> None:
    image = image_of(tmp_path, [blob(build_tar({"a": b"x"}))])
    place = image.layers[0].place
    assert place is not None
    places = (
        BlobPlace("/dev/zero", 0, 1 << 40),
        BlobPlace(str(tmp_path), 0, 5),
        replace(place, offset=1 << 62),
        replace(place, length=1 << 62),
    )
    for odd_place in places:
        for compression in COMPRESSIONS:
            odd = replace(image.layers[0], compression=compression, place=odd_place)
            found = indexed(replace(image, layers=(odd,)))
            assert found.layers[0].problem, (odd_place, compression)
            assert found.layers[0].entries is not None
