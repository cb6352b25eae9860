"""Findings about calls of functions that are not there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from inspector.analysis.findings.evidence import Evidence
from inspector.analysis.findings.wording import Place, agreeing, amount, at_nodes, listed
from inspector.analysis.reachability import KINDS
from inspector.analysis.tensorflow_operators import DOMAIN, is_registered, names_function
from inspector.records.finding import Finding
from inspector.records.saved_model import EntryKind

_GRADIENT: Final = "SymbolicGradient"
"""The one operator whose function may be the name of an operator."""
_LONGEST_PATH: Final = 240
_SERVING: Final[tuple[EntryKind, ...]] = ("load", "signature")
_WHEN: Final = {"load": ", when the artifact is loaded", "signature": ", for serving", None: ", though nothing runs them"}

_Call = tuple[Place, str]
"""The node that calls, and the name of the function."""


def findings(evidence: Evidence) -> Iterator[Finding]:
    """Yield calls that lead nowhere: high where loading or a signature reaches one, else low."""
    if evidence.computation.saved_model is None:
        return
    served: list[_Call] = []
    others: list[_Call] = []
    for place, function in _missing(evidence):
        kind = evidence.reach.kind_of(place[0].path, place[1].index)
        (served if kind in _SERVING else others).append((place, function))
    for calls in (served, others):
        if calls:
            yield _told(evidence, calls)


def _missing(evidence: Evidence) -> Iterator[_Call]:
    """Yield what the reader could not resolve, then nodes whose operator can only be a function."""
    facts = evidence.computation.saved_model
    graphs = evidence.reach.graphs
    for call in facts.missing_calls if facts is not None else ():
        graph = graphs[call.node.graph]
        node = graph.nodes[call.node.index]
        if node.operator != _GRADIENT or not is_registered(call.function):
            yield (graph, node), call.function
    for (domain, operator), places in evidence.uses.items():
        if domain == DOMAIN and names_function(operator):
            yield from ((place, operator) for place in places if not place[1].calls)


def _told(evidence: Evidence, calls: Sequence[_Call]) -> Finding:
    kind, first = _strongest(evidence, [place for place, _ in calls])
    names = dict.fromkeys(function for _, function in calls)
    places = list({(place[0].path, place[1].index): place for place in (first, *(place for place, _ in calls))}.values())
    message = f"{amount(len(places), 'node')} {agreeing(len(places), 'calls', 'call')} {listed(names, len(names))}"
    message += f", which the library does not hold{_WHEN.get(kind, '')}"
    steps = " → ".join(evidence.reach.path_to(first[0].path, first[1].index))[:_LONGEST_PATH]
    return at_nodes(
        "function-missing", f"{message} ({steps})" if steps else message, places, None if kind in _SERVING else "low"
    )


def _strongest(evidence: Evidence, places: Sequence[Place]) -> tuple[EntryKind | None, Place]:
    """Return what makes any of the nodes run, the strongest of it, and the first node that it reaches."""
    by_kind: dict[EntryKind | None, Place] = {}
    for place in places:
        by_kind.setdefault(evidence.reach.kind_of(place[0].path, place[1].index), place)
    kind = next((one for one in KINDS if one in by_kind), None)
    return kind, by_kind[kind]
