"""What the environment of a process that runs TensorFlow is, beside ours."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from inspector.runtimes.onnx_runtime.child_environment import CHILD_ENVIRONMENT

_QUIET: Final[Mapping[str, str]] = {
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "TF_CPP_MAX_VLOG_LEVEL": "0",
    "AUTOGRAPH_VERBOSITY": "0",
    "KERAS_BACKEND": "tensorflow",
    "KERAS_HOME": "/dev/null/keras",
}
"""Keras, which importing TensorFlow imports, gets a home that cannot be made: it would leave a file in the user's."""


def quiet_environment(*devices: str) -> dict[str, str]:
    """Return what to add to the environment of a process that is otherwise as a server's, for "cpu" or "cuda" or both.

    Graphics cards are hidden from it unless one of the devices is "cuda": TensorFlow would take all of their memory.
    """
    return dict(_QUIET) if "cuda" in devices else {**_QUIET, "CUDA_VISIBLE_DEVICES": "-1"}


def tensorflow_environment(*devices: str) -> dict[str, str]:
    """Return the same for a child of ours, whose address space is limited."""
    return {**CHILD_ENVIRONMENT, **quiet_environment(*devices)}
