"""The structure of an image is the same however it is stored."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from inspector.errors import UnreadableArtifact, UsageError
from inspector.formats.image import platforms
from inspector.formats.image.layer_index import index_layers
from inspector.formats.image.read import read
from inspector.records.event import Finished
from inspector.records.image import Image
from tests.images.build import (
    BuiltLayer,
    Compression,
    File,
    ImageSpec,
    Symlink,
    build_layer,
    digest_of,
    docker_archive,
    docker_members,
    legacy_docker_archive,
    legacy_members,
    oci_archive,
    oci_layout,
    oci_members,
    platforms_archive,
    platforms_layout,
    platforms_members,
    to_json,
    write_archive,
)

CONFIG: dict[str, Any] = {
    "User": "app",
    "Env": ["PATH=/bin", "EMPTY=", "LONE"],
    "Entrypoint": ["/bin/serve"],
    "Cmd": ["--port", "80"],
    "WorkingDir": "/srv",
    "Labels": {"maintainer": "somebody"},
    "ExposedPorts": {"80/tcp": {}},
    "Volumes": {"/data": {}},
    "Healthcheck": {"Test": ["CMD-SHELL", "true"], "Interval": 30_000_000_000, "Timeout": 1_500_000_000, "Retries": 3},
    "StopSignal": "SIGINT",
}
HISTORY = [
    {"created": "2026-01-01T00:00:00Z", "created_by": "ADD rootfs", "comment": "base"},
    {"created_by": "ENV A=1", "empty_layer": True},
    {"created_by": "RUN pip install"},
]


def layers(compression: Compression = "none") -> list[BuiltLayer]:
    return [build_layer({"etc/passwd": b"root"}, compression), build_layer({"app/main.py": b"x" * 3000}, compression)]


def spec(compression: Compression = "none", **more: Any) -> ImageSpec:
    return ImageSpec(layers(compression), CONFIG, ["shop/app:1", "shop/app:latest"], history=HISTORY, **more)


def rules(image: Image) -> list[str]:
    return [finding.rule for finding in image.findings]


def indexed(image: Image) -> Image:
    last = list(index_layers(image))[-1]
    assert isinstance(last, Finished)
    return last.result


STORED = ["docker archive", "legacy docker archive", "OCI archive", "OCI layout"]


def store(kind: str, folder: Path, image: ImageSpec, wrapping: Compression = "none") -> Path:
    path = folder / "image"
    if kind == "docker archive":
        return docker_archive(path, [image], wrapping)
    if kind == "legacy docker archive":
        return legacy_docker_archive(path, [image], wrapping)
    return oci_archive(path, [image], wrapping) if kind == "OCI archive" else oci_layout(path, [image])


@pytest.mark.parametrize("compression", ["none", "gzip", "zstd"])
@pytest.mark.parametrize("kind", STORED)
def test_structure(kind: str, compression: Compression, tmp_path: Path) -> None:
    image = read(store(kind, tmp_path, spec(compression)))
    assert image.source == kind
    assert image.references == ("shop/app:1", "shop/app:latest")
    assert image.platform == "linux/amd64"
    assert image.config.entrypoint == ("/bin/serve",)
    assert image.config.digest == digest_of(spec(compression).config_blob())
    assert not rules(image)
    assert [layer.diff_id for layer in image.layers] == [layer.diff_id for layer in layers()]
    assert [layer.created_by for layer in image.layers] == ["ADD rootfs", "RUN pip install"]
    assert [step.layer for step in image.history] == [0, None, 1]
    assert [layer.entries for layer in image.layers] == [None, None]
    if kind != "legacy docker archive":
        assert [layer.compression for layer in image.layers] == [compression] * 2
        assert [layer.digest for layer in image.layers] == [layer.digest for layer in layers(compression)]
        assert image.digest == digest_of(to_json(spec(compression).manifest_json()))


@pytest.mark.parametrize("wrapping", ["none", "gzip", "zstd"])
@pytest.mark.parametrize("kind", STORED[:3])
def test_every_layer_can_be_indexed_from_where_it_is_said_to_lie(kind: str, wrapping: Compression, tmp_path: Path) -> None:
    image = indexed(read(store(kind, tmp_path, spec("gzip"), wrapping)))
    assert image.layers[0].place is not None
    assert image.layers[0].place.wrapping == wrapping
    assert [layer.verification for layer in image.layers] == ["verified", "verified"]
    assert [[entry.path for entry in layer.entries or ()] for layer in image.layers] == [["etc/passwd"], ["app/main.py"]]
    assert not rules(image)


def test_size_on_disk(tmp_path: Path) -> None:
    archive = docker_archive(tmp_path / "a.tar", [spec()], "gzip")
    assert read(archive).artifact.size_bytes == archive.stat().st_size
    layout = oci_layout(tmp_path / "layout", [spec()])
    assert read(layout).artifact.size_bytes == sum(map(len, oci_members([spec()]).values()))


def test_a_layer_stored_once_for_two_images(tmp_path: Path) -> None:
    """docker save writes a symbolic link where a layer was written before."""
    first, second = spec(), replace(spec(), config={"User": "other"}, tags=["other:1"])
    members = legacy_members([second, first])
    shared = [name for name, node in members.items() if isinstance(node, Symlink)]
    assert len(shared) == 2
    path = write_archive(tmp_path / "image.tar", members)
    entries = json.loads(members["manifest.json"].content)  # type: ignore[union-attr]
    members["manifest.json"] = File(to_json(entries[::-1]))
    image = indexed(read(write_archive(path, members)))
    assert image.references == ("shop/app:1", "shop/app:latest")
    assert [layer.verification for layer in image.layers] == ["verified", "verified"]
    assert [manifest.references for manifest in image.manifests] == [("shop/app:1", "shop/app:latest"), ("other:1",)]
    assert rules(image) == ["several-images"]


def test_the_same_layer_twice_in_one_image(tmp_path: Path) -> None:
    twice = ImageSpec([*layers("gzip"), layers("gzip")[0]])
    for wrapping in ("none", "gzip"):
        image = indexed(read(docker_archive(tmp_path / f"{wrapping}.tar", [twice], wrapping)))  # type: ignore[arg-type]
        assert [layer.verification for layer in image.layers] == ["verified"] * 3


def test_this_machines_platform_is_chosen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    specs = [ImageSpec(layers(), {"User": name}, platform=name) for name in ("linux/s390x", "linux/amd64", "linux/arm64/v8")]
    path = platforms_archive(tmp_path / "image.tar", specs)
    for machine, expected in (
        ("linux/amd64", "linux/amd64"),
        ("linux/arm64", "linux/arm64/v8"),
        ("linux/riscv64", "linux/s390x"),
    ):
        host = platforms.parse_platform(machine)
        monkeypatch.setattr("inspector.formats.image.manifest_choice.host_platform", lambda host=host: host)
        image = read(path)
        assert image.platform == image.config.user == expected
        assert rules(image) == ["platform-chosen"]
        assert [one.platform for one in image.manifests if one.chosen] == [expected]


def test_attestations_are_told_apart(tmp_path: Path) -> None:
    specs = [ImageSpec(layers(), platform="linux/amd64"), ImageSpec(layers(), platform="linux/arm64")]
    image = read(platforms_layout(tmp_path / "layout", specs))
    assert [one.kind for one in image.manifests] == ["image", "image", "attestation", "attestation"]
    assert [one.about for one in image.manifests[2:]] == [one.digest for one in image.manifests[:2]]
    assert [one.platform for one in image.manifests[2:]] == ["", ""]


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ("linux/arm64", "linux/arm64/v8"),
        ("linux/aarch64/v8", "linux/arm64/v8"),
        ("arm64", "linux/arm64/v8"),
        ("linux/x86_64", "linux/amd64"),
        ("linux/arm/v6", "linux/arm/v6"),
        ("linux/arm/v7", "linux/arm/v7"),
        ("linux/arm", "linux/arm/v7"),
        ("windows/amd64", "windows/amd64"),
    ],
)
def test_a_platform_asked_for(asked: str, expected: str, tmp_path: Path) -> None:
    names = ("linux/amd64", "linux/arm64/v8", "linux/arm/v7", "linux/arm/v6", "windows/amd64")
    path = platforms_archive(tmp_path / "image.tar", [ImageSpec(layers(), platform=name) for name in names])
    assert read(path, asked).platform == expected
    assert "platform-chosen" not in rules(read(path, asked))


def test_a_platform_that_is_not_there_names_those_that_are(tmp_path: Path) -> None:
    path = platforms_archive(
        tmp_path / "image.tar", [ImageSpec(layers(), platform=name) for name in ("linux/amd64", "linux/386")]
    )
    with pytest.raises(UsageError, match="no image for linux/s390x") as caught:
        read(path, "linux/s390x")
    assert "linux/amd64, linux/386" in caught.value.hint
    single = docker_archive(tmp_path / "single.tar", [spec()])
    with pytest.raises(UsageError, match="linux/arm64"):
        read(single, "linux/arm64")


@pytest.mark.parametrize("text", ["", "/", "linux/", "linux/amd64/v1/x", "li nux/amd64", "nonsense", "linux/\x1b[31m"])
def test_what_is_no_platform(text: str, tmp_path: Path) -> None:
    path = docker_archive(tmp_path / "image.tar", [spec()])
    with pytest.raises(UsageError) as caught:
        read(path, text)
    assert "\x1b" not in str(caught.value)


def test_platforms_that_were_not_saved(tmp_path: Path) -> None:
    """An engine that has pulled one platform of an index saves that one, and the whole index."""
    amd64, arm64 = ImageSpec(layers(), platform="linux/amd64"), ImageSpec(layers("gzip"), platform="linux/arm64")
    layout = platforms_layout(tmp_path / "layout", [amd64, arm64], attestations=False)
    gone = digest_of(to_json(amd64.manifest_json()))
    (layout / "blobs" / gone.replace(":", "/")).unlink()
    image = read(layout)
    assert image.platform == "linux/arm64"
    assert [(one.kind, one.platform, one.chosen) for one in image.manifests] == [
        ("image", "linux/amd64", False),
        ("image", "linux/arm64", True),
    ]
    assert [(finding.rule, finding.severity) for finding in image.findings] == [("manifest-absent", "info")]
    with pytest.raises(UsageError, match="no image for linux/amd64") as caught:
        read(layout, "linux/amd64")
    assert "linux/amd64 is listed but not in the archive" in caught.value.hint


def test_the_configurations_platform_counts(tmp_path: Path) -> None:
    members = oci_members([spec(more={"architecture": "arm64"})])
    index = json.loads(members["index.json"])
    index["manifests"][0]["platform"] = {"os": "linux", "architecture": "amd64"}
    members["index.json"] = to_json(index)
    image = read(write_archive(tmp_path / "image.tar", members))
    assert image.platform == "linux/arm64"
    assert "platform-mismatch" in rules(image)


def test_dockers_media_types(tmp_path: Path) -> None:
    for compression in ("none", "gzip", "zstd"):
        image = read(oci_archive(tmp_path / "image.tar", [spec(compression)], docker_types=True))  # type: ignore[arg-type]
        assert not rules(image)
        assert image.layers[0].compression == compression
        assert image.layers[0].media_type.startswith("application/vnd.docker.image.rootfs.diff.tar")


def test_an_archive_whose_two_lists_differ(tmp_path: Path) -> None:
    """Engines differ in which of manifest.json and index.json they read: what one shows is not what the other runs."""
    harmless, other = docker_members([spec()]), docker_members([ImageSpec(layers(), {"User": "root"}, ["shop/app:1"])])
    members = {**harmless, **other, "index.json": harmless["index.json"]}
    image = read(write_archive(tmp_path / "image.tar", members))
    assert image.config.user == "app"
    assert "index-disagrees" in rules(image)


def test_manifest_json_is_read_where_index_json_is_damaged(tmp_path: Path) -> None:
    members = {**docker_members([spec()]), "index.json": b"{"}
    image = indexed(read(write_archive(tmp_path / "image.tar", members)))
    assert image.source == "docker archive"
    assert image.references == ("shop/app:1", "shop/app:latest")
    assert "index-unusable" in rules(image)
    assert [layer.verification for layer in image.layers] == ["verified", "verified"]
    assert image.layers[0].media_type == "application/vnd.oci.image.layer.v1.tar"


def test_index_json_is_read_where_manifest_json_is_damaged(tmp_path: Path) -> None:
    members = {**docker_members([spec()]), "manifest.json": b'{"config": {}, "layers": []}'}
    image = read(write_archive(tmp_path / "image.tar", members))
    assert image.config.user == "app"
    assert "index-unusable" in rules(image)
    with pytest.raises(UnreadableArtifact, match=r"manifest\.json"):
        read(write_archive(tmp_path / "image.tar", {**members, "index.json": b"["}))


def test_history_that_does_not_match(tmp_path: Path) -> None:
    image = read(docker_archive(tmp_path / "image.tar", [replace(spec(), history=HISTORY[:2])]))
    assert "history-mismatch" in rules(image)
    assert [layer.created_by for layer in image.layers] == ["ADD rootfs", ""]
    image = read(docker_archive(tmp_path / "image.tar", [replace(spec(), history=[*HISTORY, HISTORY[2]])]))
    assert [step.layer for step in image.history] == [0, None, 1, None]
    assert not rules(read(docker_archive(tmp_path / "none.tar", [replace(spec(), history=[])])))


def test_diff_ids_that_do_not_match(tmp_path: Path) -> None:
    more = {"rootfs": {"type": "layers", "diff_ids": [layers()[1].diff_id]}}
    image = read(docker_archive(tmp_path / "image.tar", [spec(more=more)]))
    assert "layer-count-mismatch" in rules(image)
    assert [layer.diff_id for layer in image.layers] == ["", ""]


def test_what_is_no_image(tmp_path: Path) -> None:
    path = write_archive(tmp_path / "layer.tar", {"etc/passwd": b"root"})
    with pytest.raises(UnreadableArtifact, match=r"neither manifest\.json nor index\.json") as caught:
        read(path)
    assert "docker import" in caught.value.hint
    (tmp_path / "text").write_text("hello" * 200)
    with pytest.raises(UnreadableArtifact, match="no tar archive"):
        read(tmp_path / "text")
    with pytest.raises(UnreadableArtifact, match="no such file"):
        read(tmp_path / "gone")


def test_an_image_without_layers(tmp_path: Path) -> None:
    image = indexed(read(docker_archive(tmp_path / "image.tar", [ImageSpec()])))
    assert image.layers == ()
    assert image.complete


def test_an_archive_of_an_engine_long_gone(tmp_path: Path) -> None:
    members = {name: node for name, node in legacy_members([spec()]).items() if name != "manifest.json"}
    with pytest.raises(UnreadableArtifact) as caught:
        read(write_archive(tmp_path / "image.tar", members))
    assert "before version 1.10" in caught.value.hint


def test_a_layout_of_very_many_images(tmp_path: Path) -> None:
    members = oci_members([spec()])
    index = json.loads(members["index.json"])
    index["manifests"] *= 3000
    image = read(write_archive(tmp_path / "image.tar", {**members, "index.json": to_json(index)}))
    assert rules(image) == ["index-too-long"]
    assert len(image.manifests) == 1


@pytest.mark.parametrize("wrapping", ["none", "gzip"])
def test_a_file_name_that_is_no_utf_8(wrapping: Compression, tmp_path: Path) -> None:
    path = docker_archive(tmp_path / "image\udcff\x1b.tar", [spec("gzip")], wrapping)
    image = indexed(read(path))
    assert [layer.verification for layer in image.layers] == ["verified", "verified"]
    assert image.artifact.path == str(path)


def test_what_docker_saves_of_an_image_for_several_platforms(tmp_path: Path) -> None:
    """With its newer image store: the whole index, the blobs of one platform, and manifest.json for that one."""
    amd64, arm64 = (replace(spec("gzip"), platform=name) for name in ("linux/amd64", "linux/arm64/v8"))
    members = platforms_members([amd64, arm64], name="shop/app:1")
    kept = docker_members([arm64])
    for name in oci_members([amd64]):
        if name.startswith("blobs/") and name not in kept:
            del members[name]
    image = indexed(read(write_archive(tmp_path / "image.tar", {**members, "manifest.json": kept["manifest.json"]})))
    assert (image.source, image.platform) == ("docker archive", "linux/arm64/v8")
    assert image.references == ("shop/app:1", "shop/app:latest")
    assert rules(image) == ["manifest-absent"]
    assert [layer.verification for layer in image.layers] == ["verified", "verified"]
