"""Folds blocks that repeat: found by structure, proven alike, deviations said."""

from __future__ import annotations

from dataclasses import replace
from heapq import heappop, heappush
from itertools import accumulate
from typing import Final, NamedTuple

from inspector.analysis.blocks import Blocks, cut, lanes_above, wired_alike
from inspector.analysis.deviations import Stretch
from inspector.analysis.fold_titles import block_title, repeat_title
from inspector.analysis.name_scopes import NodeScopes
from inspector.analysis.neighbors import Group, grown, variation
from inspector.analysis.structure import Structure, describe_rows
from inspector.analysis.tandem import Run, find_runs
from inspector.records.graph import Graph
from inspector.records.layout import Fold, FoldKind, Layout

ROWS_SAVED: Final = 5
"""Rows a fold must save to be worth it."""

FEW_LANES: Final = 2
ROWS_SAVED_AMONG_LANES: Final = 12
"""Rows a fold must save where more lanes run than that: a short passage of a branch is better seen."""

VARIED_BLOCKS: Final = 4
VARIED_ROWS: Final = 24
"""Blocks, and rows in all, that blocks with different shapes or attributes must have to be folded nevertheless."""

NESTED_DEPTH: Final = 8

SHAPES_UNKNOWN: Final = "some shapes unknown"


def find_repeats(graph: Graph, layout: Layout) -> tuple[Fold, ...]:
    """Return folds of consecutive blocks of the same structure, in row order, nested repeats as their blocks' children.

    Operators, domains, attributes, element types, shapes and wiring take part, also those of absorbed nodes; names and the
    values of weights do not. Without exceptions all blocks are identical in that sense; where shapes are unknown, that is
    an exception. Near linear in nodes and edges.
    """
    structure = describe_rows(graph, layout)
    finder = _Finder(structure)
    return finder.folds(0, len(layout.nodes), 0)


class _Candidate(NamedTuple):
    """A run waiting to be cut into blocks; the smallest is the best."""

    demerit: int
    period: int
    run: Run


class _Finder:
    def __init__(self, structure: Structure) -> None:
        self._structure = structure
        self._scopes = NodeScopes(structure.graph, structure.layout)
        self._node_counts = _node_counts(structure.layout)

    def folds(self, first: int, end: int, depth: int) -> tuple[Fold, ...]:
        """Return the folds of rows [first, end)."""
        if end - first <= ROWS_SAVED or depth > NESTED_DEPTH:
            return ()
        groups = self._select(self._structure.exact, first, end, 2)
        groups += self._varied(self._structure.rough, groups, first, end)
        groups += self._varied(self._structure.kind, groups, first, end)
        return tuple(self._fold(group, depth) for group in sorted(groups, key=lambda group: group.first))

    def _select(self, labels: list[int], first: int, end: int, fewest: int) -> list[Group]:
        """Return disjoint groups of at least `fewest` blocks in rows [first, end), those that save the most rows first."""
        queue: list[_Candidate] = []
        for run in find_runs(labels[first:end], ROWS_SAVED + 1):
            _push(queue, Run(first + run.first, first + run.end, run.period), fewest)
        taken = bytearray(end - first)
        chosen: list[Group] = []
        while queue:
            run = heappop(queue).run
            at = taken.find(1, run.first - first, run.end - first)
            if at >= 0:
                _push(queue, Run(run.first, first + at, run.period), fewest)
                free = taken.find(0, at, run.end - first)
                _push(queue, Run(first + free if free >= 0 else run.end, run.end, run.period), fewest)
                continue
            blocks = cut(self._structure, self._scopes, run)
            if lanes_above(self._structure, blocks.first) > FEW_LANES and blocks.end - blocks.first <= ROWS_SAVED_AMONG_LANES:
                continue
            pieces = wired_alike(self._structure, blocks)
            if pieces == [blocks]:
                group = self._group(labels, blocks, taken, first)
                chosen.append(group)
                taken[group.first - first : group.end - first] = b"\1" * (group.end - group.first)
            else:
                for piece in pieces:
                    _push(queue, Run(piece.first, piece.end, piece.length), fewest)
        return chosen

    def _group(self, labels: list[int], blocks: Blocks, taken: bytearray, first: int) -> Group:
        """Return proven blocks as a group: with their neighbors if they are identical, else with what varies."""
        if labels is not self._structure.exact:
            return Group.of(blocks, variation(self._structure, blocks))
        free_from = taken.rfind(1, 0, blocks.first - first) + 1
        free_to = taken.find(1, blocks.end - first)
        return grown(self._structure, blocks, first + free_from, first + (len(taken) if free_to < 0 else free_to))

    def _varied(self, labels: list[int], groups: list[Group], first: int, end: int) -> list[Group]:
        """Return groups of blocks that differ in shapes or attributes only, in what the other groups leave over."""
        found: list[Group] = []
        at = first
        for start, stop in [*sorted((group.first, group.end) for group in groups), (end, end)]:
            if start - at >= VARIED_ROWS:
                several = self._select(labels, at, start, VARIED_BLOCKS)
                found += [g for g in several if g.end - g.first >= VARIED_ROWS and g.usual.length > 2]
            at = stop
        return found

    def _fold(self, group: Group, depth: int) -> Fold:
        children: list[Fold] = []
        inner: tuple[Fold, ...] | None = None
        usual = group.usual
        for number, block in enumerate(group.blocks, 1):
            if group.is_usual(block):
                inner = self.folds(*usual, depth + 1) if inner is None else inner
                nested = tuple(_moved(fold, block.first - usual.first) for fold in inner)
            else:
                nested = self.folds(*block, depth + 1)
            title = block_title(self._scopes, block, number)
            children.append(self._stretch("block", block, title, nested))
        whole = Stretch(group.first, group.end)
        title = repeat_title(self._structure, self._scopes, group.blocks, usual)
        unknown = any(self._structure.gives_unknown_shape(row) for row in range(*whole))
        exceptions = (*group.exceptions, *([SHAPES_UNKNOWN] if unknown else ()))
        count = self._count(whole)
        return Fold("repeat", whole.first, whole.end - 1, title, count, len(children), exceptions, tuple(children))

    def _stretch(self, kind: FoldKind, rows: Stretch, title: str, children: tuple[Fold, ...]) -> Fold:
        return Fold(kind, rows.first, rows.end - 1, title, self._count(rows), children=children)

    def _count(self, rows: Stretch) -> int:
        return self._node_counts[rows.end] - self._node_counts[rows.first]


def _push(queue: list[_Candidate], run: Run, fewest: int) -> None:
    count = (run.end - run.first) // run.period
    saved = count * run.period - 1
    if count >= fewest and saved >= ROWS_SAVED:
        merit = saved if count > 2 else saved * 3 // 4
        heappush(queue, _Candidate(-merit, run.period, run))


def _node_counts(layout: Layout) -> list[int]:
    """Return, for each row and one past the last, the nodes drawn above it, absorbed ones included."""
    drawn = (1 + len(layout.absorbed.get(number, ())) if number >= 0 else 0 for number in layout.nodes)
    return list(accumulate(drawn, initial=0))


def _moved(fold: Fold, by: int) -> Fold:
    children = tuple(_moved(child, by) for child in fold.children)
    return replace(fold, first=fold.first + by, last=fold.last + by, children=children)
