"""Which nodes to keep in fp32 next, from how far each one is off in fp16."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from math import ceil
from typing import Final

from inspector.optimize.half.messages import Kept, NodeError

SHARE: Final = (0.05, 0.2)
"""Of the nodes in fp16, how many are added at the first and the second widening; at least AT_LEAST."""

AT_LEAST: Final = 4

EXACT_DB: Final = 200.0
"""Stands for a value without any error."""


def widen(errors: Sequence[NodeError], kept: Collection[str], round_: int) -> tuple[Kept, ...]:
    """Return the nodes at which most is lost: those whose output is furthest below their worst input, in dB."""
    losses = [(loss, one) for one in errors if one.name not in kept and (loss := _loss(one)) > 0]
    losses.sort(key=lambda pair: -pair[0])
    count = max(AT_LEAST, ceil(SHARE[min(round_, len(SHARE) - 1)] * len(errors)))
    return tuple(kept for loss, one in losses[:count] for kept in _kept(loss, one))


def _loss(one: NodeError) -> float:
    """Return what a node loses of its operands' SQNR in dB; fp16 itself is good for about 70 dB."""
    given = EXACT_DB if one.input_sqnr_db is None else one.input_sqnr_db
    left = EXACT_DB if one.output_sqnr_db is None else one.output_sqnr_db
    return min(given, 75.0) - left


def _kept(loss: float, one: NodeError) -> Iterator[Kept]:
    """Yield the node and what it holds."""
    reason = f"its output is off at {one.output_sqnr_db:.1f} dB in fp16, {loss:.1f} dB worse than its operands"
    yield Kept(one.name, one.operator, reason, one.node, one.shown, one.output_sqnr_db)
    for name in one.held:
        yield Kept(name, "", f"it lies in {one.shown or one.operator}, which {reason}", -1, "")
