"""Keeps a container's file system mounted before it is started, so that it can be watched from the very first moment on.

Docker mounts it while it exports a container, podman when asked; both use that same mount for the start.
"""

from __future__ import annotations

import io
import tarfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, Final

from inspector.engines.connection import Engine
from inspector.errors import OperationFailed
from inspector.isolation.plain_line import plain_line
from inspector.runtimes.container.engine_sight import engine_pid, in_sight, mounted_in_sight, mounts_named
from inspector.runtimes.container.ours import failures
from inspector.runtimes.container.outcome import said_by

_FIRST_CONTACT: Final = 4.0
_SECONDS: Final = 30.0
_BLOCK: Final = 512
_FILLS_ALL_BUFFERS: Final = 8 << 20
"""Bytes of an export that cannot all be on their way unread."""
_UNDER_A_MOUNT: Final = "/dev"
"""A folder that no container sees, since each gets another one over it."""

SHARED_DRIVERS: Final = frozenset({"vfs"})
"""Where containers are folders of one file system, so that nothing needs to be held."""
OWN_DRIVERS: Final = frozenset({"overlay2", "overlay", "overlayfs"})
"""Where each container has a file system of its own while it is mounted."""


@dataclass(slots=True)
class HeldMount:
    """container: its ID in full. folder: how to reach its root; inside: how the engine names that, or the folder that all
    containers' roots are in. own: whether the file system is that container's alone.
    """

    container: str
    folder: str
    inside: str
    own: bool
    _let_go: Callable[[], None]
    _released: bool = False

    def release(self) -> None:
        """Let go of it; a container that has been started keeps it mounted."""
        if not self._released:
            self._released = True
            with suppress(*failures()):
                self._let_go()


@contextmanager
def held_mount(engine: Engine, container: str) -> Iterator[HeldMount]:
    """Hold the mounted file system of a container that was created and not started; raises OperationFailed."""
    try:
        held = _held(engine, container)
    except failures() as error:
        said = plain_line(said_by(error), 160)
        raise OperationFailed(f"{engine.title} does not let its containers' files be watched: {said}") from None
    try:
        yield held
    finally:
        held.release()


def _held(engine: Engine, container: str) -> HeldMount:
    pid = engine_pid(engine.place.socket_path)
    told, inspected = engine.client.info(), engine.client.inspect_container(container)
    if told.get("Driver") in SHARED_DRIVERS:
        root = str(told.get("DockerRootDir") or "")
        return HeldMount(inspected["Id"], _seen(engine, in_sight(root, pid) if root else ""), root, False, _nothing)
    return (_mounted if engine.command == "podman" else _exported)(engine, inspected, pid)


def _mounted(engine: Engine, inspected: dict[str, Any], pid: int) -> HeldMount:
    """Have podman mount it."""
    client: Any = engine.client
    with client.get(f"{client.base_url}/_ping", timeout=_FIRST_CONTACT) as answer:
        version = answer.headers.get("Libpod-API-Version", "4.0.0")
    address = f"{client.base_url}/v{version}/libpod/containers/{inspected['Id']}"

    def unmount() -> None:
        client.post(f"{address}/unmount", timeout=_SECONDS).close()

    with client.post(f"{address}/mount", timeout=_SECONDS) as answer:
        answer.raise_for_status()
        folder = str(answer.text).strip().strip('"')
    held = HeldMount(inspected["Id"], "", folder, True, unmount)
    return _found(engine, held, (folder,), pid)


def _exported(engine: Engine, inspected: dict[str, Any], pid: int) -> HeldMount:
    """Have docker begin to export it, and read no more than the beginning."""
    client: Any = engine.client
    if int(client.inspect_image(inspected["Image"]).get("Size") or 0) < _FILLS_ALL_BUFFERS:
        client.put_archive(inspected["Id"], _UNDER_A_MOUNT, _padding())
    address = f"{client.base_url}/v{client.api_version}/containers/{inspected['Id']}/export"
    response = client.get(address, stream=True, timeout=(_FIRST_CONTACT, _SECONDS))
    merged = ((inspected.get("GraphDriver") or {}).get("Data") or {}).get("MergedDir")
    held = HeldMount(inspected["Id"], "", "", True, response.close)
    try:
        response.raise_for_status()
        response.raw.read(_BLOCK)
    except BaseException:
        held.release()
        raise
    return _found(engine, held, (str(merged),) if merged else mounts_named(inspected["Id"], pid), pid)


def _found(engine: Engine, held: HeldMount, folders: tuple[str, ...], pid: int) -> HeldMount:
    """Return what is held with the way to it; lets go of it where there is none."""
    for folder in folders:
        held.folder, held.inside = mounted_in_sight(folder, pid), folder
        if held.folder:
            return held
    held.release()
    _seen(engine, "")
    return held


def _seen(engine: Engine, folder: str) -> str:
    if not folder:
        raise OperationFailed(f"{engine.title} keeps its containers' files out of sight of this program")
    return folder


def _padding() -> bytes:
    """Return an archive of one file that is longer than an engine sends before anybody reads."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        member = tarfile.TarInfo(".modelpack-tui-padding")
        member.size, member.mode = _FILLS_ALL_BUFFERS, 0o600
        archive.addfile(member, io.BytesIO(bytes(member.size)))
    return packed.getvalue()


def _nothing() -> None:
    """Let go of nothing."""
