"""Findings about node names."""

from __future__ import annotations

from collections.abc import Iterator

from inspector.analysis.findings.evidence import Evidence
from inspector.analysis.findings.wording import Place, agreeing, amount, at_nodes
from inspector.records.finding import Finding


def findings(evidence: Evidence) -> Iterator[Finding]:
    """Yield node names used twice in one graph, and nodes without a name."""
    repeated: list[Place] = []
    unnamed: list[Place] = []
    for graph in evidence.inference_graphs:
        seen: set[str] = set()
        for node in graph.nodes:
            name = node.name
            if not name:
                unnamed.append((graph, node))
            elif name in seen:
                repeated.append((graph, node))
            else:
                seen.add(name)
    if repeated:
        verb = agreeing(len(repeated), "bears a name that an earlier node has", "bear names that earlier nodes have")
        yield at_nodes("duplicate-node-name", f"{amount(len(repeated), 'node')} {verb}", repeated)
    if unnamed:
        total = sum(len(graph.nodes) for graph in evidence.inference_graphs)
        message = f"{len(unnamed):,} of {amount(total, 'node')} {agreeing(len(unnamed), 'has', 'have')} no name"
        yield at_nodes("unnamed-nodes", message, unnamed)
