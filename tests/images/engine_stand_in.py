"""A server that answers as a container engine does, for what the engines at hand cannot be made to do.

Those are the archives of newer engines (blobs as they were pulled, compressed, in the order of their digests), and engines that
stop half-way, send slowly or not at all, refuse, or are too old.
"""

from __future__ import annotations

import contextlib
import json
import socketserver
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

from tests.images.archives import ImageSpec


@dataclass
class StandIn:
    """What the engine has and does: answers by the end of their path, and the chunks of the export."""

    answers: dict[str, tuple[int, Any]]
    export: Callable[[], Iterator[bytes]]
    headers: Mapping[str, str] = field(default_factory=lambda: {"Api-Version": "1.52", "Server": "Docker/29.0.1 (linux)"})
    host: str = ""
    sent: int = 0
    """Bytes of the export that were sent."""
    closed: threading.Event = field(default_factory=threading.Event)
    """Set once the client has hung up in the middle of an export."""


def inspected(spec: ImageSpec, identity: str, size: int) -> dict[str, Any]:
    """Return what an engine says of an image."""
    config = spec.config_json()
    return {
        "Id": identity,
        "RepoTags": list(spec.tags),
        "Created": config["created"],
        "Architecture": config["architecture"],
        "Os": config["os"],
        "Config": config["config"],
        "Size": size,
        "RootFS": {"Type": "layers", "Layers": config["rootfs"]["diff_ids"]},
    }


def history(spec: ImageSpec, sizes: Sequence[int]) -> list[dict[str, Any]]:
    """Return the history as an engine gives it, last step first and without a word on which steps made layers."""
    said = [
        {"Id": "<missing>", "Created": 1767323045, "CreatedBy": step["created_by"], "Size": size, "Comment": ""}
        for step, size in zip(spec.config_json()["history"], sizes, strict=True)
    ]
    return said[::-1]


def chunks(data: bytes, size: int = 1 << 16, pause: float = 0.0) -> Iterator[bytes]:
    """Yield data in chunks, with a pause in seconds after each."""
    for start in range(0, len(data), size):
        yield data[start : start + size]
        time.sleep(pause)


@contextlib.contextmanager
def listening(engine: StandIn) -> Iterator[StandIn]:
    """Let the engine answer on a socket of its own."""
    with tempfile.TemporaryDirectory(prefix="eng", dir="/tmp") as folder:
        path = Path(folder, "s")
        server = _Server(str(path), _Handler)
        server.engine = engine
        engine.host = f"unix://{path}"
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield engine
        finally:
            server.shutdown()
            server.server_close()


class _Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True
    engine: StandIn

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of clients that come only to see whether somebody is there."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def address_string(self) -> str:
        return "client"

    def log_message(self, format: str, *args: Any) -> None:
        return

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        if path.endswith("/_ping"):
            self._answer(200, "OK")
        elif path.endswith("/get") and "/get" not in self.server.engine.answers:
            self._send_export()
        else:
            found = [answer for end, answer in self.server.engine.answers.items() if path.endswith(end)]
            self._answer(*(found[0] if found else (404, {"message": "page not found"})))

    def do_POST(self) -> None:
        self._answer(500, {"message": "this engine makes no containers"})

    def _answer(self, status: int, said: Any) -> None:
        body = said.encode() if isinstance(said, str) else json.dumps(said).encode()
        self._begin(status, {"Content-Length": str(len(body))})
        self.wfile.write(body)

    def _begin(self, status: int, more: Mapping[str, str]) -> None:
        self.send_response_only(status)
        for name, value in {**self.server.engine.headers, **more}.items():
            self.send_header(name, value)
        self.end_headers()

    def _send_export(self) -> None:
        engine = self.server.engine
        self._begin(200, {"Transfer-Encoding": "chunked", "Content-Type": "application/x-tar"})
        self.close_connection = True
        try:
            for chunk in engine.export():
                self.wfile.write(b"%x\r\n%s\r\n" % (len(chunk), chunk))
                engine.sent += len(chunk)
            self.wfile.write(b"0\r\n\r\n")
        except _BreaksOff:
            return
        except OSError:
            engine.closed.set()


class _BreaksOff(Exception):
    """The engine dies in the middle of what it sends."""


def breaking_off(data: bytes) -> Iterator[bytes]:
    """Yield data, after which the connection ends where more should come."""
    yield from chunks(data)
    raise _BreaksOff
