"""Names of the reports of many artifacts: told by their paths, safe everywhere, none twice."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

ENDS: Final = {"text": ".txt", "md": ".md", "json": ".json", "html": ".html", "sarif": ".sarif", "junit": ".xml"}
"""How a report's file ends, by its format."""

INDEX: Final = "index"

_LONGEST: Final = 120
_UNSAFE: Final = re.compile(r"[^A-Za-z0-9._-]+")


def report_names(named: Sequence[str]) -> tuple[str, ...]:
    """Return a name for each artifact, without an end: its path below what all have in common, with dashes for slashes.

    No two are the same where letters' case does not count, and none is that of the index.
    """
    common = _common_folder(named)
    taken = {INDEX}
    return tuple(_free(_safe(path.removeprefix("docker://").removeprefix(common)), taken) for path in named)


def _common_folder(named: Sequence[str]) -> str:
    """Return the folder that every path begins with, with a slash at its end; empty where they have none in common."""
    folders = [path.removeprefix("docker://").split("/")[:-1] for path in named]
    common = ""
    for level in zip(*folders, strict=False):
        if len(set(level)) > 1:
            break
        common += f"{level[0]}/"
    return common


def _safe(path: str) -> str:
    name = _UNSAFE.sub("_", path.strip("/").replace("/", "-")).lstrip(".-") or "artifact"
    return name if len(name) <= _LONGEST else f"{name[: _LONGEST // 2]}_{name[-_LONGEST // 2 + 1 :]}"


def _free(name: str, taken: set[str]) -> str:
    """Return the name, with a number where another artifact has it, and take it."""
    free, number = name, 1
    while free.lower() in taken:
        number += 1
        free = f"{name}-{number}"
    taken.add(free.lower())
    return free
