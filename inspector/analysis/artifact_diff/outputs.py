"""How far the outputs of two models are apart for the same inputs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from inspector.analysis.artifact_diff.tally import Tally
from inspector.records.parity import OutputParity, Parity

ROUNDING: Final = 1e-5
"""Share of an output's scale by which two runs of the same computation may differ: additions in another order."""


def outputs(parity: Parity, note: str = "") -> Tally:
    """Return which outputs differ, and by how much; those that differ by rounding alone count as equal."""
    tally = Tally("parity")
    rounded: list[OutputParity] = []
    for one in parity.outputs:
        if is_equal(one):
            tally.equal += 1
            rounded += [one] if one.max_absolute else []
        else:
            weight = one.max_scaled or 0.0
            tally.add("changed", f"output {one.output}", detail=_told(one), weight=weight, figures=_figures(one))
    parts = [f"on {parity.inputs} seeded input{'s' if parity.inputs != 1 else ''}", note]
    if rounded:
        worst = max(rounded, key=lambda one: one.max_scaled or 0.0)
        parts.append(f"what is the same differs by rounding alone: {_told(worst)}")
    tally.note = "; ".join(part for part in parts if part)
    return tally


def is_equal(one: OutputParity) -> bool:
    """Return whether two outputs are the same but for rounding."""
    if one.problem or one.nonfinite_mismatches or one.nan_count != one.reference_nan_count:
        return False
    if one.max_absolute is not None:
        return one.max_absolute == 0 or (one.max_scaled is not None and one.max_scaled <= ROUNDING)
    return one.exact_share is None or one.exact_share == 1


def _told(one: OutputParity) -> str:
    return one.problem or ", ".join(_parts(one)) or "not the same"


def _parts(one: OutputParity) -> Iterator[str]:
    if one.max_absolute is not None:
        share = f" ({one.max_scaled:.2g} of its scale)" if one.max_scaled is not None else ""
        yield f"largest error {one.max_absolute:.3g}{share}"
    if one.sqnr_db is not None:
        yield f"SQNR {one.sqnr_db:.1f} dB"
    if one.top1_agreement is not None:
        yield f"top-1 agrees in {_share(one.top1_agreement)}"
    if one.max_absolute is None and one.exact_share is not None:
        yield f"{_share(one.exact_share)} of the elements are equal"
    if one.nan_count or one.reference_nan_count:
        yield f"NaN {one.reference_nan_count:,} -> {one.nan_count:,}"
    if one.inf_count or one.reference_inf_count:
        yield f"infinite {one.reference_inf_count:,} -> {one.inf_count:,}"


def _share(share: float) -> str:
    """Return a share in percent that is 100 for all alone."""
    return "100 %" if share == 1 else f"{min(share * 100, 99.9):.1f} %"


def _figures(one: OutputParity) -> dict[str, float]:
    figures = {
        "elements": float(one.elements),
        "largest error": one.max_absolute,
        "mean error": one.mean_absolute,
        "largest error of scale": one.max_scaled,
        "SQNR dB": one.sqnr_db,
        "top-1 agreement": one.top1_agreement,
        "equal share": one.exact_share,
        "NaN": float(one.nan_count),
        "NaN before": float(one.reference_nan_count),
    }
    return {"elements": float(one.elements)} if one.problem else {k: v for k, v in figures.items() if v is not None}
