"""The whole way from an archive to findings: real readers, real hashes, every compression."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import pytest

from inspector.records.event import Finished
from inspector.records.image_inspection import ImageInspection
from inspector.workflows.inspect_image import examine_image
from tests.builders import small_cnn
from tests.images.build import (
    Compression,
    Entries,
    File,
    Folder,
    HardLink,
    ImageSpec,
    Symlink,
    Whiteout,
    build_layer,
    docker_archive,
)
from tests.unit.analysis.image.test_elf import elf

SITE = "usr/lib/python3.11/site-packages"
KEY = b"-----BEGIN PRIVATE KEY-----\nMIIEvQ==\n"
MODEL = small_cnn().SerializeToString()
RECORD = f"tool/__init__.py,sha256=x,6\ntool/tests/test_a.py,sha256=x,{5000}\ntool-1.dist-info/RECORD,,\n".encode()

BELOW: Entries = {
    "bin": Symlink("usr/bin"),
    "usr/bin/dash": File(elf(), 0o755),
    "usr/bin/sh": Symlink("dash"),
    "usr/bin/su": File(elf(), 0o4755),
    "etc/passwd": b"root:x:0:0::/root:/bin/sh\n",
    "var/lib/dpkg/status": b"Package: dash\nStatus: install ok installed\nVersion: 1\nInstalled-Size: 1\n",
    "var/lib/dpkg/info/dash.list": b"/.\n/bin\n/bin/dash\n/bin/sh\n",
    f"{SITE}/tool-1.dist-info/METADATA": b"Name: tool\nVersion: 1\n",
    f"{SITE}/tool-1.dist-info/RECORD": RECORD,
    f"{SITE}/tool/__init__.py": b"import",
    f"{SITE}/tool/tests/test_a.py": bytes(5000),
    "srv/.env": b"PASSWORD=hunter2\n",
    "srv/server.key": KEY,
    "srv/a.bin": b"x" * 6000,
    "srv/link.bin": HardLink("srv/a.bin"),
}
ABOVE: Entries = {
    "srv/.env": Whiteout(),
    "srv/open": Folder(0o777),
    "srv/b.bin": b"x" * 6000,
    "srv/model.onnx": MODEL,
    "srv/strange": File(elf(183), 0o755),
}


def inspected(folder: Path, compression: Compression) -> ImageInspection:
    layers = [build_layer(BELOW, compression), build_layer(ABOVE, compression)]
    spec = ImageSpec(layers, {"Entrypoint": ["/bin/sh", "-c", "serve"], "Env": ["API_TOKEN=abcdef", "PATH=/usr/bin"]})
    archive = docker_archive(folder / "image.tar", [spec])
    (result,) = [event.result for event in examine_image(archive) if isinstance(event, Finished)]
    return result


@pytest.fixture(scope="module", params=get_args(Compression))
def inspection(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> ImageInspection:
    return inspected(tmp_path_factory.mktemp("image"), request.param)


def test_packages(inspection: ImageInspection) -> None:
    assert inspection.packages is not None
    found = {package.name: (package.kind, package.bytes, package.declared_bytes) for package in inspection.packages.packages}
    assert found == {"dash": ("debian", len(elf()), 1024), "tool": ("python", 5006 + len(RECORD), 5006)}


def test_leftovers(inspection: ImageInspection) -> None:
    assert inspection.leftovers is not None
    found = {leftover.kind: leftover.paths for leftover in inspection.leftovers.by_kind}
    assert found == {"tests": (f"{SITE}/tool/tests/test_a.py",), "same content twice": ("srv/b.bin",)}
    assert inspection.leftovers.union_bytes == 11_000


def test_models(inspection: ImageInspection) -> None:
    assert [(model.path, model.bytes, model.layer) for model in inspection.models] == [("srv/model.onnx", len(MODEL), 1)]


def test_findings(inspection: ImageInspection) -> None:
    found = {(finding.rule, finding.severity, finding.place) for finding in inspection.findings}
    assert found >= {
        ("entrypoint-missing", "high", "config Entrypoint"),
        ("runs-as-root", "medium", "config User"),
        ("no-healthcheck", "low", "config Healthcheck"),
        ("secret-like-environment", "high", "environment API_TOKEN"),
        ("secret-like-file", "high", "file /srv/.env"),
        ("secret-like-file", "high", "file /srv/server.key"),
        ("setuid-file", "low", "file /usr/bin/su"),
        ("world-writable-path", "low", "path /srv/open"),
        ("wrong-architecture", "medium", "file /srv/strange"),
    }
    assert "hunter2" not in repr(inspection.findings)
    assert "abcdef" not in repr(inspection.findings)
