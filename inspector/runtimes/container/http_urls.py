"""URLs of what a container is asked: the port, the path and the Host header; which machine it names is of no account."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from inspector.isolation.plain_line import plain_line


@dataclass(frozen=True, slots=True)
class HttpUrl:
    """Port of the container, path with query, and what goes into the Host header."""

    port: int
    target: str
    host: str


def parse_url(text: str) -> HttpUrl:
    """Return the parts of an http URL; raises ValueError with the reason where it is none that can be asked."""
    shown = plain_line(text, 60)
    if text.startswith("https://"):
        raise ValueError(f"{shown}: containers are asked over http only: name the port that speaks it")
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise ValueError(f"{shown} is no URL") from None
    if parts.scheme != "http" or not parts.hostname or port == 0:
        raise ValueError(f"{shown or 'nothing'} is no URL such as http://localhost:8000/path")
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    if not (text.isascii() and target.isprintable() and " " not in target and "\\" not in parts.netloc):
        raise ValueError(f"{shown}: needs escapes such as %20")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return HttpUrl(port or 80, target, f"{host}:{port or 80}")
