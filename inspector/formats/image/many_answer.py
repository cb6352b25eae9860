"""What parent and child of reading many files at once say to each other; text is still in the bytes of the files."""

from __future__ import annotations

from dataclasses import dataclass, field

from inspector.formats.image.layer_answer import LayerPlace


@dataclass(frozen=True, slots=True)
class WantedContent:
    """A file by its number among those asked for and by what its entry says; most bounds the bytes from its start."""

    number: int
    offset: int
    size: int
    sparse: bool
    most: int


@dataclass(frozen=True, slots=True)
class WantedLayer:
    """What is wanted of one layer."""

    place: LayerPlace
    contents: tuple[WantedContent, ...]


@dataclass(frozen=True, slots=True)
class ManyRequest:
    """All layers that something is wanted of."""

    layers: tuple[WantedLayer, ...]
    seconds: float


@dataclass(frozen=True, slots=True)
class FirstBytes:
    """First bytes by number, and what kept layers from being read."""

    found: list[tuple[int, bytes]] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class RawElf:
    """ElfNeeds before text is cleaned, of the file with this number."""

    number: int
    needed: tuple[bytes, ...]
    search: tuple[bytes, ...]
    soname: bytes
    interpreter: bytes
    machine: int
    bits: int
    is_inherited: bool


@dataclass(frozen=True, slots=True)
class ElfAnswer:
    """What was found, the numbers of files that are no sound ELF files, and what kept layers from being read."""

    found: list[RawElf] = field(default_factory=list)
    refused: list[int] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
