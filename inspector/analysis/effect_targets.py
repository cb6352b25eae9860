"""Which file, address or function a node with an effect is about: constants, followed backwards through copies and calls."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final, NamedTuple

from inspector.analysis.operator_effects import Effect, attribute_texts
from inspector.analysis.reachability import CallSite, Reachability
from inspector.records.graph import Graph, Node
from inspector.records.saved_model import AssetFacts

MOST_STEPS: Final = 200
MOST_TEXTS: Final = 8

_COPIES: Final = frozenset(
    (
        *("Identity", "IdentityN", "Snapshot", "StopGradient", "PreventGradient", "EnsureShape", "GuaranteeConst", "AsString"),
        *("ReadVariableOp", "Reshape", "ExpandDims", "Squeeze", "PlaceholderWithDefault", "ShardedFilename", "ShardedFilespec"),
    )
)
"""Operators whose result holds the text of their first input."""

_COLLECTIONS: Final = frozenset(("Pack", "ConcatV2", "StringJoin"))
_TAIL_ALIGNED: Final = frozenset(("f", "then_branch", "else_branch", "body", "cond", "branches", "predicate", "map_func"))
"""Attributes whose function's last arguments are the caller's last inputs (before them stand a condition or elements)."""


class Target(NamedTuple):
    """What names the file or address: texts where constants do, the asset it is, or whether the request chooses it."""

    texts: tuple[str, ...] = ()
    asset: AssetFacts | None = None
    by_request: bool = False
    is_constant: bool = False
    """Whether a constant names it, if only with an empty text."""


class _Place(NamedTuple):
    graph: str
    tensor: str


@dataclass(frozen=True)
class TargetFinder:
    """Finds targets in a computation whose reachability is known."""

    reach: Reachability

    def target_of(self, graph: Graph, node: Node, effect: Effect) -> Target:
        """Return what the effect of a node is about, as far as constants tell."""
        if isinstance(effect.target, str):
            return Target(tuple(text for text in attribute_texts(node, effect.target) if text)[:MOST_TEXTS])
        if effect.target is None or effect.target >= len(node.inputs):
            return Target()
        return self._follow(_Place(graph.path, node.inputs[effect.target]))

    def _follow(self, start: _Place) -> Target:
        texts: list[str] = []
        asset: AssetFacts | None = None
        by_request = is_constant = False
        pending, steps = [start], 0
        while pending and steps < MOST_STEPS and len(texts) < MOST_TEXTS:
            steps += 1
            place = pending.pop()
            maker = self._makers(place.graph).get(place.tensor)
            if maker is None:
                outer = self._outside(place)
                by_request |= outer is None and self._is_from_request(place)
                pending.extend(() if outer is None else (outer,))
                continue
            owner, node = maker
            asset = asset or self._assets.get((owner, node.name))
            if node.operator == "Const":
                is_constant = True
                texts.extend(self.reach.computation.small_texts.get((owner, place.tensor), ()))
            elif node.operator == "VarHandleOp":
                pending.extend(_Place(*value) for value in self._assigned.get((owner, place.tensor), ()))
            elif node.operator == "Placeholder":
                by_request |= self._is_from_request(place)
            else:
                sources = self._sources(node)
                pending.extend(_Place(owner, name) for name in reversed(sources))
        return Target(tuple(dict.fromkeys(text for text in texts if text))[:MOST_TEXTS], asset, by_request, is_constant)

    def _sources(self, node: Node) -> tuple[str, ...]:
        if node.operator in _COPIES:
            return node.inputs[:1]
        return node.inputs[:MOST_TEXTS] if node.operator in _COLLECTIONS else ()

    def _outside(self, place: _Place) -> _Place | None:
        """Return the tensor that the caller passes for a function's input, None where nobody is known to."""
        site = next((site for _, site in self.reach.calls_into(place.graph)), None)
        position = self._position(place)
        if site is None or position is None:
            return None
        return self._argument(site, position - len(self.reach.graphs[place.graph].inputs))

    def _argument(self, site: CallSite, from_end: int) -> _Place | None:
        inputs = self.reach.graphs[site.graph].nodes[site.node].inputs
        if site.attribute.partition(":")[0].partition("[")[0] not in _TAIL_ALIGNED or -from_end > len(inputs):
            return None
        return _Place(site.graph, inputs[from_end])

    def _position(self, place: _Place) -> int | None:
        positions = self._positions.get(place.graph)
        if positions is None:
            inputs = self.reach.graphs[place.graph].inputs
            positions = self._positions[place.graph] = {spec.name: index for index, spec in enumerate(inputs)}
        return positions.get(place.tensor)

    def _is_from_request(self, place: _Place) -> bool:
        """Tell whether the tensor is an input of a signature: of its function, or of the GraphDef itself."""
        position = self._position(place)
        named = (place.graph, place.tensor.removesuffix(":0"))
        if named in self._requested:
            return True
        return position is not None and position < self._request_widths.get(place.graph, 0)

    @cached_property
    def _request_widths(self) -> Mapping[str, int]:
        """Number of leading inputs that a request fills, by path of each signature's function."""
        return {
            signature.graph: len(signature.inputs)
            for one in self.reach.tag_sets
            for signature in one.signatures
            if signature.graph is not None
        }

    @cached_property
    def _requested(self) -> frozenset[tuple[str, str]]:
        """Graph path and name of each tensor of a GraphDef that a signature takes as input."""
        return frozenset(
            (path, part.strip().removesuffix(":0"))
            for one in self.reach.tag_sets
            for path in one.graphs
            for signature in one.signatures
            for tensor in signature.inputs
            for part in tensor.tensor.split(",")
        )

    @cached_property
    def _assets(self) -> Mapping[tuple[str, str], AssetFacts]:
        """Assets by graph path and name of the constant that stands for each."""
        return {
            (path, asset.tensor.removesuffix(":0")): asset
            for one in self.reach.tag_sets
            for path in one.graphs
            for asset in one.assets
            if asset.tensor
        }

    @cached_property
    def _assigned(self) -> Mapping[tuple[str, str], Sequence[tuple[str, str]]]:
        """What the nodes of a GraphDef assign to each variable: (graph path, tensor) by graph path and resource."""
        found: dict[tuple[str, str], list[tuple[str, str]]] = {}
        for path, siblings in self._siblings.items():
            graph = self.reach.graphs.get(path)
            for node in graph.nodes if graph is not None else ():
                if node.operator == "AssignVariableOp" and len(node.inputs) > 1:
                    for sibling in siblings:
                        found.setdefault((sibling, node.inputs[0]), []).append((path, node.inputs[1]))
        return found

    @cached_property
    def _siblings(self) -> Mapping[str, tuple[str, ...]]:
        """The graphs of one GraphDef, which share its names, by the path of each."""
        return {path: one.graphs for one in self.reach.tag_sets for path in one.graphs}

    @cached_property
    def _positions(self) -> dict[str, Mapping[str, int]]:
        return {}

    @cached_property
    def _made(self) -> dict[str, Mapping[str, tuple[str, Node]]]:
        return {}

    def _makers(self, path: str) -> Mapping[str, tuple[str, Node]]:
        """Return who makes each tensor that a graph can name: (path of the graph that holds the node, node)."""
        found = self._made.get(path)
        if found is None:
            found = {
                name: (sibling, node)
                for sibling in self._siblings.get(path, (path,))
                if sibling in self.reach.graphs
                for node in self.reach.graphs[sibling].nodes
                for name in node.outputs
                if name
            }
            for sibling in self._siblings.get(path, (path,)):
                self._made[sibling] = found
        return found
