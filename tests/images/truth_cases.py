"""Images that hold everything layers can do to each other, in every way an image is stored."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from tests.images.build import (
    GNU,
    PAX,
    USTAR,
    BuiltLayer,
    Compression,
    Device,
    Entries,
    Fifo,
    File,
    Folder,
    HardLink,
    ImageSpec,
    Opaque,
    Sparse,
    Symlink,
    Whiteout,
    build_layer,
    docker_archive,
    legacy_docker_archive,
    oci_archive,
    oci_layout,
    platforms_archive,
)

Format = Literal["docker", "legacy", "OCI", "layout", "platforms", "gzipped docker", "zstd OCI"]
_CAPABILITY = b"\x01\x00\x00\x02\x00\x04\x00\x00" + bytes(12)


@dataclass(frozen=True)
class Case:
    """An image: its layers, how they are compressed (in turn), and how it is stored."""

    layers: Sequence[Entries]
    compressions: Sequence[Compression] = ("none",)
    format: Format = "docker"
    tar: int = PAX
    engine: str = "docker_engine"
    """Which engine says what is true. Over vfs it unpacks a layer onto those below, as containerd does. Over overlay2 each is
    unpacked by itself: links to what another layer ships are refused, folders that only a lower layer names get a mode anew.
    """

    def built(self) -> list[BuiltLayer]:
        """Return the layers as tars and blobs."""
        count = len(self.compressions)
        return [build_layer(layer, self.compressions[index % count], self.tar) for index, layer in enumerate(self.layers)]


def _text(size: int, seed: int = 0) -> bytes:
    return (b"%d line of text\n" % seed * (size // 10 + 1))[:size]


_BASE: Mapping[str, Any] = {
    "bin": Folder(),
    "bin/tool": File(_text(5000), mode=0o755),
    "etc": Folder(),
    "etc/app.conf": File(_text(300), mode=0o640, uid=7, gid=8),
    "home": Folder(mode=0o700, uid=1000, gid=1000),
    "home/.profile": File(_text(100), uid=1000, gid=1000),
    "lib": Symlink("usr/lib"),
    "tmp": Folder(mode=0o1777),
    "usr": Folder(),
    "usr/lib": Folder(),
    "usr/lib/libx.so.1": File(_text(20_000), mode=0o755),
    "usr/lib/libx.so": Symlink("libx.so.1"),
}
_UPDATE: Mapping[str, Any] = {
    "bin": Folder(),
    "bin/tool": File(_text(6000, 1), mode=0o755),
    "home": Folder(mode=0o700, uid=1000, gid=1000),
    "home/.profile": Whiteout(),
    "usr": Folder(),
    "usr/lib": Folder(),
    "usr/lib/new.so": _text(7000),
}
_TREE: Mapping[str, Any] = {
    "a": Folder(),
    "a/one": _text(1000),
    "a/two": _text(2000),
    "a/deep": Folder(mode=0o750),
    "a/deep/three": _text(3000),
    "b": Folder(),
    "b/link": Symlink("../a"),
    "b/four": _text(4000),
    "b/five": HardLink("b/four"),
}

CASES: Mapping[str, Case] = {
    "one layer": Case([_BASE]),
    "plain": Case([_BASE, _UPDATE]),
    "gzip": Case([_BASE, _UPDATE], ["gzip"]),
    "zstd": Case([_BASE, _UPDATE], ["zstd"]),
    "each layer compressed differently": Case([_BASE, _UPDATE, {"more": b"1"}], ["none", "gzip", "zstd"], "OCI"),
    "legacy archive": Case([_BASE, _UPDATE, _BASE], format="legacy"),
    "OCI archive": Case([_BASE, _UPDATE], ["gzip"], "OCI"),
    "OCI layout": Case([_BASE, _UPDATE], ["zstd", "none"], "layout"),
    "index of platforms": Case([_BASE, _UPDATE], ["gzip"], "platforms"),
    "gzipped archive": Case([_BASE, _UPDATE], format="gzipped docker"),
    "zstd archive": Case([_BASE, _UPDATE], ["gzip", "none"], "zstd OCI"),
    "whiteouts of files and folders": Case(
        [
            _TREE,
            {"a": Folder(), "a/one": Whiteout(), "a/deep": Whiteout(), "b": Folder(), "b/link": Whiteout()},
            {"a": Folder(), "a/deep": Folder(), "a/deep/again": b"new", "nowhere": Whiteout()},
            {"b": Whiteout()},
        ]
    ),
    "whiteout and the same path in one layer": Case(
        [_TREE, {"a": Folder(), "a/.wh.one": b"", "a/one": b"back", "b": Whiteout()}, {"b": Folder(), "b/only": b"this"}]
    ),
    "opaque folders": Case(
        [
            _TREE,
            [("a", Folder()), ("a", Opaque()), ("a/new", b"1")],
            [("b", Folder(mode=0o711)), ("b/first", b"2"), ("b", Opaque())],
            [("a", Folder()), ("a/deep", Folder()), ("a/deep", Opaque()), ("a/deep/x", b"3")],
        ]
    ),
    "hard links in a layer, their names changed above": Case(
        [
            {"d": Folder(), "d/x": _text(9000), "d/y": HardLink("d/x"), "d/z": HardLink("d/x"), "w": HardLink("d/y")},
            {"d": Folder(), "d/x": Whiteout()},
            {"d": Folder(), "d/y": File(_text(9000), mode=0o600)},
            {"w": Whiteout(), "d": Folder(), "d/q": _text(50), "d/r": HardLink("d/q")},
        ]
    ),
    "hard links shipped again": Case(
        [{"x": _text(5000), "y": HardLink("x")}, {"x": _text(5000), "y": HardLink("x")}, {"y": Whiteout()}]
    ),
    "copied up to change metadata": Case(
        [
            _BASE,
            {
                "bin": Folder(),
                "bin/tool": File(_text(5000), mode=0o4755),
                "etc": Folder(mode=0o700),
                "etc/app.conf": File(_text(300), mode=0o640, uid=9, gid=8),
                "home": Folder(mode=0o711, uid=5, gid=6),
            },
        ]
    ),
    "type changes": Case(
        [
            {
                "file to folder": _text(100),
                "folder to file": Folder(),
                "folder to file/inside": _text(200),
                "link to folder": Symlink("nowhere"),
                "folder to link": Folder(),
                "folder to link/inside": _text(300),
                "file to link": _text(400),
                "file to fifo": _text(500),
            },
            {
                "file to folder": Folder(),
                "file to folder/inside": b"1",
                "folder to file": b"22",
                "link to folder": Folder(),
                "link to folder/inside": b"333",
                "folder to link": Symlink("file to folder"),
                "file to link": Symlink("/etc"),
                "file to fifo": Fifo(),
            },
            {"folder to file": Folder(), "folder to file/again": b"4444", "file to folder": Symlink("x")},
        ]
    ),
    "folders that no layer names": Case([{"a/b/c": b"1"}, {"a/b/d": b"3", "new/deep/file": b"5"}]),
    "folders that only a lower layer names": Case(
        [{"x": Folder(mode=0o700, uid=5), "x/y": b"2"}, {"x/z": b"4"}],
        engine="docker_vfs_engine",
    ),
    "hard links across layers": Case(
        [
            {"d": Folder(), "d/a": _text(500), "k": _text(40)},
            {"d": Folder(), "d/b": HardLink("d/a"), "k": Whiteout(), "l": HardLink("d/a")},
            {"d": Folder(), "d/a": Whiteout()},
        ],
        engine="docker_vfs_engine",
    ),
    "duplicate contents": Case([{f"copy {number}": _text(4096) for number in range(20)}, {"one more": _text(4096)}]),
    "entries below a symlinked folder": Case(
        [
            {"usr": Folder(), "usr/lib": Folder(), "usr/lib/a": b"1", "lib": Symlink("usr/lib"), "lib/b": b"22"},
            {"lib": Folder(), "lib/c": b"333"},
        ]
    ),
    "a symlink beside what is shipped under its target": Case(
        [
            {"usr": Folder(), "usr/lib": Folder(), "lib": Symlink("usr/lib")},
            {"usr": Folder(), "usr/lib": Folder(), "usr/lib/x": b"1"},
        ]
    ),
    "sparse files": Case(
        [
            {
                "new": Sparse(1_000_000, ((4096, _text(4096)), (999_000, _text(1000)))),
                "older": Sparse(300_000, ((0, _text(512)), (200_000, b"x")), "pax 0.1"),
                "oldest": Sparse(100_000, ((50_000, b"y" * 100),), "pax 0.0"),
                "all hole": Sparse(50_000),
            },
            {"new": Sparse(1_000_000, ((4096, _text(4096)), (999_000, _text(1000))), mode=0o600)},
        ]
    ),
    "long and odd names, PAX": Case(
        [
            {
                "n" * 250: b"1",
                "/".join(["folder" * 20] * 8): Folder(),
                "/".join(["folder" * 20] * 8) + "/" + "f" * 200: _text(500),
                "link": Symlink("t" * 300),
                "grüße 世界": b"2",
                "not\udcffUTF-8": b"3",
                "escape\x1b[31m": b"4",
                "line\nbreak": b"5",
                "back\\slash\\n": b"6",
                " leading and trailing ": b"7",
            }
        ]
    ),
    "long names, GNU": Case(
        [{"n" * 250: b"1", "link": Symlink("t" * 300), "big ids": File(b"2", uid=3_000_000, gid=2**31)}], tar=GNU
    ),
    "ustar prefixes": Case([{"/".join(["part" * 10] * 5): Folder(), "/".join(["part" * 10] * 5) + "/x": b"1"}], tar=USTAR),
    "names written in other ways": Case(
        [{"./a": Folder(), "./a/b": b"1", "/abs": b"2", "a//c": b"3", "a/./d": b"4", "x/../e": b"5"}]
    ),
    "modes, owners and attributes": Case(
        [
            {
                "setuid": File(b"1", mode=0o4755),
                "setgid": File(b"2", mode=0o2711, gid=50),
                "sticky": Folder(mode=0o1777),
                "setgid folder": Folder(mode=0o2775, gid=50),
                "nothing": File(b"3", mode=0),
                "owned": File(b"4", uid=65534, gid=65534),
                "capable": File(b"5", mode=0o755, xattrs={"security.capability": _CAPABILITY}),
                "link": Symlink("owned", uid=12, gid=13),
            }
        ]
    ),
    "devices and pipes": Case(
        [
            {"null": Device(1, 3, mode=0o666), "disk": Device(8, 1, block=True, mode=0o660), "pipe": Fifo(mode=0o620)},
            {"null": Whiteout(), "pipe": Fifo(mode=0o600)},
        ]
    ),
    "empty files and empty layers": Case([{}, {"empty": b"", "d": Folder()}, {}, {"empty": b"", "d": Folder(mode=0o700)}, {}]),
    "many files": Case(
        [{f"f{number:04}": _text(number) for number in range(3000)}, {f"f{n:04}": Whiteout() for n in range(0, 3000, 7)}]
    ),
}


def spec_of(case: Case) -> ImageSpec:
    """Return the image of a case, under a name of its own."""
    name = hashlib.sha256(repr([layer.diff_id for layer in case.built()]).encode()).hexdigest()[:16]
    return ImageSpec(case.built(), tags=(f"truth-{name}:1",))


def write_case(case: Case, folder: Path) -> Path:
    """Write the image as the case says it is stored; return the archive, or the folder of the layout."""
    spec = spec_of(case)
    folder.mkdir(exist_ok=True)
    match case.format:
        case "docker":
            return docker_archive(folder / "image.tar", [spec])
        case "gzipped docker":
            return docker_archive(folder / "image.tar.gz", [spec], "gzip")
        case "legacy":
            return legacy_docker_archive(folder / "image.tar", [spec])
        case "OCI":
            return oci_archive(folder / "image.tar", [spec])
        case "zstd OCI":
            return oci_archive(folder / "image.tar.zst", [spec], "zstd")
        case "layout":
            return oci_layout(folder / "layout", [spec])
        case "platforms":
            other = ImageSpec([build_layer({"other": b"platform"}, "gzip")], platform="linux/arm64")
            return platforms_archive(folder / "image.tar", [other, spec])
