"""What int8 would do to a model, and why: told from operators, their costs and the processor, without running anything."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final, Literal

from inspector.optimize.quantization.number_types import NumberTypes, number_types, processor_note
from inspector.optimize.quantization.operators import (
    CONVOLUTIONS,
    DYNAMIC_OPERATORS,
    PRODUCTS,
    RECURRENT,
    STATIC_PRODUCTS,
    is_quantized,
)
from inspector.records.graph import Graph, Node
from inspector.records.inspection import Inspection
from inspector.records.optimization import Preflight
from inspector.runtimes.processor import IntegerArithmetic

Kind = Literal["static", "dynamic"]

_COVERED_ENOUGH: Final = 0.5
"""Share of nodes with known FLOPs below which weights are counted instead."""


@dataclass(frozen=True, slots=True)
class Shares:
    """Shares (0 to 1) of the work in convolutions, matrix products and recurrent operators, and of what: FLOPs or weights."""

    convolution: float
    product: float
    recurrent: float
    of: Literal["FLOPs", "weights"]
    operator: str = ""
    """The operator that does most of it, and its share."""
    operator_share: float = 0.0


@dataclass(frozen=True, slots=True)
class Choice:
    """The kind of quantization for a model, the number types for this processor, and what to tell about it."""

    kind: Kind
    types: NumberTypes
    convolutions: bool
    """Whether convolutions dominate: what dynamic quantization slows down."""
    preflight: Preflight


def choose(inspection: Inspection, arithmetic: IntegerArithmetic, forced: Kind | None = None) -> Choice:
    """Return what int8 would do to the model on such a processor; forced names the kind where the user chose it."""
    shares = shares_of(inspection)
    kind = forced or _kind(inspection, shares)
    types = number_types(arithmetic)
    dominated = shares.convolution > shares.product + shares.recurrent
    if kind == "dynamic" and dominated:
        types = replace(types, weights="uint8")  # the runtime's ConvInteger is several times slower with int8 ones
    return Choice(kind, types, dominated, _preflight(inspection, arithmetic, shares, kind, types))


def shares_of(inspection: Inspection) -> Shares:
    """Return where the model's work is, by FLOPs at the inspection's bindings, or by weights where FLOPs are not known."""
    flops: Counter[str] = Counter()
    weights: Counter[str] = Counter()
    for operator in inspection.operators:
        flops[operator.name] += operator.flops or 0
        weights[operator.name] += operator.parameters
    known = inspection.cost.covered >= _COVERED_ENOUGH and sum(flops.values()) > 0
    counted = flops if known else weights
    total = sum(counted.values()) or 1
    name, most = max(counted.items(), key=lambda pair: pair[1], default=("", 0))
    convolution, product, recurrent = (
        sum(counted[operator] for operator in family) / total for family in (CONVOLUTIONS, PRODUCTS, RECURRENT)
    )
    return Shares(convolution, product, recurrent, "FLOPs" if known else "weights", name, most / total)


def _kind(inspection: Inspection, shares: Shares) -> Kind:
    if shares.convolution <= shares.product + shares.recurrent:
        return "dynamic"
    graph = inspection.computation.graph
    return "static" if _weighted(inspection, [graph], STATIC_PRODUCTS) else "dynamic"


def _weighted(inspection: Inspection, graphs: Iterable[Graph], operators: frozenset[str]) -> list[Node]:
    """Return the nodes of the operators that use weights of their own or shared ones."""
    found = []
    for graph in graphs:
        costs = inspection.node_costs.get(graph.path, ())
        for node in graph.nodes:
            if node.operator in operators and node.domain in ("ai.onnx", "com.microsoft"):
                owns = node.index < len(costs) and costs[node.index].parameters > 0
                if owns or any(name in graph.initializers for name in node.inputs[1:]):
                    found.append(node)
    return found


def _preflight(
    inspection: Inspection, arithmetic: IntegerArithmetic, shares: Shares, kind: Kind, types: NumberTypes
) -> Preflight:
    """Return the sentences, or why there is nothing to do."""
    reason = _nothing_to_do(inspection, kind)
    if reason:
        return Preflight(runnable=False, reason=reason, nothing_to_do=True)
    reason = _half_precision(inspection)
    if reason:
        return Preflight(runnable=False, reason=reason)
    choice = f"static int8 (QDQ, {types.name})" if kind == "static" else f"dynamic int8 ({types.weights} weights)"
    notes = (*_grounds(inspection, shares, kind), processor_note(arithmetic))
    return Preflight(runnable=True, choice=choice, notes=notes, warnings=tuple(_warnings(inspection, shares, kind)))


def _nothing_to_do(inspection: Inspection, kind: Kind) -> str:
    found = [(operator.name, operator.count) for operator in inspection.operators if is_quantized(operator.name)]
    if found:
        named = ", ".join(f"{name} ({count:,})" for name, count in found[:3])
        return f"already quantized: it has {named}"
    graphs = list(inspection.computation.graphs())
    main = graphs[:1]
    usable = (
        _weighted(inspection, main, STATIC_PRODUCTS) if kind == "static" else _weighted(inspection, graphs, DYNAMIC_OPERATORS)
    )
    if usable:
        return ""
    wanted = ", ".join(sorted(STATIC_PRODUCTS if kind == "static" else DYNAMIC_OPERATORS))
    return f"nothing to quantize: no {wanted} node uses stored weights" + (" in the main graph" if kind == "static" else "")


def _half_precision(inspection: Inspection) -> str:
    """Return why the types of its weights cannot be quantized, "" where they can."""
    by_type = inspection.cost.parameters_by_dtype
    if by_type.get("float32", 0) > 0:
        return ""
    present = ", ".join(sorted(name for name, count in by_type.items() if count and "float" in name))
    return f"its weights are {present or 'not floating-point'}: int8 is made from float32 weights"


def _grounds(inspection: Inspection, shares: Shares, kind: Kind) -> Iterable[str]:
    """Yield why it is the one kind and not the other."""
    if shares.of == "weights":
        covered = f"{inspection.cost.covered:.0%}"
        yield f"FLOPs are known for only {covered} of the nodes that cost any, so the weights are counted instead"
    head = f"{shares.operator_share:.0%} of {shares.of} are in {shares.operator}" if shares.operator else ""
    split = f"convolutions {shares.convolution:.0%}, matrix products {shares.product:.0%}, recurrent {shares.recurrent:.0%}"
    conv = shares.convolution > shares.product + shares.recurrent
    if conv and kind == "static":
        yield f"{head}: static int8 likely faster, dynamic likely slower ({split})"
    elif conv:
        inside = "" if _main_products(inspection) else " within subgraphs, where static quantization does not reach"
        yield f"{head}{inside}: dynamic int8 likely smaller but slower ({split})"
    elif kind == "dynamic":
        yield f"{head}: dynamic int8 likely faster, and it needs no calibration ({split})"
    else:
        yield f"{head}: static int8 needs calibration and likely loses more than dynamic ({split})"


def _main_products(inspection: Inspection) -> bool:
    return bool(_weighted(inspection, [inspection.computation.graph], STATIC_PRODUCTS))


def _warnings(inspection: Inspection, shares: Shares, kind: Kind) -> Iterable[str]:
    computation = inspection.computation
    if computation.functions:
        yield f"{len(computation.functions):,} functions are inlined first: only nodes of graphs are quantized"
    opset = computation.opsets.get("ai.onnx", 0)
    if 0 < opset < 13:
        yield f"opset {opset} is raised to 13: quantization per channel needs it"
    if kind == "static" and any(node.subgraphs for node in computation.graph.nodes):
        yield "nodes in the bodies of If, Loop and Scan stay in fp32"
    if kind == "dynamic" and shares.convolution > shares.product + shares.recurrent:
        yield "convolutions quantized dynamically usually run slower than in fp32"
