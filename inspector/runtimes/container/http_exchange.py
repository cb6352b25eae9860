"""One request to a container and its answer, within a time and with bounded memory, whatever the other side does."""

from __future__ import annotations

import hashlib
import http.client
import io
import os
import socket
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final, cast

from inspector.isolation.plain_line import plain_line
from inspector.runtimes.container.http_probe import join_network
from inspector.runtimes.container.http_requests import HttpRequest

MOST_ANSWER: Final = 256 << 20
"""Bytes that an answer may have."""
_PIECE: Final = 1 << 16
_PAUSE: Final = 0.02
_TO_LISTEN: Final = 5.0
"""Seconds in which a port that refuses connections may yet be opened: "ready" may have been printed before that."""


@dataclass(slots=True)
class HttpResponse:
    """What came back: the first bytes of the body, count and digest of all; failure says why there is no answer."""

    status: int | None = None
    content_type: str = ""
    body: bytes = b""
    body_bytes: int = 0
    sha256: str = ""
    milliseconds: float = 0.0
    failure: str = ""


class HttpExchange:
    """Asks in a thread of its own, which enters the network that a descriptor names; done is set once response is whole."""

    def __init__(self, request: HttpRequest, address: tuple[str, int], network: int | None, seconds: float, keep: int) -> None:
        """keep: how many bytes of the body are kept; seconds: the time for all of it."""
        self.response = HttpResponse()
        self.done = threading.Event()
        self._request = request
        self._address = address
        self._network = os.dup(network) if network is not None else None
        self._seconds = seconds
        self._deadline = time.monotonic() + seconds
        self._keep = keep
        self._given_up = threading.Event()
        self._connection: socket.socket | None = None
        self._thread = threading.Thread(target=self._run, name="http-exchange", daemon=True)

    def start(self) -> None:
        """Begin to ask."""
        self._thread.start()

    def give_up(self) -> None:
        """Hang up."""
        self._given_up.set()
        connection = self._connection
        if connection is not None:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def _run(self) -> None:
        response, began = self.response, time.monotonic()
        try:
            if self._network is not None:
                join_network(self._network)
            with self._connected() as connection:
                began = time.monotonic()
                self._ask(connection)
        except TimeoutError:
            response.failure = f"no whole answer within {self._seconds:.3g} s"
        except (OSError, http.client.HTTPException, ValueError, AssertionError) as error:
            response.failure = _said_of(error)
        finally:
            if self._network is not None:
                os.close(self._network)
            response.milliseconds = 1000 * (time.monotonic() - began)
            self.done.set()

    def _connected(self) -> socket.socket:
        """Return a connection; one that is refused is tried again for a while."""
        until = min(self._deadline, time.monotonic() + _TO_LISTEN)
        while True:
            try:
                connection = socket.create_connection(self._address, max(0.01, self._deadline - time.monotonic()))
            except ConnectionRefusedError:
                if self._given_up.is_set() or time.monotonic() > until:
                    raise
                time.sleep(_PAUSE)
                continue
            self._connection = connection
            return connection

    def _ask(self, connection: socket.socket) -> None:
        request = self._request
        bounded: Any = _Bounded(connection, self._deadline)
        asking = http.client.HTTPConnection(*self._address)
        asking.sock = bounded
        asking.putrequest(request.method, request.url.target, skip_host=True, skip_accept_encoding=True)
        asking.putheader("Host", request.url.host.encode("utf-8"))
        for name, value in request.headers:
            asking.putheader(name, value.encode("utf-8"))
        if request.body or request.method in ("POST", "PUT", "PATCH"):
            asking.putheader("Content-Length", str(len(request.body)))
        asking.putheader("Connection", "close")
        with suppress(BrokenPipeError, ConnectionResetError):  # one that does not want all of it may have answered already
            asking.endheaders(request.body or None)
        with http.client.HTTPResponse(cast("socket.socket", bounded), method=request.method) as found:
            found.begin()
            self._take(found)

    def _take(self, found: http.client.HTTPResponse) -> None:
        response, digest, kept = self.response, hashlib.sha256(), bytearray()
        response.content_type = plain_line(found.headers.get("Content-Type") or "", 200)
        while piece := found.read1(_PIECE):
            digest.update(piece)
            response.body_bytes += len(piece)
            kept += piece[: max(0, self._keep - len(kept))]
            if response.body_bytes > MOST_ANSWER:
                raise ValueError(f"answered with more than {MOST_ANSWER >> 20} MiB")
        if found.length:
            raise ValueError(f"closed the connection {found.length:,} bytes before the end of its answer")
        response.status, response.body, response.sha256 = found.status, bytes(kept), digest.hexdigest()


class _Bounded:
    """A connection as http.client uses one, all of whose reading and writing has to end by a deadline."""

    def __init__(self, connection: socket.socket, deadline: float) -> None:
        self._connection = connection
        self._deadline = deadline

    def sendall(self, data: bytes) -> None:
        """Send; raises TimeoutError."""
        self._connection.settimeout(max(0.001, self._deadline - time.monotonic()))
        self._connection.sendall(data)

    def makefile(self, mode: str) -> io.BufferedReader:
        """Return what reads from it."""
        assert mode == "rb"
        return io.BufferedReader(_BoundedReader(self._connection, self._deadline), _PIECE)

    def close(self) -> None:
        """Whoever made the connection closes it."""


class _BoundedReader(io.RawIOBase):
    """Bytes from a connection until a deadline."""

    def __init__(self, connection: socket.socket, deadline: float) -> None:
        super().__init__()
        self._connection = connection
        self._deadline = deadline

    def readable(self) -> bool:
        """Whether it can be read from."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Read some bytes; raises TimeoutError."""
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        self._connection.settimeout(left)
        return self._connection.recv_into(buffer)


def _said_of(error: BaseException) -> str:
    """Return what went wrong, in a few words."""
    if isinstance(error, ConnectionRefusedError):
        return "nothing listens on its port"
    if isinstance(error, http.client.RemoteDisconnected | ConnectionResetError | BrokenPipeError):
        return "closed the connection without an answer"
    if isinstance(error, http.client.IncompleteRead):
        return "closed the connection before the end of its answer"
    if isinstance(error, http.client.HTTPException):
        return f"answered what is no HTTP: {plain_line(str(error), 80) or type(error).__name__}"
    if isinstance(error, OSError):
        return f"cannot be asked: {plain_line(error.strerror or type(error).__name__, 80)}"
    return plain_line(str(error), 120) or "answered what is no HTTP"
