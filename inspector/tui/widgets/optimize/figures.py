"""How verdicts, ratios and parity are written on the optimize tab."""

from __future__ import annotations

from inspector.records.measurement import Comparison, MeasurementKind
from inspector.records.optimization import Change, ChangeVerdict, ModelFacts
from inspector.records.parity import OutputParity, Parity
from inspector.report.figures import bytes_text, share_text, whole_text

VERDICT_ROLES: dict[ChangeVerdict, str] = {
    "accepted": "good",
    "smaller but slower": "medium",
    "sooner but slower": "medium",
    "rejected": "high",
    "nothing to do": "soft",
    "cannot run": "soft",
}
VERDICT_GLYPHS: dict[ChangeVerdict, str] = {
    "accepted": "✓",
    "smaller but slower": "◆",
    "sooner but slower": "◆",
    "rejected": "✗",
    "nothing to do": "·",
    "cannot run": "·",
}
ROLE_STYLES = {"good": "$good bold", "medium": "$medium bold", "high": "$high bold", "soft": "$soft bold"}


def verdict_text(verdict: ChangeVerdict) -> str:
    """Return the word with a glyph that tells it without color: "✓ accepted"."""
    return f"{VERDICT_GLYPHS[verdict]} {verdict}"


def ratio_text(ratio: float) -> str:
    """Return a ratio after / before in three digits or so: "0.29×", "0.083×", "12.4×", "1,240×"."""
    if ratio >= 100:
        return f"{ratio:,.0f}×"
    if 0 < ratio < 0.0995:
        return f"{ratio:.3f}×"
    return f"{ratio:.1f}×" if ratio >= 10 else f"{ratio:.2f}×"


def size_ratio(change: Change) -> float | None:
    """Return the bytes after over those before, None where there is no model."""
    if change.after is None or not change.before.size_bytes:
        return None
    return change.after.size_bytes / change.before.size_bytes


def sizes_text(before: ModelFacts, after: ModelFacts | None) -> str:
    """Return "120.3 KB → 35.1 KB"."""
    if after is None:
        return bytes_text(before.size_bytes)
    return f"{bytes_text(before.size_bytes)} → {bytes_text(after.size_bytes)}"


def nodes_text(before: ModelFacts, after: ModelFacts | None) -> str:
    """Return "14 → 12"."""
    if after is None:
        return whole_text(before.node_count)
    return f"{whole_text(before.node_count)} → {whole_text(after.node_count)}"


def comparison_of(change: Change | None, kind: MeasurementKind) -> Comparison | None:
    """Return what was measured of a kind, None where it was not."""
    found = (one for one in (change.comparisons if change else ()) if one.kind == kind and one.verdict != "not measured")
    return next(found, None)


def interval_text(comparison: Comparison) -> str:
    """Return the interval of the ratio: "0.65–0.78"."""
    digits = 3 if 0 < comparison.ratio < 0.0995 else 2
    return f"{comparison.low:.{digits}f}–{comparison.high:.{digits}f}"


def worst_output(parity: Parity) -> OutputParity | None:
    """Return the output that is furthest from the original's."""
    return max(parity.outputs, key=_distance, default=None)


def _distance(output: OutputParity) -> tuple[bool, int, float]:
    if output.sqnr_db is not None:
        return bool(output.problem), output.nonfinite_mismatches, -output.sqnr_db
    return bool(output.problem), output.nonfinite_mismatches, -1e6 if output.exact_share in (None, 1.0) else 1e6


def parity_text(parity: Parity | None) -> str:
    """Return the worst output in a figure: "38.2 dB", "equal", "99 % same"."""
    worst = worst_output(parity) if parity is not None else None
    return "" if worst is None else output_figure(worst)


def output_figure(output: OutputParity) -> str:
    """Return how near an output is to the original's, in a figure."""
    if output.problem:
        return "differs"
    if output.nonfinite_mismatches:
        return f"{whole_text(output.nonfinite_mismatches)} NaN/Inf"
    if output.sqnr_db is not None:
        return f"{output.sqnr_db:.1f} dB"
    if output.exact_share is not None and output.exact_share < 1:
        return f"{share_text(output.exact_share)} same"
    return "equal"
