"""Debian packages: dpkg's status and lists, and the folder of statuses that distroless images have instead.

Formats: deb-control(5), dpkg's admindir, and "package metadata" in the README of distroless.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from inspector.analysis.image.packages_described import Described, ListedFile, NameFilter, every
from inspector.analysis.image.packages_text import decoded, fields, number, plain
from inspector.analysis.image.stored import Stored

STATUS: Final = "var/lib/dpkg/status"
_DISTROLESS: Final = "var/lib/dpkg/status.d/"
_LISTS: Final = "var/lib/dpkg/info/"
_GONE: Final = ("config-files", "not-installed")


def find_debian(stored: Stored, is_wanted: NameFilter = every) -> Iterator[Described]:
    """Yield every Debian package that is wanted and installed, even in part; of equal name and architecture the first."""
    seen: set[tuple[str, str]] = set()
    for place in _statuses(stored):
        for said in _paragraphs(decoded(stored.whole(place) or b"")):
            name, architecture = said.get("package", ""), said.get("architecture", "")
            is_installed = said.get("status", "").rpartition(" ")[2] not in _GONE
            if name and is_installed and (name, architecture) not in seen and is_wanted(plain(name)):
                seen.add((name, architecture))
                yield _described(stored, said, place)


def _statuses(stored: Stored) -> Iterator[str]:
    yield STATUS
    if _DISTROLESS.rstrip("/") in stored.entries:
        yield from (path for path in stored.entries if path.startswith(_DISTROLESS) and not path.endswith(".md5sums"))


def _paragraphs(text: str) -> Iterator[dict[str, str]]:
    for paragraph in text.replace("\r\n", "\n").split("\n\n"):
        found = fields(iter(paragraph.strip("\n").split("\n")))
        if found:
            yield found


def _described(stored: Stored, said: dict[str, str], place: str) -> Described:
    kibibytes = number(said.get("installed-size", ""))
    return Described(
        "debian",
        plain(said["package"]),
        plain(said.get("version", "")),
        place,
        _listed(stored, said["package"], said.get("architecture", ""), place),
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
