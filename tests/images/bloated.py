"""A bloated inference image of more than three gigabytes that really serves, made without a registry.

Debian with compilers, apt's lists and archives left behind; a full set of Python packages installed by pip inside it, of which
the service uses a handful; a service over HTTP as a user of its own, with a real text recognizer. What was made is kept under
.bench/, by a key of the recipe.
"""

from __future__ import annotations

import base64
import fcntl
import hashlib
import importlib.util
import json
import shutil
import sys
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.images.bloated_root import PIP_REQUIREMENTS, debian_root, forget, installed, root_key, wheels
from tests.images.bloated_root import why_not as why_no_root
from tests.images.entries import Entries, File, Folder, Symlink, Whiteout, build_tar
from tests.images.pixel_text import picture

PROJECT = Path(__file__).parents[2]
NAME = "bloated-reader:1"
PORT = 8000
READY = f"http://localhost:{PORT}/health"
_SERVICE = Path(__file__).with_name("bloated_service")
_CREATED = "2026-01-02T03:04:05Z"
_USER = 1000
_RECIPE = 1
"""To be raised with every change of what the image holds."""

CONFIG: Mapping[str, object] = {
    "User": "app",
    "Env": ["PATH=/usr/local/bin:/usr/bin:/bin", "HOME=/home/app", "PYTHONUNBUFFERED=1"],
    "WorkingDir": "/srv/app",
    "Cmd": ["uvicorn", "main:app", "--host", "0.0.0.0", "--port", str(PORT), "--no-access-log"],
    "ExposedPorts": {f"{PORT}/tcp": {}},
    "Labels": {"org.opencontainers.image.title": "bloated reader"},
}


@dataclass(frozen=True)
class BloatedImage:
    """The archive, as `docker save` writes one, and two request files: what serving is, and one route more."""

    archive: Path
    requests: Path
    more_requests: Path


def bloated_image() -> BloatedImage:
    """Return the image, made if need be, which takes minutes and, for the while, 8 GB.

    Raises FileNotFoundError or CalledProcessError where why_not() says what is missing.
    """
    folder = PROJECT / ".bench" / f"bloated_{_key()}"
    folder.mkdir(parents=True, exist_ok=True)
    found = BloatedImage(folder / "image.tar", folder / "serving.http", folder / "explaining.http")
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not found.archive.exists():
            _make(folder / "draft")
            found.requests.write_text(_requests("predict", ("123", "40 HELLO 7", "98765", "TEE 0")) + _OTHER_ROUTES)
            found.more_requests.write_text(_requests("explain", ("31 415", "HELLO")))
            (folder / "draft" / "image.tar").rename(found.archive)
            shutil.rmtree(folder / "draft")
            forget()
    return found


def why_not() -> str:
    """Return what keeps the image from being made; empty if nothing does."""
    return why_no_root() or ("" if _model() else "package rapidocr-onnxruntime, which carries the model, is not installed")


def _key() -> str:
    sources = [path.read_text() for path in sorted(_SERVICE.iterdir()) if path.is_file()]
    recipe = json.dumps([_RECIPE, root_key(), PIP_REQUIREMENTS, CONFIG, sources])
    return hashlib.sha256(recipe.encode()).hexdigest()[:12]


def _model() -> Path | None:
    spec = importlib.util.find_spec("rapidocr_onnxruntime")
    if spec is None or spec.origin is None:
        return None
    return next(iter(sorted(Path(spec.origin).parent.glob("models/*rec*.onnx"))), None)


def _requests(route: str, texts: tuple[str, ...]) -> str:
    bodies = [json.dumps({"image": base64.b64encode(picture(text)).decode()}) for text in texts]
    head = f"POST http://localhost:{PORT}/{route}\nContent-Type: application/json\n\n"
    return "".join(f"### {text}\n{head}{body}\n\n" for text, body in zip(texts, bodies, strict=True))


_OTHER_ROUTES = "".join(
    f"### {route}\nGET http://localhost:{PORT}/{route}\n\n" for route in ("health", "certificates", "revision", "printed")
)


def _make(draft: Path) -> None:
    """Make every layer as a tar, base first, and put them into one archive."""
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir()
    debian, set_of_wheels = debian_root(), wheels()
    packages = installed(debian, set_of_wheels, draft)
    first, second = _application(), _second_model()
    layers = [
        ("# debian.sh --arch 'amd64' out/ 'bookworm'", debian),
        ("COPY wheels /tmp/wheels # buildkit", _written(draft / "wheels.tar", _wheel_entries(set_of_wheels))),
        ("RUN pip install --find-links /tmp/wheels -r requirements.txt # buildkit", packages),
        ("RUN rm -rf /tmp/wheels # buildkit", _written(draft / "rm.tar", {"tmp": Folder(0o1777), "tmp/wheels": Whiteout()})),
        ("COPY . /srv # buildkit", _written(draft / "srv.tar", first)),
        ("COPY model.onnx /srv/models/reader.onnx # buildkit", _written(draft / "model.tar", second)),
    ]
    _archive(draft / "image.tar", layers)


def _written(path: Path, entries: Entries) -> Path:
    path.write_bytes(build_tar(entries))
    return path


def _wheel_entries(folder: Path) -> dict[str, File | Folder]:
    large = [path for name in ("opencv", "pandas") for path in folder.glob(f"{name}*.whl")]
    files = {f"tmp/wheels/{path.name}": File(path.read_bytes()) for path in large}
    return {"tmp": Folder(0o1777), "tmp/wheels": Folder(), **files}


def _application() -> dict[str, File | Folder | Symlink]:
    """Return the service, an older model, tests with their data, and the settings in the user's home."""
    sources = {path.name: path for path in sorted(_SERVICE.iterdir()) if path.is_file()}
    code = {f"srv/app/{name}": File(path.read_bytes(), path.stat().st_mode & 0o777) for name, path in sources.items()}
    names = {"0": "zero", "1": "one", "3": "three", "4": "four", "5": "five", "H": "aitch", "E": "e", "L": "ell", "O": "o"}
    settings = json.dumps({"name": "reader", "threads": 2}).encode()
    old_model = _model()
    assert old_model is not None
    return {
        "srv": Folder(),
        "srv/app": Folder(),
        **code,
        "srv/app/REVISION": File(b"2026.1\n"),
        "srv/data": Folder(),
        "srv/data/letter_names.json": File(json.dumps(names).encode()),
        "srv/models": Folder(),
        "srv/models/reader.onnx": File(old_model.with_name("ch_PP-OCRv4_det_infer.onnx").read_bytes()),
        "srv/model.onnx": Symlink("/srv/models/reader.onnx"),
        "srv/tests": Folder(),
        "srv/tests/test_reading.py": File(b"def test_reads() -> None: ...\n"),
        **{f"srv/tests/data/{text}.png": File(picture(text)) for text in ("123", "HELLO")},
        "home": Folder(),
        "home/app": Folder(0o700, _USER, _USER),
        "home/app/.config": Folder(0o700, _USER, _USER),
        "home/app/.config/reader.json": File(settings, 0o600, _USER, _USER),
    }


def _second_model() -> dict[str, File | Folder]:
    model = _model()
    assert model is not None
    return {"srv": Folder(), "srv/models": Folder(), "srv/models/reader.onnx": File(model.read_bytes())}


def _archive(path: Path, layers: list[tuple[str, Path]]) -> None:
    diff_ids = []
    with tarfile.open(path, "w", format=tarfile.GNU_FORMAT) as archive:
        for number, (_, layer) in enumerate(layers):
            with layer.open("rb") as file:
                diff_ids.append(f"sha256:{hashlib.file_digest(file, 'sha256').hexdigest()}")
            archive.add(layer, f"{number}/layer.tar")
        names = [f"{number}/layer.tar" for number in range(len(layers))]
        _add(archive, "config.json", _config(diff_ids, [text for text, _ in layers]))
        _add(archive, "manifest.json", [{"Config": "config.json", "RepoTags": [NAME], "Layers": names}])


def _config(diff_ids: list[str], steps: list[str]) -> object:
    return {
        "architecture": "amd64",
        "os": "linux",
        "created": _CREATED,
        "config": CONFIG,
        "rootfs": {"type": "layers", "diff_ids": diff_ids},
        "history": [{"created": _CREATED, "created_by": step} for step in steps],
    }


def _add(archive: tarfile.TarFile, name: str, document: object) -> None:
    import io

    data = json.dumps(document).encode()
    info = tarfile.TarInfo(name)
    info.size = len(data)
    archive.addfile(info, io.BytesIO(data))


if __name__ == "__main__":
    if reason := why_not():
        sys.exit(reason)
    print(bloated_image())
