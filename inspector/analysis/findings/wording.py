"""How findings are worded: counts, sizes, places, and one finding for many matches of one cause."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Final

from inspector.analysis.findings.catalogue import RULE
from inspector.records.finding import Finding, Severity
from inspector.records.graph import Graph, Node, NodeRef

EXAMPLES: Final = 3
NODES_KEPT: Final = 1000
_NAME_LENGTH: Final = 60
_UNITS: Final = ("B", "KB", "MB", "GB", "TB", "PB", "EB")

Place = tuple[Graph, Node]


def amount(count: int, noun: str, nouns: str = "") -> str:
    """Return "1 node" or "1,204 nodes"."""
    return f"{count:,} {noun if count == 1 else nouns or noun + 's'}"


def agreeing(count: int, singular: str, plural: str) -> str:
    """Return the verb that agrees with the count."""
    return singular if count == 1 else plural


def size(byte_count: int) -> str:
    """Return bytes in decimal units with one decimal: "102.5 MB"."""
    unit, scaled = 0, byte_count
    if byte_count >= 10**21:
        return "over 1,000 EB"
    while scaled >= 999_950 and unit < len(_UNITS) - 2:
        scaled, unit = scaled // 1000, unit + 1
    return f"{byte_count} B" if byte_count < 1000 else f"{scaled / 1000:.1f} {_UNITS[unit + 1]}"


def short(name: str) -> str:
    """Return the name, its middle left out where it is long."""
    if len(name) <= _NAME_LENGTH:
        return name
    half = _NAME_LENGTH // 2
    return f"{name[:half]}…{name[-half + 1 :]}"


def listed(names: Iterable[str], total: int) -> str:
    """Return up to three names and how many more there are: "a, b, c and 4 more"."""
    shown = [short(name) for name in islice(names, EXAMPLES)]
    more = total - len(shown)
    return ", ".join(shown) + (f" and {more:,} more" if more > 0 else "")


def node_place(graph: Graph, node: Node) -> str:
    """Return where a node is: "node 17 Conv /conv1", with the graph's path in front for nested graphs."""
    where = f"{short(graph.path)}: " if graph.path else ""
    return f"{where}node {node.index} {short(node.operator)} {short(node.name)}".rstrip()


def graph_name(graph: Graph) -> str:
    """Return what to call a graph: "the graph", "function f", "subgraph /3.body"."""
    if not graph.path:
        return "the graph"
    kind, _, rest = graph.path.partition(":")
    if "/" not in graph.path and kind in ("function", "training"):
        return f"{kind} {short(rest)}"
    return f"subgraph {short(graph.path)}"


def at_nodes(
    rule: str, message: str, places: Sequence[Place], severity: Severity | None = None, hint: str = "", tensor: str = ""
) -> Finding:
    """Return one finding for all the nodes: three of them as its place in words, a thousand of them as references."""
    references = tuple(NodeRef(graph.path, node.index) for graph, node in places[:NODES_KEPT])
    return Finding(
        rule=rule,
        severity=severity or RULE[rule].severity,
        message=message,
        place=_joined([node_place(*place) for place in places[:EXAMPLES]], len(places)),
        hint=hint or RULE[rule].hint,
        node=references[0] if references else None,
        nodes=references if len(references) > 1 else (),
        tensor=tensor,
    )


def at_tensors(
    rule: str, message: str, names: Sequence[str], severity: Severity | None = None, hint: str = "", kind: str = "tensor"
) -> Finding:
    """Return one finding for all the tensors: three of them as its place, the first as its reference."""
    return Finding(
        rule=rule,
        severity=severity or RULE[rule].severity,
        message=message,
        place=f"{kind} {listed(names, len(names))}" if names else "",
        hint=hint or RULE[rule].hint,
        tensor=names[0] if names else "",
    )


def overall(rule: str, message: str, severity: Severity | None = None, hint: str = "", place: str = "") -> Finding:
    """Return a finding about the artifact as a whole."""
    return Finding(rule, severity or RULE[rule].severity, message, place, hint or RULE[rule].hint)


def _joined(texts: Sequence[str], total: int) -> str:
    more = total - len(texts)
    return ", ".join(texts) + (f" and {more:,} more" if more > 0 else "")
