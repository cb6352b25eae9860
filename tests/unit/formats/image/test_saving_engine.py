"""Engines and written images: they load them, see the same file system, and keep nothing of what failed."""

from __future__ import annotations

import gzip
import hashlib
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from inspector.errors import OperationFailed
from inspector.formats.image.saving import save_image
from inspector.formats.image.written import loadable_of
from inspector.isolation.child import ChildFailed
from inspector.isolation.limits import CancelToken
from inspector.records.written_image import WrittenImage
from tests.images.build import (
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
    docker_archive,
)
from tests.images.engine import EngineUnderTest
from tests.images.engine_stand_in import StandIn, _Handler, listening
from tests.images.starting import alone, shared_folder
from tests.unit.formats.image.selecting import opened, result, written

CAPABILITY = bytes.fromhex("0100000200200000000000000000000000000000")

BELOW = {
    "bin": Folder(mtime=10),
    "bin/tool": File(b"tool" * 500, mode=0o4755, uid=7, gid=8, mtime=1_600_000_000.5),
    "bin/ping": File(b"ping", mode=0o755, mtime=5, xattrs={"security.capability": CAPABILITY}),
    "bin/linked": File(b"linked", xattrs={"security.capability": CAPABILITY}),
    "bin/without": HardLink("bin/linked"),
    "bin/first": File(b"shared", mtime=6),
    "bin/second": HardLink("bin/first", mtime=6),
    "bin/third": HardLink("bin/first", mtime=6),
    "data": Folder(mode=0o2770, uid=5, gid=6, mtime=40),
    "data/gone": b"gone",
    "data/model.onnx": File(b"w" * 9000, mtime=41),
    "data/old/inside": b"old",
    "sparse": Sparse(3_000_000, ((8192, b"x" * 4096), (2_000_000, b"y" * 4096))),
    "run/pipe": Fifo(),
    "null": Device(1, 3, mode=0o666),
    "link": Symlink("/bin/../data", mtime=8),
    "n" * 200 + "/" + "é\udcfe " * 20: File(b"odd", mtime=9),
}
ABOVE = {
    "bin": Folder(mtime=11),
    "data": Folder(mode=0o2771, uid=5, gid=7, mtime=42),
    "data/old": Folder(mtime=43),
    "app": Folder(mtime=44),
    "bin/first": File(b"another, so that the content has lost the name it was stored under", mtime=12),
    "bin/tool": File(b"tool" * 500, mode=0o755, mtime=13),
    "data/gone": Whiteout(),
    "data/old/.wh..wh..opq": b"",
    "data/old/new": b"new",
    "app/serve.py": File(b"code", mtime=14),
}


@pytest.fixture
def _alone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Let no other tests look at what is left on the engine meanwhile."""
    with alone(shared_folder(tmp_path_factory)):
        yield


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("archive") / "image.tar"
    return docker_archive(path, [ImageSpec([build_layer(BELOW), build_layer(ABOVE)], {"Cmd": ["x"]}, ["before:1"])])


@pytest.fixture(scope="module")
def image(archive: Path, tmp_path_factory: pytest.TempPathFactory) -> WrittenImage:
    """Return all of the image, written with zstd, which old engines do not take."""
    return written(opened(archive), tmp_path_factory.mktemp("written"), compression="zstd")


def seen(path: Path, names: set[str]) -> dict[str, Any]:
    """Return everything an export says of the names that an image has, or of all of them."""
    found: dict[str, Any] = {}
    with tarfile.open(path, encoding="utf-8", errors="surrogateescape") as tar:
        for one in tar:
            data = tar.extractfile(one).read() if one.isreg() else b""  # type: ignore[union-attr]
            attributes = (one.type, one.mode, one.uid, one.gid, one.size, one.linkname, one.devmajor, one.devminor)
            xattrs = {key: value for key, value in one.pax_headers.items() if "xattr" in key}
            time = one.mtime if one.name in names else None
            found[one.name] = (attributes, xattrs, time, hashlib.sha256(data).hexdigest())
    return found


@pytest.mark.usefixtures("_alone")
def test_an_engine_sees_the_same_file_system(
    docker_engine: EngineUnderTest, archive: Path, image: WrittenImage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_HOST", docker_engine.host)
    packed = written(opened(archive), tmp_path / "gzip")
    result(save_image(packed, str(tmp_path / "slim.tar"), CancelToken(), ["after:1"]))
    docker_engine.load(archive)
    docker_engine.load(tmp_path / "slim.tar")
    assert result(save_image(image, "docker://slimmed/after", CancelToken())) == "docker://slimmed/after"
    times = {*BELOW, *ABOVE}
    exported = [
        seen(docker_engine.export(name, tmp_path / "export.tar"), times)
        for name in ("before:1", "after:1", "slimmed/after:latest")
    ]
    assert len(exported[0]) > 20
    assert exported[0]["bin/ping"][1]
    assert exported[1] == exported[0]
    assert exported[2] == exported[0]
    client = docker_engine.client()
    try:
        assert client.inspect_image("after:1")["RootFS"] == client.inspect_image("slimmed/after")["RootFS"]
        assert not [tag for one in client.images() for tag in one["RepoTags"] or () if "saving" in tag]
    finally:
        for name in ("before:1", "after:1", "slimmed/after"):
            client.remove_image(name)


@pytest.mark.usefixtures("_alone")
def test_cancelling_leaves_no_image(
    docker_engine: EngineUnderTest, image: WrittenImage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_HOST", docker_engine.host)
    token = CancelToken()
    steps = save_image(image, "docker://cancelled:1", token)
    while "sending" not in getattr(next(steps), "title", ""):
        pass
    token.cancel()
    with pytest.raises(ChildFailed):
        list(steps)
    assert not [one for one in docker_engine.client().images(all=True) if "cancelled:1" in (one["RepoTags"] or ())]
    assert docker_engine.client().images(name="localhost/modelpack-tui-saving") == []


class _Dies(_Handler):
    """Takes some of what it is sent, and is gone."""

    def do_POST(self) -> None:
        self.rfile.read(1000)
        self.connection.close()
        self.close_connection = True


class _Says(_Handler):
    """Takes all that it is sent, and complains."""

    def do_POST(self) -> None:
        while length := int(self.rfile.readline(), 16):
            self.rfile.read(length + 2)
        self.rfile.readline()
        self._answer(200, '{"stream": "x"}\n{"error": "no space left\\n on device"}\n')


@pytest.mark.parametrize(("handler", "said"), [(_Dies, "stopped answering"), (_Says, "no space left"), (_Handler, "")])
def test_engines_that_do_not_take_it_are_told(
    image: WrittenImage, monkeypatch: pytest.MonkeyPatch, handler: type[_Handler], said: str
) -> None:
    monkeypatch.setattr("tests.images.engine_stand_in._Handler", handler)
    folder = Path(image.layers[0].path).parent
    before = sorted(folder.iterdir())
    with listening(StandIn({}, lambda: iter(()))) as engine:
        monkeypatch.setenv("DOCKER_HOST", engine.host)
        with pytest.raises(OperationFailed) as caught:
            result(save_image(image, "docker://after:1", CancelToken()))
    assert said in caught.value.message
    assert "\n" not in caught.value.message
    assert sorted(folder.iterdir()) == before


def test_no_engine_is_told(image: WrittenImage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", "unix:///nowhere")
    with pytest.raises(OperationFailed, match="no container engine answers"):
        result(save_image(image, "docker://after:1", CancelToken()))


def test_zstd_is_packed_with_gzip_for_engines(image: WrittenImage, tmp_path: Path) -> None:
    found = result(loadable_of(image, "the image", tmp_path, CancelToken()))
    assert found.config == image.config
    assert len(found.notes) == 1
    assert [layer.pulled_bytes for layer in found.layers] == [layer.compressed_bytes for layer in image.layers]
    for layer, was in zip(found.layers, image.layers, strict=True):
        data = gzip.decompress(Path(layer.path).read_bytes())
        assert f"sha256:{hashlib.sha256(data).hexdigest()}" == was.diff_id
    again = result(loadable_of(image, "the image", tmp_path, CancelToken()))
    assert again == found


def test_gzip_is_taken_as_it_is(archive: Path, tmp_path: Path) -> None:
    made = written(opened(archive), tmp_path / "made")
    found = result(loadable_of(made, "the image", tmp_path / "none", CancelToken()))
    assert [(layer.path, layer.length) for layer in found.layers] == [(one.path, one.compressed_bytes) for one in made.layers]
    assert found.notes == ()
