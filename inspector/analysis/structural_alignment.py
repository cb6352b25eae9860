"""Which nodes and weights of two computations correspond, by what is computed and not only by names."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from inspector.analysis.structural_alignment_labels import LEVELS, Labeler, Labels, Level, Numbering
from inspector.analysis.structural_alignment_matching import Matching
from inspector.analysis.structural_alignment_sides import (
    UNKNOWN,
    Side,
    Source,
    StoredWeights,
    nested_graphs,
    side_of,
    tensor_attributes,
)
from inspector.analysis.structural_alignment_wiring import WiringComparison
from inspector.analysis.wiring import captured_names
from inspector.records.artifact import Computation
from inspector.records.graph import Graph
from inspector.records.tensor import TensorSpec

Numbers = tuple[dict[int, int], dict[int, int]]


@dataclass(frozen=True, slots=True)
class GraphAlignment:
    """Two graphs whose nodes correspond: all numbers are places in Graph.nodes, pairs in topological order of the second."""

    before: Graph
    after: Graph
    pairs: tuple[tuple[int, int], ...]
    changes: Mapping[tuple[int, int], tuple[str, ...]]
    """Of the pairs that differ: in what."""
    removed: tuple[int, ...]
    added: tuple[int, ...]
    outputs: tuple[tuple[str, str], ...] = ()
    """Outputs of the graph that come from elsewhere: name and how."""
    order_before: tuple[int, ...] = ()
    """Nodes of the first graph in topological order, constants left out."""
    order_after: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Alignment:
    """All graphs of two computations; weights are pairs of places in Computation.weights."""

    graphs: tuple[GraphAlignment, ...]
    weights: tuple[tuple[int, int], ...]
    removed_graphs: tuple[Graph, ...] = ()
    added_graphs: tuple[Graph, ...] = ()


@dataclass(slots=True)
class _Task:
    before: Graph
    after: Graph
    outer: tuple[Mapping[str, Source], Mapping[str, Source]] = field(default_factory=lambda: ({}, {}))
    is_main: bool = False


def align_computations(
    before: Computation, after: Computation, digests: tuple[Sequence[str], Sequence[str]] = ((), ())
) -> Alignment:
    """Return what corresponds; digests are those of every weight's values, in order, empty where they are not known.

    Takes time near linear in the nodes and their inputs. Functions correspond where nodes that do call them, else by name.
    """
    return _Aligner(before, after, digests).align()


class _Aligner:
    def __init__(self, before: Computation, after: Computation, digests: tuple[Sequence[str], Sequence[str]]) -> None:
        self._computations = before, after
        self._stored = StoredWeights(before, digests[0]), StoredWeights(after, digests[1])
        self._roots = tuple({graph.path: graph for graph in one.roots()} for one in self._computations)
        self._functions = tuple({(f.domain, f.name, f.overload): f.body for f in one.functions} for one in self._computations)
        self._seen: tuple[set[str], set[str]] = ({before.graph.path}, {after.graph.path})
        self._pending: deque[_Task] = deque()
        self._found: list[GraphAlignment] = []
        self._weights: dict[tuple[int, int], None] = {}

    def align(self) -> Alignment:
        before, after = self._computations
        self._pending.append(_Task(before.graph, after.graph, is_main=True))
        self._work()
        for path in [path for path in self._roots[0] if path in self._roots[1]]:
            self._call(path, path)
            self._work()
        self._pair_the_rest()
        return Alignment(tuple(self._found), tuple(self._paired_weights()), *self._unseen())

    def _work(self) -> None:
        while self._pending:
            self._align_graphs(self._pending.popleft())

    def _call(self, ours: str, theirs: str) -> None:
        """Go on with two graphs that nodes call; each graph is aligned with one other."""
        if ours in self._seen[0] or theirs in self._seen[1] or ours not in self._roots[0] or theirs not in self._roots[1]:
            return
        self._seen[0].add(ours)
        self._seen[1].add(theirs)
        self._pending.append(_Task(self._roots[0][ours], self._roots[1][theirs]))

    def _pair_the_rest(self) -> None:
        """Align graphs that nobody calls and whose names differ, where they hold the same operators."""
        left = {_content(graph): path for path, graph in self._roots[0].items() if path not in self._seen[0]}
        for path, graph in self._roots[1].items():
            other = left.pop(_content(graph), None) if path not in self._seen[1] else None
            if other is not None:
                self._call(other, path)
                self._work()

    def _unseen(self) -> Iterator[tuple[Graph, ...]]:
        for roots, seen in zip(self._roots, self._seen, strict=True):
            yield tuple(graph for path, graph in roots.items() if path not in seen and graph.nodes)

    def _align_graphs(self, task: _Task) -> None:
        ours = side_of(task.before, self._stored[0], task.outer[0])
        theirs = side_of(task.after, self._stored[1], task.outer[1])
        inputs = _numbered(ours.graph.inputs, theirs.graph.inputs, task.is_main)
        outputs = _numbered(ours.graph.outputs, theirs.graph.outputs, task.is_main)
        matching, labels = _match(ours, theirs, inputs, outputs)
        wiring = WiringComparison(matching, labels, inputs)
        pairs = [(a, b) for b, a in enumerate(matching.to_before) if a >= 0]
        changes = {}
        for a, b in pairs:
            if told := tuple(wiring.changes(a, b)):
                changes[ours.index_of[a], theirs.index_of[b]] = told
            self._go_inside(matching, inputs, a, b)
        self._pair_output_weights(ours, theirs, outputs)
        self._found.append(
            GraphAlignment(
                task.before,
                task.after,
                tuple((ours.index_of[a], theirs.index_of[b]) for a, b in pairs),
                changes,
                tuple(ours.index_of[a] for a, b in enumerate(matching.to_after) if b < 0),
                tuple(theirs.index_of[b] for b, a in enumerate(matching.to_before) if a < 0),
                tuple(_changed_outputs(ours, theirs, outputs, wiring)),
                tuple(ours.index_of),
                tuple(theirs.index_of),
            )
        )

    def _go_inside(self, matching: Matching, inputs: Numbers, a: int, b: int) -> None:
        """Pair the weights of two nodes, and queue the graphs that they hold or call."""
        ours, theirs = matching.before, matching.after
        for mine, other in zip(ours.inputs[a], theirs.inputs[b], strict=False):
            if mine.kind == other.kind == "weight":
                self._pair_weights(mine.weight, other.weight)
        before, after = ours.nodes[a], theirs.nodes[b]
        held, others = tensor_attributes(before), tensor_attributes(after)
        for name in held.keys() & others.keys():
            for one, two in zip(held[name], others[name], strict=False):
                self._pair_weights(self._stored[0].find(ours.graph.path, one), self._stored[1].find(theirs.graph.path, two))
        inner = nested_graphs(after)
        for name, graph in nested_graphs(before).items():
            if name in inner:
                self._pending.append(_Task(graph, inner[name], _surroundings(matching, inputs, a, b)))
        called = {call.attribute: call.graph for call in after.calls}
        for call in before.calls:
            if call.attribute in called:
                self._call(call.graph, called[call.attribute])
        function = self._functions[0].get((before.domain, before.operator, before.overload))
        other_function = self._functions[1].get((after.domain, after.operator, after.overload))
        if function is not None and other_function is not None:
            self._call(function.path, other_function.path)

    def _pair_weights(self, ours: int | None, theirs: int | None) -> None:
        if ours is not None and theirs is not None:
            self._weights.setdefault((ours, theirs))

    def _pair_output_weights(self, ours: Side, theirs: Side, outputs: Numbers) -> None:
        by_number = {outputs[1][at]: source for at, source in enumerate(theirs.outputs)}
        for at, source in enumerate(ours.outputs):
            other = by_number.get(outputs[0][at])
            if other is not None and source.kind == other.kind == "weight":
                self._pair_weights(source.weight, other.weight)

    def _paired_weights(self) -> Iterator[tuple[int, int]]:
        """Yield the pairs found by position, then those of what is left, by graph and name, then by name, then by digest."""
        yield from self._weights
        taken = {a for a, _ in self._weights}, {b for _, b in self._weights}
        for key in (self._full_name, self._name, self._content):
            left: dict[object, list[int]] = {}
            for number in range(len(self._stored[0].weights)):
                if number not in taken[0] and (found := key(0, number)) is not None:
                    left.setdefault(found, []).append(number)
            for number in range(len(self._stored[1].weights)):
                if number not in taken[1] and (same := left.get(key(1, number))):
                    taken[0].add(same[0])
                    taken[1].add(number)
                    yield same.pop(0), number

    def _full_name(self, which: int, number: int) -> object:
        weight = self._stored[which].weights[number]
        return weight.graph, weight.name

    def _name(self, which: int, number: int) -> object:
        return self._stored[which].weights[number].name

    def _content(self, which: int, number: int) -> object:
        stored = self._stored[which]
        return (stored.looks(number, True)) if stored.digest(number) else None


def _match(ours: Side, theirs: Side, inputs: Numbers, outputs: Numbers) -> tuple[Matching, tuple[Labels, Labels]]:
    number = Numbering()

    def labelled(level: Level) -> tuple[Labels, Labels]:
        labeler = Labeler(number, level)
        return labeler.label(ours, inputs[0], outputs[0]), labeler.label(theirs, inputs[1], outputs[1])

    matching = Matching(ours, theirs, outputs)
    exact = labelled("exact")
    matching.by_both(*exact)
    if matching.is_complete():
        return matching, exact
    matching.by_either(*exact)
    levels = [exact]
    for level in LEVELS[1:]:
        levels.append(labelled(level))
        matching.by_both(*levels[-1])
        if matching.is_complete():
            return matching, exact
    matching.by_context(levels)
    return matching, exact


def _numbered(ours: Sequence[TensorSpec], theirs: Sequence[TensorSpec], by_name: bool) -> Numbers:
    """Number inputs or outputs of both so that those that correspond share one: by name, then in order."""
    place = {spec.name: at for at, spec in reversed(list(enumerate(theirs)))} if by_name else {}
    pairs = {at: place.pop(spec.name) for at, spec in enumerate(ours) if spec.name in place}
    taken = set(pairs.values())
    rest = (at for at in range(len(theirs)) if at not in taken)
    for at in range(len(ours)):
        if at not in pairs and (other := next(rest, None)) is not None:
            pairs[at] = other
    left = {at: at for at in range(len(ours))}
    right = {at: len(ours) + at for at in range(len(theirs))}
    right.update({other: at for at, other in pairs.items()})
    return left, right


def _surroundings(matching: Matching, inputs: Numbers, a: int, b: int) -> tuple[Mapping[str, Source], Mapping[str, Source]]:
    """Return where the tensors come from that the subgraphs of two nodes take, in the same terms for both sides."""
    return _outer(matching, inputs[0], a, True), _outer(matching, inputs[1], b, False)


def _outer(matching: Matching, numbers: Mapping[int, int], position: int, is_before: bool) -> dict[str, Source]:
    side = matching.before if is_before else matching.after
    found = {}
    for name in captured_names(side.nodes[position].subgraphs):
        source = side.find(name)
        if source.kind == "node":
            here = source.at if is_before else matching.to_before[source.at]
            source = Source(
                "outer", slot=source.slot, outer=(side.graph.path if is_before else matching.before.graph.path, here)
            )
            source = source if here >= 0 else Source("outer", outer=UNKNOWN)
        elif source.kind == "input":
            source = Source("outer", outer=(matching.before.graph.path, "input", numbers[source.at]))
        found[name] = source
    return found


def _changed_outputs(ours: Side, theirs: Side, numbers: Numbers, wiring: WiringComparison) -> Iterator[tuple[str, str]]:
    by_number = {numbers[1][at]: at for at in range(len(theirs.outputs))}
    for at, source in enumerate(ours.outputs):
        other = by_number.get(numbers[0][at])
        if other is not None and not wiring.corresponds(source, theirs.outputs[other]):
            yield theirs.graph.outputs[other].name, "comes from elsewhere"


def _content(graph: Graph) -> tuple[object, ...]:
    return (len(graph.inputs), len(graph.outputs), *sorted(f"{node.domain}.{node.operator}" for node in graph.nodes))
