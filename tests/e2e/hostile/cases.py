"""What a hostile file is made by, and what the command must answer to it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

Maker = Callable[[Path], Path]
"""Makes the file in an empty folder and returns the path to hand to the command."""


@dataclass(frozen=True)
class Case:
    """One hostile file: the command must refuse it (exit 3, one line), or read it and find each of these rules.

    says is text that the refusal must hold. either: a refusal is as good as a reading.
    """

    name: str
    make: Maker
    finds: tuple[str, ...] = ()
    says: str = ""
    refused: bool = False
    either: bool = False


def refused(name: str, make: Maker, says: str = "") -> Case:
    """Return a case that must end in exit 3."""
    return Case(name, make, says=says, refused=True)


def found(name: str, make: Maker, *rules: str) -> Case:
    """Return a case that must be read, with at least these findings."""
    return Case(name, make, finds=rules)


def survived(name: str, make: Maker) -> Case:
    """Return a case that may be read or refused, but cleanly."""
    return Case(name, make, either=True)


def file_of(data: bytes, name: str = "model.onnx") -> Maker:
    """Return the maker of a file of just these bytes."""

    def make(folder: Path) -> Path:
        path = folder / name
        path.write_bytes(data)
        return path

    return make
