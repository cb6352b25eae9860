"""What is ours on an engine and how it goes away: named and marked, so that a later run finds what a killed one left."""

from __future__ import annotations

import hashlib
import os
import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

LABEL: Final = "org.modelpack-tui.cold-start"
REPOSITORY: Final = "localhost/modelpack-tui-cold-start"
CONTAINER_PREFIX: Final = "modelpack-tui-cold-start-"
_A_DAY: Final = 86_400
"""Seconds after which what another machine's process left is taken for forgotten: whether that one lives cannot be seen."""
_SAME_START: Final = 2.0


def our_labels() -> Mapping[str, str]:
    """Return what marks things as made by this process, for one purpose: no two calls return the same."""
    import psutil

    began = psutil.Process().create_time()
    return {LABEL: f"{_machine()} {os.getpid()} {began:.2f} {time.time():.0f} {os.urandom(8).hex()}"}


def is_stale(mark: str) -> bool:
    """Whether the process that made a mark is gone; of another machine's, whether a day has passed."""
    import psutil

    machine, _, rest = mark.partition(" ")
    try:
        pid, began, made = (float(part) for part in rest.split(" ")[:3])
        if machine != _machine():
            return time.time() - made > _A_DAY
        return abs(psutil.Process(int(pid)).create_time() - began) > _SAME_START
    except psutil.NoSuchProcess:
        return True
    except (ValueError, OverflowError, psutil.Error):
        return False


def remove_stale(client: Any) -> None:
    """Remove containers and copies of images whose process is gone, and nothing that has not a name of ours besides."""
    for container, mark in _containers(client):
        if is_stale(mark):
            remove_container(client, container)
    for name, mark in _images(client):
        if is_stale(mark):
            remove_image(client, name)


def remove_marked(client: Any, labels: Mapping[str, str]) -> None:
    """Remove what bears the same mark."""
    for container, mark in _containers(client):
        if mark == labels[LABEL]:
            remove_container(client, container)
    for name, mark in _images(client):
        if mark == labels[LABEL]:
            remove_image(client, name)


def remove_container(client: Any, container: str) -> bool:
    """End and remove a container with its anonymous volumes; whether it is gone."""
    import docker

    with suppress(*failures()):
        try:
            client.remove_container(container, force=True, v=True)
        except docker.errors.NotFound:
            return True
        return True
    return False


def remove_image(client: Any, name: str) -> bool:
    """Remove one of our copies of an image; whether it is gone."""
    import docker

    if not name.startswith(f"{REPOSITORY}:"):
        return False
    with suppress(*failures()):
        try:
            client.remove_image(name)  # not by force, which would take the name only where a container is left
        except docker.errors.NotFound:
            return True
        return True
    return False


def failures() -> tuple[type[Exception], ...]:
    """Return what a call of the SDK may raise."""
    import docker
    import requests

    return docker.errors.DockerException, requests.RequestException, OSError, ValueError


def _containers(client: Any) -> Iterator[tuple[str, str]]:
    """Yield ID and mark of our containers; an image may bring our label, but not the name."""
    with suppress(*failures()):
        for one in client.containers(all=True, filters={"label": LABEL}):
            if any(str(name).startswith(f"/{CONTAINER_PREFIX}") for name in one.get("Names") or ()):
                yield str(one["Id"]), str((one.get("Labels") or {}).get(LABEL, ""))


def _images(client: Any) -> Iterator[tuple[str, str]]:
    """Yield name and mark of our copies of images."""
    with suppress(*failures()):
        for one in client.images(filters={"label": LABEL}):
            for name in one.get("RepoTags") or ():
                if str(name).startswith(f"{REPOSITORY}:"):
                    yield str(name), str((one.get("Labels") or {}).get(LABEL, ""))


def _machine() -> str:
    """Return what tells this machine, and the process numbers that count on it, from others."""
    numbers = ""
    with suppress(OSError):
        numbers = str(Path("/proc/self/ns/pid").readlink())
    return hashlib.sha256(f"{socket.gethostname()} {numbers}".encode()).hexdigest()[:16]
