"""Files that no package owns, and the folders most of them lie in."""

from __future__ import annotations

from collections.abc import Mapping
from heapq import heappop, heappush
from typing import Final

_SHOWN: Final = 20
_DEPTH: Final = 2
"""Folders this deep say enough ("usr/local", "opt/models") unless nearly all of one lies in one place below."""
_NEARLY_ALL: Final = 0.9
_DEEPEST: Final = 16


def largest_places(folder_bytes: Mapping[str, int], file_bytes: Mapping[str, Mapping[str, int]]) -> tuple[tuple[str, int], ...]:
    """Return up to 20 folders or files with the bytes in them, largest first; none lies in another.

    folder_bytes are the bytes lying directly in each folder, file_bytes those of each folder's files by name.
    """
    totals, children = _tree(folder_bytes)
    waiting = [(-totals[""], "")]
    shown: list[tuple[str, int]] = []
    while waiting and len(shown) < _SHOWN:
        size, path = heappop(waiting)
        below = _below(path, totals, children, file_bytes)
        if below and _worth_opening(path, -size, below):
            for child, held in below.items():
                heappush(waiting, (-held, child))
        elif size:
            shown.append((path or "/", -size))
    return tuple(shown)


def _worth_opening(path: str, size: int, below: Mapping[str, int]) -> bool:
    depth = path.count("/") + 1 if path else 0
    return depth < _DEPTH or max(below.values()) >= _NEARLY_ALL * size


def _below(
    path: str, totals: Mapping[str, int], children: Mapping[str, list[str]], file_bytes: Mapping[str, Mapping[str, int]]
) -> dict[str, int]:
    below = {child: totals[child] for child in children.get(path, ())}
    prefix = f"{path}/" if path else ""
    below.update((prefix + name, size) for name, size in file_bytes.get(path, {}).items())
    return below


def _tree(folder_bytes: Mapping[str, int]) -> tuple[dict[str, int], dict[str, list[str]]]:
    """Return the bytes in and below each folder, down to some depth, and each folder's subfolders."""
    totals: dict[str, int] = {"": 0}
    for folder, held in folder_bytes.items():
        above = "/".join(folder.split("/", _DEEPEST)[:_DEEPEST])
        while above:
            totals[above] = totals.get(above, 0) + held
            above = above.rpartition("/")[0]
        totals[""] += held
    children: dict[str, list[str]] = {}
    for folder in totals:
        if folder:
            children.setdefault(folder.rpartition("/")[0], []).append(folder)
    return totals, children
