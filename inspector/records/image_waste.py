"""Bytes an image ships without need: waste, which is proven, and leftovers, which are an estimate."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

WasteCause = Literal["overwritten", "deleted", "copied_up"]
"""copied_up: shipped again only to change owner, mode, times or attributes."""

LeftoverKind = Literal[
    "package caches",
    "bytecode",
    "tests",
    "headers",
    "static libraries",
    "build tools",
    "docs",
    "locales",
    "same content twice",
    "CUDA twice",
    "CUDA without use",
    "weights twice",
]


@dataclass(frozen=True, slots=True)
class WastedFile:
    """Content that a layer ships and that is not in the final file system."""

    path: str
    bytes: int
    cause: WasteCause
    layer: int
    """Index of the layer that ships the bytes."""
    by_layer: int
    """Index of the layer whose instruction made them waste."""
    compressed_bytes: int | None = None
    """Estimate from the compression of the layer as a whole."""


@dataclass(frozen=True, slots=True)
class WasteByCause:
    """Bytes and files of one cause."""

    cause: WasteCause
    bytes: int
    files: int
    compressed_bytes: int | None = None


@dataclass(frozen=True, slots=True)
class LayerWaste:
    """One layer's share: what it ships, how much of that is in the final file system, and what it made waste elsewhere."""

    layer: int
    shipped_bytes: int
    final_bytes: int
    reclaimable_bytes: int
    """shipped - final of this layer."""
    caused_bytes: int
    """Bytes, of this layer and those below, that this layer's instruction made waste."""


@dataclass(frozen=True, slots=True)
class Waste:
    """reclaimable = shipped - final, to the byte, split three ways: by cause, by layer that ships, by layer that causes."""

    shipped_bytes: int
    final_bytes: int
    reclaimable_bytes: int
    by_cause: tuple[WasteByCause, ...] = ()
    by_layer: tuple[LayerWaste, ...] = ()
    files: tuple[WastedFile, ...] = ()
    """Largest first."""
    compressed_bytes: int | None = None
    """Estimate of what reclaiming saves on a pull; None where a layer's compressed size is unknown."""


@dataclass(frozen=True, slots=True)
class Leftover:
    """One kind of leftover in the final file system; kinds overlap, the union does not."""

    kind: LeftoverKind
    bytes: int
    files: int
    paths: tuple[str, ...] = ()
    """All of them, largest first."""
    note: str = ""
    """What it rests on or what removing it would cost, such as slower imports without bytecode."""


@dataclass(frozen=True, slots=True)
class Leftovers:
    """All kinds, largest first, and what they come to with nothing counted twice."""

    union_bytes: int = 0
    union_files: int = 0
    by_kind: tuple[Leftover, ...] = ()
