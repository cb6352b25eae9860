"""Archives and layouts made to mislead: refused in one line, or read with a finding; never a crash, never outside."""

from __future__ import annotations

import hashlib
import io
import json
import os
import random
import resource
import tarfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from inspector.errors import InspectorError, UnreadableArtifact
from inspector.formats.detect import detect
from inspector.formats.image.layer_index import index_layers
from inspector.formats.image.read import read
from inspector.records.event import Finished
from inspector.records.image import Image
from tests.e2e.hostile.running import FORBIDDEN
from tests.images.build import (
    Compression,
    Device,
    Fifo,
    File,
    Folder,
    HardLink,
    ImageSpec,
    Node,
    Symlink,
    artifact_members,
    build_layer,
    build_tar,
    compress,
    digest_of,
    docker_archive,
    docker_members,
    legacy_members,
    model_pack,
    oci_layout,
    oci_members,
    platforms_members,
    to_json,
    write_archive,
    write_folder,
)

SPEC = ImageSpec([build_layer({"etc/passwd": b"root"}), build_layer({"app": b"1" * 700}, "gzip")], {"User": "app"})
EVIL = "\x1b]52;c;Z2lmdA==\x07\u202egnp.exe\x9b31m\n"
VALUES: tuple[Any, ...] = (
    None,
    True,
    -1,
    1e400,
    10**30,
    "",
    "\ud800",
    EVIL,
    [],
    [None],
    [[]],
    {},
    {"a": {}},
    {"digest": "x"},
    [{"digest": []}],
    ["sha256:" + "0" * 64],
    "sha256:" + "a" * 64,
)
"""What is put in place of every value of every document in turn."""


def texts_of(value: object) -> Iterator[str]:
    """Yield every text of a record and what it holds."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        yield from texts_of(list(value.items()))
    elif isinstance(value, list | tuple):
        for one in value:
            yield from texts_of(one)
    elif hasattr(value, "__dataclass_fields__"):
        for name in value.__dataclass_fields__:
            yield from texts_of(getattr(value, name))


def opened(path: Path) -> Image:
    """Read an image and hold its texts to what may be shown."""
    image = read(path)
    for text in texts_of(replace(image, artifact=replace(image.artifact, path=""))):
        if str(path) not in text:
            assert not FORBIDDEN.search(text), repr(text)
    return image


def answer(path: Path) -> Image | None:
    """Read an image, or None if it was refused in one line."""
    try:
        return opened(path)
    except InspectorError as error:
        refusal = error
    assert refusal.exit_code == 3, refusal
    assert not FORBIDDEN.search(str(refusal)), repr(str(refusal))
    assert len(str(refusal)) < 2000
    assert path.name in refusal.message
    return None


def indexed(image: Image) -> Image:
    last = list(index_layers(image))[-1]
    assert isinstance(last, Finished)
    return last.result


def rules(image: Image) -> set[str]:
    return {finding.rule for finding in image.findings}


def places_in(value: object, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield where each value of a document stands, the document itself first."""
    yield path
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in pairs:
        yield from places_in(inner, (*path, key))


def changed(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    """Return a document with another value at one place."""
    if not path:
        return new
    copy = value.copy()
    copy[path[0]] = changed(value[path[0]], path[1:], new)
    return copy


def with_document(members: Mapping[str, bytes], name: str, document: object) -> dict[str, bytes]:
    """Return a layout with another document; one that is named by its digest is named anew, up to index.json."""
    raw = to_json(document)
    found = {**members, name: raw}
    if name.startswith("blobs/"):
        old, new = name.removeprefix("blobs/").replace("/", ":"), digest_of(raw)
        del found[name]
        found[f"blobs/{new.replace(':', '/')}"] = raw
        holder = next((one for one, data in members.items() if old.encode() in data and data[:1] in b"[{"), None)
        if holder is not None:
            return with_document(found, holder, json.loads(members[holder].replace(old.encode(), new.encode())))
    return found


def documents_of(members: Mapping[str, bytes]) -> list[str]:
    return [name for name, data in members.items() if data[:1] in (b"{", b"[") and name != "oci-layout"]


KINDS: dict[str, Callable[[], dict[str, bytes]]] = {
    "docker archive": lambda: docker_members([SPEC]),
    "OCI": lambda: oci_members([SPEC]),
    "several platforms": lambda: platforms_members([SPEC]),
    "artifact": lambda: artifact_members(model_pack({"model.onnx": b"o" * 10})),
}


@pytest.mark.parametrize("kind", KINDS)
def test_wrong_types_everywhere(kind: str, tmp_path: Path) -> None:
    members = KINDS[kind]()
    path = tmp_path / "image.tar"
    count = read_well = 0
    for name in documents_of(members):
        document = json.loads(members[name])
        for number, place in enumerate(places_in(document)):
            for value in (VALUES[number % len(VALUES)], VALUES[(7 * number + 3) % len(VALUES)]):
                with_document_at = with_document(members, name, changed(document, place, value))
                write_archive(path, with_document_at)
                count += 1
                read_well += answer(path) is not None
    assert count > 40
    assert read_well > count / 3


@pytest.mark.parametrize("name", ["manifest.json", "index.json"])
@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"nonsense",
        b"\xff\xfe{\0}\0",
        b"[" * 100_000,
        b'{"a":' * 50_000,
        b"[" + b"9" * 10_000 + b"]",
        b'{"manifests":[' + b"{}," * 600_000 + b"{}]}",
        b"[" + b"{}," * 3000 + b"{}]",
        b'{"manifests":' + b'[{"digest":"x"}' + b',{"digest":"x"}' * 3000 + b"]}",
        b'[{"Config":"../../../../../../etc/passwd","Layers":[]}]',
        b'[{"Config":"/etc/passwd","Layers":["/etc/shadow"]}]',
        b'[{"Config":"a\\u0000b","Layers":null}]',
        b'[{"Config":[],"Layers":{}}]',
        b"[]",
        b"{}",
        b"null",
        b" " * (9 << 20),
    ],
    ids=lambda raw: repr(raw[:24]),
)
def test_lists_that_make_no_sense(name: str, raw: bytes, tmp_path: Path) -> None:
    for members in ({name: raw}, {**oci_members([SPEC]), name: raw}):
        image = answer(write_archive(tmp_path / "image.tar", members))
        assert image is None or (name == "manifest.json" and image.config.user == "app")


def test_a_document_that_claims_or_takes_100_megabytes(tmp_path: Path) -> None:
    members = oci_members([SPEC])
    index = json.loads(members["index.json"])
    index["manifests"][0]["size"] = 100_000_000
    image = opened(write_archive(tmp_path / "claims.tar", {**members, "index.json": to_json(index)}))
    assert "size-mismatch" in rules(image)
    large = write_archive(tmp_path / "takes.tar", {**members, "index.json": members["index.json"].ljust(100_000_000)})
    with pytest.raises(UnreadableArtifact, match="larger than 8 MiB"):
        read(large)


@pytest.mark.parametrize(
    "digest",
    [
        "sha256:../../../etc/passwd",
        "../../etc:passwd",
        "sha256:" + "/" * 64,
        "sha256:" + "A" * 64,
        "sha256:" + "a" * 63,
        "md5:" + "a" * 32,
        "sha256:" + "a" * 63 + "\n",
        "sha256/" + "a" * 64,
        "",
        EVIL,
    ],
)
def test_digests_that_are_none(digest: str, tmp_path: Path) -> None:
    members = oci_members([SPEC])
    manifest = SPEC.manifest_json()
    manifest["layers"][0]["digest"] = digest
    name = next(one for one in members if one.endswith(digest_of(to_json(SPEC.manifest_json()))[7:]))
    layout = write_folder(tmp_path / "layout", with_document(members, name, manifest))
    image = opened(layout)
    assert {"digest-malformed", "layer-missing"} <= rules(image)
    assert image.layers[0].place is None
    assert image.layers[0].problem
    manifest["config"]["digest"] = digest
    layout = write_folder(tmp_path / "worse", with_document(members, name, manifest))
    assert answer(layout) is None


LAYER_NAMES = {
    "../../etc/passwd": "leads out",
    "/etc/passwd": "leads out",
    "a/../../../etc/passwd": "leads out",
    "loop/layer.tar": "circle",
    "self": "circle",
    "outside/layer.tar": "leads out",
    "absolute/layer.tar": "leads out",
    "folder": "no regular file",
    "device": "no regular file",
    "pipe": "no regular file",
    "gone/layer.tar": "missing",
    "chain0": "circle",
    "hard": "leads out",
    "": "no name",
}


@pytest.mark.parametrize("name", LAYER_NAMES)
def test_layers_that_lie_elsewhere(name: str, tmp_path: Path) -> None:
    members: dict[str, Node | bytes] = dict(legacy_members([SPEC]))
    members |= {
        "loop/layer.tar": Symlink("../pool/layer.tar"),
        "pool/layer.tar": Symlink("../loop/layer.tar"),
        "self": Symlink("self"),
        "outside/layer.tar": Symlink("../../../../../etc/passwd"),
        "absolute/layer.tar": Symlink("/etc/passwd"),
        "folder": Folder(),
        "device": Device(1, 5),
        "pipe": Fifo(),
        "hard": HardLink("../../etc/passwd"),
        **{f"chain{number}": Symlink(f"chain{number + 1}") for number in range(40)},
        "chain40": File(SPEC.layers[0].tar),
    }
    entries = json.loads(members["manifest.json"].content)  # type: ignore[union-attr]
    entries[0]["Layers"][1] = name
    image = indexed(opened(write_archive(tmp_path / "image.tar", {**members, "manifest.json": to_json(entries)})))
    assert image.layers[1].place is None
    assert LAYER_NAMES[name] in image.layers[1].problem
    assert image.layers[1].entries == ()
    assert [entry.path for entry in image.layers[0].entries or ()] == ["etc/passwd"]
    assert {"high"} == {finding.severity for finding in image.findings if finding.rule in ("layer-missing", "layer-escapes")}


def test_blobs_of_a_layout_that_are_links(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.write_bytes(SPEC.layers[0].tar)
    for number, place in enumerate((outside, Path("/dev/zero"), tmp_path, Path("itself"))):
        layout = oci_layout(tmp_path / f"layout{number}", [SPEC])
        blob = layout / "blobs" / SPEC.layers[0].digest.replace(":", "/")
        blob.unlink()
        blob.symlink_to(place if place.name != "itself" else blob)
        image = indexed(opened(layout))
        assert image.layers[0].place is None
        assert image.layers[0].problem
        assert image.layers[1].verification == "verified"


def test_links_that_stay_in_the_layout(tmp_path: Path) -> None:
    layout = oci_layout(tmp_path / "layout", [SPEC])
    blob = layout / "blobs" / SPEC.layers[0].digest.replace(":", "/")
    blob.rename(layout / "kept")
    blob.symlink_to("../../kept")
    assert indexed(opened(layout)).layers[0].verification == "verified"


@pytest.mark.parametrize("name", ["index.json", "blobs"])
def test_a_layout_with_a_pipe_in_it(name: str, tmp_path: Path) -> None:
    layout = oci_layout(tmp_path / "layout", [SPEC])
    place = layout / name if name == "index.json" else layout / "blobs" / SPEC.layers[0].digest.replace(":", "/")
    place.unlink()
    os.mkfifo(place)
    image = answer(layout)
    assert image is None if name == "index.json" else "layer-missing" in rules(image)  # type: ignore[arg-type]


def test_folders_and_files_that_are_nothing(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "no-bytes").touch()
    os.mkfifo(tmp_path / "pipe")
    for name in ("empty", "no-bytes", "pipe", "gone"):
        assert answer(tmp_path / name) is None
        with pytest.raises(UnreadableArtifact, match=name):
            detect(tmp_path / name)


def test_an_index_that_points_at_itself(tmp_path: Path) -> None:
    name = "a" * 64
    entry = {"mediaType": "application/vnd.oci.image.index.v1+json", "digest": f"sha256:{name}", "size": 1}
    index = to_json({"schemaVersion": 2, "manifests": [entry]})
    circle = {"index.json": index, "oci-layout": b"{}", f"blobs/sha256/{name}": index}
    with pytest.raises(UnreadableArtifact, match="holds no image") as caught:
        read(write_archive(tmp_path / "image.tar", circle))
    assert "itself" in caught.value.hint or "digest" in caught.value.hint
    members = oci_members([SPEC])
    both = json.loads(members["index.json"])
    both["manifests"].append(entry)
    image = opened(write_archive(tmp_path / "both.tar", {**members, **circle, "index.json": to_json(both)}))
    assert {"index-cycle", "digest-mismatch"} <= rules(image)
    assert image.config.user == "app"


def test_indexes_that_multiply(tmp_path: Path) -> None:
    """Each index leads to the next a hundred times: a hundred to the twentieth manifests."""
    members = {"oci-layout": b"{}"}
    raw = to_json({"manifests": []})
    for _ in range(20):
        digest = digest_of(raw)
        members[f"blobs/{digest.replace(':', '/')}"] = raw
        entry = {"mediaType": "application/vnd.oci.image.index.v1+json", "digest": digest, "size": len(raw)}
        raw = to_json({"manifests": [entry] * 100})
    assert answer(write_archive(tmp_path / "image.tar", {**members, "index.json": raw})) is None


def test_an_index_that_lies_deep(tmp_path: Path) -> None:
    members = oci_members([SPEC])
    raw = members["index.json"]
    for _ in range(30):
        digest = digest_of(raw)
        members[f"blobs/{digest.replace(':', '/')}"] = raw
        entry = {"mediaType": "application/vnd.oci.image.index.v1+json", "digest": digest, "size": len(raw)}
        raw = to_json({"manifests": [entry]})
    with pytest.raises(UnreadableArtifact) as caught:
        read(write_archive(tmp_path / "image.tar", {**members, "index.json": raw}))
    assert "indexes deep" in caught.value.hint


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
