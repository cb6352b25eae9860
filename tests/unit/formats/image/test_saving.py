"""Saving a written image: what comes of each kind of target, and that nothing else changes, whatever happens."""

from __future__ import annotations

import json
import os
import resource
import shutil
import subprocess
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from inspector.errors import InspectorError, OperationFailed, UsageError
from inspector.formats.image.saving import check_image_target, save_image
from inspector.isolation.child import ChildFailed
from inspector.isolation.limits import CancelToken
from inspector.records.event import Progress
from inspector.records.written_image import LayerCompression, WrittenImage
from tests.images.build import ImageSpec, build_layer, docker_archive
from tests.unit.formats.image.selecting import everything, opened, result, written

CONTENT = os.urandom(200_000)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[LayerCompression, WrittenImage]:
    """Return an image of two layers, written with each compression."""
    folder = tmp_path_factory.mktemp("made")
    layers = [build_layer({"a": CONTENT, "app/b": b"b"})]
    image = opened(docker_archive(folder / "image.tar", [ImageSpec(layers, {"Cmd": ["x"]})]))
    kinds: tuple[LayerCompression, ...] = ("gzip", "zstd")
    return {kind: written(image, folder / kind, everything(image), kind) for kind in kinds}


@pytest.fixture
def image(made: dict[LayerCompression, WrittenImage]) -> WrittenImage:
    return made["gzip"]


def save(image: WrittenImage, target: Path | str, *names: str) -> str:
    return result(save_image(image, str(target), CancelToken(), names))


def failure(image: WrittenImage, target: Path | str) -> InspectorError:
    with pytest.raises(InspectorError) as caught:
        save(image, target)
    assert "\n" not in str(caught.value)
    return caught.value


@pytest.mark.parametrize("name", ["image.tar", "layout/"])
def test_what_is_saved_opens_as_what_was_written(image: WrittenImage, tmp_path: Path, name: str) -> None:
    target = f"{tmp_path}/{name}"
    assert save(image, target) == target
    found = opened(Path(target))
    assert [layer.digest for layer in found.layers] == [layer.digest for layer in image.layers]
    assert found.references == ("sample:1",)
    assert found.findings == ()
    assert [path.name for path in tmp_path.iterdir()] == [name.rstrip("/")]


def test_an_archive_is_both_that_of_docker_and_a_layout(image: WrittenImage, tmp_path: Path) -> None:
    target = tmp_path / "image.tar"
    save(image, target, "one", "host.example:5000/two:2", "No Name", "one:latest")
    with tarfile.open(target) as archive:
        files = {member.name: archive.extractfile(member).read() for member in archive}  # type: ignore[union-attr]
        assert {(member.mtime, member.uid, member.mode) for member in archive} == {(0, 0, 0o644)}
    (entry,) = json.loads(files["manifest.json"])
    assert entry["RepoTags"] == ["one:latest", "host.example:5000/two:2"]
    assert files[entry["Config"]] == image.config
    assert [len(files[name]) for name in entry["Layers"]] == [layer.compressed_bytes for layer in image.layers]
    index = json.loads(files["index.json"])
    said = [one["annotations"]["io.containerd.image.name"] for one in index["manifests"]]
    assert said == ["docker.io/library/one:latest", "host.example:5000/two:2"]
    assert files["blobs/" + index["manifests"][0]["digest"].replace(":", "/")] == image.manifest
    assert json.loads(files["oci-layout"]) == {"imageLayoutVersion": "1.0.0"}


def test_the_same_image_gives_the_same_bytes(image: WrittenImage, tmp_path: Path) -> None:
    first, second = tmp_path / "first.tar", tmp_path / "second.tar"
    save(image, first)
    second.write_bytes(b"replaced")
    second.chmod(0o640)
    save(image, second)
    assert first.read_bytes() == second.read_bytes()
    assert second.stat().st_mode & 0o777 == 0o640


@pytest.mark.parametrize("kind", ["gzip", "zstd"])
def test_skopeo_opens_it(made: dict[LayerCompression, WrittenImage], tmp_path: Path, kind: LayerCompression) -> None:
    if shutil.which("skopeo") is None:
        pytest.skip("skopeo is not installed")
    save(made[kind], tmp_path / "image.tar")
    save(made[kind], tmp_path / "layout")
    for number, source in enumerate(["docker-archive:image.tar", "oci-archive:image.tar", "oci:layout"]):
        copy = ["skopeo", "copy", "--quiet", "--insecure-policy", source, f"dir:copy{number}"]
        done = subprocess.run(copy, cwd=tmp_path, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        manifest = json.loads((tmp_path / f"copy{number}" / "manifest.json").read_bytes())
        config = manifest["config"]["digest"]
        assert (tmp_path / f"copy{number}" / config.partition(":")[2]).read_bytes() == made[kind].config


def test_inputs_are_never_written_over(tmp_path: Path) -> None:
    source = docker_archive(tmp_path / "image.tar", [ImageSpec([build_layer({"a": b"a"})])])
    (tmp_path / "link.tar").symlink_to(source)
    (tmp_path / "same.tar").hardlink_to(source)
    (tmp_path / "layout" / "blobs").mkdir(parents=True)
    inputs = [source, tmp_path / "layout", "docker://sample:1"]
    for name in ("image.tar", "link.tar", "same.tar", "layout/new.tar", "layout/blobs/new"):
        with pytest.raises(UsageError):
            check_image_target(str(tmp_path / name), inputs)
    for name in ("docker://sample:1", "docker://sample:1@sha256:" + "0" * 64):
        with pytest.raises(UsageError):
            check_image_target(name, inputs)
    check_image_target("docker://sample:2", inputs)
    check_image_target(str(tmp_path / "new.tar"), inputs)
    check_image_target(str(tmp_path / "new"), inputs)


@pytest.mark.parametrize(
    "name", ["", "/", "x.tar.gz", "docker://", "docker://Upper:1", "docker://a b", "missing/x.tar", "missing/x"]
)
def test_senseless_targets_are_refused(tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError):
        check_image_target(name)


def test_what_is_there_is_not_mixed_with_a_layout(image: WrittenImage, tmp_path: Path) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine").write_bytes(b"mine")
    (tmp_path / "file").write_bytes(b"mine")
    (tmp_path / "empty").mkdir()
    (tmp_path / "folder.tar").mkdir()
    for name in ("full", "file", "folder.tar"):
        assert isinstance(failure(image, tmp_path / name), UsageError)
    save(image, tmp_path / "empty")
    assert opened(tmp_path / "empty").complete


def test_a_link_is_followed(image: WrittenImage, tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    (tmp_path / "link.tar").symlink_to("there/image.tar")
    save(image, tmp_path / "link.tar")
    assert (tmp_path / "link.tar").is_symlink()
    assert opened(tmp_path / "there" / "image.tar").complete


def test_a_folder_that_takes_nothing_is_told(image: WrittenImage) -> None:
    for name in ("image.tar", "image"):
        error = failure(image, f"/proc/{name}")
        assert isinstance(error, OperationFailed)
        assert f"cannot write /proc/{name}" in error.message


@contextmanager
def largest_file(byte_count: int) -> Iterator[None]:
    """Let this process and its children write no larger files, as a full disk would."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (byte_count, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("name", ["image.tar", "layout"])
def test_a_full_disk_leaves_what_was_there(image: WrittenImage, tmp_path: Path, name: str) -> None:
    if name.endswith(".tar"):
        (tmp_path / name).write_bytes(b"mine")
    with largest_file(100_000):
        error = failure(image, tmp_path / name)
    assert "file too large" in error.message
    assert [path.read_bytes() for path in tmp_path.iterdir()] == ([b"mine"] if name.endswith(".tar") else [])


@pytest.mark.parametrize(("name", "after"), [("image.tar", 1), ("layout", 2)])
def test_cancelling_leaves_what_was_there(image: WrittenImage, tmp_path: Path, name: str, after: int) -> None:
    """Cancel while the draft is written, or once there was progress."""
    token = CancelToken()
    steps = save_image(image, str(tmp_path / name), token)
    seen = 0
    while seen < after:
        seen += isinstance(next(steps), Progress)
    token.cancel()
    with pytest.raises(ChildFailed) as caught:
        list(steps)
    assert caught.value.kind == "cancelled"
    assert list(tmp_path.iterdir()) == []


def test_who_stops_listening_leaves_nothing(image: WrittenImage, tmp_path: Path) -> None:
    steps = save_image(image, str(tmp_path / "image.tar"), CancelToken())
    next(steps)
    assert list(tmp_path.iterdir()) != []
    steps.close()
    assert list(tmp_path.iterdir()) == []


def test_a_layer_that_changed_after_it_was_written_never_gets_the_name(image: WrittenImage, tmp_path: Path) -> None:
    (tmp_path / "blob").write_bytes(Path(image.layers[0].path).read_bytes()[:-9] + b"something")
    changed = replace(image, layers=(replace(image.layers[0], path=str(tmp_path / "blob")), *image.layers[1:]))
    assert "is not what should have been" in failure(changed, tmp_path / "image.tar").message
    (tmp_path / "blob").write_bytes(b"short")
    assert "bytes are missing" in failure(changed, tmp_path / "image.tar").message
    assert [path.name for path in tmp_path.iterdir()] == ["blob"]
