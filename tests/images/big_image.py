"""A real image of more than a gigabyte and 50,000 files, made without a registry: Debian, wheels, a model, and some waste.

Debian's root comes from mmdebstrap, the Python packages are those that pip installed beside this interpreter. What was made is
kept under .bench/, by a key of the recipe; about 3 GB.
"""

from __future__ import annotations

import fcntl
import hashlib
import io
import json
import os
import shutil
import subprocess
import sys
import sysconfig
import tarfile
from collections.abc import Callable, Iterator
from importlib.metadata import distributions
from pathlib import Path
from typing import IO

PROJECT = Path(__file__).parents[2]
NAME = "big-image:1"
SITE = f"usr/local/lib/python{sys.version_info.major}.{sys.version_info.minor}/site-packages"
SECOND_SITE = f"opt/notebook/lib/python{sys.version_info.major}.{sys.version_info.minor}/site-packages"
_PACKAGES = ("python3", "gcc", "git", "vim-tiny")
_SUITE = "bookworm"
_NOT_TWICE = ("tensorflow", "libtensorflow")
_RECIPE = 5
"""To be raised with every change of what the image holds."""

Writer = Callable[[tarfile.TarFile], None]


def big_image() -> Path:
    """Return the archive, as `docker save` writes one, made if need be; raises FileNotFoundError without mmdebstrap."""
    folder = PROJECT / ".bench" / f"big_image_{_key()}"
    folder.mkdir(parents=True, exist_ok=True)
    image = folder / "image.tar"
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not image.exists():
            draft = folder / "draft.tar"
            _write(draft, _debian(folder.parent))
            draft.rename(image)
    return image


def why_not() -> str:
    """Return what keeps the image from being made; empty if nothing does."""
    if shutil.which("mmdebstrap", path=f"{os.environ.get('PATH', '')}:/usr/sbin") is None:
        return "mmdebstrap is not installed"
    if os.geteuid() != 0 and not _sudo():
        return "making a root file system takes root"
    return ""


def _key() -> str:
    installed = sorted(f"{found.name} {found.version}" for found in distributions(path=[sysconfig.get_path("purelib")]))
    recipe = json.dumps([_RECIPE, _PACKAGES, _SUITE, SITE, installed])
    return hashlib.sha256(recipe.encode()).hexdigest()[:12]


def _sudo() -> list[str]:
    usable = shutil.which("sudo") and subprocess.run(["sudo", "-n", "true"], capture_output=True).returncode == 0
    return ["sudo", "-n"] if usable else []


def _debian(folder: Path) -> Path:
    """Return a tar of a Debian root, made once; it takes most of the time."""
    made = folder / f"debian_{_SUITE}_{'_'.join(_PACKAGES)}.tar"
    if not made.exists():
        draft = made.with_suffix(".draft.tar")
        wanted = f"--include={','.join(_PACKAGES)}"
        as_root = [] if os.geteuid() == 0 else _sudo()
        command = [*as_root, "mmdebstrap", "--variant=minbase", wanted, _SUITE, "-"]
        with draft.open("wb") as file:
            subprocess.run(command, stdout=file, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL, check=True)
        draft.rename(made)
    return made


def _write(path: Path, debian: Path) -> None:
    steps: list[tuple[str, Writer]] = [
        (f"# debian.sh --arch 'amd64' out/ '{_SUITE}'", lambda tar: _copy_tar(tar, debian)),
        ("RUN pip install -r requirements.txt # buildkit", lambda tar: _add_packages(tar, SITE, ())),
        ("RUN python3 -m venv /opt/notebook && pip install notebook # buildkit", _add_second_environment),
        ("RUN chown -R app /usr/local # buildkit", _change_owner),
        ("COPY models /models # buildkit", _add_models),
        ("RUN rm -rf /usr/share/doc /opt/notebook/bin # buildkit", _remove),
    ]
    diff_ids, names = [], []
    with path.open("wb") as archive:
        for text, write in steps:
            name = f"{hashlib.sha256(text.encode()).hexdigest()}/layer.tar"
            diff_ids.append(_append(archive, name, write))
            names.append(name)
        _append_bytes(archive, "config.json", _config(diff_ids, [text for text, _ in steps]))
        manifest = [{"Config": "config.json", "RepoTags": [NAME], "Layers": names}]
        _append_bytes(archive, "manifest.json", json.dumps(manifest).encode())
        archive.write(bytes(1024))


def _config(diff_ids: list[str], steps: list[str]) -> bytes:
    created = "2026-01-02T03:04:05Z"
    config = {
        "architecture": "amd64",
        "os": "linux",
        "created": created,
        "config": {"Cmd": ["python3", "-m", "app"], "Env": ["PATH=/usr/local/bin:/usr/bin:/bin"]},
        "rootfs": {"type": "layers", "diff_ids": diff_ids},
        "history": [{"created": created, "created_by": step} for step in steps],
    }
    return json.dumps(config).encode()


class _Digesting(io.RawIOBase):
    """A file that is written and digested."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.sha256 = hashlib.sha256()
        self.count = 0

    def writable(self) -> bool:
        return True

    def write(self, data: bytes) -> int:  # type: ignore[override]
        self.sha256.update(data)
        self.count += len(data)
        return self._file.write(data)


def _append(archive: IO[bytes], name: str, write: Writer) -> str:
    """Write one layer into the archive, its header last, when its size is known; return the diff ID."""
    header_at = archive.tell()
    archive.write(bytes(512))
    layer = _Digesting(archive)
    with tarfile.open(fileobj=layer, mode="w|", bufsize=1 << 20, errors="surrogateescape") as tar:
        write(tar)
    archive.write(bytes(-layer.count % 512))
    end = archive.tell()
    archive.seek(header_at)
    archive.write(_header(name, layer.count))
    archive.seek(end)
    return f"sha256:{layer.sha256.hexdigest()}"


def _append_bytes(archive: IO[bytes], name: str, data: bytes) -> None:
    archive.write(_header(name, len(data)) + data + bytes(-len(data) % 512))


def _header(name: str, size: int) -> bytes:
    info = tarfile.TarInfo(name)
    info.size = size
    return info.tobuf(tarfile.GNU_FORMAT)


def _copy_tar(tar: tarfile.TarFile, source: Path) -> None:
    with tarfile.open(source, errors="surrogateescape") as archive:
        for member in archive:
            if not member.isdev():
                tar.addfile(member, archive.extractfile(member) if member.isreg() else None)


def _files(left_out: tuple[str, ...]) -> Iterator[tuple[Path, str]]:
    """Yield files and folders of this interpreter's packages, with their path below site-packages, in order."""
    root = Path(sysconfig.get_path("purelib"))
    for folder, names, files in os.walk(root):
        names.sort()
        if Path(folder) == root:
            names[:] = [name for name in names if not name.startswith(left_out or ("\0",))]
        else:
            yield Path(folder), str(Path(folder).relative_to(root))
        for name in sorted(files):
            path = Path(folder, name)
            yield path, str(path.relative_to(root))


def _add_folders(tar: tarfile.TarFile, path: str) -> None:
    parts = path.split("/")
    there = {member.name for member in tar.getmembers()}
    for folder in ("/".join(parts[:count]) for count in range(1, len(parts) + 1)):
        if folder in there:
            continue  # engines refuse a layer that has a path twice
        info = tarfile.TarInfo(folder)
        info.type, info.mode = tarfile.DIRTYPE, 0o755
        tar.addfile(info)


def _add_packages(tar: tarfile.TarFile, site: str, left_out: tuple[str, ...], uid: int = 0, only: str = "") -> None:
    _add_folders(tar, site)
    for path, name in _files(left_out):
        if only and name.partition("/")[0] != only:
            continue
        info = tar.gettarinfo(path, f"{site}/{name}")
        info.uid, info.gid, info.uname, info.gname = uid, uid, "", ""
        info.mtime = int(info.mtime)  # as docker build writes it: fractions would take an extended header for every file
        if info.isreg():
            with path.open("rb") as file:
                tar.addfile(info, file)
        else:
            tar.addfile(info)


def _add_second_environment(tar: tarfile.TarFile) -> None:
    _add_packages(tar, SECOND_SITE, _NOT_TWICE)
    _add_folders(tar, "opt/notebook/bin")
    _add_file(tar, "opt/notebook/pyvenv.cfg", b"home = /usr/local/bin\n")
    for number in range(50):
        _add_file(tar, f"opt/notebook/bin/tool{number}", b"#!/usr/bin/python3\n" * 1000)


def _change_owner(tar: tarfile.TarFile) -> None:
    _add_packages(tar, SITE, (), 1000, only="numpy")


def _add_models(tar: tarfile.TarFile) -> None:
    _add_folders(tar, "models")
    _add_file(tar, "models/digits_cnn.onnx", (PROJECT / "sample_models/digits_cnn.onnx").read_bytes())


def _remove(tar: tarfile.TarFile) -> None:
    _add_folders(tar, "usr/share")
    _add_file(tar, "usr/share/.wh.doc", b"")
    _add_folders(tar, "opt/notebook")
    _add_file(tar, "opt/notebook/.wh.bin", b"")


def _add_file(tar: tarfile.TarFile, path: str, data: bytes) -> None:
    info = tarfile.TarInfo(path)
    info.size = len(data)
    tar.addfile(info, io.BytesIO(data))
