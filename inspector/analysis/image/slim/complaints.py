"""What programs that miss something say: modules, libraries, paths, programs and settings, read from what they printed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

_LONGEST: Final = 8 << 10
"""Characters of one message that are looked at, half of them at its end."""
_MOST_MESSAGES: Final = 4000
_MOST_TEXT: Final = 1 << 20
"""Characters of all messages together."""
_MOST_NAMES: Final = 200

_MODULE: Final = re.compile(
    r"No module named ['\"]?([\w.]{1,200})|[Cc]annot find (?:module|package) ['\"]([^'\"\n]{1,400})['\"]"
    r"|ModuleNotFoundError: ['\"]?([\w.]{1,200})['\"]? (?:is|was) not"
)
_NAME_FROM: Final = re.compile(
    r"cannot import name ['\"](\w{1,200})['\"] from (?:partially initialized module )?['\"]([\w.]{1,200})['\"]"
)
_DISTRIBUTION: Final = re.compile(
    r"No package metadata was found for ['\"]?([\w.-]{1,200})"
    r"|The ['\"]([\w.-]{1,200})[^'\"]{0,80}['\"] distribution was not found"
    r"|PackageNotFoundError: (?!No )['\"]?([\w.-]{1,200})|requires? the ['\"]?([\w.-]{1,200})['\"]? (?:package|library)"
)  # fmt: skip
_LIBRARY: Final = re.compile(r"(?<![\w.+-])((?:lib|ld-)?[\w.+-]{1,200}?\.so(?:\.\d{1,9}){0,4})(?![\w+-])")
_PROGRAM: Final = re.compile(
    r"exec:? ['\"]?([\w./+-]{1,400})['\"]?:? (?:executable file not found|stat |no such file|not found)"
    r"|(?:^|: )([\w./+-]{1,400}): (?:command )?not found|env: .?([\w./+-]{1,200}).?: No such file"
    r"|bad interpreter|unable to (?:find|locate) (?:program |executable )?['\"]?([\w./+-]{1,200})"
)
_QUOTED: Final = re.compile(r"'([^'\n]{1,1024})'|\"([^\"\n]{1,1024})\"|‘([^’\n]{1,1024})’")
_ABSOLUTE: Final = re.compile(r"/[^\s'\"<>|:;,()\[\]{}`*?\\‘’“”]{1,1024}")
_MISSING: Final = re.compile(
    r"no such file|not found|cannot open|can't open|does not exist|doesn't exist|filenotfound|enoent"
    r"|unable to (?:open|load|read)"
    r"|failed to (?:open|load|read|find)|could ?n[o']t (?:find|open|load|read)|missing|not a (?:file|directory)|invalid path",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Topic:
    """A setting that programs complain about without naming a file: what tells it, and which paths it rests on."""

    name: str
    said: re.Pattern[str]
    paths: re.Pattern[str]


TOPICS: Final = (
    Topic(
        "certificates",
        re.compile(
            r"CERTIFICATE_VERIFY_FAILED|local issuer certificate|certificate verify|unknown authority|TLS CA certificate"
            r"|setting certificate|certificate (?:file|locations?|bundle)|SSL(?:Cert)?[^\n]{0,40}(?:certificate|cafile)",
            re.IGNORECASE,
        ),
        re.compile(
            r"etc/ssl/.*|etc/pki/.*|etc/ca-certificates.*|usr/(?:local/)?share/ca-certificates/.*|usr/(?:local/)?(?:lib/)?ssl/.*|.*/certifi/cacert\.pem"
        ),
    ),
    Topic(
        "locales",
        re.compile(
            r"unsupported locale|cannot (?:set|change) (?:LC_|locale)|setlocale|locale\.Error|can't set the locale",
            re.IGNORECASE,
        ),
        re.compile(r"usr/lib/locale/.*|usr/share/locale/.*|usr/share/i18n/.*|etc/locale.*|etc/default/locale"),
    ),
    Topic(
        "time zones",
        re.compile(
            r"ZoneInfoNotFound|no time zone found|unknown time ?zone|invalid time ?zone|tzdata|cannot load location|tzlocal"
            r"|TZPATH",
            re.IGNORECASE,
        ),
        re.compile(r"usr/share/zoneinfo/.*|etc/localtime|etc/timezone|.*/(?:tzdata|pytz|dateutil/zoneinfo)/.*"),
    ),
    Topic(
        "users and names",
        re.compile(
            r"getpw(?:nam|uid)|unable to find (?:user|group)|no passwd entry|(?:uid|user|group)[^\n]{0,40}not found"
            r"|I have no name|name or service not known|name resolution|service/proto not found|getaddrinfo|nsswitch",
            re.IGNORECASE,
        ),
        re.compile(
            r"etc/(?:passwd|group|shadow|nsswitch\.conf|hosts|host\.conf|gai\.conf|resolv\.conf|protocols|services|login\.defs)|(?:.*/)?libnss_[^/]*"
        ),
    ),
    Topic(
        "character sets",
        re.compile(
            r"unknown encoding|codec can't|iconv|gconv|No module named ['\"]?encodings"
            r"|LookupError: [^\n]{0,60}encoding"
        ),
        re.compile(r".*/python[\d.]+/encodings/.*|.*/gconv/.*"),
    ),
    Topic("terminals", re.compile(r"terminals? database|unknown terminal|terminfo|setupterm"), re.compile(r".*/terminfo/.*")),
    Topic(
        "fonts",
        re.compile(r"fontconfig|font[^\n]{0,40}not found", re.IGNORECASE),
        re.compile(r"etc/fonts/.*|usr/share/font.*"),
    ),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Complaint:
    """One thing that is missed: a module, distribution, library, program, path, or topic; said is the line that names it."""

    kind: str
    name: str
    said: str


def complaints(messages: Sequence[str]) -> tuple[Complaint, ...]:
    """Return what messages say is missing, each thing once, in order; long ones are looked at in part, many not all."""
    found: dict[tuple[str, str], Complaint] = {}
    for message in _as_many_as_fit(messages):
        for line in message.splitlines():
            for one in _of_line(line):
                found.setdefault((one.kind, one.name), one)
            if len(found) >= _MOST_NAMES:
                return tuple(found.values())
    return tuple(found.values())


def mentioned_paths(messages: Sequence[str]) -> tuple[str, ...]:
    """Return the absolute paths in messages, the last ones first, as of a traceback's innermost frame."""
    found: dict[str, None] = {}
    for message in reversed(list(_as_many_as_fit(messages))):
        for path in reversed(_ABSOLUTE.findall(message)):
            found.setdefault(path.lstrip("/"))
            if len(found) >= _MOST_NAMES:
                return tuple(found)
    return tuple(found)


def _as_many_as_fit(messages: Sequence[str]) -> Iterator[str]:
    left = _MOST_TEXT
    for message in messages[:_MOST_MESSAGES]:
        clipped = _clipped(message)
        left -= len(clipped)
        if left < 0:
            return
        yield clipped


def _clipped(message: str) -> str:
    half = _LONGEST // 2
    return message if len(message) <= _LONGEST else f"{message[:half]}\n{message[-half:]}"


def _of_line(line: str) -> Iterator[Complaint]:
    for found in _MODULE.finditer(line):
        yield Complaint("module", _first(found).rstrip("."), line)
    for found in _NAME_FROM.finditer(line):
        yield Complaint("module", f"{found.group(2)}.{found.group(1)}", line)
    for found in _DISTRIBUTION.finditer(line):
        yield Complaint("distribution", _first(found), line)
    for found in _LIBRARY.finditer(line):
        yield Complaint("library", found.group(1), line)
    for found in _PROGRAM.finditer(line):
        if _first(found):
            yield Complaint("program", _first(found), line)
    for path in _ABSOLUTE.findall(line):
        yield Complaint("path", path.rstrip("."), line)
    if _MISSING.search(line):
        for found in _QUOTED.finditer(line):
            yield Complaint("path", _first(found), line)
    for topic in TOPICS:
        if topic.said.search(line):
            yield Complaint("topic", topic.name, line)


def _first(found: re.Match[str]) -> str:
    return next((group for group in found.groups() if group), "")
