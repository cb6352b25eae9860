"""The tensors inside a model while it runs, streamed under a memory budget; only to be called inside a child process."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from inspector.records.optimization import InputSet

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from inspector.runtimes.onnx_runtime.activations_child import ActivationSource

MEMORY_BUDGET: Final = 192 << 20
"""Bytes of activations that may exist at once."""


class Activation(NamedTuple):
    """One tensor of one sample; name is as the file writes it. float16, float32 and float64 come as
    they are."""

    sample: int
    name: str
    array: NDArray[Any]


@dataclass(frozen=True, slots=True)
class SkippedTensors:
    """How many tensors are not streamed: in bodies of If, Loop and Scan; sequences, optionals and the like; of no
    float type that numpy has (bfloat16, too); stored constants."""

    in_subgraphs: int = 0
    not_tensors: int = 0
    other_types: int = 0
    constants: int = 0


def open_activations(
    model: str,
    inputs: InputSet,
    folder: str,
    *,
    tensors: Collection[str] | None = None,
    memory_budget: int = MEMORY_BUDGET,
    threads: int = 0,
    every_type: bool = False,
) -> ActivationSource:
    """Prepare to stream tensors of the main graph of the model at the absolute path for every sample; may be iterated often.

    tensors: names as the file writes them; None: every float tensor there is, inputs and outputs too, stored
    constants not.
    every_type: integers and booleans, too. folder: where large inline weights may be put so that runs share them. Names of no
    such tensor are in source.missing.
    Nothing is optimized away: with graph optimizations off, each tensor means what the file says.
    Raises OperationFailed where the runtime refuses the model or a sample.
    """
    from inspector.runtimes.onnx_runtime.activations_child import ActivationSource

    return ActivationSource(model, inputs, folder, tensors, memory_budget, threads, every_type)


def stream_activations(
    model: str,
    inputs: InputSet,
    folder: str,
    *,
    tensors: Collection[str] | None = None,
    memory_budget: int = MEMORY_BUDGET,
    threads: int = 0,
) -> Iterator[Activation]:
    """Yield every chosen tensor of every sample, as open_activations describes; all samples of a group of tensors follow each
    other, and nothing is kept."""
    yield from open_activations(model, inputs, folder, tensors=tensors, memory_budget=memory_budget, threads=threads)
