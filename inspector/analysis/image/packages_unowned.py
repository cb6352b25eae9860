"""Files that no package owns, and the folders most of them lie in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from heapq import heappop, heappush, nlargest
from typing import Final

_SHOWN: Final = 20
_DEPTH: Final = 2
"""Folders this deep say enough ("usr/local", "opt/models") unless nearly all of one lies in one place below."""
_NEARLY_ALL: Final = 0.9
_DEEPEST: Final = 16


Files = Mapping[str, Sequence[tuple[str, int]]]
"""Paths and bytes of files, by the folder they lie in."""


def largest_places(files: Files) -> tuple[tuple[str, int], ...]:
    """Return up to 20 folders or files with the bytes in them, largest first; none lies in another."""
    totals, children = _tree({folder: sum(size for _, size in inside) for folder, inside in files.items()})
    waiting = [(-totals[""], "")]
    shown: list[tuple[str, int]] = []
    while waiting and len(shown) < _SHOWN:
        size, path = heappop(waiting)
        below = _below(path, totals, children, files)
        if below and _worth_opening(path, -size, below):
            for child, held in nlargest(_SHOWN, below.items(), key=lambda one: one[1]):
                heappush(waiting, (-held, child))
        elif size:
            shown.append((path or "/", -size))
    return tuple(shown)


def _worth_opening(path: str, size: int, below: Mapping[str, int]) -> bool:
    depth = path.count("/") + 1 if path else 0
    return depth < _DEPTH or max(below.values()) >= _NEARLY_ALL * size


def _below(path: str, totals: Mapping[str, int], children: Mapping[str, list[str]], files: Files) -> dict[str, int]:
    below = {child: totals[child] for child in children.get(path, ())}
    below.update(files.get(path, ()))
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
