"""Weights that hold the same bytes."""

from __future__ import annotations

from dataclasses import dataclass

from inspector.records.tensor import Weight


@dataclass(frozen=True, slots=True)
class EqualWeights:
    """Two or more weights of the same bytes, in file order.

    tied: they share one stretch of storage, so nothing is stored twice. confirmed: every byte was compared (by digest);
    otherwise only samples of them were, because the byte budget ran out.
    """

    weights: tuple[Weight, ...]
    byte_count: int
    """Bytes of one of them."""
    tied: bool = False
    confirmed: bool = True
    unread_bytes: int = 0
    """Bytes to read to confirm the group; 0 once it is."""
