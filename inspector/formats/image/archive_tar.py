"""The members of an archive of images, from one walk over its headers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from inspector.errors import UnreadableArtifact
from inspector.formats.image.archive_members import MOST_MEMBERS, Member, MemberKind, normalized
from inspector.formats.image.tar_header import LayerProblem
from inspector.formats.image.tar_sources import TarSource
from inspector.formats.image.tar_walk import walk

_KINDS: Final[dict[bytes, MemberKind]] = {b"0": "file", b"\0": "file", b"7": "file", b"2": "symlink", b"1": "hard_link"}
_LONGEST_NAME: Final = 4096
_NOT_READ: Final = "name an archive that docker save or podman save wrote, or an OCI layout"


class NoTar(UnreadableArtifact):
    """Not even the first header is one."""


@dataclass(slots=True)
class WalkEnd:
    """How a walk ended: what kept the rest of the archive from being read, empty if nothing did."""

    problem: str = ""


def walk_archive(source: TarSource, label: str, end: WalkEnd) -> Iterator[Member]:
    """Yield the members whose names lie inside the archive; their content may be read from source before going on.

    Raises NoTar, and UnreadableArtifact for what holds too many files; a tar that is damaged further on ends early, and end
    says why.
    """
    count = 0
    try:
        for found in walk(source):
            count += 1
            if count > MOST_MEMBERS:
                raise UnreadableArtifact(
                    f"{label}: holds more than {MOST_MEMBERS:,} files: it is no archive of images", _NOT_READ
                )
            if len(found.name) > _LONGEST_NAME or len(found.link) > _LONGEST_NAME:
                continue
            name = normalized(found.name.decode("utf-8", "surrogateescape"))
            if name is not None:
                kind: MemberKind = "other" if found.sparse is not None else _KINDS.get(found.flag, "other")
                link = found.link.decode("utf-8", "surrogateescape")
                yield Member(name, kind, found.offset, found.stored, link)
    except LayerProblem as problem:
        if not count:
            raise NoTar(f"{label}: holds no tar archive: {problem}", _NOT_READ) from None
        end.problem = str(problem)
