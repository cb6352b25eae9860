"""Which nodes to keep in fp32 next, from how far each one is off in fp16."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from math import ceil
from typing import Final

from inspector.optimize.half.messages import Kept, NodeError

SHARE: Final = (0.05, 0.2)
"""Of the nodes in fp16, how many are added at the first and the second widening; at least AT_LEAST."""

AT_LEAST: Final = 4

AMPLIFIED_DB: Final = 15.0
"""A node that loses so much does not round badly, it amplifies the rounding of its operands, as subtracting equals does."""

EXACT_DB: Final = 200.0
"""Stands for a value without any error."""


def widen(errors: Sequence[NodeError], kept: Collection[str], round_: int) -> tuple[Kept, ...]:
    """Return the nodes to add: those whose output is furthest below their worst operand, in dB, and what makes their operands
    where it is the rounding of those that they amplify."""
    known = {one.name: one for one in errors}
    losses = [(loss, one) for one in errors if (loss := _loss(one)) > AMPLIFIED_DB or (one.name not in kept and loss > 0)]
    losses.sort(key=lambda pair: -pair[0])
    wanted = max(AT_LEAST, ceil(SHARE[min(round_, len(SHARE) - 1)] * len(errors)))
    found: dict[str, Kept] = {}
    for loss, one in losses:
        if len(found) >= wanted:
            break
        for kept_node in _kept(loss, one):
            _add(found, kept_node, kept)
        for name in one.makers if loss > AMPLIFIED_DB else ():
            _add(found, _maker(known[name], one), kept)
    return tuple(found.values())


def _add(found: dict[str, Kept], one: Kept, kept: Collection[str]) -> None:
    if one.name not in kept:
        found.setdefault(one.name, one)


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


def _maker(maker: NodeError, one: NodeError) -> Kept:
    reason = f"{one.shown or one.operator} amplifies what rounding its output loses"
    return Kept(maker.name, maker.operator, reason, maker.node, maker.shown, maker.output_sqnr_db)
