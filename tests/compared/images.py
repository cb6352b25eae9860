"""Small images, each with one planted difference from the first."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from tests.images.build import File, ImageSpec, Symlink, build_layer, docker_archive

SITE = "usr/lib/python3/dist-packages"
CONFIG = {"Env": ["PATH=/bin", "MODE=fast"], "Entrypoint": ["/app/serve"], "User": "1000"}

Files = Mapping[str, File | Symlink]


def package(version: str) -> dict[str, File]:
    """Return an installed Python package."""
    info = f"{SITE}/pkg-{version}.dist-info"
    described = f"Metadata-Version: 2.1\nName: pkg\nVersion: {version}\n".encode()
    record = f"pkg/__init__.py,,4\n{info}/METADATA,,\n{info}/RECORD,,\n".encode()
    return {f"{SITE}/pkg/__init__.py": File(b"x=1\n"), f"{info}/METADATA": File(described), f"{info}/RECORD": File(record)}


APP: Mapping[str, File] = {
    "app/serve": File(b"#!/bin/sh\nexec true\n", 0o755),
    "app/settings": File(b"a=1\n"),
    "app/data": File(b"d" * 900),
}


def write(path: Path, layers: list[Files] | None = None, config: Mapping[str, object] = CONFIG) -> Path:
    """Write an image as docker save does; layers are a package and an application unless told otherwise."""
    contents = [package("1.0"), APP] if layers is None else layers
    return docker_archive(path, [ImageSpec([build_layer(one) for one in contents], config)])
