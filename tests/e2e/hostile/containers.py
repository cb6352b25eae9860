"""What is no model at all: other formats under the name .onnx, noise, and paths that are no regular file."""

from __future__ import annotations

import gzip
import io
import json
import os
import pickle
import random
import socket
import struct
import tarfile
import zipfile
from pathlib import Path

from tests.e2e.hostile.cases import Case, Maker, file_of, refused, survived
from tests.e2e.hostile.wire import relu, small_model


def _zip() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("data.pkl", b"...")
    return buffer.getvalue()


def _tar() -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        info = tarfile.TarInfo("model.onnx")
        info.size = 4
        archive.addfile(info, io.BytesIO(b"\x08\x09\x12\x00"))
    return buffer.getvalue()


class _Bomb:
    def __reduce__(self) -> tuple[object, ...]:
        return os.system, ("touch pickle-was-executed",)


def _safetensors() -> bytes:
    header = json.dumps({"w": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}).encode()
    return struct.pack("<Q", len(header)) + header + bytes(4)


FORMATS = {
    "empty": (b"", "empty"),
    "zip": (_zip(), "zip"),
    "pickle": (pickle.dumps(_Bomb()), "pickle"),
    "pickle-protocol-2": (pickle.dumps(_Bomb(), 2), "pickle"),
    "hdf5": (b"\x89HDF\r\n\x1a\n" + bytes(2000), "HDF5"),
    "safetensors": (_safetensors(), "safetensors"),
    "gguf": (b"GGUF\x03\0\0\0" + bytes(100), "GGUF"),
    "png": (b"\x89PNG\r\n\x1a\n" + bytes(100), "PNG"),
    "gzip-of-a-model": (gzip.compress(relu()), "gzip"),
    "tar-of-a-model": (_tar(), "tar"),
    "tflite": (b"\x1c\0\0\0TFL3" + bytes(100), "TensorFlow Lite"),
    "ort": (b"\x1c\0\0\0ORTM" + bytes(100), ".ort"),
    "elf": (b"\x7fELF\x02\x01\x01" + bytes(100), "program"),
    "web-page": (b"<!DOCTYPE html><html><title>Not found</title></html>", "web page"),
    "git-lfs-pointer": (b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n", "LFS"),
    "json": (b'{"irVersion": "9", "graph": {}}', "JSON"),
    "onnx-text": (b'<ir_version: 9, opset_import: ["" : 17]> g (float x) => (float y) { y = Relu(x) }', "text"),
    "plain-text": (b"This is not the model you are looking for.\n" * 20, ""),
    "zeros": (bytes(4096), ""),
    "ones": (b"\xff" * 4096, ""),
    "newlines": (b"\n" * 4096, ""),
}


def _random(seed: int) -> Maker:
    generator = random.Random(seed)
    return file_of(generator.randbytes(10 ** (seed % 6)))


def _flipped(seed: int) -> Maker:
    """Return the maker of a valid model with a few bits flipped."""
    generator = random.Random(seed)
    data = bytearray(small_model())
    for _ in range(1 + seed % 4):
        data[generator.randrange(len(data))] ^= 1 << generator.randrange(8)
    return file_of(bytes(data))


def _folder(folder: Path) -> Path:
    (folder / "model.onnx").mkdir()
    return folder / "model.onnx"


def _fifo(folder: Path) -> Path:
    os.mkfifo(folder / "model.onnx")
    return folder / "model.onnx"


def _socket(folder: Path) -> Path:
    here = Path.cwd()
    os.chdir(folder)
    try:
        with socket.socket(socket.AF_UNIX) as server:
            server.bind("model.onnx")
    finally:
        os.chdir(here)
    return folder / "model.onnx"


def _link_to(target: str) -> Maker:
    def make(folder: Path) -> Path:
        (folder / "model.onnx").symlink_to(target)
        return folder / "model.onnx"

    return make


def _below_a_file(folder: Path) -> Path:
    (folder / "file").write_bytes(relu())
    return folder / "file" / "model.onnx"


def _unreadable(folder: Path) -> Path:
    """A file that nobody may read; root may, so for root a file of another process's memory that gives an error on reading."""
    if os.geteuid() == 0:
        (folder / "model.onnx").symlink_to("/proc/self/mem")
        return folder / "model.onnx"
    path = folder / "model.onnx"
    path.write_bytes(relu())
    path.chmod(0)
    return path


CASES: list[Case] = [
    *(refused(name, file_of(data), says) for name, (data, says) in FORMATS.items()),
    *(refused(f"random-{seed}", _random(seed)) for seed in range(1, 9)),
    *(survived(f"flipped-bits-{seed}", _flipped(seed)) for seed in range(10)),
    refused("folder", _folder, "folder"),
    refused("fifo", _fifo, "pipe"),
    refused("socket", _socket, "socket"),
    refused("dev-zero", lambda _: Path("/dev/zero"), "device"),
    refused("dev-null", lambda _: Path("/dev/null"), "device"),
    refused("link-to-a-device", _link_to("/dev/zero"), "device"),
    refused("link-to-nowhere", _link_to("nowhere"), "no such file"),
    refused("link-to-itself", _link_to("model.onnx")),
    refused("missing", lambda folder: folder / "model.onnx", "no such file"),
    refused("path-below-a-file", _below_a_file),
    refused("overlong-path", lambda folder: folder / ("n" * 300)),
    refused("unreadable", _unreadable),
    refused("proc-file", lambda _: Path("/proc/self/status")),
]
