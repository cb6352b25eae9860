"""In which order nodes are given back to fp32."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from math import inf

from inspector.optimize.quantization.fallback_influence_answer import Influence
from inspector.optimize.quantization.prepared import Prepared, PreparedNode
from inspector.records.optimization import NodeSensitivity


def worst_first(
    prepared: Prepared,
    measured: Sequence[NodeSensitivity],
    operators: Sequence[str],
    always: frozenset[str],
    alone: Sequence[Influence] = (),
) -> list[str]:
    """Return the names of prepared nodes that could stay in fp32, those that lose most in int8 first.

    alone says what nodes do to the outputs by themselves, which counts most; measured are by index in the prepared model and
    rank the others. Nodes that were not measured come last; where none was, both ends of the model come first: what is near
    the inputs and outputs loses most as a rule.
    """
    free = [node for node in prepared.nodes if node.operator in operators and node.name not in always]
    weighted = {node.name for node in free if node.weighted}
    if not measured and not alone:
        return _all_but_one(weighted, [node.name for node in _from_both_ends([node for node in free if node.weighted])])
    solo = {one.name: one.sqnr_db for one in alone}
    first = sorted((solo[node.name], node.name) for node in free if solo.get(node.name, inf) < inf)
    free = [node for node in free if node.name not in solo]
    local = {one.node: one.local_sqnr_db for one in measured}
    ranked = [(value, node.name) for node in free if node.in_main and (value := local.get(node.index)) is not None]
    ranked.sort()
    known = {name for _, name in ranked}
    rest = [node.name for node in free if node.weighted and node.name not in known]
    return _all_but_one(weighted, [name for value, name in (*first, *ranked) if value < inf] + rest)


def _all_but_one(weighted: set[str], order: list[str]) -> list[str]:
    """Leave out the last node with a weight, and those after it, if it is the last one: without any there is no point."""
    if weighted - set(order):
        return order
    last = max((place for place, name in enumerate(order) if name in weighted), default=len(order))
    return order[:last]


def of_subject(prepared: Prepared, measured: Sequence[NodeSensitivity], names: Sequence[str]) -> tuple[NodeSensitivity, ...]:
    """Return sensitivities by index and name in the subject; names are those of its nodes, as its reader shows them."""
    by_index = {node.index: node for node in prepared.nodes if node.in_main}
    found = []
    for one in measured:
        node = by_index.get(one.node)
        subject = node.subject[0] if node is not None and node.subject else -1
        name = names[subject] or f"#{subject}" if 0 <= subject < len(names) else one.name
        found.append(replace(one, node=subject, name=name))
    return tuple(found)


def _from_both_ends(nodes: Sequence[PreparedNode]) -> Iterator[PreparedNode]:
    """Yield the first, the last, the second, the last but one …"""
    low, high = 0, len(nodes) - 1
    while low <= high:
        yield nodes[low]
        if low < high:
            yield nodes[high]
        low, high = low + 1, high - 1
