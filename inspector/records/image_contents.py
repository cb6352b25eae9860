"""What the final file system of an image holds, told from its files: packages, models, and what moves when one changes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from inspector.records.artifact import Format

PackageKind = Literal["python", "debian", "alpine"]
PullChange = Literal["weights", "code", "dependencies"]


@dataclass(frozen=True, slots=True)
class Package:
    """One installed package and the bytes of its files that are in the final file system."""

    kind: PackageKind
    name: str
    version: str
    bytes: int
    files: int
    declared_bytes: int | None = None
    """What its own records say its files come to (RECORD, Installed-Size); None where they do not say."""
    missing_files: int = 0
    """Files its records name that are not there."""
    changed_files: int = 0
    """Files that are not of the size its records say."""
    place: str = ""
    """The file that describes it."""
    layer: int | None = None
    """Index of the layer that file is in."""
    summary: str = ""
    bytecode_bytes: int = 0
    """Bytes of bytecode of its modules that its records do not list; not in bytes."""


@dataclass(frozen=True, slots=True)
class Packages:
    """All packages, largest first, and what no package owns; a file that two own counts for the first."""

    packages: tuple[Package, ...] = ()
    unowned_bytes: int = 0
    unowned_files: int = 0
    unowned_largest: tuple[tuple[str, int], ...] = ()
    """The largest folders or files that no package owns, with bytes."""


@dataclass(frozen=True, slots=True)
class InsideArtifact:
    """A model in the final file system: an ONNX file, or the folder of a SavedModel; bytes with its own files only."""

    path: str
    format: Format
    bytes: int
    layer: int
    """Index of the layer its definition is in."""
    digest: str = ""
    """Of the blob, for one that is a blob of an OCI artifact instead of a file in a layer."""


@dataclass(frozen=True, slots=True)
class PullCost:
    """Which layers move on a pull when one kind of content changes, and how little could move."""

    change: PullChange
    layers: tuple[int, ...]
    """Those that hold such content, and all above the lowest of them, since building again makes them anew."""
    bytes: int
    """Compressed bytes of these layers; uncompressed where that is all that is known."""
    needed_bytes: int
    """Uncompressed bytes of the content itself."""
    content_layers: tuple[int, ...] = ()
    """Those that hold such content."""
    advice: str = ""
    """What to move where, in one sentence; empty where nothing is to be gained."""


@dataclass(frozen=True, slots=True)
class ElfNeeds:
    """What an ELF file asks of the loader: libraries by name, where to look first, its own name, the interpreter."""

    needed: tuple[str, ...] = ()
    search: tuple[str, ...] = ()
    """RUNPATH, or RPATH where there is none, as written: $ORIGIN is not replaced."""
    soname: str = ""
    interpreter: str = ""
    machine: int = 0
    bits: int = 64
    is_inherited: bool = False
    """search is RPATH: what the file loads looks there, too."""
