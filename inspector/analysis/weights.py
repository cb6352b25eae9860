"""Totals over all weights of an artifact."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from heapq import nlargest

from inspector.analysis.reachability import Reachability, find_ways
from inspector.records.artifact import Computation
from inspector.records.inspection import ServingNeeds
from inspector.records.saved_model import VariableFacts
from inspector.records.saved_model_review import TrainingBaggage
from inspector.records.tensor import Weight


@dataclass(frozen=True, slots=True)
class WeightTotal:
    """Parameters (elements) and dense bytes of all weights of one element type."""

    dtype: str
    parameters: int
    bytes: int
    count: int = 0


def total_weights(weights: Sequence[Weight]) -> tuple[WeightTotal, ...]:
    """Return the totals by element type, most bytes first."""
    parameters: Counter[str] = Counter()
    sizes: Counter[str] = Counter()
    counts: Counter[str] = Counter()
    by_kind = {(weight.dtype, weight.shape, weight.stored_bytes): weight for weight in weights}
    uses = Counter((weight.dtype, weight.shape, weight.stored_bytes) for weight in weights)
    for kind, weight in by_kind.items():
        parameters[weight.dtype] += weight.element_count * uses[kind]
        sizes[weight.dtype] += weight.byte_count * uses[kind]
        counts[weight.dtype] += uses[kind]
    order = sorted(parameters, key=lambda dtype: (-sizes[dtype], dtype))
    return tuple(WeightTotal(dtype, parameters[dtype], sizes[dtype], counts[dtype]) for dtype in order)


def served_weights(computation: Computation, reach: Reachability | None = None) -> Sequence[Weight]:
    """Return the weights that inference may use: all but, in a SavedModel, those that only training or the saver reaches.

    Of a .tflite, whose graphs share what is stored, one weight for each stretch of storage. reach, where it is known already,
    saves following the calls again.
    """
    if computation.tflite is not None:
        return _stored_once(computation)
    if computation.saved_model is None:
        return computation.weights
    reach = reach or find_ways(computation)
    training = {variable.weight for variable in training_variables(computation, reach)}
    return [
        weight
        for weight in computation.weights
        if (
            weight.name not in training
            if weight.carrier == "variable"
            else reach.kind_of(weight.graph, weight.node) in ("load", "signature")
        )
    ]


def training_variables(computation: Computation, reach: Reachability) -> tuple[VariableFacts, ...]:
    """Return the variables of a SavedModel that only training needs: an optimizer's, a metric's, and no graph served reads."""
    facts = computation.saved_model
    return tuple(
        variable
        for variable in (facts.variables if facts is not None else ())
        if variable.role in ("optimizer", "training")
        and not any(reach.runs(handle.graph, ("load", "signature")) for handle in variable.handles)
    )


def _stored_once(computation: Computation) -> Sequence[Weight]:
    by_place = {(w.storage.offset or -number, w.storage.length): w for number, w in reversed([*enumerate(computation.weights)])}
    return computation.weights if len(by_place) == len(computation.weights) else [*by_place.values()][::-1]


def serving_needs(computation: Computation) -> ServingNeeds | None:
    """Return which weights of an artifact serving uses and what only training does, None where that is all of them."""
    if computation.tflite is not None:
        stored = served_weights(computation)
        return None if len(stored) == len(computation.weights) else ServingNeeds(tuple(stored), TrainingBaggage())
    if computation.saved_model is None:
        return None
    reach = find_ways(computation)
    return ServingNeeds(tuple(served_weights(computation, reach)), training_baggage(computation, reach))


def training_baggage(computation: Computation, reach: Reachability) -> TrainingBaggage:
    """Return what only training uses, in number and bytes."""
    facts = computation.saved_model
    kept = [one for one in training_variables(computation, reach) if one.stored]
    functions = [function for one in (facts.tag_sets if facts else ()) for function in one.functions if function.training]
    return TrainingBaggage(
        variable_count=len(kept),
        optimizer_count=sum(one.role == "optimizer" for one in kept),
        bytes=sum(one.byte_count for one in kept),
        function_count=len(functions),
        node_count=sum(function.node_count for function in functions),
    )


def largest_weights(computation: Computation, limit: int = 10) -> Sequence[Weight]:
    """Return the weights of most bytes, largest first, ties in file order."""
    return nlargest(limit, computation.weights, key=lambda weight: weight.byte_count)
