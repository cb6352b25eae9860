"""Measuring nodes alone as a child process does it: quantize one, run, compare the outputs with those of fp32."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from dataclasses import replace
from math import inf
from typing import Any

import numpy as np

from inspector.errors import OperationFailed
from inspector.optimize.quantization.dynamic_child import quantize_dynamic
from inspector.optimize.quantization.fallback_influence_answer import Influence, InfluenceAnswer, InfluenceRequest
from inspector.optimize.quantization.static_child import quantize_static
from inspector.runtimes.onnx_runtime.feeds import read_feed
from inspector.runtimes.onnx_runtime.sessions import RuntimeRefused, make_session, run_session

Report = Callable[[int, int, str], None]


def measure(request: InfluenceRequest, report: Report) -> InfluenceAnswer:
    """Return what each node does alone. Raises OperationFailed where the fp32 model does not run."""
    end = time.monotonic() + request.seconds
    feeds = [read_feed(request.inputs, index) for index in range(min(request.samples, request.inputs.count))]
    reference = _outputs(request.base.source, feeds, request.threads)
    found = []
    for place, name in enumerate(request.names):
        if time.monotonic() > end:
            break
        report(place, len(request.names), "nodes alone")
        found.append(Influence(name, _alone(request, name, feeds, reference)))
    return InfluenceAnswer(tuple(found))


def _alone(request: InfluenceRequest, name: str, feeds: list[dict[str, Any]], reference: list[Any]) -> float:
    """Return the SQNR of the worst output with one node in int8."""
    others = {*request.base.exclude, *request.names} - {name}
    one = replace(request.base, folder=request.folder, exclude=tuple(others))
    quantize = quantize_static if request.static else quantize_dynamic
    try:
        made = quantize(one, lambda *_: None)
        outputs = _outputs(made.path, feeds, request.threads)
    except RuntimeRefused:
        return -inf
    except OperationFailed:  # the quantizer changed nothing
        return inf
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, RuntimeError, AssertionError):
        return -inf  # what the quantizers raise for what they do not support
    finally:
        shutil.rmtree(request.folder, ignore_errors=True)
    return min((_sqnr_db(one, other) for one, other in zip(reference, outputs, strict=True)), default=inf)


def _outputs(path: str, feeds: list[dict[str, Any]], threads: int) -> list[Any]:
    """Return each float output over all feeds as one flat float64 array."""
    session = make_session(path, threads)
    runs = [run_session(session, feed) for feed in feeds]
    stacked = []
    for arrays in zip(*runs, strict=True):
        if all(isinstance(array, np.ndarray) and array.dtype.kind == "f" for array in arrays):
            stacked.append(np.concatenate([array.astype(np.float64).ravel() for array in arrays]))
    return stacked


def _sqnr_db(reference: Any, changed: Any) -> float:
    """Return 10 log10(sum reference^2 / sum difference^2) over finite elements; -inf where the shapes differ."""
    if reference.shape != changed.shape:
        return -inf
    finite = np.isfinite(reference)
    noise = float(np.sum((reference[finite] - changed[finite]) ** 2))
    signal = float(np.sum(reference[finite] ** 2))
    if noise == 0:
        return inf
    return 10 * float(np.log10(signal / noise)) if signal > 0 and np.isfinite(noise) else -inf
