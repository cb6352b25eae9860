"""Labels that nodes of two graphs share where they compute the same of the same inputs, or serve the same outputs.

After Weisfeiler and Leman (1968), refined along the whole depth of the graph in one pass each way, since it has no cycles.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from inspector.analysis.structural_alignment_sides import (
    Side,
    Source,
    nested_graphs,
    plain_attributes,
    tensor_attributes,
)
from inspector.records.graph import Attribute, Graph, Node


class Numbering:
    """Gives equal keys the same number and different keys different ones: exact, where hashes could collide."""

    def __init__(self) -> None:
        self._numbers: dict[Hashable, int] = {}

    def __call__(self, key: Hashable) -> int:
        """Return the number of a key."""
        return self._numbers.setdefault(key, len(self._numbers))


@dataclass(frozen=True, slots=True)
class Labels:
    """By position: what a node is by itself, what it computes of the inputs, and what the outputs make of it."""

    own: Sequence[int]
    forward: Sequence[int]
    backward: Sequence[int]

    def both(self) -> list[tuple[int, int]]:
        """Return forward and backward label of each node."""
        return list(zip(self.forward, self.backward, strict=True))


Level = Literal["exact", "strict", "lenient"]

LEVELS: tuple[Level, ...] = ("exact", "strict", "lenient")
"""exact: attributes, and weights by content; strict: attributes, and weights by element type and shape; lenient: neither."""


class Labeler:
    """Labels sides at one level of strictness."""

    def __init__(self, number: Numbering, level: Level) -> None:
        self._number = number
        self._level = level
        self._strict = level != "lenient"

    def label(self, side: Side, inputs: Mapping[int, int], outputs: Mapping[int, int]) -> Labels:
        """Return the labels of a side; inputs and outputs are numbers that its own have in common with the other's."""
        own = [self._own(side, position) for position in range(len(side.nodes))]
        return Labels(own, self._forward(side, own, inputs), self._backward(side, own, outputs))

    def _own(self, side: Side, position: int) -> int:
        node = side.nodes[position]
        leaves = tuple(self._leaf(side, source) for source in side.inputs[position]) if self._strict else ()
        return self._number(("own", node.domain, node.operator, node.overload, self._attributes(side, node), leaves))

    def _attributes(self, side: Side, node: Node) -> Hashable:
        if not self._strict:
            return None
        plain = tuple(sorted((name, comparable(attribute)) for name, attribute in plain_attributes(node).items()))
        held = tuple(
            (name, tuple(self._looks(side, side.stored.find(side.graph.path, one)) for one in names))
            for name, names in sorted(tensor_attributes(node).items())
        )
        inside = tuple((name, _fingerprint(graph)) for name, graph in sorted(nested_graphs(node).items()))
        return plain, held, inside

    def _leaf(self, side: Side, source: Source) -> Hashable:
        if source.kind != "weight":
            return None
        return self._looks(side, source.weight)

    def _looks(self, side: Side, number: int | None) -> Hashable:
        return side.stored.looks(number, self._level == "exact") if self._strict else "weight"

    def _forward(self, side: Side, own: Sequence[int], inputs: Mapping[int, int]) -> list[int]:
        labels: list[int] = []
        for position, sources in enumerate(side.inputs):
            taken = tuple(self._source(side, source, labels, inputs) for source in sources)
            extra = side.captured.get(position, ())
            captured = tuple(sorted(self._number(self._source(side, source, labels, inputs)) for source in extra))
            labels.append(self._number(("forward", own[position], taken, captured)))
        return labels

    def _source(self, side: Side, source: Source, labels: Sequence[int], inputs: Mapping[int, int]) -> Hashable:
        if source.kind == "node":
            return ("node", labels[source.at] if source.at < len(labels) else -1, source.slot)
        if source.kind == "input":
            return ("input", inputs[source.at])
        return ("weight", self._leaf(side, source)) if source.kind == "weight" else source

    def _backward(self, side: Side, own: Sequence[int], outputs: Mapping[int, int]) -> list[int]:
        given: dict[int, list[tuple[int, int]]] = {}
        for number, source in enumerate(side.outputs):
            if source.kind == "node":
                given.setdefault(source.at, []).append((source.slot, outputs[number]))
        labels = [-1] * len(own)
        for position in range(len(own) - 1, -1, -1):
            used = tuple(sorted((use.output, use.slot, labels[use.consumer]) for use in side.uses[position]))
            labels[position] = self._number(("backward", own[position], used, tuple(sorted(given.get(position, ())))))
        return labels


def comparable(attribute: Attribute) -> Hashable:
    """Return kind and value of an attribute so that equal ones compare equal, NaN included."""
    return attribute.kind, repr(attribute.value)


def _fingerprint(graph: Graph) -> Hashable:
    return tuple(sorted(Counter((node.domain, node.operator) for node in graph.nodes).items()))
