"""The nodes that lose most stay in fp32: twice as many each time until a candidate passes, then as few as will do."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from inspector.errors import InspectorError
from inspector.optimize.attempts import reason_of
from inspector.optimize.quantization.fallback_influence import influence
from inspector.optimize.quantization.fallback_influence_answer import Influence
from inspector.optimize.quantization.fallback_order import worst_first
from inspector.optimize.quantization.fallback_trial import Tried, better
from inspector.optimize.quantization.fallback_trials import Trials
from inspector.records.event import Partial, Steps
from inspector.records.optimization import Attempt, NodeSensitivity, StepProgress

if TYPE_CHECKING:
    from collections.abc import Sequence


def fall_back(trials: Trials, start: Tried) -> Steps[Tried]:
    """Return the candidate with the fewest nodes in fp32 that passes, or the nearest to it within the budget."""
    if trials.over_budget:
        return start
    order = yield from _order(trials, start)
    if not order:
        return start
    nearest, failing, passing = start, 0, None
    count = 1
    while passing is None and failing < len(order) and not trials.over_budget:
        tried = yield from _with_kept(trials, start, order[:count])
        if tried.enough or tried.failed_at == "size":  # with more nodes in fp32 it only grows
            passing = count
        else:
            failing, count = count, min(2 * count, len(order))
        nearest = better(nearest, tried)
    if passing is None:
        return nearest
    return (yield from _shrink(trials, start, order, (failing, passing), nearest))


def _shrink(trials: Trials, start: Tried, order: Sequence[str], bounds: tuple[int, int], nearest: Tried) -> Steps[Tried]:
    """Return the candidate of the smallest set that passes, by halving between one that fails and one that does."""
    failing, passing = bounds
    while passing - failing > 1 and not trials.over_budget:
        middle = (failing + passing) // 2
        tried = yield from _with_kept(trials, start, order[:middle])
        if tried.enough or tried.failed_at == "size":
            passing = middle
        else:
            failing = middle
        nearest = better(nearest, tried)
    return nearest


def _with_kept(trials: Trials, start: Tried, names: Sequence[str]) -> Steps[Tried]:
    return (yield from trials.run(replace(start.trial, exclude=frozenset(names))))


def _order(trials: Trials, start: Tried) -> Steps[list[str]]:
    """Return the names of nodes that may stay in fp32, those that lose most first."""
    trials.sensitivity = trials.memory.memory.sensitivity
    if not trials.sensitivity:
        trials.sensitivity = yield from _measured(trials, start)
        trials.memory.note(sensitivity=trials.sensitivity)
    trials.alone = yield from _alone(trials, start)
    return worst_first(trials.prepared, trials.sensitivity, start.trial.operators, trials.kept_always, trials.alone)


def _alone(trials: Trials, start: Tried) -> Steps[tuple[Influence, ...]]:
    """Return what nodes do to the outputs alone; nothing for models too large to be made again and again."""
    known = trials.memory.memory.influence
    if start.trial.key in known or trials.prepared.external:
        return known.get(start.trial.key, ())
    yield Partial(StepProgress(trials.optimizer, "measuring what each node does alone", tuple(trials.attempts)))
    try:
        found = yield from influence(trials, trials.alone_of(start.trial))
    except InspectorError as error:
        trials.attempts.append(Attempt("what each node does alone", "failed", reason_of(error)))
        return ()
    trials.memory.note(influence={**known, start.trial.key: found})
    return found


def _measured(trials: Trials, start: Tried) -> Steps[tuple[NodeSensitivity, ...]]:
    """Return what quantizing does at each node of a candidate that failed; nothing where that cannot be told."""
    from inspector.optimize.quantization.sensitivity import sensitivity

    yield Partial(StepProgress(trials.optimizer, "measuring what each node loses", tuple(trials.attempts)))
    candidate = yield from trials.remake(start.trial)
    if candidate is None:
        return ()
    settings, inputs = trials.work.settings, trials.work.calibration
    try:
        return (yield from sensitivity(trials.prepared.path, candidate.path, inputs, settings, trials.cancel))
    except InspectorError as error:
        trials.attempts.append(Attempt("sensitivity of each node", "failed", reason_of(error)))
        return ()
    finally:
        trials.discard(candidate)
