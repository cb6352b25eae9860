"""A model that does the same and takes a tenth longer: nodes that change nothing, as many as measuring calls for."""

from __future__ import annotations

import random
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import onnx
import onnxruntime as ort
from onnx import TensorProto, helper, numpy_helper

SIZES = (0, 16, 32, 64, 128, 256, 512, 1024)
"""Of the matrices that are multiplied on the side; 0: the output is negated twice instead, which takes next to nothing."""
PROBE = 12
MOST_UNITS = 48
SECONDS = 4.0
FEWEST_SAMPLES, MOST_SAMPLES = 9, 400
SAMPLE_SECONDS = 0.004
WARM_RUNS = 8


@dataclass(frozen=True)
class Slowing:
    """So many units of work of a size, and how many times as long a run takes on one thread with them."""

    size: int
    units: int
    ratio: float


def save_slowed(source: Path, target: Path, feed: Mapping[str, Any], share: float) -> float:
    """Save source with work that makes a run longer by about that share; return how many times as long it is on one thread."""
    wanted = 1 + share
    tried = [_heavy_enough(source, target, feed, wanted)]
    size = tried[0].size
    tried.append(_measured(source, target, feed, size, 1))
    for _ in range(3):
        by_units = sorted(tried, key=lambda one: abs(one.ratio - wanted))
        near, other = by_units[0], next(one for one in by_units if one.units != by_units[0].units)
        step = (near.ratio - other.ratio) / (near.units - other.units)
        units = round(near.units + (wanted - near.ratio) / step) if step > 0 else near.units
        units = min(max(1, units), MOST_UNITS)
        if any(one.units == units for one in tried):
            break
        tried.append(_measured(source, target, feed, size, units))
    best = min(tried, key=lambda one: abs(one.ratio - wanted))
    return _measured(source, target, feed, size, best.units).ratio


def _heavy_enough(source: Path, target: Path, feed: Mapping[str, Any], wanted: float) -> Slowing:
    """Return PROBE units of the smallest size that makes a run that much longer."""
    found = None
    for size in SIZES:
        found = _measured(source, target, feed, size, PROBE)
        if found.ratio > wanted:
            break
    assert found is not None
    return found


def _measured(source: Path, target: Path, feed: Mapping[str, Any], size: int, units: int) -> Slowing:
    """Save the model with so much work and return the median of paired ratios of processor time, in random order."""
    _save(source, target, feed, size, units)
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    sessions = {path: ort.InferenceSession(str(path), options, ["CPUExecutionProvider"]) for path in (source, target)}
    _ = [_seconds(session, feed, WARM_RUNS) for session in sessions.values()]
    repeats = {path: max(1, int(SAMPLE_SECONDS / _seconds(session, feed, WARM_RUNS))) for path, session in sessions.items()}
    ratios: list[float] = []
    end = time.perf_counter() + SECONDS
    while len(ratios) < FEWEST_SAMPLES or (time.perf_counter() < end and len(ratios) < MOST_SAMPLES):
        taken = {path: _seconds(sessions[path], feed, repeats[path]) for path in random.sample([source, target], 2)}
        ratios.append(taken[target] / taken[source])
    return Slowing(size, units, median(ratios))


def _seconds(session: ort.InferenceSession, feed: Mapping[str, Any], repeats: int) -> float:
    """Return the mean seconds of processor time of a run, which other processes have no part in."""
    begin = time.thread_time()
    for _ in range(repeats):
        session.run(None, dict(feed))
    return (time.thread_time() - begin) / repeats


def _save(source: Path, target: Path, feed: Mapping[str, Any], size: int, units: int) -> None:
    """Save the model with so many units of work before its first output of floats."""
    model = onnx.load(source)
    graph = model.graph
    output = next(one.name for one in graph.output if one.type.tensor_type.elem_type == TensorProto.FLOAT)
    for node in graph.node:
        node.output[:] = ["side_fast" if name == output else name for name in node.output]
        node.input[:] = ["side_fast" if name == output else name for name in node.input]
    if size:
        graph.initializer.append(numpy_helper.from_array(np.zeros((size, size), np.float32), "side_zeros"))
        graph.node.extend(_products(next(iter(feed)), units, output))
    else:
        names = ["side_fast", *(f"side_{number}" for number in range(2 * units - 1)), output]
        graph.node.extend(helper.make_node("Neg", [names[n]], [names[n + 1]]) for n in range(2 * units))
    onnx.save(model, target)


def _products(source: str, units: int, output: str) -> list[onnx.NodeProto]:
    """Return products of matrices that depend on an input, and the sum of the output and their result, which is 0."""
    return [
        helper.make_node("Cast", [source], ["side_float"], to=TensorProto.FLOAT),
        helper.make_node("ReduceSum", ["side_float"], ["side_sum"], keepdims=0),
        helper.make_node("Add", ["side_zeros", "side_sum"], ["side_0"]),
        *(helper.make_node("MatMul", [f"side_{n}", "side_zeros"], [f"side_{n + 1}"]) for n in range(units)),
        helper.make_node("ReduceMax", [f"side_{units}"], ["side_nothing"], keepdims=0),
        helper.make_node("Add", ["side_fast", "side_nothing"], [output]),
    ]
