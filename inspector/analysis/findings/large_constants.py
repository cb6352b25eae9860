"""Findings about large constants that are no learned weights: masks, tables, folded expressions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from inspector.analysis.findings.evidence import STANDARD_DOMAIN, Evidence
from inspector.analysis.findings.wording import agreeing, amount, at_tensors, size
from inspector.records.finding import Finding
from inspector.records.graph import Node
from inspector.records.tensor import Weight

LARGE_SHARE: Final = 0.1
LARGE_ANYWAY: Final = 16_000_000

_PASSES_ON: Final = frozenset(("Cast", "Identity", "Reshape", "Transpose", "Squeeze", "Unsqueeze", "Flatten"))
"""Operators that hand the same values on: what matters is who reads their output."""

_DATA_ONLY: Final = frozenset(
    (
        *("Add", "Sub", "Div", "Where", "And", "Or", "Not", "Xor", "Equal", "Less", "LessOrEqual", "Greater"),
        *("GreaterOrEqual", "Slice", "Split", "Concat", "Expand", "Tile", "Pad", "Shape", "Size", "NonZero", "Trilu"),
        *("Cos", "Sin", "Range", "ScatterND", "ScatterElements", "CumSum", "Mod", "Min", "Max", "Clip"),
    )
)
"""Operators that masks and tables go into. Mul and Gather are left out: learned scales and embeddings go there."""

_HOPS: Final = 4


def findings(evidence: Evidence) -> Iterator[Finding]:
    """Yield one finding for all large weights that only data-moving and comparing operators read."""
    candidates = _candidates(evidence)
    if not candidates:
        return
    suspects = [weight for name, weight in candidates.items() if _is_data(evidence, name)]
    if suspects:
        suspects.sort(key=lambda weight: -weight.byte_count)
        held = sum(weight.byte_count for weight in suspects)
        message = (
            f"{amount(len(suspects), 'constant')} {agreeing(len(suspects), 'takes', 'take')} {size(held)} of "
            f"{size(evidence.weight_bytes)}, though no learned operator reads {agreeing(len(suspects), 'it', 'them')}"
        )
        yield at_tensors("huge-constant", message, [weight.name for weight in suspects], kind="constant")


def _candidates(evidence: Evidence) -> Mapping[str, Weight]:
    threshold = min(LARGE_ANYWAY, int(LARGE_SHARE * evidence.weight_bytes))
    return {weight.name: weight for weight, size in evidence.large_weights if size >= threshold}


def _is_data(evidence: Evidence, name: str) -> bool:
    """Return whether everything that reads the tensor, through operators that pass it on, only moves or compares data."""
    reached, readers = {name}, list[Node]()
    for _ in range(_HOPS):
        found = [node for graph in evidence.inference_graphs for node in graph.nodes if not reached.isdisjoint(node.inputs)]
        onwards = {output for node in found if _passes_on(node) for output in node.outputs}
        readers = [node for node in found if not _passes_on(node)]
        if onwards <= reached:
            break
        reached |= onwards
    return bool(readers) and all(_is_standard(node) and node.operator in _DATA_ONLY for node in readers)


def _passes_on(node: Node) -> bool:
    return node.operator in _PASSES_ON and _is_standard(node)


def _is_standard(node: Node) -> bool:
    return node.domain in ("", STANDARD_DOMAIN)
