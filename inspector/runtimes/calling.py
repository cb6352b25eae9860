"""What calling something takes, whichever runtime runs it: its environment, whether that runtime is there, its name."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from inspector.isolation.plain_line import plain_line
from inspector.records.runnable import Runnable, RuntimeName

RUNTIME_TITLES: Final[Mapping[RuntimeName, str]] = {
    "onnxruntime": "ONNX Runtime",
    "tensorflow": "TensorFlow",
    "litert": "LiteRT",
}
"""What each runtime is called."""


def runtime_title(runnable: Runnable) -> str:
    """Return what the runtime that runs it is called."""
    return RUNTIME_TITLES[runnable.runtime]


def label(runnable: Runnable) -> str:
    """Return what to call it in a line for a person: the name of its file or folder, as one clean piece of text."""
    return plain_line(Path(runnable.path).name or runnable.path, 80)


def file_runnable(path: str) -> Runnable:
    """Return how an ONNX model at a path is called."""
    return Runnable(str(Path(path).absolute()))


def runtime_notes(before: Runnable, after: Runnable) -> tuple[str, ...]:
    """Return which runtime ran which of two, where that is not one and the same."""
    if before.runtime == after.runtime:
        return ()
    return (f"before in {runtime_title(before)}, after in {runtime_title(after)}",)


def require_runtime(runnable: Runnable) -> None:
    """Raise UsageError, with the command that installs it, where the runtime that runs it is not installed."""
    if runnable.runtime == "tensorflow":
        from inspector.runtimes.tensorflow.availability import require_tensorflow

        require_tensorflow()
    elif runnable.runtime == "litert":
        from inspector.runtimes.litert.availability import require_litert

        require_litert()


def child_environment_for(*runnables: Runnable, devices: tuple[str, ...] = ("cpu",)) -> dict[str, str]:
    """Return what to add to the environment of a child in which all of these are called, on "cpu" or "cuda" or both."""
    from inspector.runtimes.onnx_runtime.child_environment import CHILD_ENVIRONMENT

    found = dict(CHILD_ENVIRONMENT)
    runtimes = {runnable.runtime for runnable in runnables}
    if "litert" in runtimes:
        from inspector.runtimes.litert.child_environment import litert_environment

        found.update(litert_environment())
    if "tensorflow" in runtimes:
        from inspector.runtimes.tensorflow.child_environment import tensorflow_environment

        found.update(tensorflow_environment(*devices))
    return found
