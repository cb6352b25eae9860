"""Calibration as a child process does it: two passes over streamed activations, extremes and then histograms."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import numpy as np
from onnxruntime.quantization.calibrate import CalibrationMethod, TensorData, TensorsData

from inspector.optimize.quantization.calibration import CalibrationAnswer, CalibrationRequest
from inspector.optimize.quantization.calibration_statistics_child import Extremes, Histogram, entropy_range, percentile_range
from inspector.optimize.quantization.ranges import RangeMethod, Ranges, TensorRange, load_ranges, write_ranges
from inspector.runtimes.onnx_runtime.activations import open_activations
from inspector.runtimes.onnx_runtime.activations_child import ActivationSource

Report = Callable[[int, int, str], None]

_BYTES_PER_SECOND: Final = 150e6
"""Bytes of activations that extremes or histograms take in each second, at least, on one core of 2020."""

_METHODS: Final = {
    "minmax": CalibrationMethod.MinMax,
    "percentile": CalibrationMethod.Percentile,
    "entropy": CalibrationMethod.Entropy,
}


def calibrate_in_child(request: CalibrationRequest, report: Report) -> CalibrationAnswer:
    """Write one file of ranges per method and say what they are of. Raises OperationFailed where the model does not run."""
    source = open_activations(
        request.model,
        request.inputs,
        request.folder,
        tensors=request.tensors,
        memory_budget=request.memory_budget,
        threads=request.threads,
    )
    passes = 1 if request.methods == ("minmax",) else 2
    samples = _affordable(request, source, passes)
    calibrator = _Calibrator(request, source, samples, passes, report)
    found: dict[RangeMethod, list[TensorRange]] = {method: [] for method in request.methods}
    for group in source.groups:
        for method, ranges in calibrator.ranges_of(group):
            found[method] += ranges
    paths = [_write(request, method, samples, found[method]) for method in request.methods]
    first = found[request.methods[0]]
    total = sum(source.sizes.values())
    odd = sum(1 for one in first if one.odd)
    return CalibrationAnswer(tuple(paths), len(first), samples, len(source.groups), total, len(source.missing), odd)


def read_ranges(path: str) -> TensorsData:
    """Return a file of ranges as onnxruntime's quantizers take it; tensors without a range are left out, see range_problems().

    Bounds have the tensor's element type; those of float64 become float32, which is what scales can be.
    """
    ranges = load_ranges(path)
    data = {one.name: _tensor_data(one) for one in ranges.tensors if not one.problem}
    return TensorsData(_METHODS[ranges.method], data)


def _tensor_data(one: TensorRange) -> TensorData:
    dtype: Any = np.float16 if one.dtype == "float16" else np.float32
    largest = float(np.finfo(dtype).max)
    low, high = np.clip([one.low, one.high], -largest, largest).astype(dtype)
    return TensorData(lowest=np.asarray(low), highest=np.asarray(high))


def _affordable(request: CalibrationRequest, source: ActivationSource, passes: int) -> int:
    """Return how many samples fit the time, going by the first run and the bytes of activations there are to go through."""
    seconds = (source.run_seconds * len(source.groups) + sum(source.sizes.values()) / _BYTES_PER_SECOND) * passes
    return max(1, min(request.inputs.count, int(request.seconds / max(1e-6, seconds))))


def _write(request: CalibrationRequest, method: RangeMethod, samples: int, tensors: list[TensorRange]) -> str:
    path = Path(request.folder, f"ranges-{method}.json")
    percentile = request.percentile if method == "percentile" else None
    write_ranges(Ranges(method, samples, tuple(tensors), percentile), path)
    return str(path)


class _Calibrator:
    """Runs the passes over one group of tensors after the other."""

    def __init__(
        self, request: CalibrationRequest, source: ActivationSource, samples: int, passes: int, report: Report
    ) -> None:
        self._request = request
        self._source = source
        self._samples = samples
        self._report = report
        self._total = samples * passes * max(1, len(source.groups))
        self._done = 0
        self._started = time.monotonic()

    def ranges_of(self, group: tuple[str, ...]) -> Iterator[tuple[RangeMethod, list[TensorRange]]]:
        """Yield each method with the ranges it finds for the tensors of a group."""
        extremes = self._extremes(group)
        plain = {name: one.as_range(name) for name, one in extremes.items()}
        histograms: dict[str, Histogram] = {}
        if self._request.methods != ("minmax",):
            histograms = self._histograms([name for name, one in plain.items() if not one.problem], extremes)
        for method in self._request.methods:
            yield method, [self._range(method, plain[name], histograms.get(name)) for name in group if name in plain]

    def _range(self, method: RangeMethod, plain: TensorRange, histogram: Histogram | None) -> TensorRange:
        if method == "minmax" or histogram is None:
            return plain
        found = entropy_range(histogram) if method == "entropy" else percentile_range(histogram, self._request.percentile)
        return replace(plain, low=max(plain.low, found[0]), high=min(plain.high, found[1]))

    def _extremes(self, group: tuple[str, ...]) -> dict[str, Extremes]:
        extremes = {name: Extremes() for name in group}
        for name, array in self._stream(group):
            extremes[name].add(array)
        return extremes

    def _histograms(self, names: list[str], extremes: dict[str, Extremes]) -> dict[str, Histogram]:
        histograms = {name: Histogram(extremes[name].low, extremes[name].high) for name in names}
        if names:
            for name, array in self._stream(names):
                histograms[name].add(array)
        return histograms

    def _stream(self, names: Iterable[str]) -> Iterator[tuple[str, Any]]:
        run = self._source.opened(list(names))
        for sample in range(self._samples):
            for _, name, array in run(sample):
                yield name, array
            self._done += 1
            self._report(self._done, self._total, "runs")
