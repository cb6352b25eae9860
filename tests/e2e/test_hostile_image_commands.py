"""The command on images made to harm: exit code, one line or a finding, memory, time, and nothing written anywhere."""

from __future__ import annotations

import json
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.e2e.hostile import running
from tests.e2e.hostile.running import check, rules_of, run
from tests.images.build import (
    BuiltLayer,
    Compression,
    Device,
    File,
    HardLink,
    ImageSpec,
    Symlink,
    build_layer,
    compress,
    digest_of,
    docker_archive,
    docker_members,
    oci_members,
    to_json,
    write_archive,
)

EVIL = "\x1b]52;c;Z2lmdA==\x07\u202egnp.exe\x9b31m"


def image(folder: Path, *layers: BuiltLayer) -> Path:
    return docker_archive(folder / "image.tar", [ImageSpec(layers, {"User": "app"})])


def escaping(folder: Path) -> Path:
    """Names that lead out, and a folder replaced by a link before something is written into it."""
    layer = build_layer(
        [
            ("../../planted", b"x"),
            ("/tmp/planted-absolutely", b"x"),
            ("a/../../../planted", b"x"),
            ("link", Symlink("/tmp")),
            ("link/planted-through-a-link", b"x"),
            ("hard", HardLink("../../../etc/passwd")),
            ("dev/sda", Device(8, 0, block=True)),
            (f"names/{EVIL}", b"x"),
            ("twice", b"1"),
            ("twice", b"22"),
        ]
    )
    return image(folder, layer)


def repeated(folder: Path, header: bytes, count: int, compression: Compression) -> Path:
    """A layer of one header many times over, as compressed streams one after the other."""
    chunk = compress(header * (1 << 17), compression)
    blob = chunk * (count >> 17)
    return image(folder, BuiltLayer(b"", blob, compression))


def many_entries(compression: Compression) -> Callable[[Path], Path]:
    header = tarfile.TarInfo("x").tobuf()
    return lambda folder: repeated(folder, header, 10_000_000, compression)


def bomb(compression: Compression) -> Callable[[Path], Path]:
    """A skipped member of 200 GiB of zeros."""
    header = tarfile.TarInfo("zeros")
    header.size = 200 << 30

    def make(folder: Path) -> Path:
        zeros = compress(bytes(64 << 20), compression)
        return image(
            folder,
            BuiltLayer(
                b"",
                compress(header.tobuf(tarfile.GNU_FORMAT), compression) + zeros * (24 if compression == "gzip" else 96),
                compression,
            ),
        )

    return make


def cut_layer(folder: Path) -> Path:
    whole = build_layer({"kept": b"k", "cut": b"c" * 5000})
    return image(folder, BuiltLayer(whole.tar[:2500], whole.tar[:2500], "none"))


def mismatch(folder: Path) -> Path:
    spec = ImageSpec([build_layer({"a": b"1"})], {"User": "app"})
    members = docker_members([spec])
    members[f"blobs/{spec.layers[0].digest.replace(':', '/')}"] = build_layer({"a": b"2"}).blob
    return write_archive(folder / "image.tar", members)


def cycle(folder: Path) -> Path:
    entry = {"mediaType": "application/vnd.oci.image.index.v1+json", "digest": f"sha256:{'a' * 64}", "size": 1}
    index = to_json({"schemaVersion": 2, "manifests": [entry]})
    return write_archive(folder / "image.tar", {"index.json": index, f"blobs/sha256/{'a' * 64}": index})


def layer_outside(folder: Path) -> Path:
    config = ImageSpec([build_layer({})]).config_blob()
    entry = {"Config": "config.json", "RepoTags": ["a:1"], "Layers": ["../../../../etc/passwd"]}
    return write_archive(folder / "image.tar", {"config.json": config, "manifest.json": to_json([entry])})


def evil_texts(folder: Path) -> Path:
    spec = ImageSpec([build_layer({EVIL: File(b"x", xattrs={"user.x": b"1"})})], {"Env": [f"{EVIL}={EVIL}"]}, [f"{EVIL}:1"])
    return docker_archive(folder / "image.tar", [spec])


def no_config(folder: Path) -> Path:
    spec = ImageSpec([build_layer({"a": b"1"})])
    members = oci_members([spec])
    del members[f"blobs/{digest_of(spec.config_blob()).replace(':', '/')}"]
    return write_archive(folder / "image.tar", members)


# The wait is longer than for models, since several tests share the processors; processor time is held to 60 s all the same.
FOUND: dict[str, tuple[Callable[[Path], Path], set[str]]] = {
    "escaping names": (escaping, {"layer-absolute-path", "layer-link-outside"}),
    "ten million entries, gzip": (many_entries("gzip"), {"layer-unreadable"}),
    "bomb, gzip": (bomb("gzip"), {"layer-unreadable"}),
    "bomb, zstd": (bomb("zstd"), {"layer-unreadable"}),
    "cut layer": (cut_layer, {"layer-unreadable"}),
    "digest mismatch": (mismatch, {"layer-digest-mismatch"}),
    "layer outside": (layer_outside, {"layer-escapes"}),
    "evil texts": (evil_texts, set()),
}
REFUSED: dict[str, Callable[[Path], Path]] = {"cycle": cycle, "no configuration": no_config}


def files_below(*folders: Path) -> Iterator[str]:
    for folder in folders:
        yield from (str(path) for path in folder.rglob("*") if "state" not in path.parts)


@pytest.mark.parametrize("name", FOUND)
def test_found(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "SECONDS", 240)
    make, rules = FOUND[name]
    given = tmp_path / "given"
    given.mkdir()
    path = make(given)
    outcome = run(tmp_path, path, "--report", "-", "--format", "json")
    check(outcome, path.name)
    assert outcome.code == 0, outcome.stderr
    assert rules <= set(rules_of(outcome)), rules_of(outcome)
    assert sorted(files_below(tmp_path)) == sorted([str(given), str(path)])
    assert not list(Path("/tmp").glob("planted*"))
    assert json.loads(outcome.stdout)["artifact"]["format"] == "image"


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name: str, tmp_path: Path) -> None:
    given = tmp_path / "given"
    given.mkdir()
    path = REFUSED[name](given)
    outcome = run(tmp_path, path, "--report", "-", "--format", "json")
    check(outcome, path.name)
    assert outcome.code == 3
