"""What computing constants beforehand would cost, told from the structure alone: before a tool does it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import prod
from typing import Final

from inspector.records.artifact import Computation
from inspector.records.dtype import packed_bytes
from inspector.records.graph import Graph, Node
from inspector.records.tensor import Weight

STANDARD: Final = "ai.onnx"
_RANDOM: Final = frozenset(
    {"RandomNormal", "RandomUniform", "RandomNormalLike", "RandomUniformLike", "Multinomial", "Bernoulli"}
)
_EXPANDING: Final = frozenset({"ConstantOfShape", "Expand"})
_SHAPE_INPUT: Final = {"ConstantOfShape": 0, "Expand": 1}


@dataclass(frozen=True, slots=True)
class Folding:
    """Nodes that compute from constants alone, the bytes of what they give and of what only they take.

    largest is the largest tensor that folding makes on the way, largest_node the node that gives it; unknown counts the
    foldable nodes whose outputs' sizes nothing tells.
    """

    nodes: int = 0
    added_bytes: int = 0
    freed_bytes: int = 0
    largest_bytes: int = 0
    largest_node: str = ""
    unknown: int = 0

    @property
    def growth(self) -> int:
        """Bytes that folding everything would add, negative where it saves some."""
        return self.added_bytes - self.freed_bytes


def foresee(computation: Computation) -> Folding:
    """Return what folding every constant of every graph would come to; functions are left out, as tools leave them."""
    total = Folding()
    weights = _by_graph(computation)
    nested = {graph.path: graph for graph in computation.graphs()}
    for path, graph in nested.items():
        if not path.startswith(("function:", "training:")):
            one = _Graph(computation, graph, weights.get(path, {})).foresee()
            larger = max(total, one, key=lambda folding: folding.largest_bytes)
            total = Folding(
                total.nodes + one.nodes,
                total.added_bytes + one.added_bytes,
                total.freed_bytes + one.freed_bytes,
                larger.largest_bytes,
                larger.largest_node,
                total.unknown + one.unknown,
            )
    return total


def _by_graph(computation: Computation) -> dict[str, dict[str, Weight]]:
    found: dict[str, dict[str, Weight]] = {}
    for weight in computation.weights:
        if weight.carrier in ("initializer", "constant", "sparse_initializer"):
            found.setdefault(weight.graph, {})[weight.name] = weight
    return found


class _Graph:
    """One graph: which of its tensors are constant, and who takes them."""

    def __init__(self, computation: Computation, graph: Graph, weights: Mapping[str, Weight]) -> None:
        self._values = computation.small_values
        self._graph = graph
        self._weights = weights
        fed = {spec.name for spec in graph.inputs}
        self._constant = {name for name in weights if name not in fed}
        self._foldable: list[Node] = []
        self._others: list[Node] = []
        for node in graph.nodes:
            self._sort(node)

    def _sort(self, node: Node) -> None:
        if node.operator == "Constant" and node.domain == STANDARD:
            self._constant.update(node.outputs)
        elif self._is_foldable(node):
            self._constant.update(name for name in node.outputs if name)
            self._foldable.append(node)
        else:
            self._others.append(node)

    def _is_foldable(self, node: Node) -> bool:
        plain = node.domain == STANDARD and not node.subgraphs and node.operator not in _RANDOM
        return plain and bool(node.inputs) and all(not name or name in self._constant for name in node.inputs)

    def foresee(self) -> Folding:
        """Return what folding this graph would come to."""
        taken = {name for node in self._others for name in _taken(node)} | {spec.name for spec in self._graph.outputs}
        sizes = [(self._size(node, name), node, name) for node in self._foldable for name in node.outputs if name]
        largest = max(sizes, key=lambda one: one[0] or 0, default=(0, None, ""))
        absorbed = Counter(name for node in self._foldable for name in node.inputs)
        freed = sum(weight.byte_count for name, weight in self._weights.items() if absorbed[name] and name not in taken)
        return Folding(
            len(self._foldable),
            sum(size or 0 for size, _, name in sizes if name in taken),
            freed,
            largest[0] or 0,
            _called(largest[1]),
            sum(size is None for size, _, _ in sizes),
        )

    def _size(self, node: Node, name: str) -> int | None:
        """Return the bytes of an output; a shape that nothing inferred may lie in a small constant."""
        spec = self._graph.values.get(name)
        shape = spec.shape if spec is not None else None
        dtype = spec.dtype if spec is not None else "undefined"
        if (shape is None or not all(isinstance(length, int) for length in shape)) and node.operator in _EXPANDING:
            shape = self._stored_shape(node)
        if shape is None or not all(isinstance(length, int) for length in shape):
            return None
        count = prod(length for length in shape if isinstance(length, int))
        return packed_bytes(dtype if dtype not in ("", "undefined") else "float32", max(count, 0))

    def _stored_shape(self, node: Node) -> tuple[int, ...] | None:
        """Return the shape that an expanding node is given as a constant; Expand gives at least that much."""
        at = _SHAPE_INPUT[node.operator]
        values = self._values.get((self._graph.path, node.inputs[at])) if len(node.inputs) > at else None
        return None if values is None else tuple(int(value) for value in values)


def _taken(node: Node) -> Iterator[str]:
    """Yield the tensors that a node takes, what its subgraphs mention included."""
    yield from node.inputs
    for graph in node.subgraphs:
        yield from (spec.name for spec in graph.outputs)
        for inner in graph.nodes:
            yield from _taken(inner)


def _called(node: Node | None) -> str:
    return "" if node is None else f"{node.operator} {node.name}".strip()
