"""Saves a model again and again, killed before another file operation each time; says what was left and what came then.

Run as a program: SOURCE TEMPLATE FOLDER. FOLDER becomes a copy of TEMPLATE before each saving, to FOLDER/out.onnx.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
from pathlib import Path
from typing import Any

from inspector.formats.onnx.save_child import SaveRequest, save_in_child
from tests.unit.formats.onnx.saving import meaning, names

OPERATIONS = ("open", "mkdir", "write", "pwrite", "fsync", "rename", "replace", "unlink", "rmdir", "chmod", "close")
MOST = 500


def kill_before(count: int) -> None:
    """Have this process killed when it is about to do its count-th file operation."""
    left = [count]

    def wrapped(operation: Any) -> Any:
        def counted(*arguments: Any, **named: Any) -> Any:
            left[0] -= 1
            if left[0] == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            return operation(*arguments, **named)

        return counted

    for name in OPERATIONS:
        setattr(os, name, wrapped(getattr(os, name)))


def save_killed(request: SaveRequest, count: int) -> bool:
    """Save in a process of its own; return whether it was killed on the way."""
    child = os.fork()
    if child == 0:
        kill_before(count)
        save_in_child(request, lambda *_: None)
        os._exit(0)
    status = os.waitpid(child, 0)[1]
    assert os.WIFSIGNALED(status) or os.waitstatus_to_exitcode(status) == 0
    return os.WIFSIGNALED(status)


def state(folder: Path) -> dict[str, Any]:
    """Return what the target holds (empty: it is not there) and the names beside it."""
    target = folder / "out.onnx"
    held = meaning(target).hex() if target.exists() else ""
    return {"held": held, "names": names(folder)}


def main(source: Path, template: Path, folder: Path) -> None:
    request = SaveRequest(os.fsencode(source), os.fsencode(folder / "out.onnx"), {"key": "value"})
    for count in range(1, MOST):
        shutil.copytree(template, folder)
        killed = save_killed(request, count)
        left = state(folder)
        save_in_child(request, lambda *_: None)
        print(json.dumps({"killed": killed, "left": left, "then": state(folder)}), flush=True)
        shutil.rmtree(folder)
        if not killed:
            return


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:4]))
