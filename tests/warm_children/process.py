"""Children as the program sees them, forked off a process that has imported the runtimes already."""

from __future__ import annotations

import array
import atexit
import contextlib
import json
import os
import resource
import select
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import pytest

from inspector.isolation import child, protocol
from inspector.isolation.process import ChildProcess, safe_path
from inspector.runtimes.onnx_runtime.child_environment import CHILD_ENVIRONMENT
from inspector.runtimes.tensorflow.child_environment import tensorflow_environment

FRESH = "MODELPACK_TUI_FRESH_CHILDREN"
PROJECT = Path(__file__).parents[2]
ROOMS = ("inspector.optimize.", "inspector.verify.", "inspector.formats.onnx.", "inspector.formats.saved_model.")
DOORS = ("inspector.runtimes.record_outputs_child", "inspector.runtimes.load_call_child")
"""What may be forked: rooms whose children measure neither time nor memory."""

LEAST_MEMORY = 1 << 30
"""In bytes; a child with less is to fail for want of it, imports included."""

ONNX = (
    "inspector.isolation.child_main,numpy,onnx,onnx.checker,onnx.shape_inference,onnx.reference,onnxruntime,"
    "onnxruntime.quantization,onnxsim,onnxslim,onnxconverter_common"
)
TENSORFLOW = f"{ONNX},tensorflow"
COMMAND = (
    "inspector.__main__,inspector.cli.review_command,inspector.isolation.child,inspector.workflows.review,"
    "inspector.workflows.inspect,inspector.workflows.inspect_image,inspector.workflows.weights,inspector.workflows.reporting,"
    "inspector.workflows.saved_model_review,inspector.formats.onnx.read,inspector.formats.saved_model.read,"
    "inspector.report.json,inspector.report.text,inspector.report.markdown"
)
_PROGRAM = "import sys; sys.path[:] = {path}; from tests.warm_children.forking import main; main({fd}, {modules!r})"


class WarmChild(ChildProcess):
    """A child that is forked where its order allows that, and started anew otherwise."""

    def __init__(self, order: bytes, environment: Mapping[str, str], result_limit: int, ahead: str = "") -> None:
        self._exits = -1
        self._is_forked = bool(order) and _may_fork(order)
        super().__init__(order, environment, result_limit, ahead)

    def _start(self, environment: Mapping[str, str], ahead: str) -> None:
        if not self._is_forked:
            super()._start(environment, ahead)
            return
        order_read, self._order_fd = self._pipe()
        self._answer_fd, answer_write = self._pipe()
        self._output_fd, output_write = self._pipe()
        self._process: Any = _forking(_modules(environment)).fork((order_read, answer_write, output_write), environment, ahead)
        self.pid = self._process.pid
        self._exits = os.pidfd_open(self.pid)
        for fd in (order_read, answer_write, output_write):
            self._close(fd)
        for fd in (self._order_fd, self._answer_fd, self._output_fd):
            os.set_blocking(fd, False)
            if fd != self._order_fd:
                self._selector.register(fd, 1)
        self._selector.register(self._order_fd, 2)

    def has_exited(self) -> bool:
        """Whether the process is over; it is not reaped yet, so its id still names it."""
        if not self._is_forked:
            return super().has_exited()
        watched = select.poll()
        watched.register(self._exits, select.POLLIN)
        return bool(watched.poll(0))

    def close(self) -> int:
        """Kill whatever is left of the process group, have the child reaped, close every pipe; return its return code."""
        code = super().close()
        if self._exits >= 0:
            os.close(self._exits)
            self._exits = -1
        return code


class _Forked:
    """A forked child, with as much of subprocess.Popen as ChildProcess asks for."""

    def __init__(self, pid: int, forking: _Forking) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self._forking = forking

    def wait(self, timeout: float) -> int:
        """Have a child reaped that was killed."""
        if self.returncode is None:
            self.returncode, _ = self._forking.ask({"reap": self.pid})
        return self.returncode


class _Forking:
    """The process that children are forked off, which ends with this one."""

    def __init__(self, modules: str) -> None:
        self._lock = threading.Lock()
        self._socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
        program = _PROGRAM.format(path=[str(PROJECT), *safe_path()], fd=theirs.fileno(), modules=modules)
        environment = {**os.environ, **(tensorflow_environment() if "tensorflow" in modules else CHILD_ENVIRONMENT)}
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-c", program], stdin=subprocess.DEVNULL, env=environment, pass_fds=(theirs.fileno(),)
        )
        theirs.close()
        atexit.register(self.close)

    def fork(self, files: tuple[int, int, int], environment: Mapping[str, str], ahead: str) -> _Forked:
        """Return a new child that has the files as its order, answer and output."""
        request = {**_surroundings(), "environment": {**os.environ, **environment}, "ahead": ahead}
        return _Forked(self.ask(request, files)[0], self)

    def ask(self, request: dict[str, Any], files: tuple[int, ...] = ()) -> tuple[int, int]:
        """Send a request and return the reply."""
        ancillary = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", files))] if files else []
        with self._lock:
            self._socket.sendmsg([json.dumps(request).encode()], ancillary)
            reply = self._socket.recv(64)
        if not reply:
            raise OSError("the process that children are forked off is gone")
        first, second = json.loads(reply)
        return first, second

    def close(self) -> None:
        """Let the process end."""
        self._socket.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(5)
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGKILL)


def run_command(
    arguments: list[str],
    folder: Path,
    environment: Mapping[str, str],
    out: int,
    err: int,
    limits: Mapping[str, int],
    seconds: float,
) -> tuple[int | None, int]:
    """Run `modelpack-tui` in a forked process of its own and return its exit code, None where it had to be killed, and the
    bytes of memory it held at most; limits are soft and hard ones by name ("RLIMIT_AS")."""
    forking = _forking(COMMAND)
    request = {**_surroundings(), "folder": str(folder), "environment": dict(environment), "command": arguments}
    pid, _ = forking.ask({**request, "limits": dict(limits)}, (out, err))
    exits = os.pidfd_open(pid)
    try:
        watched = select.poll()
        watched.register(exits, select.POLLIN)
        in_time = watched.poll(seconds * 1000)
        if not in_time:
            os.killpg(pid, signal.SIGKILL)
        code, peak = forking.ask({"reap": pid})
    finally:
        os.close(exits)
    return code if in_time else None, peak * 1024


def is_fresh() -> bool:
    """Whether every child is to be started anew."""
    return not hasattr(os, "pidfd_open") or bool(os.environ.get(FRESH))


def _surroundings() -> dict[str, Any]:
    """Return what a child takes over from this process but its environment."""
    umask = os.umask(0)
    os.umask(umask)
    return {"path": safe_path(), "folder": str(Path.cwd()), "umask": umask}


@cache
def _forking(modules: str) -> _Forking:
    return _Forking(modules)


def _modules(environment: Mapping[str, str]) -> str:
    """Return what the process has imported that a child with this environment is forked off."""
    return TENSORFLOW if "AUTOGRAPH_VERBOSITY" in environment else ONNX


def _may_fork(order: bytes) -> bool:
    if resource.getrlimit(resource.RLIMIT_FSIZE)[0] != resource.RLIM_INFINITY:
        return False  # a limit that a test has set for its children
    asked = msgspec.msgpack.decode(order[protocol.HEADER.size :], type=protocol.Order)
    if asked.memory_bytes is not None and asked.memory_bytes < LEAST_MEMORY:
        return False
    entry = asked.entry
    return entry.startswith(ROOMS) or entry.partition(":")[0] in DOORS


def start_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the children of one test started as the program starts them: those whose memory is looked at."""
    monkeypatch.setattr(child, "ChildProcess", ChildProcess)


def fork_children() -> None:
    """Have children forked from now on where that is possible."""
    if not is_fresh():
        child.ChildProcess = WarmChild  # type: ignore[misc]
