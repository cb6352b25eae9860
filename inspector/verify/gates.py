"""What the outputs of a changed model must reach, by default for each optimizer or as the contract says."""

from __future__ import annotations

from typing import Final, Literal

from inspector.records.contract import Tolerances
from inspector.records.optimization import OptimizerName
from inspector.records.parity import Gate, GateCheck, GateFigure, OutputParity, Parity

NEGLIGIBLE: Final = 1e-6
"""Outputs whose largest value and largest difference are both below this are zero for any purpose: relative figures are noise
there, and half precision has but a few bits left."""

FEW_ROWS: Final = 20
"""From so many rows on, one that turned may be chance whatever the share asked for."""

_RELATIVE: Final[frozenset[GateFigure]] = frozenset(
    {"cosine", "sqnr_db", "max_scaled", "mean_scaled", "decided_top1_agreement"}
)
_NARROW: Final = frozenset({"int8", "uint8", "int16", "uint16"})
"""Integers that hold quantities, such as pixels, rather than indices: off by one is close."""

_NO_NEW_NAN: Final = Gate("new_nan", "at most", 0, "what was a number must stay one")

_SIMPLIFY: Final = (
    _NO_NEW_NAN,
    Gate("max_scaled", "at most", 1e-3, "only the order of additions may change"),
    Gate("cosine", "at least", 0.99999, "only the order of additions may change"),
    Gate("exact_share", "at least", 0.999, "an index may turn only where two values are equal but for rounding"),
)

_FP16: Final = (
    _NO_NEW_NAN,
    Gate("sqnr_db", "at least", 30.0, "11 bits of precision give 50 to 70 dB; below 30 dB something overflowed or was lost"),
    Gate("cosine", "at least", 0.999, "the worst input, not the average, must keep its direction"),
    Gate("max_scaled", "at most", 0.1, "no single element may be off by a tenth of the output's scale"),
    Gate("decided_top1_agreement", "at least", 0.99, "a winner that stands out by 1 % of the scale must stay the winner"),
    Gate("exact_share", "at least", 0.99, "an index may turn only where two values are nearly equal"),
)

_INT8: Final = (
    _NO_NEW_NAN,
    Gate("sqnr_db", "at least", 15.0, "8 bits give 20 to 40 dB over a network; at 15 dB noise is a sixth of the signal"),
    Gate("cosine", "at least", 0.98, "the worst input, not the average, must keep its direction"),
    Gate("exact_share", "at least", 0.95, "an index may turn only where two values are close"),
)

_INT8_ON_DATA: Final = (
    Gate("decided_top1_agreement", "at least", 0.95, "on real inputs a winner that stands out must stay the winner"),
)
"""Not held against synthetic inputs: there a classifier's winner means nothing, and 8 bits may turn it without harm."""

_FROM_CONTRACT: Final = "the contract says so"

_SAME_NUMBERS: Final[tuple[OptimizerName, ...]] = ("simplify", "warmstart", "prune", "to-onnx", "to-litert")
"""Steps after which the same is computed in the same precision."""


_DEFAULTS: Final[dict[OptimizerName, tuple[Gate, ...]]] = {
    "fp16": _FP16,
    **dict.fromkeys(_SAME_NUMBERS, _SIMPLIFY),
}


def default_gates(
    optimizer: OptimizerName, source: Literal["synthetic", "data"], tolerances: Tolerances | None = None
) -> tuple[Gate, ...]:
    """Return what every output must reach after an optimizer, on inputs of that source; tolerances of a contract override."""
    on_data = _INT8_ON_DATA if source == "data" else ()
    gates = _DEFAULTS.get(optimizer, (*_INT8, *on_data))
    return _overridden(gates, tolerances) if tolerances is not None else gates


def _overridden(gates: tuple[Gate, ...], tolerances: Tolerances) -> tuple[Gate, ...]:
    """Put what a contract says in the place of the defaults that judge the same thing."""
    promised: tuple[tuple[GateFigure, Literal["at least", "at most"], float | None, tuple[GateFigure, ...]], ...] = (
        ("max_absolute", "at most", tolerances.max_absolute, ("max_scaled", "mean_scaled")),
        ("cosine", "at least", tolerances.min_cosine, ("cosine",)),
        ("sqnr_db", "at least", tolerances.min_sqnr_db, ("sqnr_db",)),
        ("top1_agreement", "at least", tolerances.min_top1_agreement, ("decided_top1_agreement",)),
    )
    for figure, bound, threshold, replaced in promised:
        if threshold is not None:
            kept = tuple(gate for gate in gates if gate.figure not in replaced)
            gates = (*kept, Gate(figure, bound, threshold, _FROM_CONTRACT))
    return gates


def check_gates(parity: Parity, gates: tuple[Gate, ...]) -> tuple[GateCheck, ...]:
    """Hold every gate against the output that is worst by its figure; a figure no output has passes, observed None."""
    return tuple(_checked(gate, parity) for gate in gates)


def _checked(gate: Gate, parity: Parity) -> GateCheck:
    worst = GateCheck(gate, "", None, True)
    for output in parity.outputs:
        if output.problem:
            return GateCheck(gate, output.output, None, False)
        observed = _observed(gate, output)
        if observed is None:
            continue
        one = GateCheck(gate, output.output, observed, _passes(gate, observed, output))
        if worst.observed is None or _rank(one) > _rank(worst):
            worst = one
    return worst


def _rank(check: GateCheck) -> tuple[bool, float]:
    """Return what is larger the worse a check went."""
    observed = check.observed or 0.0
    return not check.passed, observed if check.gate.bound == "at most" else -observed


def _observed(gate: Gate, output: OutputParity) -> float | None:
    """Return the figure a gate judges, None where it says nothing of this output."""
    if gate.figure == "new_nan":
        return float(output.nonfinite_mismatches)
    if gate.figure == "exact_share":
        return None if output.dtype in _NARROW else output.exact_share
    wide_integer = output.dtype.startswith(("int", "uint")) and output.dtype not in _NARROW
    if wide_integer and gate.figure != "max_absolute":
        return None
    if gate.figure in _RELATIVE and _negligible(output):
        return None
    figures: dict[GateFigure, float | None] = {
        "cosine": output.cosine,
        "sqnr_db": output.sqnr_db,
        "max_absolute": output.max_absolute,
        "max_scaled": output.max_scaled,
        "mean_scaled": output.mean_scaled,
        "top1_agreement": output.top1_agreement,
        "decided_top1_agreement": output.decided_top1_agreement,
    }
    return figures[gate.figure]


def _negligible(output: OutputParity) -> bool:
    return (output.scale or 0.0) < NEGLIGIBLE and (output.max_absolute or 0.0) < NEGLIGIBLE


def _passes(gate: Gate, observed: float, output: OutputParity) -> bool:
    if gate.figure == "decided_top1_agreement" and (output.decided_rows or 0) >= FEW_ROWS:
        turned = round((1 - observed) * (output.decided_rows or 0))
        return turned <= max(1.0, (1 - gate.threshold) * (output.decided_rows or 0))
    return observed >= gate.threshold if gate.bound == "at least" else observed <= gate.threshold


def failure(checks: tuple[GateCheck, ...], parity: Parity) -> str:
    """Return the first failure as one sentence that names the output and what was needed, empty where all is well."""
    if not parity.inputs:
        return "there were no inputs to compare its outputs on"
    for output in parity.outputs:
        if output.problem:
            return f'output "{output.output}" cannot be compared: {output.problem}'
    for check in checks:
        if not check.passed and check.observed is not None:
            return _sentence(check, parity)
    return ""


def _sentence(check: GateCheck, parity: Parity) -> str:
    gate, observed = check.gate, check.observed or 0.0
    elements = next((one.elements for one in parity.outputs if one.output == check.output), 0)
    if gate.figure == "new_nan":
        return f'output "{check.output}": {int(observed):,} of {elements:,} elements became NaN or infinite, or ceased to be so'
    needed = f"{gate.bound} {_shown(gate, gate.threshold, observed)} needed"
    return f'output "{check.output}": {_WORDS[gate.figure]} {_shown(gate, observed, observed)}, {needed}'


_WORDS: Final[dict[GateFigure, str]] = {
    "cosine": "lowest cosine",
    "sqnr_db": "SQNR",
    "max_absolute": "largest difference",
    "max_scaled": "largest difference over scale",
    "mean_scaled": "mean difference over scale",
    "top1_agreement": "top-1 agreement",
    "decided_top1_agreement": "top-1 agreement where decided",
    "exact_share": "share of equal elements",
}


def _shown(gate: Gate, number: float, observed: float) -> str:
    """Return a figure with its unit, in as many digits as tell it from its threshold."""
    if gate.figure == "sqnr_db":
        places = next((d for d in range(1, 9) if abs(observed - gate.threshold) >= 10**-d), 9)
        return f"{number:.{places}f} dB"
    digits = next((d for d in range(3, 12) if f"{observed:.{d}g}" != f"{gate.threshold:.{d}g}"), 3)
    return f"{number:.{digits}g}"
