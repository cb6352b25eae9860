"""The body of an engine's answer as a source of bytes."""

from __future__ import annotations

from collections.abc import Callable
from http.client import HTTPException
from typing import Any

from inspector.formats.image.tar_header import LayerProblem


class Body:
    """The body of a streamed response as a source, its failures told as LayerProblem."""

    def __init__(self, response: Any) -> None:
        # What has arrived, instead of all that was asked for: a slow engine must not keep anybody from stopping. urllib3 before
        # version 2.2 cannot.
        self._read: Callable[[int], bytes] = getattr(response.raw, "read1", response.raw.read)

    def read(self, size: int, /) -> bytes:
        """Return the next bytes, none only at the end."""
        from urllib3.exceptions import HTTPError

        try:
            return self._read(size)
        except (HTTPError, HTTPException, OSError, ValueError) as error:
            raise LayerProblem(f"cut short: the engine stopped sending ({type(error).__name__})") from None
