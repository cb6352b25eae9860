"""Publishes a version again and again, killed before another file operation each time; says what was left and what came then.

Run as a program: SOURCE SAMPLES TEMPLATE FOLDER. FOLDER becomes a copy of TEMPLATE before each run, where TEMPLATE is there.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
from pathlib import Path
from typing import Any

from inspector.formats.saved_model.publish_child import VersionOrder, publish_in_child
from inspector.records.optimization import InputSet
from inspector.records.publishing import WarmUpInputs, WarmUpPlan
from tests.unit.formats.saved_model.publishing import contents

OPERATIONS = (
    *(
        "open",
        "mkdir",
        "write",
        "pwrite",
        "copy_file_range",
        "fsync",
        "rename",
        "replace",
        "unlink",
        "rmdir",
        "close",
        "scandir",
    ),
)
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


def publish_killed(order: VersionOrder, count: int) -> bool:
    """Publish in a process of its own; return whether it was killed on the way."""
    child = os.fork()
    if child == 0:
        kill_before(count)
        publish_in_child(order, lambda *_: None)
        os._exit(0)
    status = os.waitpid(child, 0)[1]
    assert os.WIFSIGNALED(status) or os.waitstatus_to_exitcode(status) == 0
    return os.WIFSIGNALED(status)


def state(folder: Path) -> dict[str, Any]:
    """Return what is in the folder, drafts and versions told apart by their names, and what each version holds."""
    names = sorted(path.name for path in folder.iterdir()) if folder.exists() else []
    return {"names": names, "versions": {name: contents(folder / name) for name in names if name.isdecimal()}}


def main(source: Path, sample_folder: Path, template: Path, folder: Path) -> None:
    inputs = InputSet(str(sample_folder), ("x",), 3, "synthetic")
    plan = WarmUpPlan("model", (WarmUpInputs("serving_default", inputs),))
    order = VersionOrder(os.fsencode(source), os.fsencode(folder), 4, plan, b'{"contract":1}\n')
    for count in range(1, MOST):
        if template.exists():
            shutil.copytree(template, folder)
        killed = publish_killed(order, count)
        left = state(folder)
        if "4" not in left["versions"]:
            publish_in_child(order, lambda *_: None)
        else:
            publish_in_child(VersionOrder(order.source, order.serving, 5), lambda *_: None)
        print(json.dumps({"killed": killed, "left": left, "then": state(folder)}), flush=True)
        shutil.rmtree(folder)
        if not killed:
            return


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:5]))
