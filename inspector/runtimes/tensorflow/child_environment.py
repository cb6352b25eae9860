"""What the environment of a process that runs TensorFlow is, beside ours."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from inspector.runtimes.onnx_runtime.child_environment import CHILD_ENVIRONMENT

_QUIET: Final[Mapping[str, str]] = {
    **CHILD_ENVIRONMENT,
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "TF_CPP_MAX_VLOG_LEVEL": "0",
    "KERAS_BACKEND": "tensorflow",
    "KERAS_HOME": "/dev/null/keras",
    "AUTOGRAPH_VERBOSITY": "0",
}
"""Keras, which importing TensorFlow imports, gets a home that cannot be made: it would leave a file in the user's."""


def tensorflow_environment(*devices: str) -> dict[str, str]:
    """Return what to add to the environment of a process that runs TensorFlow on the devices ("cpu", "cuda").

    Graphics cards are hidden from it unless one of them is "cuda": TensorFlow would take all of their memory.
    """
    return dict(_QUIET) if "cuda" in devices else {**_QUIET, "CUDA_VISIBLE_DEVICES": "-1"}
