"""Small images with a model, waste and a package in them, for workflows and the command line to be tried on."""

from __future__ import annotations

from pathlib import Path

from inspector.records.event import Finished
from inspector.records.image_inspection import ImageInspection
from inspector.workflows.inspect import inspect
from tests.images.build import Compression, File, Folder, ImageSpec, Whiteout, build_layer, docker_archive

SAMPLES = Path(__file__).parents[3] / "sample_models"
ONNX = (SAMPLES / "digits_cnn.onnx").read_bytes()
SITE = "usr/lib/python3/dist-packages"
METADATA = b"Metadata-Version: 2.1\nName: pkg\nVersion: 1.0\n"
RECORD = f"pkg/__init__.py,,4\npkg-1.0.dist-info/METADATA,,{len(METADATA)}\npkg-1.0.dist-info/RECORD,,\n".encode()
SECRET = "hunter2hunter2"

CREATED = "2026-01-02T03:04:05Z"
"""Podman 4.3 fails on a step without a time."""

CONFIG = {"Env": ["PATH=/bin", f"API_TOKEN={SECRET}"], "Entrypoint": ["/app/serve.sh"], "WorkingDir": "/app"}


def serving_image(compression: Compression = "none") -> ImageSpec:
    """Return an image of three layers: 10,000 of the bytes are overwritten, 10,000 deleted, 9,000 there twice."""
    base = build_layer(
        {
            "data/a.bin": File(b"a" * 10_000),
            f"{SITE}/pkg/__init__.py": File(b"x=1\n"),
            f"{SITE}/pkg-1.0.dist-info/METADATA": File(METADATA),
            f"{SITE}/pkg-1.0.dist-info/RECORD": File(RECORD),
        },
        compression,
    )
    app = build_layer(
        {
            "data/a.bin": File(b"b" * 10_000),
            "app/serve.sh": File(b"#!/bin/sh\n", 0o755),
            "app/one": File(b"z" * 9_000),
            "app/two": File(b"z" * 9_000),
        },
        compression,
    )
    models = build_layer({"data": Whiteout(), "models": Folder(), "models/digits.onnx": File(ONNX)}, compression)
    steps = (
        "ADD rootfs / # buildkit",
        f"RUN /bin/sh -c TOKEN={SECRET} ./build.sh # buildkit",
        "COPY models /models # buildkit",
    )
    return ImageSpec(
        [base, app, models], CONFIG, ("shop/serve:1",), history=[{"created": CREATED, "created_by": step} for step in steps]
    )


def serving_archive(path: Path, compression: Compression = "none", wrapping: Compression = "none") -> Path:
    """Write the image as docker save does."""
    return docker_archive(path, [serving_image(compression)], wrapping)


def inspected(path: Path) -> ImageInspection:
    """Return what inspecting an image gives in the end."""
    *_, last = inspect(path)
    assert isinstance(last, Finished)
    assert isinstance(last.result, ImageInspection)
    return last.result
