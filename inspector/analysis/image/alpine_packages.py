"""Alpine packages: apk's database of what is installed.

Format: wiki.alpinelinux.org, "Apk spec", the installed database: one letter, a colon and a value a line.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from inspector.analysis.image.packages_described import Described, ListedFile, NameFilter, every
from inspector.analysis.image.packages_text import decoded, number, plain
from inspector.analysis.image.stored import Stored

DATABASES: Final = ("lib/apk/db/installed", "usr/lib/apk/db/installed")


def find_alpine(stored: Stored, is_wanted: NameFilter = every) -> Iterator[Described]:
    """Yield every Alpine package that is installed and wanted."""
    for place in DATABASES:
        content = stored.whole(place)
        if content is not None:
            for block in decoded(content).split("\n\n"):
                yield from (package for package in _described(block, place) if is_wanted(package.name))


def _described(block: str, place: str) -> Iterator[Described]:
    said: dict[str, str] = {}
    files: list[ListedFile] = []
    folder = ""
    for line in block.split("\n"):
        letter, value = line[:2], line[2:].rstrip("\r")
        if letter == "F:":
            folder = value.strip("/")
        elif letter == "R:":
            files.append((f"{folder}/{value}" if folder else value, None))
        else:
            said.setdefault(letter, value)
    if said.get("P:"):
        declared = number(said.get("I:", ""))
        yield Described(
            "alpine", plain(said["P:"]), plain(said.get("V:", "")), place, files, declared, plain(said.get("T:", ""))
        )
