"""Two images of one model that really serve: a lean one of Python, ONNX Runtime and the model, a fat one with freight besides.

The Python that runs the tests is in them, with its standard library and the system libraries it needs, at the same paths.
"""

from __future__ import annotations

import fcntl
import importlib.util
import json
import os
import random
import subprocess
import sys
import sysconfig
from dataclasses import dataclass
from pathlib import Path

from tests.images.archives import ImageSpec, docker_archive
from tests.images.entries import File, Folder, build_layer
from tests.images.programs import with_libraries

PORT = 8765
MODEL = Path(__file__).parents[2] / "sample_models" / "digits_cnn.onnx"
FREIGHT_BYTES = 120_000_000
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

_USED = """
import json, sys
import numpy, onnxruntime, http.server, encodings.idna

http.server.HTTPServer(("127.0.0.1", 0), http.server.BaseHTTPRequestHandler).server_close()
session = onnxruntime.InferenceSession(sys.argv[1], providers=["CPUExecutionProvider"])
value = session.get_inputs()[0]
session.run(None, {value.name: numpy.zeros([part if isinstance(part, int) else 1 for part in value.shape], numpy.float32)})
modules = list(sys.modules.values())
print(json.dumps([getattr(one, name, None) for one in modules for name in ("__file__", "__cached__")]))
print(json.dumps([line.split(None, 5)[5].strip() for line in open("/proc/self/maps") if line.count("/")]))
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
    """Return the interpreter and what serving loads of its library, NumPy and ONNX Runtime, with the libraries under them."""
    interpreter = Path(sys.executable).resolve()
    said = subprocess.run([sys.executable, "-c", _USED, str(MODEL)], capture_output=True, text=True, check=True).stdout
    names = {name for line in said.splitlines() for name in json.loads(line) if name and ("python" in name or ".so" in name)}
    used = {Path(os.path.normpath(name)) for name in names if Path(name).is_file()}
    site = _site()
    ours = {path for path in used if path.is_relative_to(site)}
    library = {path for path in used - ours if path.is_relative_to(Path(sysconfig.get_path("stdlib")))}
    native = [path for path in (*ours, *library) if ".so" in path.name]
    system = {name: node for name, node in with_libraries([interpreter, *native]).items() if Path("/", name) not in ours}
    stored = {**{path: path for path in library}, **{path: Path("/", _SITE) / path.relative_to(site) for path in ours}}
    files = {str(target).lstrip("/"): File(path.read_bytes(), mode=0o755) for path, target in sorted(stored.items())}
    return {"tmp": Folder(0o1777), **system, **files}


def _site() -> Path:
    """Return the folder that NumPy is installed in."""
    found = importlib.util.find_spec("numpy")
    assert found is not None
    assert found.origin is not None
    return Path(found.origin).parents[1]


def _service() -> dict[str, File | Folder]:
    return {"srv/digits.onnx": File(MODEL.read_bytes()), "srv/serve.py": File(_SERVE.encode())}


def _freight(byte_count: int) -> dict[str, File | Folder]:
    chance = random.Random(5)
    half = byte_count // 2
    large = {f"opt/cuda/library{index}.so": File(chance.randbytes(half // 4)) for index in range(4)}
    small = {f"opt/packages/{index % 50}/module{index}.py": File(chance.randbytes(half // 1000)) for index in range(1000)}
    return {**large, **small}
