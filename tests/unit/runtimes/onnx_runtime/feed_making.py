"""Sets of inputs in files, made from arrays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from inspector.records.optimization import InputSet
from inspector.runtimes.onnx_runtime.feeds import write_feed


def inputs_of(folder: Path, samples: Sequence[Mapping[str, NDArray[Any]]]) -> InputSet:
    """Write the samples into a folder of their own below the given one and return them as a set of inputs."""
    names = tuple(samples[0])
    target = folder / "inputs"
    for index, sample in enumerate(samples):
        write_feed(str(target), index, [sample[name] for name in names])
    return InputSet(str(target), names, len(samples), "synthetic", 0)
