"""What the records of one package say, before anybody looked whether it is so."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from inspector.records.image_contents import PackageKind

NameFilter = Callable[[str], bool]
"""Tells by name whether a package is wanted."""
ListedFile = tuple[str, int | None]
"""Path inside the root, and the bytes its package says it has, where it says so."""


def every(_name: str) -> bool:
    """Want every package."""
    return True


@dataclass(frozen=True, slots=True)
class Described:
    """One installed package as its own records describe it."""

    kind: PackageKind
    name: str
    version: str
    place: str
    """Path of the file that describes it."""
    files: Sequence[ListedFile] = ()
    declared_bytes: int | None = None
    summary: str = ""
