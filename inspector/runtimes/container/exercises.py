"""What --exercise says: a file of HTTP requests, the contract's inputs at an endpoint, or a command in the container."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Final

from inspector.errors import UsageError
from inspector.isolation.plain_line import plain_line
from inspector.records.slimming import Exercise
from inspector.runtimes.container.http_requests import HttpRequest, read_requests
from inspector.runtimes.container.http_urls import HttpUrl, parse_url

_REQUEST_FILES: Final = (".http", ".rest")
_CONTRACT: Final = "contract:"
_LONGEST: Final = 1 << 16
_HINT: Final = "one of: a file that ends in .http, contract:http://localhost:PORT/path, a command"


def parse_exercise(text: str) -> Exercise:
    """Return what one --exercise asks for; files are read to see that they make sense. Raises UsageError in one line."""
    told, shown = plain_line(text), plain_line(text, 60)
    if not text.strip():
        raise UsageError("--exercise is empty", _HINT)
    if len(text) > _LONGEST or "\0" in text or _is_broken(text):
        raise UsageError(f"--exercise {shown}: is no text that a command could be", _HINT)
    if text.startswith(_CONTRACT):
        address = text.removeprefix(_CONTRACT).strip()
        contract_url(address)
        return Exercise("contract", told, url=address)
    if _is_request_file(text):
        path = Path(text).absolute()
        read_requests(path)
        return Exercise("http", told, path=str(path))
    return Exercise("command", told, command=_command(text, shown))


def requests_of(exercise: Exercise) -> tuple[HttpRequest, ...]:
    """Return the requests of an exercise that is a file of them. Raises UsageError where it has changed for the worse."""
    return read_requests(Path(exercise.path))


def contract_url(text: str) -> HttpUrl:
    """Return where the contract's inputs are posted; raises UsageError."""
    try:
        return parse_url(text)
    except ValueError as problem:
        raise UsageError(f"--exercise contract: {problem}", "contract:http://localhost:PORT/path") from None


def _is_request_file(text: str) -> bool:
    """Whether it names a file of requests: without spaces always, with spaces where there is such a file."""
    if not text.lower().endswith(_REQUEST_FILES):
        return False
    try:
        return len(text.split()) == 1 or Path(text).exists()
    except OSError:
        return False


def _command(text: str, shown: str) -> tuple[str, ...]:
    try:
        command = tuple(shlex.split(text))
    except ValueError:
        raise UsageError(f"--exercise {shown}: a quotation mark has no partner", _HINT) from None
    if not command or not command[0]:
        raise UsageError(f"--exercise {shown}: names no command", _HINT)
    if command[0].lower().startswith(("http://", "https://")):
        raise UsageError(f"--exercise {shown}: is a URL, not a command", "write GET URL into a file that ends in .http")
    return command


def _is_broken(text: str) -> bool:
    """Whether it holds bytes that were no UTF-8."""
    return any("\ud800" <= character <= "\udfff" for character in text)
