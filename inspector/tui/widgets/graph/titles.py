"""What to call the graphs that are drawn."""

from __future__ import annotations

from inspector.records.artifact import Computation
from inspector.records.graph import Graph, Node
from inspector.report.saved_model_sentences import tags_text

_PLAIN_CALLS = ("", "f")
"""Attributes by which a node calls its one function; those of others (then_branch, body, ...) tell the graphs apart."""


def titles(computation: Computation) -> dict[str, str]:
    """Return what to call the graphs that no node holds, by path; the main graph and training graphs are left out."""
    named = {f.body.path: f"function {f.domain}:{f.name}" if f.domain else f"function {f.name}" for f in computation.functions}
    facts = computation.saved_model
    for one in facts.tag_sets if facts is not None else ():
        for path in one.graphs:
            if path:
                named[path] = f"tag set {tags_text(one.tags)}" + (", the rest" if "" in one.graphs else "")
    return named


def call_title(host: Node, graph: Graph) -> str:
    """Return what to call a function's body below a node that calls it; empty for a graph that the node holds."""
    attribute = next((call.attribute for call in host.calls if call.graph == graph.path), None)
    if attribute is None:
        return ""
    name = graph.name or graph.path.removeprefix("function:")
    return f"function {name}" if attribute in _PLAIN_CALLS else f"{attribute}: {name}"
