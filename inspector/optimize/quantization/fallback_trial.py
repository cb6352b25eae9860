"""One way to quantize a model, and what became of it."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING, Final, Literal

from inspector.records.optimization import Candidate, Judgement
from inspector.records.parity import GateCheck

if TYPE_CHECKING:
    from inspector.optimize.quantization.number_types import NumberTypes

METHOD_NAMES: Final = {"minmax": "MinMax", "percentile": "Percentile", "entropy": "Entropy", "": ""}

_SQNR_ROOM: Final = 0.15
_COSINE_ROOM: Final = 0.4
"""How much of a gate must be to spare: that share of an SQNR's threshold in dB, of a cosine threshold's distance from 1.

The lowest cosine of some inputs is a poor guess of that of others: 0.984 became 0.978 on unseen ones, where 0.98 was asked.
"""


class OtherTerms(Exception):
    """What an earlier run found was found under other terms: the search must start over."""


@dataclass(frozen=True, slots=True)
class Trial:
    """One way to quantize the prepared model; exclude holds the prepared names of nodes that stay in fp32."""

    kind: Literal["static", "dynamic"]
    types: NumberTypes
    operators: tuple[str, ...]
    method: str = ""
    per_channel: bool = True
    exclude: frozenset[str] = frozenset()
    note: str = ""
    """What sets it apart, for its name: "products only"."""

    @property
    def name(self) -> str:
        """Say what it is in a few words."""
        parts = [f"{self.kind} int8", METHOD_NAMES[self.method], "" if self.per_channel else "per tensor", self.note]
        if self.exclude:
            parts.append(f"{len(self.exclude)} node{'s' if len(self.exclude) > 1 else ''} in fp32")
        return ", ".join(part for part in parts if part)

    @property
    def key(self) -> str:
        """Return what tells it apart from any other trial on the same prepared model."""
        types = self.types
        told = (self.kind, types.name, self.method, str(self.per_channel), *sorted(self.operators), "-", *sorted(self.exclude))
        return hashlib.sha256("\0".join(told).encode("utf-8", "surrogateescape")).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class Tried:
    """What became of a trial."""

    trial: Trial
    passed: bool
    reason: str
    failed_at: str = ""
    """Where the judge stopped; "quantizer" where no candidate was made."""
    sqnr_db: float | None = None
    candidate: Candidate | None = None
    """What was made; its files are there only if it passed and is the last that did."""
    judgement: Judgement | None = None
    earlier: bool = False

    @property
    def enough(self) -> bool:
        """Whether it passed with room to spare: what passes narrowly often fails on inputs it was not chosen by."""
        return self.passed and self.judgement is not None and has_room(self.judgement.gates)


def has_room(gates: Sequence[GateCheck]) -> bool:
    """Whether SQNR and cosine are clear of the gates that ask for them."""
    for check in gates:
        least = check.gate.threshold
        if check.observed is None or check.gate.bound != "at least":
            continue
        if check.gate.figure == "sqnr_db" and check.observed < least * (1 + _SQNR_ROOM):
            return False
        if check.gate.figure == "cosine" and 1 - check.observed > (1 - least) * (1 - _COSINE_ROOM):
            return False
    return True


def better(one: Tried | None, other: Tried) -> Tried:
    """Return which of two is nearer to enough: one that passed, else one that was only too large, else by SQNR."""
    if one is None:
        return other
    return other if _merit(other) > _merit(one) else one


def _merit(tried: Tried) -> tuple[bool, bool, bool, float]:
    sqnr = tried.sqnr_db if tried.sqnr_db is not None else -inf
    return tried.enough, tried.passed, tried.failed_at == "size", sqnr
