"""Gives an engine an archive of images, as docker load does, and tells what it says of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Final

from inspector.engines.connection import CALL_SECONDS, Engine
from inspector.isolation.plain_line import plain_line

_MOST_SAID: Final = 1 << 16
_FAILED: Final = 400


def load_archive(engine: Engine, pieces: Iterator[bytes], seconds: float) -> str:
    """Send an archive and return what the engine complains of, empty where it took it; seconds is how long it may say nothing.

    Raises requests' exceptions, OSError, and what pieces raises.
    """
    client = engine.client
    address = f"{client.base_url}/v{client.api_version}/images/load"
    with client.post(
        address,
        params={"quiet": "1"},
        data=pieces,
        headers={"Content-Type": "application/x-tar"},
        timeout=(CALL_SECONDS, seconds),
        stream=True,
    ) as answer:
        said = answer.raw.read(_MOST_SAID, decode_content=True)
    return problem_in(said, answer.status_code)


def problem_in(said: bytes, status: int) -> str:
    """Return what an engine complains of in its answer, which is JSON, one object a line; empty where it is content."""
    for line in said.splitlines():
        try:
            found = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(found, dict) and (problem := found.get("error") or (status >= _FAILED and found.get("message"))):
            return plain_line(str(problem), 200)
    return plain_line(said.decode("utf-8", "replace"), 200) or f"status {status}" if status >= _FAILED else ""
