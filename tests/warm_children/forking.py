"""The process that children are forked off, by `forking.main(FD, MODULES)`; it has one thread and runs no model."""

from __future__ import annotations

import array
import gc
import importlib
import json
import os
import resource
import socket
import sys
import tempfile
from typing import Any

MOST_BYTES = 1 << 20
"""Of one request: arguments and environment."""


def main(fd: int, modules: str) -> None:
    """Import the modules, then fork and reap as the other end of the socket asks, until it closes."""
    for name in modules.split(","):
        importlib.import_module(name)
    gc.freeze()
    with socket.socket(fileno=fd) as asked:
        while (request := _received(asked)) is not None:
            asked.send(json.dumps(_reply(asked, *request)).encode())


def _received(asked: socket.socket) -> tuple[dict[str, Any], list[int]] | None:
    """Return the next request with the files that came with it: order, answer and output of a child."""
    data, ancillary, _, _ = asked.recvmsg(MOST_BYTES, socket.CMSG_SPACE(3 * array.array("i").itemsize))
    files = array.array("i")
    for _, _, payload in ancillary:
        files.frombytes(payload)
    return (json.loads(data), list(files)) if data else None


def _reply(asked: socket.socket, request: dict[str, Any], files: list[int]) -> tuple[int, int]:
    """Return the id of a new child and 0, or how an ended one ended and its peak of memory in KiB."""
    if "reap" in request:
        _, status, usage = os.wait4(request["reap"], 0)
        return os.waitstatus_to_exitcode(status), usage.ru_maxrss
    child = os.fork()
    if child:
        for fd in files:
            os.close(fd)
        return child, 0
    asked.close()
    _become(request)
    if "command" in request:
        _command(request["command"], request["limits"], *files)
    try:
        _order(request["ahead"], *files)
    finally:
        os._exit(1)


def _become(request: dict[str, Any]) -> None:
    """Turn this process into what a fresh child is."""
    os.setsid()
    os.chdir(request["folder"])
    os.umask(request["umask"])
    os.environ.clear()
    os.environ.update(request["environment"])
    tempfile.tempdir = None
    path = request["path"]
    sys.path[:] = path + [entry for entry in sys.path if entry not in path]
    importlib.invalidate_caches()


def _order(ahead: str, order: int, answer: int, output: int) -> None:
    """Carry out the order of a child; does not return."""
    from inspector.isolation.child_main import main as carry_out

    for standard in (1, 2):
        os.dup2(output, standard)
    os.close(output)
    carry_out(order, answer, ahead)


def _command(arguments: list[str], limits: dict[str, int], out: int, err: int) -> None:
    """Run the command within limits and end as it ends; does not return."""
    from inspector.__main__ import run

    for standard, fd in ((1, out), (2, err)):
        os.dup2(fd, standard)
        os.close(fd)
    for name, bound in limits.items():
        resource.setrlimit(getattr(resource, name), (bound, bound))
    sys.argv = ["modelpack-tui", *arguments]
    sys.exit(run(arguments))
