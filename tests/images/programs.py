"""Programs of this machine for images that run: with the libraries that the loader would give them, at the same paths."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path

from tests.images.entries import File, Folder

_LIBRARY = re.compile(r"^\s*(?:\S+ => )?(/\S+) \(0x[0-9a-f]+\)$", re.MULTILINE)


def with_libraries(paths: Iterable[Path]) -> dict[str, File | Folder]:
    """Return entries for files and for every library that they need; links are followed, each at the path it is asked for."""
    wanted = list(paths)
    if wanted:
        done = subprocess.run(["ldd", *map(str, wanted)], capture_output=True, text=True)
        wanted += sorted({Path(os.path.normpath(found)) for found in _LIBRARY.findall(done.stdout)})
    return {str(path).lstrip("/"): File(path.read_bytes(), mode=path.stat().st_mode & 0o777) for path in wanted}


def shell_tools(*names: str) -> dict[str, File | Folder]:
    """Return entries for /bin/sh and other programs by name."""
    found = {name: shutil.which(name) for name in ("sh", *names)}
    assert all(found.values()), f"not on this machine: {[name for name, path in found.items() if path is None]}"
    entries = with_libraries(Path(path) for path in found.values() if path)
    return {**entries, **{f"bin/{name}": entries[str(path).lstrip("/")] for name, path in found.items()}, "tmp": Folder(0o1777)}
