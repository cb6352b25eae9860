"""Packages named onnxruntime that go before the real one on a probe's import path and make it do something else as well."""

from __future__ import annotations

import stat
import sys
from pathlib import Path

_LOAD_REAL = """\
import os, sys, time
_here = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.remove(_here)
_shim = sys.modules.pop("onnxruntime")
import onnxruntime as _real
sys.modules["onnxruntime"] = _real
globals().update({name: value for name, value in vars(_real).items() if not name.startswith("__")})
_Session = _real.InferenceSession
stamps = int(sys.argv[1])
runs = 0

def on_session(): pass
def on_run(count): pass

class InferenceSession(_Session):
    def __init__(self, *arguments, **named):
        on_session()
        super().__init__(*arguments, **named)

    def run(self, *arguments):
        global runs
        runs += 1
        on_run(runs)
        return super().run(*arguments)

_real.InferenceSession = InferenceSession
"""


def shim(folder: Path, code: str) -> str:
    """Write such a package and return what to put on the import path; code may define on_session() and on_run(count)."""
    package = folder / "shim" / "onnxruntime"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text(f"{_LOAD_REAL}\n{code}\n")
    return str(package.parent)


def slow_interpreter(folder: Path, seconds: float) -> str:
    """Write a program that waits and then is this interpreter; return its path."""
    path = folder / "slow-python"
    path.write_text(f'#!/bin/sh\nsleep {seconds}\nexec "{sys.executable}" "$@"\n')
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return str(path)
