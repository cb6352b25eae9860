"""Assemble the review: what an inspection knows, as the record that reports are written from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from heapq import nlargest
from typing import Final

from inspector import __version__
from inspector.records.artifact import Computation
from inspector.records.contract import CONTRACT_KEY, Contract
from inspector.records.cost import CostSummary, OperatorCount
from inspector.records.finding import Finding
from inspector.records.graph import NodeRef
from inspector.records.image_inspection import ImageInspection
from inspector.records.inspection import GraphView, Inspection
from inspector.records.layout import Fold
from inspector.records.opened import Opened
from inspector.records.review import (
    DtypeShare,
    Flops,
    GraphSummary,
    LargestWeight,
    OperatorUse,
    RepeatedBlock,
    Review,
    Tool,
)
from inspector.records.tensor import Weight
from inspector.workflows.environment import environment
from inspector.workflows.outline import outline_of
from inspector.workflows.telling_views import telling_views

LARGEST_WEIGHTS: Final = 10
FINDING_NODES: Final = 100
"""Nodes that a finding names one by one in a review; its message says how many there are."""


def review(opened: Opened, warnings: Sequence[str] = ()) -> Review:
    """Return the review of what was opened; apart from the environment it depends on nothing but that."""
    return _of_image(opened, warnings) if isinstance(opened, ImageInspection) else _of_model(opened, warnings)


def _of_image(inspection: ImageInspection, warnings: Sequence[str]) -> Review:
    from inspector.workflows.image_review import image_review

    return Review(
        tool=Tool(__version__),
        environment=environment(),
        artifact=inspection.image.artifact,
        image=image_review(inspection),
        findings=tuple(map(_shortened, inspection.findings)),
        warnings=tuple(warnings),
    )


def _of_model(inspection: Inspection, warnings: Sequence[str]) -> Review:
    from inspector.workflows.saved_model_review import saved_model_review

    computation = inspection.computation
    return Review(
        tool=Tool(__version__),
        environment=environment(),
        artifact=computation.artifact,
        signatures=computation.signatures,
        graph=_graph_summary(inspection),
        outline=outline_of(inspection),
        saved_model=saved_model_review(computation),
        external_files=computation.external_files,
        findings=tuple(map(_shortened, inspection.findings)),
        contract=_carried_contract(computation),
        warnings=tuple(warnings),
    )


def _carried_contract(computation: Computation) -> Contract | None:
    """Return the contract inside a model that this program wrote; None where there is none, or it is broken."""
    if CONTRACT_KEY not in computation.artifact.metadata:
        return None
    from inspector.workflows.contract import derive_from

    return derive_from(computation)


def _shortened(finding: Finding) -> Finding:
    return finding if len(finding.nodes) <= FINDING_NODES else replace(finding, nodes=finding.nodes[:FINDING_NODES])


def _graph_summary(inspection: Inspection) -> GraphSummary:
    computation, cost = inspection.computation, inspection.cost
    main = inspection.views.get(computation.graph.path)
    return GraphSummary(
        node_count=len(computation.graph.nodes),
        nested_node_count=sum(len(graph.nodes) for graph in computation.graphs()) - len(computation.graph.nodes),
        parameter_count=cost.parameters,
        weight_bytes=cost.weight_bytes,
        flops=_flops(cost),
        opsets=dict(computation.opsets),
        operators=_operators(inspection.operators),
        weight_count=len(inspection.weights),
        weights_by_dtype=_by_dtype(cost),
        largest_weights=_largest(inspection.weights),
        activation_peak_bytes=cost.activation_peak_bytes,
        activation_covered=cost.activation_covered,
        activation_peak_place=_place(computation, cost.activation_peak_node),
        lanes=main.layout.width if main else 0,
        repeats=_repeats(telling_views(inspection)),
        function_count=len(computation.functions),
        ir_version=computation.ir_version,
        producer=computation.producer,
    )


def _flops(cost: CostSummary) -> Flops:
    return Flops(
        value=cost.flops,
        covered=cost.covered,
        at=dict(cost.bindings),
        formula=cost.flops_formula,
        uncovered=dict(cost.uncovered),
        multiply_accumulates=cost.multiply_accumulates,
        assumed=cost.assumed,
        notes=cost.notes,
    )


def _operators(counts: Iterable[OperatorCount]) -> tuple[OperatorUse, ...]:
    return tuple(OperatorUse(use.domain, use.name, use.count, use.parameters, use.flops) for use in counts)


def _by_dtype(cost: CostSummary) -> tuple[DtypeShare, ...]:
    shares = [
        DtypeShare(dtype, parameters, cost.weight_bytes_by_dtype.get(dtype, 0))
        for dtype, parameters in cost.parameters_by_dtype.items()
    ]
    return tuple(sorted(shares, key=lambda share: (-share.bytes, share.dtype)))


def _largest(weights: Sequence[Weight]) -> tuple[LargestWeight, ...]:
    """Return the largest weights by bytes, the earlier in the file first where equal."""
    indexed = nlargest(LARGEST_WEIGHTS, enumerate(weights), key=lambda item: (item[1].byte_count, -item[0]))
    return tuple(
        LargestWeight(weight.name, weight.dtype, weight.shape, weight.byte_count, _carrier(weight)) for _, weight in indexed
    )


def _carrier(weight: Weight) -> str:
    carrier = weight.carrier.replace("_", " ")
    held = f"{carrier}, node {weight.node}" if weight.node >= 0 else carrier
    return f"{held}, in {weight.graph}" if weight.graph else held


def _place(computation: Computation, ref: NodeRef | None) -> str:
    if ref is None:
        return ""
    for graph in computation.graphs():
        if graph.path == ref.graph and ref.index < len(graph.nodes):
            node = graph.nodes[ref.index]
            where = f"{graph.path}: " if graph.path else ""
            return f"{where}node {node.index} {node.operator} {node.name}".rstrip()
    return ""


def _repeats(views: Mapping[str, GraphView]) -> tuple[RepeatedBlock, ...]:
    folds: list[Fold] = [fold for view in views.values() for fold in view.folds if fold.kind == "repeat"]
    return tuple(RepeatedBlock(fold.title, fold.count, fold.node_count, fold.exceptions) for fold in folds)
