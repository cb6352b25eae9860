"""Figures of the artifact itself: size, nodes, parameters, cost, operators and operator sets."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from difflib import get_close_matches

from inspector.records.optimization import ModelFacts
from inspector.records.review import GraphSummary, Review
from inspector.verify.rules.reading import Figure, Reading, Side, nothing, one

_NO_GRAPH = "it is no model: there is no graph"


def artifact_figures() -> tuple[Figure, ...]:
    """Return the figures whose names are fixed."""
    return (
        Figure("size_bytes", "bytes", "bytes of the artifact, external data included; of an image all layers unpacked", _size),
        Figure("weight_bytes", "bytes", "bytes of all weights", _facts("weight_bytes", lambda graph: graph.weight_bytes)),
        Figure("parameters", "count", "elements of all weights", _facts("parameter_count", lambda g: g.parameter_count)),
        Figure("nodes", "count", "nodes of all graphs", _facts("node_count", lambda g: g.node_count + g.nested_node_count)),
        Figure("flops", "count", "floating-point operations of one run of the original, at --batch and --dim", _flops),
        Figure("activation_peak_bytes", "bytes", "bytes of activations that live at once in the original", _activations),
        Figure("format", "word", "what the artifact is", _format, words=("onnx", "saved_model", "tflite", "image")),
    )


def last_change(review: Review) -> tuple[str, ModelFacts] | None:
    """Return name and facts of what the last accepted step led to; None where no step was accepted."""
    accepted = [change for change in review.changes if change.status == "accepted" and change.after is not None]
    last = accepted[-1] if accepted else None
    return (last.optimizer, last.after) if last is not None and last.after is not None else None


def _first(review: Review) -> ModelFacts:
    """Return the facts of what the steps began with, counted as those of their results are."""
    return review.changes[0].before


def _size(review: Review, side: Side) -> Sequence[Reading]:
    changed = last_change(review)
    if side == "now" and review.comparison is not None and changed is None:
        return one(review.comparison.other.size_bytes, review.comparison.other.path)
    if side == "now" and changed is not None:
        return one(changed[1].size_bytes, f"after {changed[0]}")
    if side == "before" and changed is None and review.comparison is not None:
        return one(review.artifact.size_bytes)
    if side == "before":
        return one(_first(review).size_bytes) if changed is not None else ()
    return one(_original_size(review))


def _original_size(review: Review) -> int:
    if review.image is not None and review.image.size_bytes is not None:
        return review.image.size_bytes
    return review.artifact.size_bytes + sum(file.size_bytes or 0 for file in review.external_files)


def _facts(name: str, of_graph: Callable[[GraphSummary], int]) -> Callable[[Review, Side], Sequence[Reading]]:
    """Return a reader of what both the graph and the facts of a changed model tell."""

    def read(review: Review, side: Side) -> Sequence[Reading]:
        changed = last_change(review)
        if review.graph is None:
            return nothing(_NO_GRAPH)
        if side == "before" and changed is None:
            return ()
        if changed is None:
            return one(of_graph(review.graph))
        return one(getattr(changed[1], name), f"after {changed[0]}") if side == "now" else one(getattr(_first(review), name))

    return read


def _flops(review: Review, side: Side) -> Sequence[Reading]:
    if side == "before":
        return ()
    if review.graph is None:
        return nothing(_NO_GRAPH)
    flops = review.graph.flops
    covered = f"covers {flops.covered:.0%} of computing nodes" if flops.covered < 1 else ""
    low = float(flops.value) if flops.value < 2**1000 else None
    # What is not covered adds to it: the true value is this or more.
    high = float("inf") if flops.covered < 1 and low is not None else None
    return (Reading(flops.value, low if high is not None else None, high, note=covered),)


def _activations(review: Review, side: Side) -> Sequence[Reading]:
    if side == "before":
        return ()
    if review.graph is None:
        return nothing(_NO_GRAPH)
    return one(review.graph.activation_peak_bytes, unknown="too few shapes are known: --dim gives lengths")


def _format(review: Review, side: Side) -> Sequence[Reading]:
    return one(review.artifact.format) if side == "now" else ()


def operator_figure(name: str) -> Figure:
    """Return the count of one operator, by name or domain.name."""

    def read(review: Review, side: Side) -> Sequence[Reading]:
        if side == "before":
            return ()
        if review.graph is None:
            return nothing(_NO_GRAPH)
        uses = review.graph.operators
        count = sum(use.count for use in uses if name in (use.name, f"{use.domain}.{use.name}"))
        names = sorted({use.name for use in uses})
        if not count and (same := next((one for one in names if one.lower() == name.lower()), "")):
            return nothing(f"there is no operator {name}, there is {same}")
        near = get_close_matches(name, names, 1, 0.8) if not count else []
        return (Reading(count, note=f"there is {near[0]}" if near else ""),)

    return Figure(f"operators.{name}", "count", f"nodes of the operator {name} in the original", read)


def opset_figure(domain: str) -> Figure:
    """Return the version of one operator set."""

    def read(review: Review, side: Side) -> Sequence[Reading]:
        if review.graph is None:
            return nothing(_NO_GRAPH)
        changed = last_change(review)
        if side == "now" and changed is not None and changed[1].opset is not None and domain == "ai.onnx":
            return one(changed[1].opset, f"after {changed[0]}")
        if side == "before" and changed is None:
            return ()
        known = ", ".join(review.graph.opsets) or "none"
        return one(review.graph.opsets.get(domain), unknown=f"it imports no operator set {domain}; there are: {known}")

    return Figure(f"opset.{domain}", "count", f"version of the operator set {domain}", read)
