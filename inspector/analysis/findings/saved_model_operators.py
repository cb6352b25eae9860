"""Findings about operators that TensorFlow does not know, and functions that call themselves."""

from __future__ import annotations

from collections.abc import Iterator

from inspector.analysis.findings.evidence import Evidence
from inspector.analysis.findings.wording import Place, agreeing, amount, at_nodes, listed, overall
from inspector.analysis.reachability import KINDS
from inspector.analysis.tensorflow_operators import DOMAIN, add_on_of, is_registered, names_function
from inspector.records.finding import Finding, Severity


def findings(evidence: Evidence) -> Iterator[Finding]:
    """Yield custom operators, by the add-on that registers them where one is known, and circles of calls."""
    if evidence.computation.saved_model is None:
        return
    by_add_on: dict[str, dict[str, list[Place]]] = {}
    defined = {function.name for function in evidence.computation.functions}
    for (domain, operator), places in evidence.uses.items():
        is_known = is_registered(operator) or operator in defined or names_function(operator)
        if domain == DOMAIN and not is_known:
            by_add_on.setdefault(add_on_of(operator), {})[operator] = list(places)
    for add_on, uses in sorted(by_add_on.items()):
        yield _custom(evidence, add_on, uses)
    yield from _recursive(evidence)


def _custom(evidence: Evidence, add_on: str, uses: dict[str, list[Place]]) -> Finding:
    places = [place for found in uses.values() for place in found]
    kinds = {evidence.reach.kind_of(graph.path, node.index) for graph, node in places}
    strongest = next((kind for kind in KINDS if kind in kinds), None)
    severity: Severity = "low" if strongest not in ("load", "signature") else "medium" if add_on else "high"
    who = f"{amount(len(places), 'node')} {agreeing(len(places), 'uses', 'use')} {listed(uses, len(uses))}"
    source = f", which {add_on} registers" if add_on else ", which no stock TensorFlow registers"
    reached = {"load": ", when the artifact is loaded", "signature": ", for serving", None: ", though nothing runs them"}
    hint = f"ship {add_on} with the artifact" if add_on else ""
    if strongest is not None:
        first = next(place for place in places if evidence.reach.kind_of(place[0].path, place[1].index) == strongest)
        places = [first, *(place for place in places if place is not first)]
        source += f"{reached.get(strongest, '')} ({' → '.join(evidence.reach.path_to(first[0].path, first[1].index))[:240]})"
    else:
        source += reached[None]
    return at_nodes("custom-operator", who + source, places, severity, hint)


def _recursive(evidence: Evidence) -> Iterator[Finding]:
    circular = [function for one in evidence.reach.tag_sets for function in one.functions if function.cyclic]
    if circular:
        names = [function.name for function in circular]
        verb = agreeing(len(circular), "calls itself", "call themselves or each other")
        message = f"{amount(len(circular), 'function')} {verb} in a circle: {listed(names, len(names))}"
        served = any("load" in function.used_by or "signature" in function.used_by for function in circular)
        yield overall("recursive-function", message, None if served else "low", place=f"function {names[0][:60]}")
