"""Follows the values of a tensor through graphs and what these call, as far as they are passed on unchanged."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Mapping
from typing import ClassVar

from inspector.records.artifact import Computation
from inspector.records.graph import Graph, Node
from inspector.verify.inputs_uses import MOST_STEPS, Uses

Step = tuple[str, str]
"""A tensor by the path of its graph and its name there."""


class ValuesWalk(ABC):
    """What one family of operators passes on, and what each of them tells of the values it takes."""

    carries: ClassVar[Mapping[str, tuple[int, ...] | None]]
    """Operators that pass values on unchanged, by the inputs they take them from (None: all)."""
    first_argument: ClassVar[Mapping[str, int]]
    """Input that is the first argument of the graphs an operator calls, where it is not its first."""

    def __init__(self, computation: Computation) -> None:
        self._values = computation.small_values
        self._graphs = {graph.path: graph for graph in computation.roots()}
        self._consumers: dict[str, dict[str, list[tuple[Node, int]]]] = {}

    def follow(self, starts: Iterable[Step]) -> Uses:
        """Return what is done with the values of these tensors, after at most MOST_STEPS of them."""
        found = Uses()
        waiting = deque(starts)
        seen = set(waiting)
        for _ in range(MOST_STEPS):
            if not waiting:
                break
            path, tensor = waiting.popleft()
            for node, slot in self._consumers_of(path).get(tensor, ()):
                found.operators.add(node.operator)
                self.note(found, path, node, slot)
                for step in self.onward(path, node, slot):
                    if step not in seen:
                        seen.add(step)
                        waiting.append(step)
        return found

    @abstractmethod
    def note(self, found: Uses, path: str, node: Node, slot: int) -> None:
        """Add what a node tells of the values that it takes at a slot."""

    def onward(self, path: str, node: Node, slot: int) -> Iterator[Step]:
        """Yield where the values go from a node."""
        argument = slot - self.first_argument.get(node.operator, 0)
        for call in node.calls:
            body = self._graphs.get(call.graph)
            if body is not None and 0 <= argument < len(body.inputs):
                yield body.path, body.inputs[argument].name
        carried = self.carries.get(node.operator, ())
        if carried is None or slot in carried:
            yield from ((path, output) for output in node.outputs if output)

    def constants(self, path: str, name: str) -> tuple[int | float, ...]:
        """Return the values of a small constant; none where it is no constant."""
        return self._values.get((path, name), ())

    def constants_beside(self, path: str, node: Node, slot: int) -> Iterator[int | float]:
        """Yield the values of the constants that a node takes at its other slots."""
        for at, name in enumerate(node.inputs):
            if at != slot:
                yield from self.constants(path, name)

    def _consumers_of(self, path: str) -> dict[str, list[tuple[Node, int]]]:
        """Return what takes each tensor of a graph, indexed when it is first asked for."""
        if path not in self._consumers:
            self._consumers[path] = _indexed(self._graphs.get(path))
        return self._consumers[path]


def _indexed(graph: Graph | None) -> dict[str, list[tuple[Node, int]]]:
    found: dict[str, list[tuple[Node, int]]] = defaultdict(list)
    for node in graph.nodes if graph is not None else ():
        for slot, name in enumerate(node.inputs):
            if name:
                found[name].append((node, slot))
    return found
