"""Finding the file of rules that belongs to where somebody works: upward, but not out of the repository."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from inspector.errors import UsageError
from inspector.formats.clean_text import one_line
from inspector.formats.rules_file.toml_values import BadToml, parse_toml, text_of

OWN: Final = "modelpack.toml"
SHARED: Final = "pyproject.toml"
TABLE: Final = ("tool", "modelpack-tui")

_ROOTS: Final = (".git", ".hg", ".jj")
"""What stands in the root of a repository."""

_MOST_FOLDERS: Final = 64


def find_rules(start: Path) -> tuple[Path | None, tuple[str, ...]]:
    """Return the nearest file of rules at start or above it, None where there is none, and warnings about whose it is.

    The search ends at the root of the repository that start lies in, or at the home folder; outside of both only start itself
    is looked into, since what lies above may be anybody's. Nothing is raised for a pyproject.toml that cannot be read.
    """
    for folder in _folders(start):
        for name in (OWN, SHARED):
            path = folder / name
            if _is_file(path) and (name == OWN or _has_table(path)):
                return _shown(path, start), _warnings(path)
    return None, ()


def _folders(start: Path) -> Iterator[Path]:
    try:
        start = start.resolve()
    except (OSError, RuntimeError):
        return
    above = [start, *start.parents][:_MOST_FOLDERS]
    yield from above[: _last(above) + 1]


def _last(above: list[Path]) -> int:
    """Return the place of the last folder to look into."""
    home = os.environ.get("HOME") or ""
    for place, folder in enumerate(above):
        if any(os.path.lexists(folder / name) for name in _ROOTS) or str(folder) == os.path.realpath(home or os.devnull):
            return place
    return 0


def _is_file(path: Path) -> bool:
    try:
        return stat.S_ISREG(path.stat().st_mode)
    except (OSError, ValueError):
        return False


def _has_table(path: Path) -> bool:
    """Return whether a pyproject.toml has our table; one that is broken, or far too large, has none that anybody could tell."""
    try:
        text = text_of(path)
        if TABLE[1] not in text:
            return False
        values: object = parse_toml(text)
    except (BadToml, UsageError):
        return TABLE[1] in _beginning(path)
    for key in TABLE:
        values = values.get(key) if isinstance(values, dict) else None
    return values is not None


def _beginning(path: Path) -> str:
    """Return what a broken file says, for whether it meant to say something of us: reading it tells what is wrong then."""
    try:
        return f"[tool.{TABLE[1]}" if f"[tool.{TABLE[1]}" in text_of(path) else ""
    except UsageError:
        return ""


def _shown(path: Path, start: Path) -> Path:
    """Return the path relative to where somebody works, where it lies there."""
    try:
        return path.relative_to(start.resolve())
    except ValueError:
        return path


def _warnings(path: Path) -> tuple[str, ...]:
    owner = path.stat().st_uid
    if owner in (0, os.geteuid()):
        return ()
    return (f"{one_line(path)} belongs to another user ({owner}): its rules decide the verdict (--no-rules leaves them out)",)
