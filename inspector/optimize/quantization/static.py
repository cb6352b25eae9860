"""The search for static int8: calibration methods in order, then products alone, then the worst nodes in fp32."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Final

from inspector.errors import InspectorError
from inspector.optimize.attempts import reason_of
from inspector.optimize.quantization.calibration import calibrate
from inspector.optimize.quantization.fallback import fall_back
from inspector.optimize.quantization.fallback_trial import METHOD_NAMES, Trial, Tried, better
from inspector.optimize.quantization.fallback_trials import Trials
from inspector.optimize.quantization.number_types import NumberTypes
from inspector.optimize.quantization.operators import STATIC_OPERATORS, STATIC_PRODUCTS
from inspector.optimize.quantization.ranges import RangeMethod
from inspector.records.event import Steps
from inspector.records.optimization import Attempt

METHODS: Final[tuple[RangeMethod, ...]] = ("minmax", "percentile", "entropy")
"""In this order: the one that clips nothing, then those that clip what is rare."""

HOPELESS: Final = frozenset({"read", "contract"})
"""Where the judge stopped for a reason that more nodes in fp32 do not mend."""


def search_static(trials: Trials, types: NumberTypes) -> Steps[Tried | None]:
    """Try ways of static quantization until one passes; returns the best that was tried, None where none could be made."""
    best: Tried | None = None
    first = Trial("static", types, tuple(sorted(STATIC_OPERATORS)), per_channel=trials.prepared.opset >= 13)
    for method in METHODS:
        if trials.over_budget or not (yield from _has_ranges(trials, method)):
            continue
        tried = yield from _try(trials, replace(first, method=method, per_channel=best is None or best.trial.per_channel))
        best = better(best, tried)
        if tried.enough or tried.failed_at in HOPELESS:
            return tried
        if tried.failed_at == "size":
            break
    if best is None:
        return None
    start = best
    if not trials.over_budget and _others(trials):
        products = replace(best.trial, operators=tuple(sorted(STATIC_PRODUCTS)), note="products only")
        start = yield from _try(trials, products)
        if start.enough:
            return start
    # from products alone: a node between others that are int8 does not get its fp32 inputs back by being left out
    return better(best, (yield from fall_back(trials, start)))


def _others(trials: Trials) -> bool:
    """Whether anything but products is quantized."""
    return any(node.operator not in STATIC_PRODUCTS for node in trials.prepared.nodes)


def _try(trials: Trials, trial: Trial) -> Steps[Tried]:
    """Try it, with one scale a tensor where the quantizer or the runtime refuses one a channel."""
    tried = yield from trials.run(trial)
    if tried.failed_at in ("quantizer", "checker", "load") and trial.per_channel and not trials.over_budget:
        return (yield from trials.run(replace(trial, per_channel=False)))
    return tried


def _has_ranges(trials: Trials, method: RangeMethod) -> Steps[bool]:
    """Whether there are ranges by a method: an earlier run's, or collected now."""
    if method in trials.ranges:
        return True
    known = trials.memory.ranges(method)
    if known is not None:
        trials.ranges[method] = str(known)
        return True
    methods: tuple[RangeMethod, ...] = ("minmax",) if method == "minmax" else ("percentile", "entropy")
    folder = str(Path(trials.work.folder, f"ranges-{method}"))
    work = trials.work
    try:
        found = yield from calibrate(
            trials.prepared.path, work.calibration, methods, None, work.settings, trials.cancel, folder
        )
    except InspectorError as error:
        trials.attempts.append(Attempt(f"calibration {METHOD_NAMES[method]}", "failed", reason_of(error)))
        return False
    trials.notes += [note for note in found.notes if note not in trials.notes]
    for name, path in found.paths.items():
        trials.ranges[name] = path
        trials.memory.keep_ranges(name, path)
    return True
