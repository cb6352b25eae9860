"""The columns of a list of operators, wherever they were counted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeVar

from inspector.report.figures import count_text, flops_text, share_text, whole_text
from inspector.tui.widgets.table_columns import Cell, Column


class CountedOperator(Protocol):
    """One operator: how often it is used, and what that costs (flops None: not known)."""

    @property
    def domain(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def count(self) -> int: ...
    @property
    def parameters(self) -> int: ...
    @property
    def flops(self) -> int | None: ...


Use = TypeVar("Use", bound=CountedOperator)


def operator_columns(share: Callable[[Use], float], flops: Callable[[], int]) -> tuple[Column[Use], ...]:
    """Return the columns; share is the length of an operator's bar, flops what all of them come to."""
    return (
        Column("operator", "operator", lambda use: Cell(use.name), order=lambda use: use.name.casefold()),
        Column("domain", "domain", lambda use: Cell(use.domain, "soft"), 16, order=lambda use: use.domain, rank=5),
        Column("bar", "", lambda use: Cell("", "bar", share(use)), 14, rank=3),
        Column("nodes", "nodes", lambda use: Cell(whole_text(use.count)), 7, "right", order=_count, largest_first=True),
        Column("params", "params", _parameters, 9, "right", order=lambda use: use.parameters, largest_first=True, rank=2),
        Column("flops", "FLOPs", _flops, 9, "right", order=_known_flops, largest_first=True, rank=1),
        Column("share", "of all", lambda use: Cell(_share(use.flops, flops()), "soft"), 6, "right", rank=4),
    )


def of_all(part: int, whole: int) -> str:
    """Return a count, and what share of all that is."""
    return f"{count_text(part)}, {share_text(part / whole)} of all" if part and whole else count_text(part)


def _count(use: CountedOperator) -> int:
    return use.count


def _parameters(use: CountedOperator) -> Cell:
    return Cell(count_text(use.parameters) if use.parameters else "", "soft")


def _flops(use: CountedOperator) -> Cell:
    return Cell("?" if use.flops is None else flops_text(use.flops) if use.flops else "", "soft")


def _known_flops(use: CountedOperator) -> int:
    return -1 if use.flops is None else use.flops


def _share(flops: int | None, total: int) -> str:
    return share_text(flops / total) if flops and total else ""
