"""A real image of more than a gigabyte and 50,000 files, opened from a tar and from a running engine."""

from __future__ import annotations

import csv
import io
import posixpath
import tarfile
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from inspector.formats.image.engine import read_engine
from inspector.records.artifact import EngineReference
from inspector.records.event import Finished, Partial
from inspector.records.image import Image
from inspector.records.image_inspection import ImageInspection
from inspector.workflows.analyse_image import analyse_image
from inspector.workflows.inspect_image import inspect_image
from tests.images import big_image
from tests.images.engine import EngineUnderTest

pytestmark = pytest.mark.timeout(1200)


@dataclass
class Plain:
    """The final file system as tarfile and a dictionary see it: sizes by path, and the RECORD of every distribution."""

    sizes: dict[str, int] = field(default_factory=dict)
    links: set[str] = field(default_factory=set)
    records: dict[str, bytes] = field(default_factory=dict)
    shipped: int = 0

    def add(self, layer: tarfile.TarFile) -> None:
        """Put one layer on top."""
        for member in layer:
            path = member.name.removeprefix("./").rstrip("/")
            folder, _, name = path.rpartition("/")
            if name.startswith(".wh."):
                self._remove(f"{folder}/{name.removeprefix('.wh.')}".lstrip("/"))
            elif member.isreg() or member.islnk():
                size = member.size if member.isreg() else self.sizes[member.linkname.removeprefix("./")]
                self.shipped += member.size if member.isreg() else 0
                self.sizes[path] = size
                (self.links.add if member.islnk() else self.links.discard)(path)
                file = layer.extractfile(member) if path.endswith(".dist-info/RECORD") else None
                if file is not None:
                    self.records[path] = file.read()

    def _remove(self, path: str) -> None:
        for gone in [name for name in self.sizes if name == path or name.startswith(f"{path}/")]:
            del self.sizes[gone]
            self.records.pop(gone, None)


@pytest.fixture(scope="module")
def archive() -> Path:
    """Return the archive of the image."""
    if reason := big_image.why_not():
        pytest.skip(reason)
    return big_image.big_image()


@pytest.fixture(scope="module")
def plain(archive: Path) -> Plain:
    """Return what tarfile makes of the archive."""
    found = Plain()
    with tarfile.open(archive) as outer:
        for member in outer:
            if member.name.endswith("/layer.tar"):
                with tarfile.open(fileobj=outer.extractfile(member), errors="surrogateescape") as layer:
                    found.add(layer)
    return found


@pytest.fixture(scope="module")
def from_tar(archive: Path) -> ImageInspection:
    """Return the image as opened from the tar."""
    *_, last = inspect_image(archive)
    assert isinstance(last, Finished)
    return last.result


@pytest.fixture(scope="module")
def from_engine(archive: Path, docker_engine: EngineUnderTest) -> Image:
    """Return the image as read from a running engine."""
    docker_engine.load(archive)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DOCKER_HOST", docker_engine.host)
        events = list(read_engine(EngineReference(big_image.NAME)))
    first = next(event for event in events if isinstance(event, Partial))
    assert not any(layer.entries for layer in first.result.layers)
    assert isinstance(events[-1], Finished)
    result: Image = events[-1].result
    return result


def test_it_is_as_large_as_promised_and_adds_up(from_tar: ImageInspection, plain: Plain) -> None:
    final, waste = from_tar.file_system, from_tar.waste
    assert final is not None
    assert waste is not None
    assert final.size_bytes >= 10**9
    assert final.file_count >= 50_000
    assert final.file_count == len(plain.sizes)
    assert final.size_bytes == sum(size for path, size in plain.sizes.items() if path not in plain.links)
    assert waste.shipped_bytes == plain.shipped
    assert waste.reclaimable_bytes == plain.shipped - final.size_bytes == sum(cause.bytes for cause in waste.by_cause)
    assert all(cause.bytes for cause in waste.by_cause if cause.cause in ("deleted", "copied_up"))


def test_packages_have_the_bytes_that_their_records_say(from_tar: ImageInspection, plain: Plain) -> None:
    _check_packages(from_tar, plain)
    assert any(model.path.endswith("models/digits_cnn.onnx") for model in from_tar.models)


def test_the_engine_gives_the_same_layers_and_packages(from_engine: Image, from_tar: ImageInspection, plain: Plain) -> None:
    assert [layer.verification for layer in from_engine.layers] == ["verified"] * len(from_tar.image.layers)
    for there, here in zip(from_engine.layers, from_tar.image.layers, strict=True):
        assert there.diff_id == here.diff_id
        assert there.size_bytes == here.size_bytes
        assert _listed(there.entries) == _listed(here.entries)
    inspection = analyse_image(from_engine)
    _check_packages(inspection, plain)
    assert _wasted(inspection) == _wasted(from_tar)
    assert from_tar.packages == inspection.packages


def _wasted(inspection: ImageInspection) -> list[tuple[object, ...]]:
    """Return all of the waste but its compressed bytes, which an engine does not know."""
    assert inspection.waste is not None
    return [(file.path, file.bytes, file.cause, file.layer, file.by_layer) for file in inspection.waste.files]


def _listed(entries: object) -> list[tuple[object, ...]]:
    assert isinstance(entries, tuple)
    return [
        (entry.path, entry.kind, entry.size, entry.mode, entry.uid, entry.mtime, entry.offset, entry.link) for entry in entries
    ]


def _check_packages(inspection: ImageInspection, plain: Plain) -> None:
    """Compare each distribution with the files of its RECORD that are there; those that share a file only all together."""
    assert inspection.packages is not None
    found = {one.place.rpartition("/")[0]: one for one in inspection.packages.packages if one.kind == "python"}
    owned = {record.rpartition("/")[0]: _present(record, plain) for record in plain.records}
    assert set(owned) <= set(found)
    owners = Counter(path for paths in owned.values() for path in paths)
    shared = {info for info, paths in owned.items() if any(owners[path] > 1 for path in paths)}
    different: dict[str, tuple[int, int]] = defaultdict(tuple)  # type: ignore[arg-type]
    for info, paths in owned.items():
        size = sum(plain.sizes[path] for path in paths)
        if info not in shared and (found[info].bytes, found[info].files) != (size, len(paths)):
            different[info] = (found[info].bytes, size)
    assert different == {}
    assert len(owned) - len(shared) > 100
    together = {path for info in shared for path in owned[info]}
    assert sum(found[info].bytes for info in shared) == sum(plain.sizes[path] for path in together)


def _present(record: str, plain: Plain) -> set[str]:
    """Return the files that a RECORD names and that are in the final file system."""
    site = record.rpartition("/")[0].rpartition("/")[0]
    rows = csv.reader(io.StringIO(plain.records[record].decode("utf-8", "replace")))
    paths = {posixpath.normpath(posixpath.join(site, row[0])) for row in rows if row}
    return {path for path in paths if path in plain.sizes}
