"""The files of an archive or layout by name, links followed inside it; nothing outside can be named."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal

MOST_MEMBERS: Final = 200_000
"""Files an archive of images may hold: engines write a few for each layer."""

_MOST_LINKS: Final = 16

MISSING: Final = "missing"

MemberKind = Literal["file", "symlink", "hard_link", "other"]


@dataclass(frozen=True, slots=True)
class Member:
    """One file of an archive: name and link without "./", offset and size in bytes within the uncompressed archive."""

    name: str
    kind: MemberKind
    offset: int = 0
    size: int = 0
    link: str = ""


@dataclass(frozen=True, slots=True)
class Located:
    """The file that a name leads to, or why there is none."""

    member: Member | None = None
    problem: str = ""
    escapes: bool = False
    """Whether the problem is that the name leads out of the archive."""


class Members:
    """The members of one archive; of those with the same name the last counts, as when it is unpacked."""

    def __init__(self, members: Iterable[Member]) -> None:
        self.by_name: dict[str, Member] = {}
        self.repeated: set[str] = set()
        for member in members:
            if member.name in self.by_name:
                self.repeated.add(member.name)
            self.by_name[member.name] = member

    def locate(self, name: str) -> Located:
        """Return the file that a name, relative to the root of the archive, leads to."""
        if not name:
            return Located(problem="has no name")
        for _ in range(_MOST_LINKS):
            place = normalized(name)
            if place is None:
                return Located(problem="leads out of the archive", escapes=True)
            member = self.by_name.get(place)
            if member is None:
                return Located(problem=MISSING)
            if member.kind == "file":
                return Located(member)
            if member.kind == "other":
                return Located(problem="no regular file")
            is_relative = member.kind == "symlink" and not member.link.startswith("/")
            name = f"{place.rpartition('/')[0]}/{member.link}".lstrip("/") if is_relative else member.link
        return Located(problem="a link that leads in a circle")


def normalized(name: str) -> str | None:
    """Return a name without ".", ".." and doubled slashes; None if it is absolute, empty or leads out of the root."""
    if name.startswith("/") or "\0" in name:
        return None
    parts: list[str] = []
    for part in name.split("/"):
        if part == "..":
            if not parts:
                return None
            parts.pop()
        elif part not in ("", "."):
            parts.append(part)
    return "/".join(parts) or None
