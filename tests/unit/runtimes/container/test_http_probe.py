"""Asking a port until it answers as it should."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from inspector.runtimes.container.http_probe import HttpProbe, can_enter_networks
from inspector.runtimes.container.readiness import HttpAnswer

WANTED = HttpAnswer(80, "/ready?x=1", "example:80")


class Service(ThreadingHTTPServer):
    """Answers with an error a few times and then as it should."""

    daemon_threads = True
    refusals = 3
    asked: list[tuple[str, str | None]]


class Handler(BaseHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        return

    def do_GET(self) -> None:
        service = self.server
        assert isinstance(service, Service)
        service.asked.append((self.path, self.headers["Host"]))
        self.send_response(503 if len(service.asked) <= service.refusals else 302)
        self.end_headers()


@contextmanager
def service() -> Iterator[Service]:
    with Service(("127.0.0.1", 0), Handler) as server:
        server.asked = []
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield server
        server.shutdown()


def probe(port: int, seconds: float) -> HttpProbe:
    found = HttpProbe(WANTED, ("127.0.0.1", port), None, time.monotonic() + seconds, threading.Event())
    found.start()
    return found


def test_errors_are_no_answer_and_the_first_good_one_is() -> None:
    with service() as server:
        asking = probe(server.server_port, 30)
        assert asking.changed.wait(30)
    assert server.asked == [("/ready?x=1", "example:80")] * 4
    assert asking.status == 302
    assert asking.listening_at is not None
    assert asking.answered_at is not None
    assert asking.answered_at > asking.listening_at


def test_a_port_that_says_nothing_sensible_is_listening_and_no_more() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer() -> None:
            with contextlib.suppress(OSError):  # it is closed when the test is over
                while True:
                    client, _ = server.accept()
                    client.sendall(b"\x00\xff no HTTP\r\n" * 1000)
                    client.close()

        threading.Thread(target=answer, daemon=True).start()
        asking = probe(server.getsockname()[1], 30)
        while asking.listening_at is None:
            time.sleep(0.01)
        time.sleep(0.2)
        asking.stop()
    assert asking.answered_at is None


def test_a_process_that_is_gone_has_no_network_to_enter() -> None:
    asking = HttpProbe(WANTED, ("127.0.0.1", 1), 2**22 + 1, time.monotonic() + 5, threading.Event())
    asking.start()
    assert asking.changed.wait(5)
    assert "cannot be entered" in asking.problem


@pytest.mark.parametrize("name", ["", "none", "file"])
def test_no_engine_is_beside_us_where_no_socket_is(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").write_bytes(b"")
    assert not can_enter_networks(str(tmp_path / name) if name else "")
