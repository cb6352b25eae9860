"""The Debian root and the Python packages of the bloated image: made by mmdebstrap, and by pip inside the root."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import IO

PROJECT = Path(__file__).parents[2]
_SUITE = "bookworm"
_DEBIAN = (
    "python3", "python3-dev", "gcc", "g++", "make", "cmake", "git", "curl", "vim-tiny", "ca-certificates", "tzdata", "locales",
    "libgl1", "libglib2.0-0",
)  # fmt: skip
PIP_REQUIREMENTS = (
    "tensorflow-cpu==2.21.0", "scipy", "pandas", "scikit-learn", "matplotlib", "opencv-python-headless", "onnx", "onnxruntime",
    "numpy", "fastapi", "uvicorn", "pillow", "transformers", "jupyterlab",
)  # fmt: skip
"""Of these the service uses fastapi, uvicorn, numpy, onnxruntime, pillow, and for one route scipy."""
_PLATFORMS = ("manylinux_2_36", "manylinux_2_28", "manylinux_2_27", "manylinux_2_24", "manylinux_2_17", "manylinux2014")
_LEFT_BEHIND = ("cleanup/apt/lists", "cleanup/apt/cache", "essential/unlink", "output/dev")
_HOOKS = (
    'chroot "$1" localedef -i de_DE -f UTF-8 de_DE.UTF-8',
    'chroot "$1" useradd --create-home --uid 1000 app',
)


def why_not() -> str:
    """Return what keeps a root from being made; empty if nothing does."""
    if shutil.which("mmdebstrap", path=f"{os.environ.get('PATH', '')}:/usr/sbin") is None:
        return "mmdebstrap is not installed"
    if os.geteuid() != 0 and not _sudo():
        return "making a root file system takes root"
    return ""


def root_key() -> str:
    """Return a key of the root's recipe."""
    return hashlib.sha256(json.dumps([_SUITE, _DEBIAN, _LEFT_BEHIND, _HOOKS]).encode()).hexdigest()[:12]


def debian_root() -> Path:
    """Return a tar of the root, without device files, apt's lists and archives in it; made once."""
    made = _debian_tar()
    if not made.exists():
        draft = made.with_suffix(".draft.tar")
        options = [f"--skip={','.join(_LEFT_BEHIND)}", f"--include={','.join(_DEBIAN)}", "--variant=minbase"]
        options += ['--aptopt=APT::Keep-Downloaded-Packages "true"', *(f"--customize-hook={hook}" for hook in _HOOKS)]
        with draft.open("wb") as file:
            _run("mmdebstrap", *options, _SUITE, "-", stdout=file)
        draft.rename(made)
    return made


def wheels() -> Path:
    """Return a folder of the wheels of all packages, for Debian's Python, and pip's own; fetched once."""
    made = _wheels_folder()
    if not made.exists():
        draft = made.with_suffix(".draft")
        shutil.rmtree(draft, ignore_errors=True)
        target = ["--python-version=3.11", "--implementation=cp", "--abi=cp311", "--abi=abi3", "--abi=none", "--platform=any"]
        target += [f"--platform={platform}_x86_64" for platform in _PLATFORMS]
        command = [sys.executable, "-m", "pip", "download", "-q", "--only-binary=:all:", *target, f"--dest={draft}", "pip"]
        subprocess.run([*command, *PIP_REQUIREMENTS], stderr=subprocess.DEVNULL, check=True)
        draft.rename(made)
    return made


def installed(root: Path, folder: Path, draft: Path) -> Path:
    """Return a layer of what pip, run inside the root, installs, with the bytecode it makes, and a cache left behind."""
    tree, layer = draft / "root", draft / "packages.tar"
    tree.mkdir()
    try:
        _run("tar", "-C", str(tree), "-xpf", str(root))
        wheels_there = tree / "tmp" / "wheels"
        _run("cp", "-r", str(folder), str(wheels_there))
        pip = next(folder.glob("pip-*.whl")).name
        options = ["--no-index", "--find-links=/tmp/wheels", "--break-system-packages", "--root-user-action=ignore", "-q"]
        python = ["env", "PATH=/usr/local/bin:/usr/bin:/bin", "python3", f"/tmp/wheels/{pip}/pip"]
        _run("chroot", str(tree), *python, "install", *options, "pip", *PIP_REQUIREMENTS)
        _run("mkdir", "-p", str(tree / "root/.cache/pip/wheels"))
        _run("cp", *map(str, sorted(folder.glob("*opencv*"))), str(tree / "root/.cache/pip/wheels"))
        _run("tar", "-C", str(tree), "--sort=name", "--numeric-owner", "-cf", str(layer), "usr/local", "root/.cache")
    finally:
        _run("rm", "-rf", str(tree))
    return layer


def forget() -> None:
    """Remove what the image was made of; it comes to 2 GB."""
    _debian_tar().unlink(missing_ok=True)
    shutil.rmtree(_wheels_folder(), ignore_errors=True)


def _debian_tar() -> Path:
    return PROJECT / ".bench" / f"bloated_debian_{root_key()}.tar"


def _wheels_folder() -> Path:
    return PROJECT / ".bench" / f"bloated_wheels_{hashlib.sha256(repr(PIP_REQUIREMENTS).encode()).hexdigest()[:12]}"


def _run(*command: str, stdout: IO[bytes] | None = None) -> None:
    as_root = [] if os.geteuid() == 0 else _sudo()
    output = subprocess.DEVNULL if stdout is None else stdout
    subprocess.run([*as_root, *command], stdout=output, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL, check=True)


def _sudo() -> list[str]:
    usable = shutil.which("sudo") and subprocess.run(["sudo", "-n", "true"], capture_output=True).returncode == 0
    return ["sudo", "-n"] if usable else []
