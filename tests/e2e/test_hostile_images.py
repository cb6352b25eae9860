"""Archives and layouts made to mislead: refused in one line, or read with a finding; never a crash, never outside."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from inspector.errors import UnreadableArtifact
from inspector.formats.detect import detect
from inspector.formats.image.read import read
from tests.e2e.hostile.images import (
    EVIL,
    KINDS,
    SPEC,
    answer,
    changed,
    documents_of,
    indexed,
    opened,
    places_in,
    rules,
    with_document,
)
from tests.images.build import (
    Device,
    Fifo,
    File,
    Folder,
    HardLink,
    Node,
    Symlink,
    digest_of,
    legacy_members,
    oci_layout,
    oci_members,
    to_json,
    write_archive,
    write_folder,
)

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
