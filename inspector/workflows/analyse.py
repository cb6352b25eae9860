"""Turn a computation into everything a front end shows: rows, folds, costs, operators, findings."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from typing import Final

from inspector.records.artifact import Computation
from inspector.records.cost import CostSummary
from inspector.records.equal_weights import EqualWeights
from inspector.records.event import Event, Finished, Partial, Progress, Started
from inspector.records.graph import Graph
from inspector.records.inspection import GraphView, Inspection
from inspector.workflows.collector import MANY_NODES, collector_paused, set_aside
from inspector.workflows.telling_views import telling_paths

NESTED_NODES_LAID_OUT: Final = 20_000
"""Subgraphs and functions are laid out ahead until they hold this many nodes together; the rest when they are opened."""

_STEPS: Final = 4
_NOTHING_COUNTED: Final = CostSummary(flops=0, flops_formula="", covered=0.0)


def analyse(
    computation: Computation,
    batch: int = 1,
    settings: Mapping[str, int] | None = None,
    equal_weights: tuple[EqualWeights, ...] | None = None,
) -> Inspection:
    """Analyze the computation with batch and settings as the values of symbolic dimensions.

    equal_weights is what comparing weights gave, None where they were not compared.
    """
    for event in analyse_in_steps(computation, batch, settings or {}, equal_weights):
        if isinstance(event, Finished):
            return event.result
    raise AssertionError("analysis ended without a result")


def analyse_in_steps(
    computation: Computation,
    batch: int = 1,
    settings: Mapping[str, int] | None = None,
    equal_weights: tuple[EqualWeights, ...] | None = None,
    for_review: bool = False,
) -> Iterator[Event[Inspection]]:
    """Analyze as analyse() does, saying how far it is; a graph of many nodes gives a Partial with its rows first.

    for_review: lay out only the graphs that a review tells of, for nobody will open the others.
    """
    given = dict(settings or {})
    node_count = sum(len(graph.nodes) for graph in computation.graphs())
    large = node_count >= MANY_NODES
    if large:
        yield Progress(0, _STEPS, "laying out the graph")
    rows = make_view(computation.graph, with_folds=False)
    if large:
        set_aside(node_count)
        yield Partial(_rows_only(computation, rows, batch, given))
    yield Progress(1, _STEPS, "counting costs")
    inspection = _counted(computation, batch, given)
    yield Progress(2, _STEPS, "finding structure")
    inspection = replace(inspection, views=_views(computation, rows, for_review))
    yield Progress(3, _STEPS, "looking for trouble")
    inspection = with_findings(inspection, equal_weights)
    set_aside(node_count)
    yield Finished(inspection)


def evaluate(inspection: Inspection, batch: int, settings: Mapping[str, int]) -> Iterator[Event[Inspection]]:
    """Return the inspection at other values of symbolic dimensions; rows, folds and formulas stay as they are."""
    yield Started("evaluating")
    moved = replace(inspection, batch=batch, settings=dict(settings))
    equal_weights = inspection.equal_weights if inspection.weights_compared else None
    yield Finished(with_findings(_evaluated(moved), equal_weights))


def make_view(graph: Graph, outer_constants: Collection[str] = (), with_folds: bool = True) -> GraphView:
    """Lay one graph out in rows and, unless told otherwise, find its repeated blocks and name scopes.

    outer_constants are the tensors of enclosing graphs that are constants: see outer_constants().
    """
    from inspector.analysis.lanes import lay_out

    with collector_paused():
        view = GraphView(graph.path, lay_out(graph, outer_constants))
    return _folded(graph, view) if with_folds else view


def outer_constants(computation: Computation) -> dict[str, frozenset[str]]:
    """Return, by path of each nested graph, the tensors it takes from enclosing graphs that are constants there."""
    from inspector.analysis.absorption import captured_constants

    roots = (computation.graph, *(function.body for function in computation.functions), *computation.training)
    with collector_paused():
        return {path: names for root in roots for path, names in captured_constants(root).items()}


def _folded(graph: Graph, view: GraphView) -> GraphView:
    from inspector.analysis.repeats import find_repeats
    from inspector.analysis.scopes import find_scopes

    with collector_paused():
        return replace(view, folds=find_repeats(graph, view.layout), scopes=find_scopes(graph, view.layout))


def with_findings(inspection: Inspection, equal_weights: tuple[EqualWeights, ...] | None) -> Inspection:
    """Return the inspection with its findings made anew, given the groups of equal weights (None: not compared)."""
    from inspector.analysis.findings.themes import find
    from inspector.runtimes.onnx_runtime_support import installed_support

    with collector_paused():
        findings = find(
            inspection.computation, inspection.node_costs, inspection.cost, equal_weights or (), installed_support()
        )
    compared = equal_weights is not None
    return replace(inspection, findings=findings, equal_weights=equal_weights or (), weights_compared=compared)


def _rows_only(computation: Computation, rows: GraphView, batch: int, settings: Mapping[str, int]) -> Inspection:
    return Inspection(computation, {rows.path: rows}, {}, _NOTHING_COUNTED, (), computation.findings, batch, settings)


def _counted(computation: Computation, batch: int, settings: Mapping[str, int]) -> Inspection:
    from inspector.analysis.cost import node_costs
    from inspector.analysis.weights import serving_needs

    with collector_paused():
        costs = node_costs(computation)
        needs = serving_needs(computation)
    return _evaluated(Inspection(computation, {}, costs, _NOTHING_COUNTED, (), (), batch, settings, serving=needs))


def _evaluated(inspection: Inspection) -> Inspection:
    """Return the inspection with costs and operators at the values of its symbolic dimensions."""
    from inspector.analysis.cost import default_bindings, summarize
    from inspector.analysis.operators import count_operators

    computation, costs = inspection.computation, inspection.node_costs
    values = default_bindings(computation, inspection.batch, inspection.settings)
    with collector_paused():
        summary = summarize(computation, costs, values, inspection.weights)
        return replace(inspection, cost=summary, operators=count_operators(computation, costs, values))


def _views(computation: Computation, rows: GraphView, for_review: bool) -> dict[str, GraphView]:
    views = {rows.path: _folded(computation.graph, rows)}
    left = NESTED_NODES_LAID_OUT
    captured = outer_constants(computation)
    wanted = telling_paths(computation) if for_review else None
    for graph in computation.graphs():
        if graph.path not in views and len(graph.nodes) <= left:
            left -= len(graph.nodes)
            if wanted is None or graph.path in wanted:
                views[graph.path] = make_view(graph, captured.get(graph.path, ()))
    return views
