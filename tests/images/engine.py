"""A private container engine for tests, one of a kind for all workers of a session; it ends when the last of them does."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import pytest

PROJECT = Path(__file__).parents[2]
_SECONDS_TO_START = 150


@dataclass(frozen=True)
class EngineUnderTest:
    """An engine that nobody else uses, where it listens, and how it stores layers."""

    host: str
    driver: str

    def client(self, timeout: float = 240) -> Any:
        """Return a client of the docker SDK."""
        import docker

        return docker.APIClient(base_url=self.host, version="auto", timeout=timeout)

    def load(self, archive: Path) -> None:
        """Load an image; fails with what the engine says if it refuses."""
        with archive.open("rb") as file:
            said = list(self.client().load_image(file))
        assert not any("error" in line for line in said), said

    @contextlib.contextmanager
    def container(self, name: str) -> Iterator[str]:
        """Hold a container of the image that is never started; gives its ID."""
        client = self.client()
        container = client.create_container(name, command=["none"])["Id"]
        try:
            yield container
        finally:
            client.remove_container(container, force=True, v=True)

    def export(self, name: str, path: Path) -> Path:
        """Write the file system of a created container of the image into a tar, as `docker export` does."""
        with self.container(name) as container, path.open("wb") as file:
            for chunk in self.client().export(container):
                file.write(chunk)
        return path


@contextlib.contextmanager
def running_engine(kind: str, shared: Path) -> Iterator[EngineUnderTest]:
    """Give an engine that all who name the same folder share; skips the test, saying why, where none can be had.

    kind is docker, docker-vfs or podman.
    """
    folder = shared / f"{kind}_engine"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "users").open("a+b") as users:
        fcntl.flock(users, fcntl.LOCK_SH)
        with (folder / "starting").open("w") as starting:
            fcntl.flock(starting, fcntl.LOCK_EX)
            said = _said(folder) or _start(kind, folder)
        if "problem" in said:
            pytest.skip(f"no {kind} engine: {said['problem']}")
        yield EngineUnderTest(said["host"], said["driver"])


def _start(kind: str, folder: Path) -> dict[str, str]:
    program = "podman" if kind == "podman" else "dockerd"
    if shutil.which(program, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin") is None:
        return {"problem": f"{program} is not installed"}
    as_root = _as_root()
    if as_root is None:
        return {"problem": "starting one takes root"}
    with (folder / "keeper.log").open("wb") as log:
        keeper = _keep(kind, folder, as_root, log)
    deadline = time.monotonic() + _SECONDS_TO_START
    while time.monotonic() < deadline and keeper.poll() is None:
        said = _said(folder)
        if said is not None:
            return said
        time.sleep(0.05)
    return {"problem": (folder / "keeper.log").read_text(errors="replace")[-600:] or "it takes too long to start"}


def _keep(kind: str, folder: Path, as_root: list[str], log: IO[bytes]) -> subprocess.Popen[bytes]:
    """Start the process that holds the engine up, in a session of its own: an interrupt must not keep it from cleaning up."""
    path = f"PATH={os.environ.get('PATH', '/usr/bin')}:/usr/sbin:/sbin"
    module = [sys.executable, "-m", "tests.images.engine_keeper", str(folder), kind]
    return subprocess.Popen(
        [*as_root, "env", path, f"PYTHONPATH={PROJECT}", *module],
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=log,
        cwd=PROJECT,
        start_new_session=True,
    )


def _as_root() -> list[str] | None:
    """Return what to put in front of a command that takes root; None where that cannot be had without a password."""
    if os.geteuid() == 0:
        return []
    if shutil.which("sudo") and subprocess.run(["sudo", "-n", "true"], capture_output=True).returncode == 0:
        return ["sudo", "-n"]
    return None


def _said(folder: Path) -> dict[str, str] | None:
    try:
        return dict(json.loads((folder / "engine.json").read_text()))
    except FileNotFoundError:
        return None


def _shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    base = tmp_path_factory.getbasetemp()
    return base.parent if "PYTEST_XDIST_WORKER" in os.environ else base


@pytest.fixture(scope="session")
def docker_engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EngineUnderTest]:
    """Return a dockerd of this session's own."""
    with running_engine("docker", _shared(tmp_path_factory)) as engine:
        yield engine


@pytest.fixture(scope="session")
def docker_vfs_engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EngineUnderTest]:
    """Return a dockerd that unpacks each layer onto a copy of those below instead of by itself."""
    with running_engine("docker-vfs", _shared(tmp_path_factory)) as engine:
        yield engine


@pytest.fixture(scope="session")
def podman_engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EngineUnderTest]:
    """Return a podman service of this session's own."""
    with running_engine("podman", _shared(tmp_path_factory)) as engine:
        yield engine
