"""Files of HTTP requests, as editors send them (.http, .rest): read into records, hostile ones refused in one line."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NoReturn

from inspector.errors import UsageError
from inspector.isolation.plain_line import plain_line
from inspector.runtimes.container.http_urls import HttpUrl, parse_url
from inspector.runtimes.container.request_text import Substitution, body_file, read_text

MOST_REQUESTS: Final = 1000
_MOST_BODIES: Final = 128 << 20
"""Bytes that all bodies together may have."""
_SEPARATOR: Final = "###"
_COMMENT: Final = re.compile(r"(#|//)(?P<text>.*)")
_NAME: Final = re.compile(r"\s*@name[\s=]+(?P<name>\S.*)")
_VARIABLE: Final = re.compile(r"@(?P<name>[^\s=]+)\s*=\s*(?P<value>.*)")
_METHODS: Final = "GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS"
_REQUEST: Final = re.compile(rf"(?:(?P<method>{_METHODS})\s+)?(?P<url>\S+?)(?:\s+HTTP/[0-9.]+)?", re.IGNORECASE)
_HEADER: Final = re.compile(r"(?P<name>[!#$%&'*+.^_`|~0-9A-Za-z-]+)\s*:\s*(?P<value>.*)")
_FROM_FILE: Final = re.compile(r"<(?P<replaced>@?)\s+(?P<path>\S.*)")
_SCRIPT: Final = re.compile(r"[<>]\s*\{%|<>\s|>\s*\S+\.js\s*$")
_COMPUTED: Final = frozenset({"content-length", "transfer-encoding", "connection", "host"})
"""Headers that follow from the request."""
_FORM: Final = "application/x-www-form-urlencoded"
_VARIABLES: Final = "variables are set above their use, each on a line: @name = value"
_HOW: Final = "a request is METHOD http://localhost:PORT/path, header lines, an empty line, the body; ### separates requests"


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """One request: headers without those that follow from it, the body whole; line is that in its file, 0 for none."""

    method: str
    url: HttpUrl
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    name: str = ""
    line: int = 0

    @property
    def label(self) -> str:
        """What is asked, for a person."""
        named = f" ({plain_line(self.name, 60)})" if self.name else ""
        return f"{self.method} {plain_line(self.url.target, 80)}{named}"


@dataclass(slots=True)
class _Draft:
    """A request whose lines are being read."""

    line: int
    name: str
    method: str = ""
    url: str = ""
    headers: tuple[tuple[str, str], ...] = ()


def read_requests(path: Path) -> tuple[HttpRequest, ...]:
    """Return the requests of a file, at least one. Raises UsageError that names file and line."""
    file = _RequestFile(path)
    found: list[HttpRequest] = []
    size = 0
    for first, lines in _blocks(read_text(path)):
        request = file.request(first, lines)
        if request is None:
            continue
        size += len(request.body)
        if len(found) == MOST_REQUESTS:
            file.refuse(first, f"more than {MOST_REQUESTS:,} requests")
        if size > _MOST_BODIES:
            file.refuse(first, f"its bodies come to more than {_MOST_BODIES >> 20} MiB")
        found.append(request)
    if not found:
        raise UsageError(f"{file.label} holds no request", _HOW)
    return tuple(found)


def _blocks(text: str) -> Iterator[tuple[int, list[str]]]:
    """Yield the lines of each request with the number of the first, which is the separator, but for the first request."""
    first, lines = 1, list[str]()
    for number, line in enumerate(text.split("\n"), 1):
        if line.startswith(_SEPARATOR):
            yield first, lines
            first, lines = number, [line]
        else:
            lines.append(line.removesuffix("\r"))
    yield first, lines


class _RequestFile:
    """Reads one file; variables hold for what comes after them."""

    def __init__(self, path: Path) -> None:
        self.label = plain_line(path.name, 80)
        self._path = path
        self._variables = Substitution()

    def refuse(self, line: int, why: str, hint: str = _HOW) -> NoReturn:
        """Raise UsageError that names the line."""
        raise UsageError(f"{self.label} line {line}: {why}", hint)

    def request(self, first: int, lines: list[str]) -> HttpRequest | None:
        """Return the request in the lines, None where there is none."""
        draft, place = self._request_line(first, lines)
        if draft is None:
            return None
        place = self._headers(draft, first, lines, place)
        url = self._url(draft)
        body = self._body(draft, first + place, lines[place:])
        kept = tuple((name, value) for name, value in draft.headers if name.lower() not in _COMPUTED)
        return HttpRequest(draft.method, url, kept, body, draft.name, draft.line)

    def _request_line(self, first: int, lines: list[str]) -> tuple[_Draft | None, int]:
        """Return what the request line says, and the index of the line after it; takes in variables and names before it."""
        name = ""
        for place, line in enumerate(lines):
            stripped, number = line.strip(), first + place
            if comment := _COMMENT.fullmatch(stripped):
                named = _NAME.fullmatch(comment["text"])
                separator = stripped.strip("#").strip() if stripped.startswith(_SEPARATOR) else ""
                name = named["name"].strip() if named else name or separator
            elif variable := _VARIABLE.fullmatch(stripped):
                self._set(variable["name"], variable["value"], number)
            elif stripped:
                return self._asked(_Draft(number, name), stripped), place + 1
        return None, len(lines)

    def _asked(self, draft: _Draft, line: str) -> _Draft:
        found = _REQUEST.fullmatch(self._replaced(line, draft.line))
        if found is None or not (found["method"] or found["url"].startswith(("http://", "https://"))):
            self.refuse(draft.line, f"{plain_line(line, 60)!r} is no request")
        draft.method, draft.url = (found["method"] or "GET").upper(), found["url"]
        return draft

    def _headers(self, draft: _Draft, first: int, lines: list[str], place: int) -> int:
        """Take in header lines, and lines that go on with the URL's query; returns the index of the body's first line."""
        for index in range(place, len(lines)):
            line, number = lines[index].strip(), first + index
            if not line:
                return index + 1
            if line.startswith(("?", "&")) and not draft.headers:
                draft.url += self._replaced(line, number)
            elif not _COMMENT.fullmatch(line):
                draft.headers += (self._header(line, number),)
        return len(lines)

    def _header(self, line: str, number: int) -> tuple[str, str]:
        found = _HEADER.fullmatch(self._replaced(line, number))
        if found is None:
            self.refuse(number, f"{plain_line(line, 60)!r} is no header", "an empty line comes between headers and body")
        if any(ord(character) < 32 and character != "\t" for character in found["value"]):
            self.refuse(number, "a header with control characters in it")
        return found["name"], found["value"]

    def _url(self, draft: _Draft) -> HttpUrl:
        given = next((value for name, value in draft.headers if name.lower() == "host"), "")
        try:
            if draft.url.startswith("/") and given:
                return parse_url(f"http://{given}{draft.url}")
            found = parse_url(draft.url)
        except ValueError as problem:
            self.refuse(draft.line, str(problem))
        return HttpUrl(found.port, found.target, given or found.host)

    def _body(self, draft: _Draft, first: int, lines: list[str]) -> bytes:
        """Return the body: the lines as they are, without empty ones at the end, files in the place of "< path"."""
        while lines and not lines[-1].strip():
            lines = lines[:-1]
        parts = [self._body_line(line, first + index) for index, line in enumerate(lines)]
        kind = next((value for name, value in draft.headers if name.lower() == "content-type"), "")
        if kind.lower().startswith(_FORM):
            return b"".join(part.strip() for part in parts)
        return b"\n".join(parts)

    def _body_line(self, line: str, number: int) -> bytes:
        if _SCRIPT.match(line):
            self.refuse(number, "scripts and saved responses are not supported", "leave them out")
        found = _FROM_FILE.fullmatch(line.strip()) if line.startswith("<") else None
        if found is None:
            return self._replaced(line, number).encode("utf-8")
        try:
            content = body_file(self._path.parent, self._replaced(found["path"].strip(), number))
            if not found["replaced"]:
                return content
            return self._replaced(content.decode("utf-8"), number).encode("utf-8")
        except UnicodeDecodeError:
            self.refuse(number, "the body's file is not UTF-8, so that nothing can be replaced in it", "use < instead of <@")
        except ValueError as problem:
            self.refuse(number, str(problem), "the body is a file beside the requests")

    def _set(self, name: str, value: str, number: int) -> None:
        try:
            self._variables.set(name, self._variables.replaced(value))
        except ValueError as problem:
            self.refuse(number, str(problem), _VARIABLES)

    def _replaced(self, text: str, number: int) -> str:
        try:
            return self._variables.replaced(text)
        except ValueError as problem:
            self.refuse(number, str(problem), _VARIABLES)
