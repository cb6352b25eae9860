"""Whether LiteRT is there, and in which package, told without importing either of them."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Final, Literal

from inspector.errors import UsageError
from inspector.runtimes.installed import installed_version
from inspector.runtimes.tensorflow.availability import tensorflow_version

LiteRTPackage = Literal["ai_edge_litert", "tensorflow"]
"""The module that holds an interpreter: LiteRT's own, or TensorFlow with its tf.lite.Interpreter."""

_DISTRIBUTIONS: Final = ("ai-edge-litert", "ai-edge-litert-nightly")


def require_litert() -> None:
    """Raise UsageError, in one line with the command that installs it, where no LiteRT is installed."""
    if installed_package() is None:
        raise not_installed()


def not_installed() -> UsageError:
    """Return what is said where no LiteRT is installed."""
    return UsageError("LiteRT is not installed, and .tflite models run on it", 'pip install "modelpack-tui[litert]"')


def installed_package() -> LiteRTPackage | None:
    """Return the module that a .tflite file runs on here: LiteRT's own where it is installed, else TensorFlow, else None."""
    if _is_there("ai_edge_litert"):
        return "ai_edge_litert"
    return "tensorflow" if _is_there("tensorflow") else None


def litert_version() -> str:
    """Return the version of LiteRT that is installed, or of the TensorFlow that holds it, "" where there is none."""
    if _is_there("ai_edge_litert"):
        return next((version for name in _DISTRIBUTIONS if (version := installed_version(name))), "")
    return tensorflow_version() if installed_package() else ""


def _is_there(module: str) -> bool:
    """Tell whether a module of that name can be imported; a folder without code, as any may lie in the way, is none."""
    try:
        found = find_spec(module)
    except (ImportError, ValueError):
        return False
    return found is not None and found.origin is not None
