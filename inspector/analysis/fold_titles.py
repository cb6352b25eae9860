"""What a stretch of rows is called: by the scopes its names carry, else by its operators."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from inspector.analysis.deviations import Stretch
from inspector.analysis.name_scopes import NodeScopes, Scope, common
from inspector.analysis.structure import Structure

LONGEST: Final = 60
"""Characters of a title."""

OPERATORS_NAMED: Final = 5

PLUMBING: Final = frozenset(
    """Reshape Transpose Squeeze Unsqueeze Flatten Cast CastLike Identity Slice Gather Split Expand Shape Constant Dropout
    Pad QuantizeLinear DequantizeLinear RESHAPE TRANSPOSE SQUEEZE CAST SLICE STRIDED_SLICE GATHER SPLIT PAD QUANTIZE
    DEQUANTIZE EXPAND_DIMS""".split()  # noqa: SIM905
)
"""Operators that say little about what a block does."""


def repeat_title(structure: Structure, scopes: NodeScopes, blocks: Sequence[Stretch], usual: Stretch) -> str:
    """Return "encoder/layer.0 … layer.11" where every block has a scope of its own, else the usual block's operators."""
    named = [scopes.of_rows(block.first, block.end - 1) for block in blocks]
    shared = named[0]
    for scope in named:
        shared = common(shared, scope)
    level = len(shared)
    distinct = {scope[level] for scope in named if len(scope) > level}
    if len(distinct) == len(blocks):
        return clipped(f"{_spelled(scopes, named[0][: level + 1])} … {named[-1][level]}")
    operators = _operators(structure, usual)
    return clipped(f"{_spelled(scopes, shared)}: {operators}" if shared != scopes.everywhere else operators)


def block_title(scopes: NodeScopes, block: Stretch, number: int) -> str:
    """Return a block's scope, else its number among its like (from 1)."""
    scope = scopes.of_rows(block.first, block.end - 1)
    return clipped(_spelled(scopes, scope)) if scope else f"block {number}"


def _spelled(scopes: NodeScopes, scope: Scope) -> str:
    """Return a scope as text, without parents that a level repeats ("layer1", "layer1.0")."""
    levels = [level for level, below in pairwise(scope) if not below.startswith(level + ".")]
    return scopes.joined([*levels, *scope[-1:]])


def _operators(structure: Structure, block: Stretch) -> str:
    numbers = [structure.layout.nodes[row] for row in range(*block)]
    names = [structure.graph.nodes[number].operator for number in numbers if number >= 0]
    telling = [name for name in names if name not in PLUMBING] if len(names) > OPERATORS_NAMED else names
    found = [name for at, name in enumerate(telling or names) if not at or name != (telling or names)[at - 1]]
    if len(found) > OPERATORS_NAMED:
        found = list(dict.fromkeys(found))
    if len(found) > OPERATORS_NAMED:
        return "·".join(found[: OPERATORS_NAMED - 1]) + "…" + found[-1]
    return "·".join(found)


def clipped(title: str) -> str:
    """Return a title short enough for a row; the end, which tells blocks apart, is kept."""
    return title if len(title) <= LONGEST else "…" + title[1 - LONGEST :]
