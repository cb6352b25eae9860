"""What there is to simplify, told from the structure alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from inspector.analysis.absorption import SHAPE, absorb
from inspector.analysis.findings.wording import agreeing, amount, size
from inspector.analysis.weight_uses import weight_uses
from inspector.analysis.wiring import wire
from inspector.optimize.simplification.folding import STANDARD, Folding, foresee
from inspector.records.artifact import Computation
from inspector.records.inspection import Inspection


@dataclass(frozen=True, slots=True)
class Survey:
    """Nodes of all graphs by why they may go, weights that nothing uses, and what folding would come to."""

    folding: Folding
    identities: int
    shape_arithmetic: int
    constants: int
    unused_weights: int
    unused_bytes: int
    functions: int
    custom_domains: tuple[str, ...]

    def sentences(self) -> Iterator[str]:
        """Yield what was found, for a person."""
        yield from _told(self.folding.nodes, "computes from constants alone", "compute from constants alone")
        yield from _told(self.shape_arithmetic, "computes with shapes", "compute with shapes")
        yield from _told(self.identities, "passes a tensor on unchanged", "pass a tensor on unchanged")
        if self.unused_weights:
            verb = agreeing(self.unused_weights, "is", "are")
            yield f"{amount(self.unused_weights, 'weight')} of {size(self.unused_bytes)} {verb} used by nothing"
        if self.functions:
            yield f"{amount(self.functions, 'function')} {agreeing(self.functions, 'stays', 'stay')} as they are"


def _told(count: int, singular: str, plural: str) -> Iterator[str]:
    if count:
        yield f"{amount(count, 'node')} {agreeing(count, singular, plural)}"


def survey(inspection: Inspection) -> Survey:
    """Count what may go."""
    computation = inspection.computation
    nodes = [node for graph in computation.graphs() for node in graph.nodes]
    used = weight_uses(computation)
    unused = [
        weight
        for at, weight in enumerate(computation.weights)
        if weight.carrier == "initializer" and at not in used and not _is_output(computation, weight.name)
    ]
    return Survey(
        foresee(computation),
        sum(node.operator == "Identity" and node.domain == STANDARD for node in nodes),
        _shape_arithmetic(computation),
        sum(node.operator == "Constant" and node.domain == STANDARD for node in nodes),
        len(unused),
        sum(weight.byte_count for weight in unused),
        len(computation.functions),
        tuple(sorted({node.domain for node in nodes} - {STANDARD, "ai.onnx.ml", "com.microsoft"})),
    )


def _shape_arithmetic(computation: Computation) -> int:
    wiring = wire(computation.graph)
    return sum(kind == SHAPE for kind in absorb(wiring).kinds[: len(wiring.nodes)])


def _is_output(computation: Computation, name: str) -> bool:
    return any(spec.name == name for spec in computation.graph.outputs)
