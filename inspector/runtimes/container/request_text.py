"""Text of request files: read with bounds, variables replaced with bounds, bodies only from files beside them."""

from __future__ import annotations

import os
import re
import stat
from pathlib import Path
from typing import Final

from inspector.errors import UsageError
from inspector.isolation.plain_line import plain_line

MOST_TEXT: Final = 4 << 20
MOST_BODY: Final = 32 << 20
_MOST_VARIABLES: Final = 1000
_PLACE: Final = re.compile(r"\{\{\s*([^{}]{1,200}?)\s*\}\}")


class Substitution:
    """Variables, and text with their values in the place of {{name}}."""

    def __init__(self) -> None:
        self._values: dict[str, str] = {}

    def set(self, name: str, value: str) -> None:
        """Give a variable its value; raises ValueError where there are too many."""
        if len(self._values) >= _MOST_VARIABLES:
            raise ValueError(f"more than {_MOST_VARIABLES:,} variables")
        self._values[name] = value

    def replaced(self, text: str) -> str:
        """Return text with values in place of names; raises ValueError for a name that is not set, and for too much text."""
        pieces, end, size = list[str](), 0, len(text)
        for match in _PLACE.finditer(text):
            value = self._values.get(match[1])
            if value is None:
                raise ValueError(f"{{{{{plain_line(match[1], 40)}}}}} is not set")
            size += len(value)
            if size > MOST_TEXT:
                raise ValueError(f"variables make it longer than {MOST_TEXT >> 20} MiB")
            pieces += (text[end : match.start()], value)
            end = match.end()
        return "".join((*pieces, text[end:])) if pieces else text


def read_text(path: Path) -> str:
    """Return a request file's text. Raises UsageError for what is no file, too large, empty, or no text."""
    label = plain_line(path.name, 80)
    try:
        data = _regular(path, MOST_TEXT)
    except ValueError as problem:
        raise UsageError(f"{label}: {problem}", "--exercise names a file of HTTP requests") from None
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise UsageError(f"{label} is no text", "write requests as UTF-8") from None
    if "\0" in text:
        raise UsageError(f"{label} is no text", "bodies that are no text come from files: < ./body.bin")
    if not text.strip():
        raise UsageError(f"{label} is empty", "write a request into it, such as GET http://localhost:8000/health")
    return text


def body_file(folder: Path, name: str) -> bytes:
    """Return a file in the folder or below it; raises ValueError with the reason where it is none, or too large."""
    shown = plain_line(name, 80)
    try:
        inside = folder.resolve()
        path = (inside / name).resolve()
    except (OSError, ValueError, RuntimeError):
        raise ValueError(f"{shown} is no path") from None
    if not path.is_relative_to(inside):
        raise ValueError(f"{shown} is outside the folder of the requests")
    try:
        return _regular(path, MOST_BODY)
    except ValueError as problem:
        raise ValueError(f"{shown}: {problem}") from None


def _regular(path: Path, most: int) -> bytes:
    """Return a regular file whole; raises ValueError."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as file:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise ValueError("is no regular file")
            data = file.read(most + 1)
    except FileNotFoundError:
        raise ValueError("no such file") from None
    except OSError as error:
        raise ValueError((error.strerror or "cannot be read").lower()) from None
    if len(data) > most:
        raise ValueError(f"is larger than {most >> 20} MiB")
    return data
