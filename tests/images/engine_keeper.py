"""Hold a private engine up while anybody uses it, then clean up: `python -m tests.images.engine_keeper FOLDER KIND`.

Whoever uses the engine holds a shared lock on FOLDER/users, which the kernel lets go even if that process is killed; once none
is held, the engine is ended and nothing of it stays. FOLDER/engine.json says where it listens, or why it does not.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import IO

import docker

_START_SECONDS = 60
_DRIVERS = {"docker": ("overlay2", "vfs"), "docker-vfs": ("vfs",), "podman": ("overlay", "vfs")}
"""How each kind may store layers, the first that works being taken."""
_NO_NETWORK = ("--iptables=false", "--ip6tables=false", "--ip-masq=false", "--bridge=none")


def main(folder: Path, kind: str) -> None:
    """Start the engine, say where it is, wait until nobody uses it, end it."""
    home = Path(tempfile.mkdtemp(prefix="eng", dir="/tmp"))  # the path of a socket must be short
    home.chmod(0o711)
    try:
        with (folder / "users").open("rb") as users, contextlib.ExitStack() as stack:
            said = _start(home, kind, stack)
            _publish(folder / "engine.json", said)
            _wait_until_unused(users)
            (folder / "engine.json").unlink()
            stack.close()  # before the lock is let go, so that no two engines are up at once
    finally:
        _remove(home)


def _start(home: Path, kind: str, stack: contextlib.ExitStack) -> dict[str, str]:
    why = "it did not start"
    for driver in _DRIVERS[kind]:
        engine = _Engine(home / driver, _command(home / driver, kind, driver))
        stack.callback(engine.end)
        if engine.answers():
            return {"host": engine.host, "driver": driver}
        why = engine.last_words()
        engine.end()
    return {"problem": why}


def _command(home: Path, kind: str, driver: str) -> Sequence[str]:
    home.mkdir()
    home.chmod(0o711)
    if kind == "podman":
        store = ("--root", home / "r", "--runroot", home / "x", "--tmpdir", home / "t", "--storage-driver", driver)
        quiet = ("--cgroup-manager", "cgroupfs", "--events-backend", "none", "--network-config-dir", home / "n")
        return [*map(str, ("podman", *store, *quiet, "system", "service", "--time", "0", f"unix://{home}/s"))]
    store = ("--data-root", home / "r", "--exec-root", home / "x", "--pidfile", home / "p", "--storage-driver", driver)
    group = os.environ.get("SUDO_GID", str(os.getgid()))
    return [*map(str, ("dockerd", *store, "-H", f"unix://{home}/s", "-G", group, *_NO_NETWORK))]


class _Engine:
    """One running engine and the process group it is in."""

    def __init__(self, home: Path, command: Sequence[str]) -> None:
        self.host = f"unix://{home}/s"
        self._log = home / "log"
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True, env=_environment(home)
            )

    def answers(self) -> bool:
        """Wait until the engine answers; False if it ended or takes too long."""
        deadline = time.monotonic() + _START_SECONDS
        while time.monotonic() < deadline and self._process.poll() is None:
            with contextlib.suppress(docker.errors.DockerException, OSError):
                docker.APIClient(base_url=self.host, version="auto", timeout=5).ping()
                return True
            time.sleep(0.1)
        return False

    def last_words(self) -> str:
        """Return the end of what it logged."""
        return self._log.read_text(errors="replace")[-600:]

    def end(self) -> None:
        """Remove its containers, end its processes; does nothing the second time."""
        if self._process.returncode is not None:
            return
        with contextlib.suppress(docker.errors.DockerException, OSError):
            client = docker.APIClient(base_url=self.host, version="auto", timeout=20)
            for container in client.containers(all=True):
                client.remove_container(container["Id"], force=True, v=True)
        self._process.terminate()
        try:
            self._process.wait(15)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)


def _environment(home: Path) -> dict[str, str]:
    """Return an environment in which no settings of the machine's user count."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("DOCKER_", "CONTAINER", "XDG_"))}
    return {**kept, "HOME": str(home), "XDG_RUNTIME_DIR": str(home)}


def _publish(path: Path, said: dict[str, str]) -> None:
    draft = path.with_suffix(".draft")
    draft.write_text(json.dumps(said))
    draft.replace(path)


def _wait_until_unused(users: IO[bytes]) -> None:
    while True:
        try:
            return fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(0.2)


def _remove(home: Path) -> None:
    """Undo what is still mounted below the folder, deepest first, and delete it."""
    mounts = [line.split()[1] for line in Path("/proc/mounts").read_text().splitlines()]
    for mount in sorted((mount for mount in mounts if mount.startswith(f"{home}/")), reverse=True):
        subprocess.run(["umount", "-l", mount], capture_output=True)
    shutil.rmtree(home, ignore_errors=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
