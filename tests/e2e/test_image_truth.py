"""The merged file system of an image against the one an engine makes of it, and waste against plain sums, to the byte.

The truth is a tar that `docker export` writes of a created container, read with Python's tarfile. What the engine itself puts
into a container is left out: .dockerenv, dev/ and what it mounts there, etc/{hosts,hostname,resolv.conf,mtab}, proc and sys.
Layers with a path twice are not among the cases: neither Docker nor podman takes them.
"""

from __future__ import annotations

import hashlib
import os
import tarfile
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from inspector.analysis.image.file_system import merge
from inspector.analysis.image.waste import find_waste
from inspector.formats.clean_text import TextCleaner
from inspector.formats.image.layer_contents import hash_entries
from inspector.formats.image.layer_index import index_layers
from inspector.formats.image.read import read
from inspector.records.event import Finished
from inspector.records.file_system import FileSystem, Placed
from inspector.records.image import Entry, Image
from tests.images.build import BuiltLayer, ImageSpec, legacy_docker_archive, oci_archive
from tests.images.engine import EngineUnderTest
from tests.images.truth_cases import CASES, Case, spec_of, write_case

_ETC = "etc"
"""A folder that the engine makes, for what it puts there, where the image has none."""
_ENGINES_OWN = (".dockerenv", "dev", "proc", "sys", "etc/hosts", "etc/hostname", "etc/resolv.conf", "etc/mtab")


@dataclass(frozen=True)
class Seen:
    """What two file systems are compared by; size and content are those of regular files, whatever their number of names."""

    kind: str
    mode: int
    owner: tuple[int, int]
    size: int
    content: str
    link: str
    device: tuple[int, int] | None
    capability: bool


@pytest.fixture(scope="module", params=CASES)
def case(request: pytest.FixtureRequest) -> Case:
    """Return each case in turn."""
    return CASES[request.param]


@pytest.fixture(scope="module")
def exported(request: pytest.FixtureRequest, case: Case, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the tar of a container's file system that the engine makes of the case, once for all tests of it."""
    tmp_path = tmp_path_factory.mktemp("exported")
    engine: EngineUnderTest = request.getfixturevalue(case.engine)
    # It takes plain layers only, in what it takes: the same diff IDs, so the same files.
    layers = [BuiltLayer(layer.tar, layer.tar, "none") for layer in case.built()]
    spec = ImageSpec(layers, tags=spec_of(case).tags)
    engine.load(legacy_docker_archive(tmp_path / "twin.tar", [spec]))
    return engine.export(spec.tags[0], tmp_path / "export.tar")


def _by_podman(case: Case, engine: EngineUnderTest, folder: Path) -> Path:
    """Return what podman exports of the very file that is opened; a folder is packed first."""
    path = write_case(case, folder / "podman")
    engine.load(oci_archive(folder / "packed.tar", [spec_of(case)]) if path.is_dir() else path)
    return engine.export(f"docker.io/library/{spec_of(case).tags[0]}", folder / "export.tar")


def test_the_merged_file_system_is_what_the_engine_exports(case: Case, exported: Path, tmp_path: Path) -> None:
    image = _indexed(write_case(case, tmp_path))
    assert [layer.problem for layer in image.layers] == [""] * len(image.layers)
    assert {layer.verification for layer in image.layers} == {"verified"}
    final = merge(image.layers)
    truth, groups, total = _truth(exported)
    ours = _ours(image, final)
    if not any(path == _ETC for layer in case.layers for path in (layer if isinstance(layer, Mapping) else dict(layer))):
        truth.pop(_ETC, None)
    assert sorted(ours) == sorted(truth)
    assert {path: seen for path, seen in ours.items() if seen != truth[path]} == {
        path: truth[path] for path, seen in ours.items() if seen != truth[path]
    }
    assert _groups(final) == groups
    assert final.size_bytes == total
    assert final.file_count == sum(seen.kind == "file" for seen in truth.values())


def test_shipped_less_final_is_reclaimable_to_the_byte(case: Case, exported: Path, tmp_path: Path) -> None:
    image = _indexed(write_case(case, tmp_path))
    final = merge(image.layers)
    waste = find_waste(image.layers, final)
    _, _, total = _truth(exported)
    shipped = [_shipped(layer, tmp_path / "layer.tar") for layer in case.built()]
    assert [layer.shipped_bytes for layer in waste.by_layer] == shipped
    assert (waste.shipped_bytes, waste.final_bytes) == (sum(shipped), total)
    assert waste.reclaimable_bytes == sum(shipped) - total
    assert waste.reclaimable_bytes == sum(file.bytes for file in waste.files)
    assert waste.reclaimable_bytes == sum(cause.bytes for cause in waste.by_cause)
    assert waste.reclaimable_bytes == sum(layer.reclaimable_bytes for layer in waste.by_layer)
    assert waste.reclaimable_bytes == sum(layer.caused_bytes for layer in waste.by_layer)


@pytest.mark.parametrize("name", ["zstd", "OCI archive", "each layer compressed differently", "OCI layout", "plain"])
def test_podman_makes_the_same_of_the_very_file(name: str, podman_engine: EngineUnderTest, tmp_path: Path) -> None:
    case = CASES[name]
    truth, groups, total = _truth(_by_podman(case, podman_engine, tmp_path))
    image = _indexed(write_case(case, tmp_path))
    final = merge(image.layers)
    assert _ours(image, final) == truth
    assert (_groups(final), final.size_bytes) == (groups, total)


def _indexed(path: Path) -> Image:
    platform = "linux/amd64"
    last = list(index_layers(read(path, platform)))[-1]
    assert isinstance(last, Finished)
    return last.result


def _ours(image: Image, final: FileSystem) -> dict[str, Seen]:
    """Return the merged file system, each content digested from its layer."""
    wanted: dict[int, list[Entry]] = defaultdict(list)
    for placed in final.entries.values():
        if placed.content.kind == "file" and placed.content.size:
            wanted[placed.content_layer].append(placed.content)
    *_, last = hash_entries(image, wanted)
    assert isinstance(last, Finished)
    return {path: _seen(placed, last.result) for path, placed in final.entries.items() if not _is_engines_own(path)}


def _seen(placed: Placed, digests: Mapping[tuple[int, int], str]) -> Seen:
    entry, content = placed.entry, placed.content
    is_file = content.kind == "file"
    digest = digests.get((placed.content_layer, content.offset), hashlib.sha256(b"").hexdigest()) if is_file else ""
    shown = content if is_file else entry
    return Seen(
        content.kind,
        0 if content.kind == "symlink" else shown.mode,
        (shown.uid, shown.gid),
        placed.size,
        digest,
        entry.link if content.kind == "symlink" else "",
        content.device,
        "security.capability" in content.xattrs,
    )


def _groups(final: FileSystem) -> set[frozenset[str]]:
    """Return the sets of paths that share one content by being hard links of each other."""
    groups: dict[tuple[int, int], set[str]] = defaultdict(set)
    for path, placed in final.entries.items():
        if placed.content.kind == "file":
            groups[placed.content_layer, id(placed.content)].add(path)
    return {frozenset(group) for group in groups.values() if len(group) > 1}


_KINDS = {
    tarfile.REGTYPE: "file",
    tarfile.DIRTYPE: "directory",
    tarfile.SYMTYPE: "symlink",
    tarfile.CHRTYPE: "character_device",
    tarfile.BLKTYPE: "block_device",
    tarfile.FIFOTYPE: "fifo",
}


def _truth(export: Path) -> tuple[dict[str, Seen], set[frozenset[str]], int]:
    """Return what the engine's tar holds: every path, which of them are one file, and the bytes of all files."""
    found: dict[str, Seen] = {}
    groups: dict[str, set[str]] = defaultdict(set)
    total = 0
    with tarfile.open(export, errors="surrogateescape") as archive:
        for member in archive:
            path = _clean(member.name)
            if member.islnk():
                target = _clean(member.linkname)
                groups[target].update((path, target))
                found[path] = found[target]
            elif not _is_engines_own(path):
                found[path] = _member_seen(archive, member)
                total += member.size if member.isreg() else 0
    return found, {frozenset(group) for group in groups.values()}, total


def _member_seen(archive: tarfile.TarFile, member: tarfile.TarInfo) -> Seen:
    file = archive.extractfile(member) if member.isreg() else None
    return Seen(
        _KINDS[member.type],
        0 if member.issym() else member.mode & 0o7777,
        (member.uid, member.gid),
        member.size if file else 0,
        hashlib.file_digest(file, "sha256").hexdigest() if file else "",
        _clean(member.linkname, link=True) if member.issym() else "",
        (member.devmajor, member.devminor) if member.ischr() or member.isblk() else None,
        "SCHILY.xattr.security.capability" in member.pax_headers,
    )


@cache
def _cleaner() -> TextCleaner:
    return TextCleaner("export")


def _clean(name: str, link: bool = False) -> str:
    """Return a name of the engine's as names are shown."""
    return _cleaner().clean(os.fsencode(name if link else name.strip("/")))


def _is_engines_own(path: str) -> bool:
    return path in _ENGINES_OWN or path.startswith(("dev/", "proc/", "sys/"))


def _shipped(layer: BuiltLayer, path: Path) -> int:
    """Return the bytes of the regular files of a layer, as tarfile sees them."""
    path.write_bytes(layer.tar)
    with tarfile.open(path, errors="surrogateescape") as archive:
        return sum(member.size for member in archive if member.isreg() and "/.wh." not in f"/{member.name}")
