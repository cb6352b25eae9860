"""Whether TensorFlow is there, told without importing it, which takes seconds."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Final

from inspector.errors import UsageError
from inspector.runtimes.installed import installed_version

DISTRIBUTIONS: Final = ("tensorflow", "tensorflow-cpu", "tensorflow-macos", "tensorflow-intel", "tf-nightly", "tf-nightly-cpu")
"""Packages that bring the module."""


def require_tensorflow() -> None:
    """Raise UsageError, in one line with the command that installs it, where TensorFlow is not installed."""
    if not _is_there():
        raise not_installed()


def missing_tensorflow() -> str:
    """Return what is said where TensorFlow is not installed, with the command that installs it; "" where it is there."""
    return "" if _is_there() else str(not_installed())


def not_installed() -> UsageError:
    """Return what is said where TensorFlow is not installed."""
    return UsageError("TensorFlow is not installed, and SavedModels run on it", 'pip install "modelpack-tui[tensorflow]"')


def tensorflow_version() -> str:
    """Return the version of TensorFlow that is installed, "" where none is or it does not say."""
    return next((version for name in DISTRIBUTIONS if (version := installed_version(name))), "")


def _is_there() -> bool:
    """Tell whether a module of that name can be imported; a folder without code, as any may lie in the way, is none."""
    try:
        found = find_spec("tensorflow")
    except (ImportError, ValueError):
        return False
    return found is not None and found.origin is not None
