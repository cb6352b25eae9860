"""One request and its answer, whatever the other side makes of it."""

from __future__ import annotations

import hashlib
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import pytest

from inspector.runtimes.container import http_exchange
from inspector.runtimes.container.http_exchange import HttpExchange, HttpResponse
from inspector.runtimes.container.http_requests import HttpRequest
from inspector.runtimes.container.http_urls import parse_url

Behavior = Callable[[socket.socket], None]
ASKED = HttpRequest("POST", parse_url("http://model:8000/p?q=1"), (("X-Name", "Straße"),), b'{"x": 1}')


@contextmanager
def server(behave: Behavior) -> Iterator[tuple[str, int]]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        threading.Thread(target=_serve, args=(listening, behave), daemon=True).start()
        yield listening.getsockname()
        listening.shutdown(socket.SHUT_RDWR)


def _serve(listening: socket.socket, behave: Behavior) -> None:
    with suppress(OSError):
        while True:
            connection, _ = listening.accept()
            with connection, suppress(OSError):
                behave(connection)


def asked(behave: Behavior, seconds: float = 20, request: HttpRequest = ASKED, keep: int = 1 << 20) -> HttpResponse:
    with server(behave) as address:
        exchange = HttpExchange(request, address, None, seconds, keep)
        exchange.start()
        assert exchange.done.wait(seconds + 20)
    return exchange.response


def sends(data: bytes) -> Behavior:
    def behave(connection: socket.socket) -> None:
        read_request(connection)
        connection.sendall(data)

    return behave


def read_request(connection: socket.socket) -> bytes:
    taken = b""
    while b"\r\n\r\n" not in taken or not taken.endswith(ASKED.body):
        taken += connection.recv(65536)
    return taken


def endless(head: bytes, piece: bytes, pause: float = 0.0) -> Behavior:
    def behave(connection: socket.socket) -> None:
        read_request(connection)
        connection.sendall(head)
        while True:
            connection.sendall(piece)
            time.sleep(pause)

    return behave


def test_what_is_sent_and_what_comes_back() -> None:
    taken = []

    def behave(connection: socket.socket) -> None:
        taken.append(read_request(connection))
        connection.sendall(b'HTTP/1.1 201 Made\r\nContent-Type: application/json\r\nContent-Length: 8\r\n\r\n{"y": 2}')

    found = asked(behave)
    assert taken[0].decode() == (
        'POST /p?q=1 HTTP/1.1\r\nHost: model:8000\r\nX-Name: Straße\r\nContent-Length: 8\r\nConnection: close\r\n\r\n{"x": 1}'
    )
    assert (found.status, found.content_type, found.body, found.failure) == (201, "application/json", b'{"y": 2}', "")
    assert (found.body_bytes, found.sha256) == (8, hashlib.sha256(b'{"y": 2}').hexdigest())


@pytest.mark.parametrize(
    ("data", "body"),
    [
        (b"HTTP/1.0 200 OK\r\n\r\nuntil the end", b"until the end"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n", b"abcde"),
        (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", b""),
        (b"HTTP/1.1 204 No Content\r\n\r\n", b""),
    ],
)
def test_every_way_to_end_an_answer(data: bytes, body: bytes) -> None:
    found = asked(sends(data))
    assert (found.failure, found.body) == ("", body)


@pytest.mark.parametrize(
    ("data", "failure"),
    [
        (b"", "closed the connection without an answer"),
        (b"SSH-2.0-OpenSSH\r\n", "answered what is no HTTP: SSH-2.0-OpenSSH"),
        (b"\x00\xff" * 40_000, "answered what is no HTTP"),
        (b"HTTP/1.1 2x0 OK\r\n\r\n", "answered what is no HTTP"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf", "closed the connection 6 bytes before the end of its answer"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab", "closed the connection before the end of its answer"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "closed the connection before the end of its answer"),
        (b"HTTP/1.1 200 OK\r\nX: " + b"a" * 70_000 + b"\r\n\r\n", "answered what is no HTTP"),
        (b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 200 + b"\r\n", "answered what is no HTTP: got more than 100 headers"),
    ],
)
def test_answers_that_are_none_are_a_failure_in_a_few_words(data: bytes, failure: str) -> None:
    found = asked(sends(data))
    assert found.failure.startswith(failure)
    assert found.status is None
    assert len(found.failure) < 200


@pytest.mark.parametrize(
    ("head", "piece"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n", b"."),
        (b"HTTP/1.1 200 OK\r\n", b"X"),
        (b"", b"H"),
        (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\na\r\n"),
    ],
)
def test_an_answer_that_drips_is_not_waited_for(head: bytes, piece: bytes) -> None:
    assert asked(endless(head, piece, 0.02), 0.4).failure == "no whole answer within 0.4 s"


def test_one_that_never_answers_is_not_waited_for() -> None:
    assert asked(lambda connection: time.sleep(1), 0.3).failure == "no whole answer within 0.3 s"


def test_an_answer_without_an_end_is_neither_kept_nor_read_to_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_exchange, "MOST_ANSWER", 3 << 20)
    found = asked(endless(b"HTTP/1.1 200 OK\r\nContent-Length: 10000000000\r\n\r\n", b"x" * 65536))
    assert found.failure == "answered with more than 3 MiB"
    assert found.body == b""


def test_of_a_long_answer_the_start_is_kept_and_all_is_counted() -> None:
    found = asked(sends(b"HTTP/1.1 200 OK\r\n\r\n" + b"abc" * 100_000), keep=5)
    assert (found.body, found.body_bytes) == (b"abcab", 300_000)
    assert found.sha256 == hashlib.sha256(b"abc" * 100_000).hexdigest()


def test_an_answer_that_comes_before_the_request_was_taken_counts() -> None:
    large = HttpRequest("POST", ASKED.url, (), bytes(8 << 20))

    def behave(connection: socket.socket) -> None:
        connection.recv(100)
        connection.sendall(b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n")
        connection.shutdown(socket.SHUT_WR)
        while connection.recv(1 << 20):
            pass

    assert asked(behave, request=large).status == 413


def test_a_port_that_is_closed_is_told_after_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_exchange, "_TO_LISTEN", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = taken.getsockname()
    exchange = HttpExchange(ASKED, address, None, 20, 10)
    exchange.start()
    assert exchange.done.wait(20)
    assert exchange.response.failure == "nothing listens on its port"


def test_giving_up_ends_it_at_once() -> None:
    with server(lambda connection: time.sleep(5)) as address:
        exchange = HttpExchange(ASKED, address, None, 60, 10)
        exchange.start()
        while exchange._connection is None:
            time.sleep(0.005)
        exchange.give_up()
        assert exchange.done.wait(4)
    assert exchange.response.failure
