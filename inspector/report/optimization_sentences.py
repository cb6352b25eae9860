"""What was made of a model, in short phrases, shared by the text and the Markdown report so that both say the same."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from inspector.records.measurement import Comparison, MeasurementKind
from inspector.records.optimization import Attempt, Autopsy, Change, KeptNode, ModelFacts, NodeSensitivity
from inspector.records.parity import ConformanceResult, GateCheck, OutputParity, Parity
from inspector.report.figures import bytes_text, plural, share_text, whole_text

MOST_NODES: Final = 12
"""Nodes that are named one by one."""

FIGURES: Final = {
    "cosine": "cosine",
    "sqnr_db": "SQNR in dB",
    "max_absolute": "largest error",
    "max_scaled": "largest error in shares of the scale",
    "mean_scaled": "mean error in shares of the scale",
    "top1_agreement": "share of same winners",
    "decided_top1_agreement": "share of same winners where one stands out",
    "exact_share": "share of equal elements",
    "new_nan": "elements that became NaN or infinite",
}
"""What a gate looks at."""

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


def worst_text(parity: Parity | None) -> str:
    """Return the figure of the worst output: "SQNR 42.1 dB"; "equal" where all are."""
    if parity is None:
        return ""
    worst = worst_output(parity)
    if worst is None:
        return "no outputs"
    if worst.problem:
        return "not comparable"
    if _is_equal(worst):
        return "equal"
    if worst.sqnr_db is not None:
        return f"SQNR {worst.sqnr_db:.1f} dB"
    if worst.exact_share is not None:
        return f"{share_text(worst.exact_share)} equal"
    return f"error {number_text(worst.max_absolute)}"


def worst_output(parity: Parity) -> OutputParity | None:
    """Return the output that fared worst: incomparable, then by SQNR, then by the share of equal elements."""
    return min(parity.outputs, key=_rank, default=None)


def _rank(output: OutputParity) -> tuple[bool, bool, float, float]:
    sqnr = output.sqnr_db if output.sqnr_db is not None else float("inf")
    share = output.exact_share if output.exact_share is not None else 1.0
    return not output.problem, _is_equal(output), sqnr, share


def _is_equal(output: OutputParity) -> bool:
    return not output.problem and (output.max_absolute == 0 or (output.max_absolute is None and output.exact_share == 1))


def parity_sentence(parity: Parity) -> str:
    """Return the worst output with its figures, and what that was measured on."""
    worst = worst_output(parity)
    where = f"over {_inputs_text(parity)} on {parity.device}"
    if worst is None:
        return f"no outputs were compared {where}"
    if worst.problem:
        return f"output {worst.output}: {worst.problem}"
    if _is_equal(worst):
        return f"every output is equal {where}"
    named = f"worst output {worst.output}: " if len(parity.outputs) > 1 else ""
    return f"{named}{', '.join(_figures(worst))}, {where}"


def _inputs_text(parity: Parity) -> str:
    kind = f"synthetic inputs of seed {parity.seed}" if parity.source == "synthetic" else "inputs from the data"
    return f"{whole_text(parity.inputs)} {kind}"


def _figures(output: OutputParity) -> Iterator[str]:
    if output.sqnr_db is not None:
        yield f"SQNR {output.sqnr_db:.1f} dB"
    if output.cosine is not None:
        yield f"lowest cosine {number_text(output.cosine)}"
    if output.max_absolute is not None:
        yield f"largest error {number_text(output.max_absolute)} at a scale of {number_text(output.scale)}"
    if output.top1_agreement is not None:
        yield f"{share_text(output.top1_agreement)} same winners"
    if output.exact_share is not None and output.sqnr_db is None:
        yield f"{share_text(output.exact_share)} of elements equal"
    new_nan = output.nan_count - output.reference_nan_count
    if new_nan > 0:
        yield f"{whole_text(new_nan)} elements became NaN"


def number_text(number: float | None) -> str:
    """Return a figure with the digits that tell it apart: six after the point near 1, four significant ones elsewhere."""
    if number is None:
        return "?"
    return f"{number:.6f}".rstrip("0").rstrip(".") if 0.99 <= number < 1 else f"{number:.4g}"


def comparison_of(change: Change, kind: MeasurementKind) -> Comparison | None:
    """Return the change's measurement of that kind."""
    return next((one for one in change.comparisons if one.kind == kind), None)


def ratio_text(comparison: Comparison | None) -> str:
    """Return the median ratio after / before with its interval: "0.72× (0.70 to 0.75)"; what was not measured is empty."""
    if comparison is None:
        return ""
    if comparison.verdict == "not measured":
        return "not measured"
    return f"{comparison.ratio:.2f}× ({comparison.low:.2f} to {comparison.high:.2f})"


def comparison_sentence(comparison: Comparison) -> str:
    """Return medians, ratio, verdict and noise floor of a measurement in one line."""
    note = f" ({comparison.note})" if comparison.note else ""
    if comparison.verdict == "not measured":
        return f"not measured{note}"
    medians = f"{number_text(comparison.before_ms)} ms → {number_text(comparison.after_ms)} ms"
    noise = ""
    if comparison.noise_low is not None and comparison.noise_high is not None:
        noise = f", the original against itself {comparison.noise_low:.2f} to {comparison.noise_high:.2f}"
    where = f"{plural(comparison.pairs, 'pair')}, {comparison.device}, {plural(comparison.threads, 'thread')}"
    return f"{comparison.verdict}: {ratio_text(comparison)}, {medians}{noise} ({where}){note}"


def kind_text(kind: MeasurementKind) -> str:
    """Return what was measured in words."""
    return kind.replace("_", " ")


def gate_rows(gates: Iterable[GateCheck]) -> list[tuple[str, str, str, str, str]]:
    """Return passed or failed, the figure, what was asked, what was observed and where, and why it is asked."""
    return [
        (
            "passed" if one.passed else "failed",
            FIGURES.get(one.gate.figure, one.gate.figure),
            f"{one.gate.bound} {one.gate.threshold:g}",
            _observed(one),
            one.gate.reason,
        )
        for one in gates
    ]


def _observed(check: GateCheck) -> str:
    if check.observed is None:
        return "equal" if check.passed else "not measured"
    return f"{number_text(check.observed)} at {check.output}" if check.output else number_text(check.observed)


def conformance_sentence(result: ConformanceResult) -> str:
    """Return what a metric on labelled data lost, and whether that is shown to be within the margin."""
    figures = f"{result.metric} {number_text(result.before)} → {number_text(result.after)}"
    shown = f"a loss of at most {number_text(result.loss_high)} at {share_text(result.confidence)} confidence"
    allowed = f"{number_text(result.margin)} is allowed"
    method = f", {result.method}" if result.method else ""
    sentence = f"{result.status}: {figures} on {plural(result.samples, 'sample')}, {shown}, {allowed}{method}"
    if result.status == "underpowered" and result.samples_needed:
        sentence += f"; needs about {plural(result.samples_needed, 'sample')}"
    return sentence


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
