"""Images started in tests: made loadable, started once, and what of ours an engine has then."""

from __future__ import annotations

import fcntl
import os
import socket
import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

import pytest

from inspector.formats.image.loadable import make_loadable
from inspector.formats.image.read import read
from inspector.records.loadable_image import LoadableImage
from inspector.runtimes.container.ours import CONTAINER_PREFIX, REPOSITORY
from tests.images.engine import EngineUnderTest

Result = TypeVar("Result")


def result(steps: Generator[Any, None, Result]) -> Result:
    """Return what steps come to."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            found: Result = end.value
            return found


def loadable(path: Path, folder: Path) -> LoadableImage:
    """Return an archive as it is sent to engines."""
    folder.mkdir(parents=True, exist_ok=True)
    return result(make_loadable(read(path), folder))


def ours_on(engine: EngineUnderTest) -> set[str]:
    """Return what of ours is on an engine: containers and copies of images."""
    client = engine.client()
    names = [name for one in client.containers(all=True) for name in one["Names"]]
    tags = [tag for one in client.images() for tag in one["RepoTags"] or ()]
    return {name for name in (*names, *tags) if name.startswith((f"/{CONTAINER_PREFIX}", f"{REPOSITORY}:"))}


def shared_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder that all workers of a test run share."""
    base = tmp_path_factory.getbasetemp()
    return base.parent if "PYTEST_XDIST_WORKER" in os.environ else base


@contextmanager
def alone(shared: Path) -> Generator[None]:
    """Have the engine of this test run to oneself: of all tests that make containers of ours, and look at what is left."""
    with (shared / "image_start.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@contextmanager
def nothing_stays_on(engine: EngineUnderTest) -> Generator[None]:
    """Fail where something stays that was not there before: containers and images of ours, volumes, images without a name."""
    before = _all_on(engine)
    yield
    until = time.monotonic() + 20
    while (left := _all_on(engine) - before) and time.monotonic() < until:
        time.sleep(0.1)
    assert not left
    assert not before - _all_on(engine)


@contextmanager
def forwarded(path: str) -> Generator[int]:
    """Give a port of this machine at which a unix socket answers, as engines on other machines do."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=_accept, args=(server, path), daemon=True).start()
        yield int(server.getsockname()[1])
        server.shutdown(socket.SHUT_RDWR)


def _accept(server: socket.socket, path: str) -> None:
    with suppress(OSError):
        while True:
            client, _ = server.accept()
            there = socket.socket(socket.AF_UNIX)
            there.connect(path)
            for source, target in ((client, there), (there, client)):
                threading.Thread(target=_pump, args=(source, target), daemon=True).start()


def _pump(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(1 << 16):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)


def eventually(holds: Callable[[], bool], seconds: float = 20) -> bool:
    """Whether something becomes true in time."""
    until = time.monotonic() + seconds
    while not holds() and time.monotonic() < until:
        time.sleep(0.02)
    return holds()


def _all_on(engine: EngineUnderTest) -> set[str]:
    client = engine.client()
    volumes = {volume["Name"] for volume in client.volumes()["Volumes"] or ()}
    return ours_on(engine) | volumes | {one["Id"] for one in client.images(filters={"dangling": True})}
