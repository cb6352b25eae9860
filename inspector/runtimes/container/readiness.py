"""What counts as ready: the first output, a text in it, an end with 0, an answer over HTTP, or the image's own health check."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from inspector.errors import UsageError
from inspector.isolation.plain_line import plain_line
from inspector.records.loadable_image import LoadableImage

_HINT: Final = "one of: http://HOST:PORT/path, log:TEXT, exit; nothing: the image's health check, or its first output"
_SHELL: Final = ("/bin/sh", "-c")


@dataclass(frozen=True, slots=True)
class FirstOutput:
    """The first byte on either stream."""

    told: str = "its first output"


@dataclass(frozen=True, slots=True)
class LogText:
    """A text on either stream."""

    text: str

    @property
    def told(self) -> str:
        """What is waited for, for a person."""
        return f"the text {plain_line(self.text, 60)!r} in its output"


@dataclass(frozen=True, slots=True)
class ExitZero:
    """The end of the container, with exit code 0."""

    told: str = "its end"


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """An answer with a status below 400 from a port of the container."""

    port: int
    path: str
    host: str
    """What goes into the Host header."""

    @property
    def told(self) -> str:
        """What is waited for, for a person."""
        return f"an answer of port {self.port} to {plain_line(self.path, 60)}"


@dataclass(frozen=True, slots=True)
class Listening:
    """A port of the container that takes connections."""

    port: int

    @property
    def told(self) -> str:
        """What is waited for, for a person."""
        return f"port {self.port} to take connections"


@dataclass(frozen=True, slots=True)
class Healthy:
    """A command in the container that ends with 0."""

    command: tuple[str, ...]
    told: str = "its health check to pass"


Ready = FirstOutput | LogText | ExitZero | HttpAnswer | Listening | Healthy


def parse_ready(text: str, image: LoadableImage | None = None) -> Ready:
    """Return what counts as ready; raises UsageError for what is nothing of the kind."""
    if not text:
        command = _health_command(image) if image is not None else ()
        return Healthy(command) if command else FirstOutput()
    if text == "exit":
        return ExitZero()
    if text.startswith("log:") and len(text) > len("log:"):
        return LogText(text.removeprefix("log:"))
    if text.startswith("http://"):
        return _http(text)
    raise UsageError(f"--ready {plain_line(text, 60)}: is not known", _HINT)


def _http(text: str) -> HttpAnswer:
    try:
        parts = urlsplit(text)
        port = parts.port or 80
    except ValueError:
        raise UsageError(f"--ready {plain_line(text, 60)}: is no URL", _HINT) from None
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    if not (path.isascii() and path.isprintable() and " " not in path):
        raise UsageError(f"--ready {plain_line(text, 60)}: its path needs escapes such as %20", _HINT)
    host = parts.hostname or "localhost"
    if not (host.isascii() and host.isprintable()):
        raise UsageError(f"--ready {plain_line(text, 60)}: its host is none", _HINT)
    return HttpAnswer(port, path, f"[{host}]:{port}" if ":" in host else f"{host}:{port}")


def _health_command(image: LoadableImage) -> tuple[str, ...]:
    """Return the command of the image's health check; empty where it has none, or none that makes sense."""
    try:
        config = _member(json.loads(image.config), "config")
        test = _member(_member(config, "healthcheck"), "test")
        shell = _member(config, "shell")
    except (ValueError, RecursionError):
        return ()
    if not isinstance(test, list) or not all(isinstance(part, str) for part in test) or len(test) < 2:
        return ()
    if test[0] == "CMD":
        return tuple(test[1:])
    if test[0] != "CMD-SHELL":
        return ()
    custom = isinstance(shell, list) and shell and all(isinstance(part, str) for part in shell)
    return (*(shell if custom else _SHELL), test[1])


def _member(document: Any, name: str) -> Any:
    """Return a member of an object by its name in any case, as engines read it; None where there is none."""
    found = None
    if isinstance(document, dict):
        for key, value in document.items():
            if key.lower() == name:
                found = value
    return found
