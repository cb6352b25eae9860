"""What is ready to be called, whichever runtime holds it: a SavedModel's signature, a .tflite's, an ONNX model."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from inspector.records.tensor import TensorSpec

if TYPE_CHECKING:
    from numpy.typing import NDArray

Run = Callable[[Mapping[str, "NDArray[Any]"]], list["NDArray[Any]"]]


@dataclass(frozen=True, slots=True)
class LoadedSignature:
    """A signature that is ready to be called: its raw name, its inputs by raw name, and how to run it.

    run takes numpy arrays by input name and returns numpy arrays in the order of outputs once they are there. An input that
    is no dense tensor has what it is as dtype ("RaggedTensorSpec"). Raises RuntimeRefused with one clean line.
    """

    name: str
    inputs: tuple[TensorSpec, ...]
    outputs: tuple[str, ...]
    run: Run
    notes: tuple[str, ...] = ()
    output_specs: tuple[TensorSpec, ...] = ()
    """What the runtime says of the outputs, in their order; empty where it says nothing before it has run."""
