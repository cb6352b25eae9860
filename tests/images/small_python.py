"""The Python that runs the tests with the least of its library, for images whose Python does something, at the same paths."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.images.entries import File, Folder
from tests.images.programs import with_libraries

INTERPRETER = str(Path(sys.executable).resolve())
_USED = """
import json, sys
for name in sys.argv[1:]:
    __import__(name)
modules = list(sys.modules.values())
print(json.dumps([found for one in modules if (found := getattr(one, "__file__", None))]))
"""


def small_python(*modules: str) -> dict[str, File | Folder]:
    """Return entries of the interpreter, its libraries, and those modules of the standard library with all they import.

    There is no bytecode among them. Modules that every start needs are there, site is not: start it with -S.
    """
    used = _imported(("encodings.utf_8", "encodings.ascii", "encodings.latin_1", *modules))
    native = [path for path in used if ".so" in path.name]
    shared = with_libraries([Path(INTERPRETER), *native])
    files = {str(path).lstrip("/"): File(path.read_bytes(), mode=0o644) for path in used if path not in native}
    return {"tmp": Folder(0o1777), **shared, **files}


def _imported(modules: Sequence[str]) -> list[Path]:
    said = subprocess.run([INTERPRETER, "-I", "-S", "-c", _USED, *modules], capture_output=True, text=True, check=True).stdout
    found = {Path(os.path.normpath(name)) for name in json.loads(said)}
    return sorted({*found, Path(os.__file__)})
