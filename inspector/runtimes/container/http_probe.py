"""Asks a port of a container again and again until it answers: from inside its network, or through an address of the engine."""

from __future__ import annotations

import ctypes
import http.client
import os
import socket
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Final

from inspector.runtimes.container.readiness import HttpAnswer, Listening

_NETWORK_NAMESPACE: Final = 0x40000000
"""CLONE_NEWNET of setns(2)."""
_PAUSE: Final = 0.005
_CONNECT_SECONDS: Final = 2.0
_NO_ERROR: Final = 400
_TO_CLOSE: Final = 0.2
"""Seconds after which a connection counts as one with the container: what publishes ports takes any, and drops it at once."""


class HttpProbe:
    """Times in ns of the monotonic clock: when the port first took a connection, and when it answered as it should."""

    def __init__(
        self,
        wanted: HttpAnswer | Listening,
        address: tuple[str, int],
        inside: int | None,
        deadline: float,
        changed: threading.Event,
    ) -> None:
        """inside: a process whose network is entered first; deadline: on the monotonic clock; changed is set with news."""
        self.listening_at: int | None = None
        self.answered_at: int | None = None
        self.status: int | None = None
        self.problem = ""
        self.changed = changed
        self._wanted = wanted
        self._address = address
        self._inside = inside
        self._deadline = deadline
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="http-probe", daemon=True)

    def start(self) -> None:
        """Begin to ask."""
        self._thread.start()

    def stop(self) -> None:
        """Ask no more."""
        self._stop.set()

    def _run(self) -> None:
        try:
            if self._inside is not None:
                enter_network(self._inside)
        except OSError as error:
            self.problem = f"its network cannot be entered: {error.strerror}"
            self.changed.set()
            return
        while not self._stop.is_set() and self.answered_at is None and time.monotonic() < self._deadline:
            with suppress(OSError, http.client.HTTPException, ValueError):
                self._ask()
            self._stop.wait(_PAUSE)

    def _ask(self) -> None:
        left = max(0.01, self._deadline - time.monotonic())
        with socket.create_connection(self._address, min(left, _CONNECT_SECONDS)) as connection:
            if isinstance(self._wanted, Listening):
                self._take_as_listening(connection)
                return
            if self.listening_at is None:
                self.listening_at = time.monotonic_ns()
            connection.settimeout(left)
            asking = http.client.HTTPConnection(self._address[0], self._address[1])
            asking.sock = connection
            asking.putrequest("GET", self._wanted.path, skip_host=True, skip_accept_encoding=True)
            asking.putheader("Host", self._wanted.host)
            asking.putheader("Connection", "close")
            asking.endheaders()
            self.status = asking.getresponse().status
            if self.status < _NO_ERROR:
                self.answered_at = time.monotonic_ns()
                self.changed.set()

    def _take_as_listening(self, connection: socket.socket) -> None:
        """Take note of a connection that was taken, and is held."""
        at = time.monotonic_ns()
        if self._inside is None:
            connection.settimeout(_TO_CLOSE)
            with suppress(TimeoutError):
                if not connection.recv(1):
                    return
        self.listening_at = self.answered_at = at
        self.changed.set()


def enter_network(pid: int) -> None:
    """Move the calling thread, and no other one, into the network of a process; raises OSError."""
    descriptor = network_of(pid)
    try:
        join_network(descriptor)
    finally:
        os.close(descriptor)


def network_of(pid: int) -> int:
    """Return a descriptor of the network of a process, which holds it; raises OSError."""
    return os.open(f"/proc/{pid}/ns/net", os.O_RDONLY | os.O_CLOEXEC)


def join_network(descriptor: int) -> None:
    """Move the calling thread, and no other one, into a network; raises OSError."""
    if ctypes.CDLL(None, use_errno=True).setns(descriptor, _NETWORK_NAMESPACE) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def can_enter_networks(socket_path: str) -> bool:
    """Whether the engine at a socket runs beside us, its processes being ours to see, and we may enter their networks."""
    if not sys.platform.startswith("linux") or not socket_path or os.geteuid() != 0:
        return False
    try:
        with socket.socket(socket.AF_UNIX) as asking:
            asking.settimeout(_CONNECT_SECONDS)
            asking.connect(socket_path)
            credentials = asking.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)
        engine = int.from_bytes(credentials[:4], sys.byteorder, signed=True)
        return engine > 0 and Path(f"/proc/{engine}/ns/pid").readlink() == Path("/proc/self/ns/pid").readlink()
    except OSError:
        return False
