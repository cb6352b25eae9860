"""Folds the rows of a graph into few enough to be drawn on a page: repeats by what they cost, then scopes, then stretches."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from heapq import heapify, heappop, heappush, nlargest
from itertools import accumulate
from typing import Final

from inspector.records.graph import Graph
from inspector.records.graph_outline import MOST_OUTLINE_ROWS, OutlineKind
from inspector.records.inspection import GraphView
from inspector.records.layout import Fold, Layout

COMFORTABLE_ROWS: Final = 100
"""Rows up to which folds are opened, the costliest first."""
_OPERATORS_NAMED: Final = 3
_NUMBERED: Final = re.compile(r"block [0-9]+")


@dataclass(frozen=True, slots=True)
class Segment:
    """What one row of an outline stands for: layout rows in order; title is empty for a single row."""

    kind: OutlineKind
    rows: Sequence[int]
    title: str = ""
    repeats: int = 1


def segments(graph: Graph, view: GraphView, weights: Sequence[float]) -> list[Segment]:
    """Return the segments of an outline in the order of execution: every row of the layout is in exactly one of them.

    weights (by row) say what is worth a row of its own. Repeats are closed, then opened by weight while COMFORTABLE_ROWS
    hold; where more than MOST_OUTLINE_ROWS are left, scopes are closed, the deepest first, and at last what is light is
    joined. Inputs and outputs in a fold come before and after it. Near linear in rows.
    """
    layout = view.layout
    folds = _opened(view.folds, len(layout.nodes), [0.0, *accumulate(weights)])
    items = list(_items(layout, folds))
    if len(items) > MOST_OUTLINE_ROWS:
        items = _with_scopes(layout, items, view.scopes)
    if len(items) > MOST_OUTLINE_ROWS:
        items = list(_joined(graph, layout, items, weights))
    return items


def _opened(folds: Sequence[Fold], row_count: int, sums: Sequence[float]) -> list[Fold]:
    """Return the folds that stay closed; the weightiest are opened first, all blocks of a repeat together.

    Once blocks are too many to be opened, those of lighter repeats stay closed, too: what costs little is not told in more
    detail than what costs much.
    """
    closed = {(fold.first, fold.last): fold for fold in folds}
    shown = row_count - sum(fold.last - fold.first for fold in folds)
    queue: list[tuple[float, int, tuple[Fold, ...]]] = [(-_sum(sums, fold), fold.first, (fold,)) for fold in folds]
    heapify(queue)
    rough = False
    while queue:
        _, _, group = heappop(queue)
        is_blocks = group[0].kind == "block"
        if is_blocks and rough:
            continue
        inner = [_named(fold, child) for fold in group for child in fold.children]
        more = sum(fold.last - fold.first for fold in group) - sum(child.last - child.first for child in inner)
        if shown + more > COMFORTABLE_ROWS:
            rough = rough or is_blocks
            continue
        shown += more
        for fold in group:
            del closed[fold.first, fold.last]
        closed.update({(child.first, child.last): child for child in inner})
        blocks = tuple(child for child in inner if child.kind == "block")
        if blocks:
            heappush(queue, (-sum(_sum(sums, block) for block in blocks), blocks[0].first, blocks))
        for child in inner:
            if child.kind != "block":
                heappush(queue, (-_sum(sums, child), child.first, (child,)))
    return [closed[place] for place in sorted(closed)]


def _named(fold: Fold, child: Fold) -> Fold:
    """Return a block that has no name of its own with the title of its repeat."""
    return replace(child, title=f"{child.title}: {fold.title}") if _NUMBERED.fullmatch(child.title) else child


def _sum(sums: Sequence[float], fold: Fold) -> float:
    return sums[fold.last + 1] - sums[fold.first]


def _items(layout: Layout, folds: Sequence[Fold]) -> Iterator[Segment]:
    """Yield a segment for each closed fold and for each row outside of them."""
    row = 0
    for fold in folds:
        yield from (_single(layout, at) for at in range(row, fold.first))
        yield from _folded(layout, fold, range(fold.first, fold.last + 1))
        row = fold.last + 1
    yield from (_single(layout, at) for at in range(row, len(layout.nodes)))


def _single(layout: Layout, row: int) -> Segment:
    if layout.nodes[row] >= 0:
        return Segment("node", (row,))
    return Segment("input" if layout.input_at(row) is not None else "output", (row,))


def _folded(layout: Layout, fold: Fold, rows: Sequence[int]) -> Iterator[Segment]:
    """Yield the inputs in a fold, what is left of it, and the outputs in it."""
    nodes = [row for row in rows if layout.nodes[row] >= 0]
    if len(nodes) == len(rows):
        yield Segment(fold.kind, rows, fold.title, fold.count)
        return
    yield from (Segment("input", (row,)) for row in rows if layout.input_at(row) is not None)
    if nodes:
        yield Segment(fold.kind, nodes, fold.title, fold.count)
    yield from (Segment("output", (row,)) for row in rows if layout.output_at(row) is not None)


def _with_scopes(layout: Layout, items: Sequence[Segment], scopes: Sequence[Fold]) -> list[Segment]:
    """Return the items with scopes closed from the deepest level up to the first that leaves few enough."""
    levels = _levels(scopes, _boundaries(items, len(layout.nodes)))
    if not levels:
        return list(items)
    position = _positions(items, len(layout.nodes))
    for level in reversed(levels):
        saved = sum(position[fold.last] - position[fold.first] for fold in level)
        if len(items) - saved <= MOST_OUTLINE_ROWS:
            break
    return list(_around(layout, items, level))


def _boundaries(items: Iterable[Segment], row_count: int) -> tuple[bytearray, bytearray]:
    """Return, by row, whether a closed fold goes on before it and whether one goes on after it."""
    before, after = bytearray(row_count), bytearray(row_count)
    for item in items:
        for row in item.rows if item.kind not in ("input", "output") else ():
            before[row] = row != item.rows[0]
            after[row] = row != item.rows[-1]
    return before, after


def _levels(scopes: Sequence[Fold], cuts: tuple[bytearray, bytearray]) -> list[list[Fold]]:
    """Return the scopes that cut through no closed fold by depth; what is below one that does moves up."""
    levels: list[list[Fold]] = []
    current = list(scopes)
    while current:
        whole: list[Fold] = []
        pending = current[::-1]
        while pending:
            fold = pending.pop()
            if cuts[0][fold.first] or cuts[1][fold.last]:
                pending.extend(reversed(fold.children))
            else:
                whole.append(fold)
        if whole:
            levels.append(whole)
        current = [child for fold in whole for child in fold.children]
    return levels


def _positions(items: Sequence[Segment], row_count: int) -> list[int]:
    position = [0] * row_count
    for index, item in enumerate(items):
        for row in item.rows:
            position[row] = index
    return position


def _around(layout: Layout, items: Sequence[Segment], scopes: Sequence[Fold]) -> Iterator[Segment]:
    """Yield the items with those inside a scope replaced by it."""
    ahead = iter(scopes)
    scope = next(ahead, None)
    rows: list[int] = []
    for item in items:
        first = min(item.rows)
        while scope is not None and scope.last < first:
            if rows:
                yield from _folded(layout, scope, sorted(rows))
            rows, scope = [], next(ahead, None)
        if scope is not None and scope.first <= first:
            rows.extend(item.rows)
        else:
            yield item
    if scope is not None and rows:
        yield from _folded(layout, scope, sorted(rows))


def _joined(graph: Graph, layout: Layout, items: Sequence[Segment], weights: Sequence[float]) -> Iterator[Segment]:
    """Yield at most MOST_OUTLINE_ROWS segments: a third of them the heaviest items, the others stretches between these."""
    kept = MOST_OUTLINE_ROWS // 3
    sums = [sum(weights[row] for row in item.rows) for item in items]
    heavy = set(nlargest(kept, (index for index in range(len(items)) if sums[index] > 0), key=lambda index: sums[index]))
    stretches = MOST_OUTLINE_ROWS - 2 * len(heavy) - 1
    most = -(-(len(items) - len(heavy)) // stretches)
    stretch: list[Segment] = []
    for index, item in enumerate(items):
        if stretch and (index in heavy or len(stretch) >= most):
            yield _stretch(graph, layout, stretch)
            stretch = []
        if index in heavy:
            yield item
        else:
            stretch.append(item)
    if stretch:
        yield _stretch(graph, layout, stretch)


def _stretch(graph: Graph, layout: Layout, items: Sequence[Segment]) -> Segment:
    if len(items) == 1:
        return items[0]
    rows = [row for item in items for row in item.rows]
    kinds = {item.kind for item in items}
    for kind in ("input", "output"):
        if kinds == {kind}:
            return Segment(kind, rows, f"{len(rows):,} {kind}s")
    operators = Counter(graph.nodes[layout.nodes[row]].operator for row in rows if layout.nodes[row] >= 0)
    named = [operator for operator, _ in operators.most_common(_OPERATORS_NAMED)]
    return Segment("block", rows, ", ".join(named) + (" …" if len(operators) > _OPERATORS_NAMED else ""))
