"""A port that takes connections: by itself, and through what publishes it and takes any."""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import suppress

import pytest

from inspector.runtimes.container.http_probe import HttpProbe
from inspector.runtimes.container.readiness import Listening


@pytest.fixture
def taken() -> Iterator[socket.socket]:
    """Return a socket that listens."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening
        with suppress(OSError):
            listening.shutdown(socket.SHUT_RDWR)


def probe(listening: socket.socket, inside: int | None) -> HttpProbe:
    address = listening.getsockname()
    found = HttpProbe(Listening(address[1]), address, inside, time.monotonic() + 30, threading.Event())
    found.start()
    return found


def test_one_that_holds_a_connection_or_speaks_first_is_there(taken: socket.socket) -> None:
    silent = probe(taken, None)
    held, _ = taken.accept()
    with held:
        assert silent.changed.wait(30)
    assert silent.answered_at == silent.listening_at is not None
    greeting = probe(taken, None)
    held, _ = taken.accept()
    with held:
        held.sendall(b"220 hello")
        assert greeting.changed.wait(30)


def test_connections_that_are_dropped_at_once_are_those_of_nobody(taken: socket.socket) -> None:
    asking = probe(taken, None)
    for _ in range(3):
        taken.accept()[0].close()
    assert asking.answered_at is None
    held, _ = taken.accept()
    with held:
        assert asking.changed.wait(30)


@pytest.mark.skipif(os.geteuid() != 0, reason="entering networks takes root")
def test_within_its_network_every_connection_counts(taken: socket.socket) -> None:
    asking = probe(taken, os.getpid())
    taken.accept()[0].close()
    assert asking.changed.wait(30)
    assert asking.problem == ""
    assert asking.answered_at is not None
