"""What was made of a model, in short phrases, shared by the text and the Markdown report so that both say the same."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from inspector.records.measurement import Comparison, MeasurementKind
from inspector.records.optimization import Attempt, Autopsy, Change, KeptNode, ModelFacts, NodeSensitivity
from inspector.report.figures import bytes_text, plural, share_text, whole_text
from inspector.report.proof_sentences import number_text

MOST_NODES: Final = 12
"""Nodes that are named one by one."""


_OUTCOME_ORDER: Final = ("chosen", "passed", "rejected", "failed", "not run")


def size_text(before: ModelFacts, after: ModelFacts | None) -> str:
    """Return bytes before and after: "438.0 MB → 110.2 MB (0.25×)"; only those before where there is no after."""
    if after is None:
        return bytes_text(before.size_bytes)
    ratio = f" ({after.size_bytes / before.size_bytes:.2f}×)" if before.size_bytes else ""
    return f"{bytes_text(before.size_bytes)} → {bytes_text(after.size_bytes)}{ratio}"


def nodes_text(before: ModelFacts, after: ModelFacts | None) -> str:
    """Return nodes before and after, without those that are Constant where there are any: "860 → 393 (393 → 393 …)"."""
    if after is None:
        return whole_text(before.node_count)
    counts = f"{before.node_count:,} → {after.node_count:,}"
    if not (before.constant_count or after.constant_count):
        return counts
    computing = [facts.node_count - facts.constant_count for facts in (before, after)]
    return f"{counts} ({computing[0]:,} → {computing[1]:,} without Constant)"


def overall_text(changes: Sequence[Change]) -> str:
    """Return what all accepted steps came to, empty where fewer than two were accepted."""
    accepted = [change for change in changes if change.status == "accepted" and change.after is not None]
    if len(accepted) < 2:
        return ""
    first, last = accepted[0].before, accepted[-1].after
    return f"{plural(len(accepted), 'step')} in all: {size_text(first, last)}, nodes {nodes_text(first, last)}"


def comparison_of(change: Change, kind: MeasurementKind) -> Comparison | None:
    """Return the change's measurement of that kind."""
    return next((one for one in change.comparisons if one.kind == kind), None)


def attempt_rows(attempts: Iterable[Attempt]) -> list[tuple[str, str, str, str]]:
    """Return outcome, name, figures and reason of every attempt, the chosen one first."""
    ordered = sorted(attempts, key=lambda attempt: _OUTCOME_ORDER.index(attempt.outcome))
    return [(one.outcome, one.name, ", ".join(_attempt_figures(one)), one.reason) for one in ordered]


def _attempt_figures(attempt: Attempt) -> Iterator[str]:
    if attempt.size_bytes is not None:
        yield bytes_text(attempt.size_bytes)
    if attempt.node_count is not None:
        yield plural(attempt.node_count, "node")
    if attempt.worst_sqnr_db is not None:
        yield f"SQNR {attempt.worst_sqnr_db:.1f} dB"
    elif attempt.worst_cosine is not None:
        yield f"cosine {number_text(attempt.worst_cosine)}"


def kept_rows(nodes: Sequence[KeptNode]) -> list[tuple[str, str, str]]:
    """Return name, operator and reason of the first nodes that stay in fp32."""
    return [(node_name(node.name, node.node), node.operator, _kept_reason(node)) for node in nodes[:MOST_NODES]]


def node_name(name: str, index: int) -> str:
    """Return what a node is called: its name, or its place in the file."""
    return name or f"#{index}"


def _kept_reason(node: KeptNode) -> str:
    figure = f"SQNR {node.sqnr_db:.1f} dB" if node.sqnr_db is not None else ""
    return ", ".join(part for part in (node.reason, figure) if part)


def sensitivity_rows(nodes: Sequence[NodeSensitivity]) -> list[tuple[str, str, str, str]]:
    """Return name, operator, local and accumulated SQNR of the most sensitive nodes, the worst first."""
    ordered = sorted(nodes, key=lambda one: one.local_sqnr_db if one.local_sqnr_db is not None else float("inf"))
    return [
        (node_name(one.name, one.node), one.operator, _decibels(one.local_sqnr_db), _decibels(one.accumulated_sqnr_db))
        for one in ordered[:MOST_NODES]
    ]


def _decibels(figure: float | None) -> str:
    return "" if figure is None else f"{figure:.1f} dB"


def autopsy_sentences(autopsy: Autopsy) -> Iterator[str]:
    """Yield what conversions are left, what share of run time they take, and what the runtime executes."""
    counts = [f"{whole_text(count)} {operator}" for operator, count in autopsy.conversions.items() if count]
    left = ", ".join(counts) or "no conversion is left"
    share = f", {share_text(autopsy.conversion_share)} of node time" if autopsy.conversion_share is not None else ""
    yield left + share
    costly = [f"{one.name or one.operator}{_costs(one.milliseconds, one.share)}" for one in autopsy.costliest[:3]]
    if costly:
        yield f"costliest conversions: {', '.join(costly)}"
    executed = [f"{operator} {share_text(share)}" for operator, share in list(autopsy.executed_operators.items())[:5]]
    if executed:
        yield f"node time by executed operator: {', '.join(executed)}"
    if autopsy.note:
        yield autopsy.note


def _costs(milliseconds: float | None, share: float | None) -> str:
    parts = [f"{number_text(milliseconds)} ms" if milliseconds is not None else "", share_text(share) if share else ""]
    known = ", ".join(part for part in parts if part)
    return f" ({known})" if known else ""


def effort_text(change: Change) -> str:
    """Return how long the step took and the most memory that one attempt did."""
    peak = max((one.peak_bytes for one in change.attempts if one.peak_bytes is not None), default=None)
    memory = f", {bytes_text(peak)} of memory at most" if peak is not None else ""
    seconds = f"{change.seconds:.0f} s" if change.seconds >= 1 else "less than a second"
    return seconds + memory if change.seconds else ""


def choice_text(change: Change) -> str:
    """Return what the step would do, or did, as its pre-flight chose."""
    return change.choice or (change.preflight.choice if change.preflight is not None else "")


def change_warnings(change: Change) -> list[str]:
    """Return the warnings of a step, those that its pre-flight gave once."""
    before = change.preflight.warnings if change.preflight is not None else ()
    return list(dict.fromkeys((*before, *change.warnings)))
