"""What was proven of a change and measured, in short phrases: parity, gates, conformance, speed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from inspector.records.measurement import Comparison
from inspector.records.parity import ConformanceResult, GateCheck, OutputParity, Parity
from inspector.report.figures import plural, share_text, whole_text

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


def ratio_text(comparison: Comparison | None) -> str:
    """Return the median ratio after / before with its interval: "0.72× (0.70 to 0.75)"; what was not measured is empty."""
    if comparison is None:
        return ""
    if comparison.verdict == "not measured":
        return "not measured"
    digits = _digits(comparison.ratio)
    return f"{times_text(comparison.ratio)} ({comparison.low:.{digits}f} to {comparison.high:.{digits}f})"


def times_text(ratio: float) -> str:
    """Return a ratio after / before: "0.72×"; below 0.1 with a digit more, which tells what changes by another runtime."""
    return f"{ratio:.{_digits(ratio)}f}×"


def _digits(ratio: float) -> int:
    return 3 if 0 < ratio < 0.0995 else 2


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


def measured_text(comparison: Comparison) -> str:
    """Return what was measured in words: "latency", "cold start, session"."""
    kind = comparison.kind.replace("_", " ")
    return f"{kind}, {comparison.phase}" if comparison.phase else kind


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
