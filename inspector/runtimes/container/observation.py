"""Observes which files of its image a container uses: opened, executed, folders listed, from its very first moment on."""

from __future__ import annotations

import errno
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, Final

from inspector.engines.connection import Engine
from inspector.errors import OperationFailed
from inspector.isolation.plain_line import plain_line
from inspector.records.serving import Observation
from inspector.runtimes.container.container_processes import ContainerProcesses, own_mounts
from inspector.runtimes.container.engine_sight import device, engine_pid, in_sight
from inspector.runtimes.container.fanotify import ON_FOLDER, OPEN_EXEC, Fanotify, FileEvent, can_watch
from inspector.runtimes.container.fanotify_reader import FanotifyReader
from inspector.runtimes.container.held_mount import OWN_DRIVERS, SHARED_DRIVERS, HeldMount, held_mount
from inspector.runtimes.container.opened_paths import OpenedPaths
from inspector.runtimes.container.ours import failures
from inspector.runtimes.container.outcome import said_by

_UNSEEN: Final = "nothing was seen of what the container executed"
_ELSEWHERE: Final = "the engine mounted the container's files anew for its start, where nobody watches"
_SHOWN: Final = 160


class Watch:
    """What a container opens; problem says why that cannot be relied on, and is empty as long as it can."""

    def __init__(self, engine: Engine, held: HeldMount, fanotify: Fanotify) -> None:
        self._engine = engine
        self._held = held
        self._paths = OpenedPaths((held.inside.encode("utf-8", "surrogateescape"),) if held.own else ())
        self._others = b"" if held.own else held.inside.encode("utf-8", "surrogateescape").rstrip(b"/") + b"/"
        self._processes = ContainerProcesses(held.container)
        self._mounts = own_mounts("self", str(engine_pid(engine.place.socket_path) or "self"))
        self._its_mounts: frozenset[int] = frozenset()
        self._device = device(held.folder)
        self._broken = ""
        self._was_started = False
        self._reader = FanotifyReader(fanotify, self._take, self._paths.lose)

    @property
    def count(self) -> int:
        """How many different paths were seen so far."""
        return self._paths.count

    @property
    def problem(self) -> str:
        """Why what was seen is not all, in one line; empty as long as it is."""
        found = self._broken or self._reader.problem
        return found or (_UNSEEN if self._was_started and self._held.own and not self._processes.any_executed else "")

    def started(self) -> None:
        """Take note that the container was started: the engine itself keeps its files mounted from now on.

        Raises OperationFailed where the engine does not answer any more.
        """
        self._held.release()
        try:
            state = self._engine.client.inspect_container(self._held.container).get("State") or {}
        except failures() as error:
            raise OperationFailed(f"{self._engine.title} stopped answering: {plain_line(said_by(error), _SHOWN)}") from None
        self._look_at(int(state.get("Pid") or 0))

    def observation(self) -> Observation:
        """Return what was opened until now; the container has been started."""
        self._was_started = True
        if not self._reader.catch_up():
            self._paths.lose()
            self._broken = self._broken or self._reader.problem or "more files are opened than can be taken note of"
        return self._paths.observation((self.problem,) if self.problem else ())

    def close(self) -> None:
        """Watch no more."""
        self._reader.close()

    def settle(self) -> None:
        """Forget what was opened until now: the container is not started yet."""
        self._reader.catch_up()
        self._paths.clear()

    def _look_at(self, pid: int) -> None:
        """Learn from the container's first process what is the container's; a short one has ended already."""
        if not pid:
            return
        if not self._held.own:
            self._its_mounts = own_mounts(str(pid)) - self._mounts
        elif device(f"/proc/{pid}/root") not in (None, self._device):
            self._broken = _ELSEWHERE

    def _take(self, event: FileEvent) -> None:
        if event.is_lost:
            return self._paths.lose()
        path = event.path()
        whose = self._processes.whose(event.pid)
        if path is None or whose == "other" or (self._others and path.startswith(self._others)):
            return None
        if whose == "gone" and not self._is_its_mount(event):
            return None
        if not self._paths.inside(path):
            return self._take_root(event, path)
        if event.mask & OPEN_EXEC:
            self._processes.note_execution(event.pid)
        is_new_folder = not self._paths.knows(path) and event.is_folder()
        return self._paths.add(path, event.mask | ON_FOLDER if is_new_folder else event.mask)

    def _is_its_mount(self, event: FileEvent) -> bool:
        """Whether what a process opened that has ended since was opened in the container, as far as one can tell."""
        mount = event.mount()
        return mount in self._its_mounts if self._its_mounts else mount not in self._mounts

    def _take_root(self, event: FileEvent, path: bytes) -> None:
        """Take in that somebody opened the root, unless it is the engine's program, before it becomes one of the container's.

        That program itself may have the same path: it is executed from a place that has no name.
        """
        if self._processes.has_executed(event.pid) and event.is_folder():
            self._paths.add(path, event.mask | ON_FOLDER)


@contextmanager
def watching(engine: Engine, container: str) -> Iterator[Watch]:
    """Observe a container, given by ID or name, that was created and not started yet.

    The caller starts it and then calls started(). A folder that is opened counts as listed; stat(2) is not seen, and newer
    kernels tell nothing of devices and FIFOs. A file that was renamed right after it was opened may be told by its new name.
    Raises OperationFailed, in one line, where it cannot be observed. Nothing stays: no mount, descriptor,
    thread or connection.
    """
    with ExitStack() as stack:
        held = stack.enter_context(held_mount(engine, container))
        try:
            fanotify = Fanotify()
            stack.callback(fanotify.close)
            fanotify.watch(held.folder)
        except OSError as error:
            raise OperationFailed(f"cannot observe the container: {_refused(error)}") from None
        watch = Watch(engine, held, fanotify)
        stack.callback(watch.close)
        watch.settle()
        yield watch


def can_observe(engine: Engine) -> str:
    """Return why containers on an engine cannot be observed, in one line; empty where they can."""
    if not sys.platform.startswith("linux"):
        return "files in use can be observed on Linux only"
    if not engine.place.socket_path:
        return "files in use can be observed only on an engine of this machine, reached through its socket"
    refusal = can_watch()
    return _refused(refusal) if refusal is not None else _out_of_reach(engine)


def _refused(error: OSError) -> str:
    if error.errno in (errno.EPERM, errno.EACCES):
        return "observing files in use takes root (CAP_SYS_ADMIN)"
    if error.errno in (errno.ENOSYS, errno.EINVAL):
        return "this kernel cannot tell which files are in use (fanotify)"
    return f"the kernel refuses to tell which files are in use: {error.strerror}"


def _out_of_reach(engine: Engine) -> str:
    try:
        told: Any = engine.client.info()
    except failures() as error:
        return f"{engine.title} did not answer: {plain_line(said_by(error), _SHOWN)}"
    driver, root = str(told.get("Driver") or ""), str(told.get("DockerRootDir") or "")
    if driver not in OWN_DRIVERS | SHARED_DRIVERS:
        named = plain_line(driver, 40) or "of no name"
        return f"{engine.title} stores containers with the driver {named}, whose files cannot be observed"
    if not root or not in_sight(root, engine_pid(engine.place.socket_path)):
        return f"{engine.title} keeps its containers' files out of sight of this program"
    return ""
