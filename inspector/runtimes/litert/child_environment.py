"""What the environment of a process that runs LiteRT is, beside ours."""

from __future__ import annotations

from inspector.runtimes.onnx_runtime.child_environment import CHILD_ENVIRONMENT
from inspector.runtimes.tensorflow.child_environment import quiet_environment as quiet_tensorflow


def quiet_environment() -> dict[str, str]:
    """Return what to add to the environment of a process that is otherwise as a server's: TensorFlow may be what holds it."""
    return quiet_tensorflow("cpu")


def litert_environment() -> dict[str, str]:
    """Return the same for a child of ours, whose address space is limited."""
    return {**CHILD_ENVIRONMENT, **quiet_environment()}
