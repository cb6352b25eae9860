"""Signs that tell how things differ without color, and the roles that color them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from inspector.records.difference import ComparedArea, Way

SIGNS: Final[Mapping[Way, str]] = {"added": "+", "removed": "−", "changed": "~", "renamed": "≈", "moved": "→"}
ROLES: Final[Mapping[Way, str]] = {"added": "good", "removed": "high", "changed": "medium", "renamed": "low", "moved": "violet"}
EQUAL: Final = "="
UNKNOWN: Final = "?"
_WAYS: Final[tuple[Way, ...]] = ("added", "removed", "changed", "renamed", "moved")

LEGEND: Final = " ".join(f"{SIGNS[way]} {way}" for way in _WAYS)


def style_of(way: Way | None) -> str:
    """Return the style of text about a difference; soft for what is the same."""
    return f"${ROLES[way]} bold" if way is not None else "$soft"


def counts(area: ComparedArea) -> tuple[tuple[str, str], ...]:
    """Return what an area comes to as pieces of text with their roles: "+3 −1 ~2", "= 12", "? unknown"."""
    parts: list[tuple[str, str]] = [(f"{UNKNOWN} ", "medium")] if area.unknown else []
    for way in _WAYS:
        count: int = getattr(area, way)
        if count:
            parts.append((f"{SIGNS[way]}{count:,} ", ROLES[way]))
    if not parts:
        return ((f"{EQUAL} same", "soft"),)
    if len(parts) == 1 and area.unknown:
        return ((f"{UNKNOWN} unknown", "medium"),)
    return (*parts[:-1], (parts[-1][0].rstrip(), parts[-1][1]))


def differing(area: ComparedArea) -> int:
    """Return how many things of an area differ."""
    return sum(getattr(area, way) for way in _WAYS)
