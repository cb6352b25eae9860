"""Debian packages: dpkg's status and lists, and the folder of statuses that distroless images have instead.

Formats: deb-control(5), dpkg's admindir, and "package metadata" in the README of distroless.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from inspector.analysis.image.packages_described import Described, ListedFile
from inspector.analysis.image.packages_text import decoded, fields, number, plain
from inspector.analysis.image.stored import Stored

STATUS: Final = "var/lib/dpkg/status"
_DISTROLESS: Final = "var/lib/dpkg/status.d/"
_LISTS: Final = "var/lib/dpkg/info/"
_GONE: Final = ("config-files", "not-installed")


def find_debian(stored: Stored) -> Iterator[Described]:
    """Yield every Debian package that is installed, even in part."""
    status = stored.whole(STATUS)
    if status is not None:
        for paragraph in _paragraphs(decoded(status)):
            yield from _described(stored, paragraph, STATUS)
    for path in stored.entries:
        if path.startswith(_DISTROLESS) and not path.endswith(".md5sums"):
            for paragraph in _paragraphs(decoded(stored.whole(path) or b"")):
                yield from _described(stored, paragraph, path)


def _paragraphs(text: str) -> Iterator[dict[str, str]]:
    for paragraph in text.replace("\r\n", "\n").split("\n\n"):
        found = fields(iter(paragraph.strip("\n").split("\n")))
        if found:
            yield found


def _described(stored: Stored, said: dict[str, str], place: str) -> Iterator[Described]:
    name = said.get("package", "")
    state = said.get("status", "").rpartition(" ")[2]
    if not name or state in _GONE:
        return
    kibibytes = number(said.get("installed-size", ""))
    yield Described(
        "debian",
        plain(name),
        plain(said.get("version", "")),
        place,
        _listed(stored, name, said.get("architecture", ""), place),
        None if kibibytes is None else kibibytes * 1024,
        plain(said.get("description", "")),
    )


def _listed(stored: Stored, name: str, architecture: str, place: str) -> Sequence[ListedFile]:
    for path in (f"{_LISTS}{name}.list", f"{_LISTS}{name}:{architecture}.list"):
        content = stored.whole(path)
        if content is not None:
            return [(path, None) for path in _files(decoded(content))]
    content = stored.whole(f"{place}.md5sums") if place != STATUS else None
    lines = decoded(content or b"").split("\n")
    paths = (line.partition(" ")[2].strip() for line in lines)
    return [(path.removeprefix("./").lstrip("/"), None) for path in paths if path]


def _files(text: str) -> Iterator[str]:
    """Yield the paths of a list, without the folders: those that the next line goes on from."""
    lines = text.split("\n")
    for line, following in zip(lines, [*lines[1:], ""], strict=True):
        if line and line != "/." and not (following.startswith(line) and following[len(line) : len(line) + 1] == "/"):
            yield line.lstrip("/")
