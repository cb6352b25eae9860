"""Images small enough to know every byte of, written as archives that the real readers open."""

from __future__ import annotations

from pathlib import Path

from tests.images.build import (
    Compression,
    File,
    Folder,
    HardLink,
    ImageSpec,
    Opaque,
    Symlink,
    Whiteout,
    build_layer,
    docker_archive,
)
from tests.tui.driving import SAMPLES

CNN = SAMPLES / "digits_cnn.onnx"
KERAS = SAMPLES / "digits_keras"
NOISE = bytes(range(256))

HISTORY = (
    ("/bin/sh -c #(nop) ADD file:0123456789abcdef in / ", False),
    ('/bin/sh -c #(nop)  CMD ["bash"]', True),
    ("RUN /bin/sh -c apt-get update && apt-get install -y --no-install-recommends libgomp1 # buildkit", False),
    ("RUN /bin/sh -c pip install --no-compile tinylib==2.1.0 # buildkit", False),
    ("COPY models /models # buildkit", False),
    ("RUN /bin/sh -c chown -R app /models && rm -rf /var/lib/apt/lists/* # buildkit", False),
    ("COPY server.py /app/server.py # buildkit", False),
    ('ENTRYPOINT ["python" "/app/server.py"]', True),
)


def _base() -> dict[str, File | Folder | Symlink | HardLink | bytes]:
    status = b"Package: base-files\nStatus: install ok installed\nVersion: 12.4\nInstalled-Size: 3\nDescription: base\n\n"
    return {
        "bin": Symlink("usr/bin"),
        "etc/": Folder(),
        "etc/os-release": b'ID=debian\nPRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\n',
        "etc/passwd": b"root:x:0:0:root:/root:/bin/bash\napp:x:1000:1000::/app:/bin/sh\n",
        "usr/bin/python": File(b"\x7fELF" + NOISE * 120, 0o755),
        "usr/bin/python3": HardLink("usr/bin/python"),
        "usr/bin/su": File(b"\x7fELF" + NOISE * 40, 0o4755),
        "usr/share/doc/base-files/copyright": b"text\n" * 900,
        "var/lib/dpkg/status": status,
        "var/lib/dpkg/info/base-files.list": b"/.\n/etc\n/etc/os-release\n/usr/share/doc/base-files/copyright\n",
    }


def _packages() -> dict[str, File | bytes]:
    site = "usr/lib/python3/site-packages"
    record = "\n".join(
        f"{path},,{size}"
        for path, size in (("tinylib/__init__.py", 30), ("tinylib/core.so", 51_204), ("tinylib/tests/test_core.py", 12_000))
    )
    metadata = b"Metadata-Version: 2.1\nName: tinylib\nVersion: 2.1.0\nSummary: A tiny lib\n"
    return {
        f"{site}/tinylib/__init__.py": b"x = 1  # the whole of tinylib\n",
        f"{site}/tinylib/core.so": File(b"\x7fELF" + NOISE * 200, 0o755),
        f"{site}/tinylib/tests/test_core.py": b"assert True\n" * 1000,
        f"{site}/tinylib/__pycache__/__init__.cpython-311.pyc": NOISE * 8,
        f"{site}/tinylib-2.1.0.dist-info/METADATA": metadata,
        f"{site}/tinylib-2.1.0.dist-info/RECORD": f"{record}\ntinylib-2.1.0.dist-info/RECORD,,\n".encode(),
        f"{site}/tinylib-2.1.0.dist-info/INSTALLER": b"pip\n",
        "root/.cache/pip/http/one": NOISE * 150,
    }


def _models(owner: int = 0) -> dict[str, File]:
    files = {"models/digits.onnx": File(CNN.read_bytes(), uid=owner)}
    for found in sorted(KERAS.rglob("*")):
        if found.is_file():
            files[f"models/keras/{found.relative_to(KERAS)}"] = File(found.read_bytes(), uid=owner)
    return files


def demo_layers(compression: Compression = "gzip") -> list[object]:
    """Return six layers: a base, apt with its lists, a package, models, a copy-up with deletions, and the code."""
    lists = {f"var/lib/apt/lists/list_{index}": NOISE * 60 for index in range(4)}
    return [
        build_layer(_base(), compression),
        build_layer({**lists, "usr/lib/libgomp.so.1": File(b"\x7fELF" + NOISE * 80, 0o644)}, compression),
        build_layer(_packages(), compression),
        build_layer(_models(), compression),
        build_layer(
            {**_models(1000), "var/lib/apt/lists": Opaque(), "root/.cache": Whiteout(), "etc/app.conf": b"port=8000\n"},
            compression,
        ),
        build_layer({"app/server.py": b"import tinylib\n\nprint('serving')\n", "etc/app.conf": b"port=9000\n"}, compression),
    ]


def demo_spec(compression: Compression = "gzip") -> ImageSpec:
    """Return an image that shows something on every tab."""
    history = [
        {"created": f"2026-01-02T03:0{at}:05Z", "created_by": text, **({"empty_layer": True} if empty else {})}
        for at, (text, empty) in enumerate(HISTORY)
    ]
    config = {
        "Entrypoint": ["python", "/app/server.py"],
        "Cmd": ["--port", "8000"],
        "Env": ["PATH=/usr/bin:/bin", "PYTHONUNBUFFERED=1"],
        "ExposedPorts": {"8000/tcp": {}},
        "WorkingDir": "/app",
        "Labels": {"maintainer": "by hand"},
    }
    return ImageSpec(demo_layers(compression), config, ("acme/digits:latest",), history=history)


def demo_archive(folder: Path, compression: Compression = "gzip") -> Path:
    """Write the image as a docker archive into a folder and return its path."""
    return docker_archive(folder / "digits.tar", [demo_spec(compression)])
