"""A strict judge that shares nothing with the program: onnx.checker, onnxruntime, onnx's own reference evaluator."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray
from onnx.reference import ReferenceEvaluator

from tests.adversarial_graphs.case import AdversarialGraph, Feed

LEAST_SQNR_DB = 30.0

Outputs = list[NDArray[Any]]


def outputs_of(path: str | bytes, given: Sequence[Feed]) -> list[Outputs]:
    """Return what onnxruntime gives for each feed."""
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    kinds = {one.name: one.type for one in session.get_inputs()}
    return [session.run(None, {name: _fed(array, kinds[name]) for name, array in feed.items()}) for feed in given]


def _fed(array: NDArray[Any], kind: str) -> NDArray[Any]:
    return array.astype(np.float16) if kind == "tensor(float16)" else array


def evaluates(graph: AdversarialGraph, given: Sequence[Feed], exact: Sequence[Outputs]) -> bool:
    """Return whether onnx's reference evaluator computes the original itself as onnxruntime does."""
    try:
        return problem_of(reference_outputs(graph.model, given), exact) == ""
    except Exception:  # what it cannot compute it says in many ways
        return False


def reference_outputs(model: str | onnx.ModelProto, given: Sequence[Feed]) -> list[Outputs]:
    """Return what onnx's reference evaluator gives: it computes fp16 in fp16, so that what overflows or is lost is seen to."""
    evaluator = ReferenceEvaluator(onnx.load(model) if isinstance(model, str) else model)
    with np.errstate(all="ignore"):
        return [[np.asarray(one) for one in evaluator.run(None, dict(feed))] for feed in given]


def problem_of(changed: Sequence[Outputs], reference: Sequence[Outputs]) -> str:
    """Return what is wrong with the outputs of some feeds, or nothing."""
    for after, before in zip(changed, reference, strict=True):
        for index, (got, wanted) in enumerate(zip(after, before, strict=True)):
            if problem := _difference(np.asarray(got), np.asarray(wanted)):
                return f"output {index}: {problem}"
    return ""


def _difference(got: NDArray[Any], wanted: NDArray[Any]) -> str:
    if got.shape != wanted.shape:
        return f"shape {got.shape} where {wanted.shape} was"
    if wanted.dtype.kind != "f":
        return "" if np.array_equal(got, wanted) else "other integers"
    if not np.array_equal(np.isfinite(got), np.isfinite(wanted)):
        return "not finite"
    finite = np.isfinite(wanted)
    exact = wanted[finite].astype(np.float64)
    noise = float(np.sum((got[finite].astype(np.float64) - exact) ** 2))
    decibels = 10 * np.log10(float(np.sum(exact**2)) / noise) if noise else np.inf
    return "" if decibels >= LEAST_SQNR_DB else f"{decibels:.1f} dB"


def verdict(path: Path, given: Sequence[Feed], reference: Sequence[Outputs]) -> str:
    """Return the first thing that is wrong with a candidate: checker, load, or outputs in onnxruntime; or nothing."""
    try:
        onnx.checker.check_model(str(path), full_check=True)
    except Exception as error:
        return f"checker: {_line(error)}"
    try:
        changed = outputs_of(str(path), given)
    except Exception as error:
        return f"load: {_line(error)}"
    problem = problem_of(changed, reference)
    return f"parity: {problem}" if problem else ""


def _line(error: Exception) -> str:
    return " ".join(str(error).split())[:160]
