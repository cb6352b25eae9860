"""Slimmed images as they are written: everything that a tar can say of a file survives, and the bytes are always the same."""

from __future__ import annotations

import io
import json
import tarfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from inspector.formats.image.layer_contents import read_entry
from inspector.formats.image.writing import ConfigChanges, discard
from inspector.records.image import Image
from inspector.records.written_image import AddedFile, Selection, WrittenImage
from tests.images.build import (
    Compression,
    Device,
    Fifo,
    File,
    Folder,
    HardLink,
    ImageSpec,
    Sparse,
    Symlink,
    Whiteout,
    build_layer,
    compress,
    docker_archive,
    oci_layout,
)
from tests.images.entries import BuiltLayer
from tests.unit.formats.image.selecting import everything, opened, written
from tests.unit.formats.image.written_layers import contents_of, digest, members_in, members_of, saved, tars_of

CAPABILITY = bytes.fromhex("0100000200200000000000000000000000000000")
SPARSE = "aff02925d2892a4056d389b1a5130502a2100b86d04bd3ebbf54ac0132c9a99e"
"""Digest of the layer with the sparse files, however they came: no version of anything may change that."""

ODD = "odd \udcff\n\\x41/" + "é" * 60
LONG = "/".join(["long" * 20] * 4)

BELOW = {
    "etc": Folder(mtime=1.5),
    "etc/setuid": File(b"s", mode=0o6755, uid=3_000_000, gid=12, mtime=1_700_000_000.25, xattrs={"user.x": b"\0\n\xff=1"}),
    "etc/sticky": Folder(mode=0o1777, mtime=7, xattrs={"user.folder": b"yes"}),
    "etc/capable": File(b"c" * 700, mode=0o755, xattrs={"security.capability": CAPABILITY}),
    "etc/old": File(b"old", mtime=-3),
    "etc/gone": b"gone",
    "etc/held": File(b"held by a name that goes", uid=5, xattrs={"user.y": b"y", "security.capability": CAPABILITY}),
    "etc/name": HardLink("etc/held", uid=5),
    "dev/null": Device(1, 3),
    "dev/disk": Device(8, 300, block=True),
    "run/pipe": Fifo(0o620),
    "lib": Symlink("usr/../x y/é\udcfe", uid=4, mtime=9),
    ODD: File(b"odd", mtime=3),
    LONG: File(b"long"),
    "sparse": Sparse(900_000, ((4096, b"a" * 512), (700_000, b"b" * 100)), mode=0o640),
    "empty": Folder(mtime=11),
    "app/a": File(b"a" * 3000, mtime=20),
    "app/b": HardLink("app/a", mtime=20),
    "app/model.onnx": File(b"weights" * 1000, mtime=30),
    "opt/site-packages/p.py": b"import os",
}
ABOVE = {
    "etc/gone": Whiteout(),
    "etc/held": File(b"another"),
    "etc/late": HardLink("app/b", mtime=20),
    "app/copied": File(b"copied up", mtime=21),
    "opt/x": Folder(),
    "opt/x/.wh..wh..plnk": b"aufs",
    "../outside": b"outside",
    "opt/x/file": b"x",
}


def spec(*compressions: Compression) -> ImageSpec:
    kinds = compressions or ("none", "none")
    return ImageSpec([build_layer(one, kind) for one, kind in zip((BELOW, ABOVE), kinds, strict=True)], {"Cmd": ["x"]})


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[Image, WrittenImage]:
    """Return the image and all of it, written."""
    folder = tmp_path_factory.mktemp("whole")
    image = opened(docker_archive(folder / "image.tar", [spec()]))
    return image, written(image, folder / "out")


def test_what_is_said_of_a_file_survives(whole: tuple[Image, WrittenImage]) -> None:
    found = members_of(whole[1])
    special = found["etc/setuid"]
    assert (special.mode, special.uid, special.gid, special.mtime) == (0o6755, 3_000_000, 12, 1_700_000_000.25)
    assert raw(special.pax_headers["SCHILY.xattr.user.x"]) == b"\0\n\xff=1"
    assert (found["etc/sticky"].mode, found["etc/sticky"].type) == (0o1777, tarfile.DIRTYPE)
    assert found["etc/sticky"].pax_headers["SCHILY.xattr.user.folder"] == "yes"
    assert raw(found["etc/capable"].pax_headers["SCHILY.xattr.security.capability"]) == CAPABILITY
    assert found["etc/old"].mtime == -3
    assert (found["etc"].mtime, found["empty"].mtime) == (1.5, 11)
    assert (found["dev/null"].type, found["dev/null"].devmajor, found["dev/null"].devminor) == (tarfile.CHRTYPE, 1, 3)
    assert (found["dev/disk"].type, found["dev/disk"].devmajor, found["dev/disk"].devminor) == (tarfile.BLKTYPE, 8, 300)
    assert (found["run/pipe"].type, found["run/pipe"].mode) == (tarfile.FIFOTYPE, 0o620)
    link = found["lib"]
    assert (link.linkname, link.uid, link.mtime, link.type) == ("usr/../x y/é\udcfe", 4, 9, tarfile.SYMTYPE)
    assert found[ODD].mtime == 3
    assert LONG in found
    assert not {"etc/gone", "outside"} & set(found)


def raw(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def test_hard_links_stay_together_wherever_their_content_was(whole: tuple[Image, WrittenImage]) -> None:
    found = members_of(whole[1])
    assert (found["etc/name"].type, found["etc/name"].size) == (tarfile.REGTYPE, len(b"held by a name that goes"))
    # engines change the owner for the second name, which takes the capability away
    assert {key for key in found["etc/name"].pax_headers if "xattr" in key} == {"SCHILY.xattr.user.y"}
    assert (found["etc/held"].size, found["etc/held"].uid) == (len(b"another"), 0)
    assert (found["app/a"].type, found["app/a"].size) == (tarfile.REGTYPE, 3000)
    for name in ("app/b", "etc/late"):
        assert (found[name].type, found[name].linkname) == (tarfile.LNKTYPE, "app/a")
    code = next(layer for layer in whole[1].layers if layer.part == "code")
    assert code.files == 4  # app/a, app/b, app/copied, etc/late


def test_what_was_written_opens_without_findings_and_holds_the_same(whole: tuple[Image, WrittenImage], tmp_path: Path) -> None:
    image, made = whole
    again = opened(saved(made, tmp_path / "again"))
    assert {one.rule for one in again.findings} == {"unprintable-name", "invalid-utf8", "layer-device"}
    before, after = contents_of(image), contents_of(again)
    assert after == before
    assert [layer.size_bytes for layer in again.layers] == [layer.size_bytes for layer in made.layers]
    assert [layer.created_by for layer in again.layers] == [f"modelpack-tui slim: {layer.part}" for layer in made.layers]


@pytest.mark.parametrize("kinds", [("gzip", "zstd"), ("gzip", "none", "gzip"), ("none", "gzip", "zstd")])
def test_how_layers_are_stored_makes_no_difference(
    whole: tuple[Image, WrittenImage], tmp_path: Path, kinds: tuple[Compression, ...]
) -> None:
    wrapping: Compression = kinds[2] if len(kinds) > 2 else "none"
    image = opened(docker_archive(tmp_path / "image", [spec(*kinds[:2])], wrapping))
    made = written(image, tmp_path / "out")
    assert made.manifest == whole[1].manifest
    assert sorted(path.name for path in (tmp_path / "out").glob("*/*")) == ["0-base", "1-dependencies", "2-code", "3-weights"]


def test_the_same_again_is_the_same(whole: tuple[Image, WrittenImage], tmp_path: Path) -> None:
    image = opened(oci_layout(tmp_path / "image", [spec()]))
    again = written(image, tmp_path / "out")
    assert (again.config, again.manifest) == (whole[1].config, whole[1].manifest)
    discard(again)
    assert list((tmp_path / "out").iterdir()) == []


def test_other_layers_of_the_same_file_system_give_the_same_layers(tmp_path: Path) -> None:
    flat = {"etc/x": File(b"x", mtime=3), "etc/y": HardLink("etc/x", mtime=3), "app": Folder(mtime=5), "app/s.py": b"s"}
    above = {"app": Folder(mtime=5), "app/s.py": b"s", "tmp/gone": Whiteout()}
    below = {
        "app": Folder(mtime=1),
        "app/s.py": b"before",
        "etc/y": File(b"x", mtime=3),
        "etc/x": HardLink("etc/y", mtime=3),
        "tmp/gone": b"",
    }
    specs = [ImageSpec([build_layer(flat)]), ImageSpec([build_layer(below, "gzip"), build_layer(above)])]
    found = []
    for number, one in enumerate(specs):
        image = opened(docker_archive(tmp_path / f"{number}.tar", [one]))
        kept = everything(image, keep=lambda path: path != "tmp")
        found.append([layer.digest for layer in written(image, tmp_path / f"{number}", kept).layers])
    assert found[0] == found[1]


def weights(content: bytes, mtime: int) -> ImageSpec:
    entries = {
        "app": Folder(mtime=mtime),
        "app/serve.py": File(b"code", mtime=40),
        "app/lib": Folder(mtime=50),
        "app/lib/x.py": File(b"more", mtime=10),
        "app/model.onnx": File(content, mtime=mtime),
        "usr/lib/a": File(b"a", mtime=3),
        "usr/lib/site-packages/p.py": File(b"p", mtime=4),
        "usr/lib/site-packages/p.bin": File(content, mtime=mtime),
        "usr/lib/site-packages": Folder(mode=0o775, uid=7, mtime=mtime),
    }
    return ImageSpec([build_layer(entries)])


def test_other_weights_leave_the_other_layers_as_they_were(tmp_path: Path) -> None:
    made = []
    for number, (content, mtime) in enumerate([(b"one", 1000), (b"another", 2000)]):
        image = opened(docker_archive(tmp_path / f"{number}.tar", [weights(content, mtime)]))
        made.append(written(image, tmp_path / f"{number}"))
    before, after = ({layer.part: layer.digest for layer in one.layers} for one in made)
    assert list(before) == ["base", "dependencies", "code", "weights"]
    assert {part for part in before if before[part] != after[part]} == {"weights"}
    folders = {
        part: {one.name: (one.mtime, one.mode, one.uid) for one in members_in(tar) if one.isdir()}
        for part, tar in tars_of(made[1]).items()
    }
    assert folders["code"] == {"app": (50, 0o755, 0), "app/lib": (50, 0o755, 0)}
    assert folders["weights"]["app"] == (2000, 0o755, 0)
    assert folders["dependencies"]["usr/lib/site-packages"] == (4, 0o775, 7)
    assert folders["weights"]["usr/lib/site-packages"] == (2000, 0o775, 7)
    assert folders["base"]["usr/lib"] == (3, 0o755, 0)  # a folder that no layer has


@pytest.mark.parametrize("compression", ["none", "zstd"])
def test_sparse_files_stay_sparse(tmp_path: Path, compression: Compression) -> None:
    chunks = tuple((10_000 * number, bytes([number + 1]) * 300) for number in range(30))
    styles: tuple[Any, ...] = ("pax 1.0", "pax 0.1", "pax 0.0", "old GNU")
    nodes = {f"{number}/sparse": Sparse(5_000_000, chunks, style) for number, style in enumerate(styles)}
    layers = [build_layer({**nodes, "hole": Sparse(70_000), "b": b"b"}, compression)]
    image = opened(docker_archive(tmp_path / "image.tar", [ImageSpec(layers)]))
    made = written(image, tmp_path / "out")
    assert made.bytes.size_bytes < 100_000
    tar = tars_of(made)["base"]
    assert digest(tar) == SPARSE
    again = opened(saved(made, tmp_path / "again"))
    for entry in again.layers[0].entries or ():
        assert entry.sparse == (entry.path.endswith("sparse") or entry.path == "hole")
    with tarfile.open(fileobj=io.BytesIO(tar)) as archive:
        for path, node in nodes.items():
            taken = archive.extractfile(path)
            assert taken is not None
            assert taken.read() == node.content
    last = (again.layers[0].entries or ())[-2]
    assert read_entry(again, 0, last, 0, last.size) == chunks_of(image, last.path)


def chunks_of(image: Image, path: str) -> bytes:
    """Return what the original holds at a path of its only layer."""
    entry = next(one for one in image.layers[0].entries or () if one.path == path)
    return read_entry(image, 0, entry, 0, entry.size)


def test_zstd_is_the_same_inside(whole: tuple[Image, WrittenImage], tmp_path: Path) -> None:
    made = written(whole[0], tmp_path / "out", compression="zstd")
    assert [layer.diff_id for layer in made.layers] == [layer.diff_id for layer in whole[1].layers]
    assert {layer.media_type.rpartition("+")[2] for layer in made.layers} == {"zstd"}
    assert tars_of(made) == tars_of(whole[1])
    assert opened(saved(made, tmp_path / "again")).layers[0].compression == "zstd"


@pytest.mark.parametrize(("compression", "size"), [("gzip", 2_300_000), ("zstd", 8_400_000)])
def test_layers_of_many_blocks_are_whole(tmp_path: Path, compression: Any, size: int) -> None:
    content = bytes(range(256)) * (size // 256) + b"end"
    image = opened(docker_archive(tmp_path / "image.tar", [ImageSpec([build_layer({"big": content})])]))
    made = written(image, tmp_path / "out", compression=compression)
    again = opened(saved(made, tmp_path / "again"))
    (entry,) = again.layers[0].entries or ()
    assert read_entry(again, 0, entry, 0, entry.size) == content
    assert again.layers[0].verification == "verified"


def test_the_configuration_keeps_what_it_does_not_know(tmp_path: Path) -> None:
    more = {"moby.buildkit.buildinfo.v1": "abc", "os.features": ["x"], "author": "me", "container": "c"}
    settings = {"Cmd": ["x"], "labels": {"a": "1"}, "User": "me", "Odd": {"b": [1.5, None]}}
    steps = [{"created_by": "RUN a"}, {"created_by": "ENV", "empty_layer": True, "comment": "kept"}, {"created_by": "RUN b"}]
    image = ImageSpec([build_layer({"a": b"a"}), build_layer({"app/b": b"b"})], settings, history=steps, more=more)
    opened_image = opened(docker_archive(tmp_path / "image.tar", [image]))
    changes = ConfigChanges({"level": "flatten", "a": "2"}, "tool 1")
    made = written(opened_image, tmp_path / "out", changes=changes)
    before, after = image.config_json(), json.loads(made.config)
    assert list(after) == list(before)
    assert {key for key in after if after[key] != before[key]} == {"rootfs", "history", "config"}
    assert after["config"] == {**settings, "labels": {"a": "2", "level": "flatten"}}
    assert after["rootfs"] == {"type": "layers", "diff_ids": [layer.diff_id for layer in made.layers]}
    assert after["history"][:3] == [{**step, "empty_layer": True} for step in steps]
    new = [
        {"created": before["created"], "created_by": f"modelpack-tui slim: {part}", "comment": "tool 1"}
        for part in ("base", "code")
    ]
    assert after["history"][3:] == new
    assert made.references == ("sample:1",)
    assert made.platform == "linux/amd64"


def test_added_files_take_their_place(tmp_path: Path) -> None:
    entries = {
        "app": Folder(mtime=5, uid=3),
        "app/x.py": b"x",
        "app/__pycache__/x.pyc": b"old",
        "app/other.pyc": HardLink("app/__pycache__/x.pyc"),
    }
    image = opened(docker_archive(tmp_path / "image.tar", [ImageSpec([build_layer(entries)])]))
    added = [
        AddedFile("app/__pycache__/x.pyc", "code", b"new", 0o600, 4, 5, 77),
        AddedFile("new/folder/\\xe9.onnx", "weights", b"weights", mtime=9),
    ]
    made = written(image, tmp_path / "out", everything(image, added=added))
    found = members_of(made)
    mine = found["app/__pycache__/x.pyc"]
    assert (mine.size, mine.mode, mine.uid, mine.gid, mine.mtime) == (3, 0o600, 4, 5, 77)
    assert (found["app/other.pyc"].type, found["app/other.pyc"].size) == (tarfile.REGTYPE, 3)
    assert (found["app"].mtime, found["app"].uid) == (5, 3)
    assert found["new/folder/\udce9.onnx"].mtime == 9
    assert (found["new/folder"].mtime, found["new/folder"].mode) == (9, 0o755)
    assert [layer.part for layer in made.layers] == ["code", "weights"]


def test_only_what_is_selected_is_written(whole: tuple[Image, WrittenImage], tmp_path: Path) -> None:
    chosen = everything(whole[0], keep=lambda path: path in ("app", "app/model.onnx", "etc/late"))
    found = members_of(written(whole[0], tmp_path / "out", chosen))
    assert sorted(found) == ["app", "app/model.onnx", "etc", "etc/late"]
    assert (found["etc/late"].type, found["etc/late"].size) == (tarfile.REGTYPE, 3000)


def test_the_root_keeps_what_was_said_of_it(tmp_path: Path) -> None:
    layers = [
        build_layer({"": Folder(mode=0o711, mtime=3), "a": File(b"a", mtime=8)}),
        build_layer({"b.onnx": File(b"b", mtime=9)}),
    ]
    image = opened(docker_archive(tmp_path / "image.tar", [ImageSpec(layers)]))
    made = written(image, tmp_path / "out")
    roots = {part: [(one.mode, one.mtime) for one in members_in(tar) if one.name == "."] for part, tar in tars_of(made).items()}
    assert roots == {"base": [(0o711, 8)], "weights": [(0o711, 3)]}


def test_entries_that_lie_where_a_symlink_leads_are_written_there(tmp_path: Path) -> None:
    entries = [("usr/lib", Folder()), ("lib", Symlink("usr/lib")), ("lib/é\udcff", File(b"x"))]
    image = opened(docker_archive(tmp_path / "image.tar", [ImageSpec([build_layer(entries)])]))
    found = members_of(written(image, tmp_path / "out"))
    assert found["usr/lib/é\udcff"].size == 1
    assert "lib/é\udcff" not in found


def test_owners_and_other_records_survive(tmp_path: Path) -> None:
    tar = tar_with_owners()
    layer = BuiltLayer(tar, compress(tar, "gzip"), "gzip")
    image = opened(docker_archive(tmp_path / "image.tar", [ImageSpec([layer])]))
    found = members_of(written(image, tmp_path / "out"))
    assert (found["gnu"].uname, found["gnu"].gname, found["gnu"].mtime) == ("me", "us", 4)
    assert (found["pax"].uname, found["pax"].gname) == ("mé" * 20, "us")
    kept = {
        key: found["pax"].pax_headers.get(key) for key in ("SCHILY.acl.access", "LIBARCHIVE.xattr.user.x", "atime", "comment")
    }
    assert kept == {"SCHILY.acl.access": "user::rw-", "LIBARCHIVE.xattr.user.x": "AP8", "atime": None, "comment": None}
    assert found["pax"].pax_headers["mtime"] == "5.123456789"


def tar_with_owners() -> bytes:
    """Return a tar with a member in GNU's format and one in that of PAX, with names of owners."""
    buffer = io.BytesIO()
    gnu, pax = tarfile.TarInfo("gnu"), tarfile.TarInfo("pax")
    gnu.uname, gnu.gname, gnu.mtime = "me", "us", 4
    pax.uname, pax.gname = "mé" * 20, "us"
    pax.pax_headers = {
        "mtime": "5.1234567891",
        "SCHILY.acl.access": "user::rw-",
        "LIBARCHIVE.xattr.user.x": "AP8",
        "atime": "9.5",
        "comment": "no",
    }
    buffer.write(gnu.tobuf(tarfile.GNU_FORMAT))
    buffer.write(pax.tobuf(tarfile.PAX_FORMAT))
    buffer.write(bytes(1024))
    return buffer.getvalue()


def test_other_names_of_what_is_no_file_survive(tmp_path: Path) -> None:
    entries = {"a": Symlink("there"), "b": HardLink("a"), "pipe": Fifo(), "tube": HardLink("pipe")}
    image = opened(docker_archive(tmp_path / "image.tar", [ImageSpec([build_layer(entries)])]))
    kept = tuple(replace(one, content=None) for one in everything(image).entries)
    found = members_of(written(image, tmp_path / "out", Selection(kept)))
    assert {name: (one.type, one.linkname) for name, one in found.items()} == {
        "a": (tarfile.SYMTYPE, "there"),
        "b": (tarfile.LNKTYPE, "a"),
        "pipe": (tarfile.FIFOTYPE, ""),
        "tube": (tarfile.LNKTYPE, "pipe"),
    }
