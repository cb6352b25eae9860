"""The order of rows: depth first from the deepest output, so that what belongs together stands together."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from inspector.analysis.absorption import CONSTANT, DATA, Absorption
from inspector.analysis.wiring import Wiring

FAR: Final = 24
"""Steps along the longest path beyond which a consumer is far away."""

MANY_LANES: Final = 1 << 32
"""Weighs the lanes a branch needs above its length when branches are ordered."""


@dataclass(frozen=True, slots=True)
class _Measures:
    """What orders branches; indexed as Wiring says."""

    feeding: list[list[int]]
    """By position: producers, without absorbed constants, each once."""
    weight: list[int]
    """Lanes needed to compute it (as Sethi and Ullman number expression trees), then steps from the inputs."""
    depth: list[int]
    shared: list[int]
    """Producers whose consumers are far from each other, shallow ones first: masks, position tables, encoder outputs."""


def depth_first_rows(wiring: Wiring, absorption: Absorption) -> list[int]:
    """Return the rows of a graph: positions and -1 - k for inputs as in Wiring, -1 - (number of inputs) - k for output k.

    The order is topological, through absorbed shape arithmetic too. An input stands before its first use, an output after
    its producer; at a merge the branch that needs more lanes comes first; what does not lead to the deepest output follows
    its last producer; a tensor that far apart consumers share is made before all of them. Linear in nodes and edges, but
    for sorting the inputs of a node.
    """
    measures = _measure(wiring, absorption)
    walk = _Walk(wiring, absorption, measures)
    sinks = [p for p in range(len(wiring.nodes)) if absorption.visible[p] and not walk.is_used[p]]
    outputs = [wiring.producers.get(spec.name, len(wiring.nodes)) for spec in wiring.graph.outputs]
    targets = [p for p in dict.fromkeys([*outputs, *sinks]) if p != len(wiring.nodes)]
    walk.place_unused_inputs(targets)
    if targets:
        deepest = max(targets, key=lambda p: measures.depth[p])
        walk.prepare_sides(deepest)
        walk.visit([p for p in measures.shared if walk.is_main[p]])
        walk.visit([deepest])
    walk.visit(targets)
    walk.visit(range(len(wiring.nodes)))
    return walk.finish()


def _measure(wiring: Wiring, absorption: Absorption) -> _Measures:
    feeding = _feeding(wiring, absorption)
    depth, lanes = [0] * wiring.size, [1] * wiring.size
    has_far_use: set[int] = set()
    for position, row in enumerate(feeding):
        if len(row) == 1:
            source = row[0]
            depth[position], lanes[position] = depth[source] + 1, lanes[source]
        elif row:
            depths = [depth[source] for source in row]
            depth[position] = deep = max(depths) + 1
            lanes[position] = _lanes_needed([lanes[source] for source in row])
            if deep - min(depths) > FAR:
                has_far_use.update(source for source in row if deep - depth[source] > FAR)
    weight = [needed * MANY_LANES + deep for needed, deep in zip(lanes, depth, strict=True)]
    return _Measures(feeding, weight, depth, _shared(feeding, depth, absorption, has_far_use))


def _feeding(wiring: Wiring, absorption: Absorption) -> list[list[int]]:
    """Return the sources of each position that bear on the order: not constants, unless they use one that has a row."""
    is_fed = bytearray(shown or kind != CONSTANT for shown, kind in zip(absorption.visible, absorption.kinds, strict=True))
    feeding: list[list[int]] = []
    for position, sources in enumerate(wiring.sources):
        row = [source for source in sources if is_fed[source]]
        if row:
            is_fed[position] = True
        feeding.append(row if len(row) < 2 else list(dict.fromkeys(row)))
    return feeding


def _shared(feeding: list[list[int]], depth: list[int], absorption: Absorption, candidates: set[int]) -> list[int]:
    """Return the candidates that no consumer waits for and that consumers far from each other use."""
    used: dict[int, list[int]] = {}
    for position, row in enumerate(feeding) if candidates else ():
        for source in row:
            if source in candidates and absorption.kinds[position] == DATA:
                used.setdefault(source, []).append(depth[position])
    shared = [s for s, depths in used.items() if max(depths) - min(depths) > FAR and min(depths) > depth[s] + 1]
    return sorted(shared, key=lambda source: depth[source])


def _lanes_needed(lanes: list[int]) -> int:
    """Return the lanes that computing something from inputs needs, the most demanding first, each result keeping one."""
    if len(lanes) == 2:
        first, second = lanes
        return first + 1 if first == second else max(first, second)
    return max(needed + already for already, needed in enumerate(sorted(lanes, reverse=True)))


class _Walk:
    """A depth-first walk up from sinks that puts down rows as soon as everything they need is down."""

    def __init__(self, wiring: Wiring, absorption: Absorption, measures: _Measures) -> None:
        self._wiring = wiring
        self._visible = absorption.visible
        self._feeding = measures.feeding
        self._weight = measures.weight
        self._done = bytearray(wiring.size)
        self._done[len(wiring.nodes)] = True
        self._rows: list[int] = []
        self.is_used = bytearray(wiring.size)
        for row in measures.feeding:
            for source in row:
                self.is_used[source] = True
        self.is_main = bytearray(wiring.size)
        self._side_consumers: dict[int, list[int]] = {}
        self._side_waits: dict[int, int] = {}
        self._outputs: dict[int, list[int]] = {}
        for k, spec in enumerate(wiring.graph.outputs):
            producer = wiring.producers.get(spec.name, len(wiring.nodes))
            self._outputs.setdefault(producer, []).append(-1 - len(wiring.graph.inputs) - k)

    def place_unused_inputs(self, targets: Iterable[int]) -> None:
        """Put down, at the very top, the inputs that feed nothing."""
        given = set(targets)
        for k, spec in enumerate(self._wiring.graph.inputs):
            source = -1 - k
            if self._wiring.producers.get(spec.name) != source:
                self._done[source] = True
            elif not self.is_used[source] and source not in given:
                self._put(source)

    def prepare_sides(self, sink: int) -> None:
        """Find what does not lead to the sink, so that it can be put down as soon as it can be computed."""
        is_main = self.is_main
        is_main[sink] = True
        pending = [sink]
        while pending:
            position = pending.pop()
            if position >= 0:
                for source in self._feeding[position]:
                    if not is_main[source]:
                        is_main[source] = True
                        pending.append(source)
        for position, row in enumerate(self._feeding):
            if row and not is_main[position]:
                self._side_waits[position] = len(row)
                for source in row:
                    self._side_consumers.setdefault(source, []).append(position)

    def visit(self, positions: Iterable[int]) -> None:
        """Put down each of the positions with whatever it needs first."""
        done, feeding, weight = self._done, self._feeding, self._weight
        for start in positions:
            stack = [start]
            while stack:
                position = stack[-1]
                if done[position]:
                    stack.pop()
                    continue
                missing = [s for s in feeding[position] if not done[s]] if position >= 0 else []
                if not missing:
                    stack.pop()
                    stack.extend(self._put(position))
                elif len(missing) == 1:
                    stack.extend(missing)
                else:
                    missing.sort(key=weight.__getitem__, reverse=True)
                    stack.extend(reversed(missing))

    def _put(self, position: int) -> list[int]:
        """Put one row down; return what is off the main way and can be put down next."""
        self._done[position] = True
        if self._visible[position] or position < 0:
            self._rows.append(position)
            if position in self._outputs:
                self._rows.extend(self._outputs[position])
        ready = []
        for consumer in reversed(self._side_consumers.get(position, ())):
            self._side_waits[consumer] -= 1
            if not self._side_waits[consumer]:
                ready.append(consumer)
        return ready

    def finish(self) -> list[int]:
        """Return the rows; outputs that no node and no input gives come last."""
        return self._rows + self._outputs.get(len(self._wiring.nodes), [])
