"""Two images of one model that really serve: a lean one of Python, ONNX Runtime and the model, a fat one with freight besides.

The Python that runs the tests is in them, with its standard library and the system libraries it needs, at the same paths.
"""

from __future__ import annotations

import fcntl
import importlib.util
import random
import sys
import sysconfig
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.images.archives import ImageSpec, docker_archive
from tests.images.entries import File, Folder, build_layer
from tests.images.programs import with_libraries

PORT = 8765
MODEL = Path(__file__).parents[2] / "sample_models" / "digits_cnn.onnx"
FREIGHT_BYTES = 120_000_000
_UNUSED = {
    "test", "tests", "site-packages", "dist-packages", "idlelib", "ensurepip", "lib2to3", "tkinter", "turtledemo", "pydoc_data",
    "quantization", "transformers", "tools", "f2py", "include",
}  # fmt: skip
_NATIVE = ("_bz2", "_ctypes", "_hashlib", "_lzma", "_socket", "_ssl", "math", "zlib", "_multiarray", "lib", "onnxruntime")
"""Modules and libraries that between them need all that the others do."""
_SITE = "srv/site"
_SERVE = """\
import sys
import numpy, onnxruntime

session = onnxruntime.InferenceSession("/srv/digits.onnx", providers=["CPUExecutionProvider"])
value = session.get_inputs()[0]
feed = {value.name: numpy.zeros([part if isinstance(part, int) else 1 for part in value.shape], numpy.float32)}


def answer():
    return str(int(session.run(None, feed)[0].argmax()))


if sys.argv[1:2] != ["http"]:
    print("first output", answer(), flush=True)
    sys.exit()

from http.server import BaseHTTPRequestHandler, HTTPServer


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        found = answer().encode() if self.path == "/predict" else b""
        self.send_response(200 if found else 404)
        self.end_headers()
        self.wfile.write(found)


HTTPServer(("", int(sys.argv[2])), Handler).serve_forever()
"""


@dataclass(frozen=True)
class ServingImages:
    """Both images as docker save writes them."""

    lean: Path
    fat: Path


def serving_images(folder: Path, freight_bytes: int = FREIGHT_BYTES) -> ServingImages:
    """Return both images, built in the folder by the first who asks, of all processes of a test run.

    The fat one has freight_bytes that nothing reads, in few large files and many small ones.
    """
    folder.mkdir(parents=True, exist_ok=True)
    found = ServingImages(folder / "lean.tar", folder / "fat.tar")
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not found.fat.exists():
            python, service = build_layer(_python()), build_layer(_service())
            docker_archive(found.lean, [ImageSpec([python, service], _config(), ("digits:lean",))])
            draft = folder / "draft.tar"
            freight = build_layer(_freight(freight_bytes))
            docker_archive(draft, [ImageSpec([python, freight, service], _config(), ("digits:fat",))])
            draft.replace(found.fat)
    return found


def _config() -> dict[str, object]:
    python = str(Path(sys.executable).resolve())
    return {
        "Entrypoint": [python, "/srv/serve.py"],
        "Env": [f"PYTHONPATH=/{_SITE}", "PATH=/usr/bin:/bin", "PYTHONDONTWRITEBYTECODE=1"],
        "WorkingDir": "/srv",
    }


def _python() -> dict[str, File | Folder]:
    """Return the interpreter, its standard library, NumPy and ONNX Runtime, with the libraries that they load."""
    interpreter, library = Path(sys.executable).resolve(), Path(sysconfig.get_path("stdlib"))
    packages = {name: _package(name) for name in ("numpy", "onnxruntime")}
    files = {path: path for path in _files(library)}
    site = packages["numpy"].parent
    ours: dict[Path, Path] = {}
    for root in (*packages.values(), *site.glob("numpy.libs")):
        ours |= {path: Path("/", _SITE) / path.relative_to(root.parent) for path in _files(root)}
    native = [path for path in (*files, *ours) if ".so" in path.name and path.name.startswith(_NATIVE)]
    loaded = with_libraries([interpreter, *native])
    system = {name: node for name, node in loaded.items() if Path("/", name) not in ours}
    stored = {str(target).lstrip("/"): File(path.read_bytes(), mode=0o755) for path, target in {**files, **ours}.items()}
    return {"tmp": Folder(0o1777), **system, **stored}


def _package(name: str) -> Path:
    found = importlib.util.find_spec(name)
    assert found is not None
    assert found.origin is not None
    return Path(found.origin).parent


def _files(root: Path) -> Iterator[Path]:
    for path in sorted(root.rglob("*")):
        if path.is_file() and not _UNUSED & set(path.relative_to(root).parts[:-1]) and not path.name.endswith((".a", ".o")):
            yield path


def _service() -> dict[str, File | Folder]:
    return {"srv/digits.onnx": File(MODEL.read_bytes()), "srv/serve.py": File(_SERVE.encode())}


def _freight(byte_count: int) -> dict[str, File | Folder]:
    chance = random.Random(5)
    half = byte_count // 2
    large = {f"opt/cuda/library{index}.so": File(chance.randbytes(half // 4)) for index in range(4)}
    small = {f"opt/packages/{index % 50}/module{index}.py": File(chance.randbytes(half // 2500)) for index in range(2500)}
    return {**large, **small}
