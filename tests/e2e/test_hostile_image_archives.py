"""Archives of images that are cut short, changed, packed to mislead, or far larger than they look: refused or read, bounded."""

from __future__ import annotations

import hashlib
import io
import random
import resource
import tarfile
from dataclasses import replace
from pathlib import Path

import pytest

from inspector.errors import UnreadableArtifact
from inspector.formats.detect import detect
from inspector.formats.image.read import read
from tests.e2e.hostile.images import EVIL, KINDS, SPEC, answer, indexed, opened, rules, texts_of, with_document
from tests.images.build import (
    Compression,
    ImageSpec,
    artifact_members,
    build_layer,
    build_tar,
    compress,
    digest_of,
    docker_archive,
    docker_members,
    legacy_members,
    model_pack,
    oci_members,
    to_json,
    write_archive,
)


@pytest.mark.parametrize("kind", ["legacy", "docker"])
def test_cut_short_at_every_block(kind: str, tmp_path: Path) -> None:
    members = legacy_members([SPEC]) if kind == "legacy" else docker_members([SPEC])
    whole = write_archive(tmp_path / "whole.tar", members).read_bytes()
    path = tmp_path / "image.tar"
    read_well = 0
    for at in range(0, len(whole), 512):
        path.write_bytes(whole[:at])
        image = answer(path)
        read_well += image is not None
        if image is not None and not rules(image) & {"archive-cut-short", "layer-cut-short"}:
            assert all(layer.place for layer in image.layers), at
    assert read_well


def test_layers_before_a_cut_can_be_read(tmp_path: Path) -> None:
    members = docker_members([SPEC])
    first = {"manifest.json": members["manifest.json"], "index.json": members["index.json"]}
    last = f"blobs/{SPEC.layers[0].digest.replace(':', '/')}"
    ordered = {**first, **{name: data for name, data in members.items() if name != last}, last: members[last]}
    whole = write_archive(tmp_path / "whole.tar", ordered).read_bytes()
    cut = whole.index(members[last]) + 1024
    plain = tmp_path / "plain.tar"
    plain.write_bytes(whole[:cut])
    image = indexed(opened(plain))
    assert rules(image) == {"archive-cut-short", "layer-cut-short"}
    assert image.layers[1].verification == "verified"
    assert "cut short" in image.layers[0].problem
    assert [entry.path for entry in image.layers[0].entries or ()] == ["etc/passwd"]


@pytest.mark.parametrize("wrapping", ["gzip", "zstd"])
def test_a_compressed_archive_cut_short(wrapping: Compression, tmp_path: Path) -> None:
    noise = hashlib.shake_128(b"").digest(300_000)
    spec = ImageSpec([*SPEC.layers, build_layer({"noise": noise})])
    members = docker_members([spec])
    first = {name: members[name] for name in ("manifest.json", "index.json")}
    last = f"blobs/{spec.layers[2].digest.replace(':', '/')}"
    ordered = {**first, **{name: data for name, data in members.items() if name != last}}
    path = write_archive(tmp_path / "image.tar", [*ordered.items(), (last, members[last])], wrapping)
    path.write_bytes(path.read_bytes()[:-150_000])
    image = indexed(opened(path))
    assert {"archive-cut-short", "layer-cut-short"} <= rules(image)
    assert [layer.verification for layer in image.layers] == ["verified", "verified", "not verified"]


def test_missing_and_changed_blobs(tmp_path: Path) -> None:
    members = docker_members([SPEC])
    layer, config = (f"blobs/{digest.replace(':', '/')}" for digest in (SPEC.layers[0].digest, digest_of(SPEC.config_blob())))
    without = {name: data for name, data in members.items() if name != layer}
    image = indexed(opened(write_archive(tmp_path / "without.tar", without)))
    assert (image.layers[0].place, image.layers[0].problem) == (None, "missing")
    assert "layer-missing" in rules(image)
    other = build_layer({"etc/passwd": b"evil"}).blob
    image = indexed(opened(write_archive(tmp_path / "other.tar", {**members, layer: other})))
    assert image.layers[0].verification == "mismatch"
    assert "high" in {finding.severity for finding in image.findings}
    changed_config = SPEC.config_blob().replace(b'"app"', b'"sys"')
    image = opened(write_archive(tmp_path / "config.tar", {**members, config: changed_config}))
    assert "digest-mismatch" in rules(image)
    assert (
        answer(write_archive(tmp_path / "none.tar", {name: data for name, data in members.items() if name != config})) is None
    )
    longer = opened(write_archive(tmp_path / "longer.tar", {**members, layer: members[layer] + bytes(512)}))
    assert "size-mismatch" in rules(longer)


def test_what_a_layer_is_said_to_be_and_is(tmp_path: Path) -> None:
    manifest = SPEC.manifest_json()
    said = {
        "application/vnd.oci.image.layer.v1.tar+zstd": "media-type-mismatch",
        "application/vnd.oci.image.layer.v1.tar+gzip+encrypted": "layer-encrypted",
    }
    name = f"blobs/{digest_of(to_json(manifest)).replace(':', '/')}"
    for media_type, rule in said.items():
        manifest["layers"][1]["mediaType"] = media_type
        image = opened(write_archive(tmp_path / "image.tar", with_document(oci_members([SPEC]), name, manifest)))
        assert rule in rules(image)
        assert image.layers[1].compression == ("none" if "encrypted" in media_type else "gzip")
    foreign = "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip"
    manifest["layers"][1]["mediaType"] = foreign
    members = with_document(oci_members([SPEC]), name, manifest)
    del members[f"blobs/{SPEC.layers[1].digest.replace(':', '/')}"]
    image = opened(write_archive(tmp_path / "image.tar", members))
    assert "layer-foreign" in rules(image)
    assert "layer-missing" not in rules(image)


def test_texts_that_write_to_the_terminal(tmp_path: Path) -> None:
    inner = {"User": EVIL, "Env": [f"A={EVIL}"], "Labels": {EVIL: EVIL}, "Cmd": [EVIL], "Healthcheck": {"Test": [EVIL]}}
    spec = ImageSpec(SPEC.layers, inner, [EVIL], f"{EVIL}/{EVIL}", [{"created_by": EVIL}] * 2, {"author": EVIL})
    artifact = replace(model_pack({EVIL: b"x"}), artifact_type=EVIL, annotations={EVIL: EVIL}, name=EVIL)
    for members in (docker_members([spec]), legacy_members([spec]), artifact_members(artifact)):
        image = opened(write_archive(tmp_path / "image.tar", members))
        assert any("\\x1b" in text for text in texts_of(image))


def test_members_that_come_twice(tmp_path: Path) -> None:
    members = legacy_members([SPEC])
    other = to_json([{"Config": "x", "RepoTags": ["evil:1"], "Layers": []}])
    path = write_archive(tmp_path / "image.tar", [("manifest.json", other), *members.items()])
    image = opened(path)
    assert image.references == ("sample:1",)
    assert "member-repeated" in rules(image)


def test_an_archive_of_very_many_files(tmp_path: Path) -> None:
    header = io.BytesIO()
    with tarfile.open(fileobj=header, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("x"))
    path = tmp_path / "image.tar.gz"
    path.write_bytes(compress(header.getvalue()[:512] * 300_000, "gzip"))
    with pytest.raises(UnreadableArtifact, match="more than 200,000 files"):
        read(path)
    plain = tmp_path / "image.tar"
    plain.write_bytes(header.getvalue()[:512] * 300_000)
    for function in (read, detect):
        with pytest.raises(UnreadableArtifact, match="more than 200,000 files"):
            function(plain)


@pytest.mark.parametrize("compression", ["gzip", "zstd"])
def test_an_archive_that_is_a_bomb(compression: str, tmp_path: Path) -> None:
    """Two GiB of zeros in one member before the manifest: skipped bytes count."""
    header = tarfile.TarInfo("zeros")
    header.size = 2 << 30
    path = tmp_path / "image.tar.compressed"
    bomb = compress(bytes(64 << 20), compression)  # type: ignore[arg-type]
    path.write_bytes(compress(header.tobuf(), compression) + bomb * 32)  # type: ignore[arg-type]
    with pytest.raises(UnreadableArtifact) as caught:
        read(path)
    assert "neither manifest.json" in caught.value.message
    if compression == "zstd":
        assert "bomb" in caught.value.message


def test_many_layers_and_much_history(tmp_path: Path) -> None:
    many = ImageSpec([SPEC.layers[0]] * 600)
    assert answer(docker_archive(tmp_path / "layers.tar", [many])) is None
    long = replace(SPEC, history=[{"created_by": "RUN"}] * 20_000)
    image = opened(docker_archive(tmp_path / "history.tar", [long]))
    assert "history-too-long" in rules(image)
    assert len(image.history) == 10_000


def test_memory_stays_bounded(tmp_path: Path) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    documents = {f"blobs/sha256/{number:064x}": b'{"manifests":[' + b"{}," * 150_000 + b"{}]}" for number in range(40)}
    entries = [
        {"mediaType": "application/vnd.oci.image.manifest.v1+json", "digest": f"sha256:{number:064x}", "size": 1}
        for number in range(40)
    ]
    members = {"index.json": to_json({"manifests": entries}), **documents}
    assert answer(write_archive(tmp_path / "image.tar", members)) is None
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) << 10
    assert grown < 600 << 20


@pytest.mark.parametrize("seed", range(4))
def test_bytes_changed_at_random(seed: int, tmp_path: Path) -> None:
    chance = random.Random(seed)
    archives = [build_tar(make()) for make in KINDS.values()] + [build_tar(legacy_members([SPEC]))]
    path = tmp_path / "image.tar"
    read_well = 0
    for _ in range(60):
        data = bytearray(chance.choice(archives))
        for _ in range(chance.choice((1, 2, 16))):
            at = chance.randrange(len(data))
            quote = data.find(b'"', at)
            if chance.random() < 0.5 and quote >= 0:
                data[quote : quote + 1] = chance.choice((b'"', b"{", b"}", b"[", b"\\", b"0", b"\xff"))
            elif chance.random() < 0.8:
                data[at] = chance.randrange(256)
            else:
                del data[at // 512 * 512 : at // 512 * 512 + chance.choice((512, 1024))]
        path.write_bytes(data)
        read_well += answer(path) is not None
    assert 5 < read_well < 60
