"""What goes to the child processes that simplify, and what comes back."""

from __future__ import annotations

from dataclasses import dataclass, field

from inspector.records.tensor import Dim


@dataclass(frozen=True, slots=True)
class ToolRequest:
    """Simplify source into target, absolute paths; tensors of more bytes than fold_limit are not folded (None: all are)."""

    source: str
    target: str
    fold_limit: int | None = None
    memory_bytes: int | None = None


@dataclass(frozen=True, slots=True)
class DeclareRequest:
    """Copy source to target with shapes for the outputs that have none; by position, None for what stays unknown."""

    source: str
    target: str
    shapes: tuple[tuple[Dim, ...] | None, ...]


@dataclass(frozen=True, slots=True)
class FinishRequest:
    """Give the result at made the face of the original again, and write it to target in an empty folder."""

    original: str
    made: str
    target: str


@dataclass(frozen=True, slots=True)
class Finished:
    """A finished model: nodes without constants, constants, bytes with external data, bytes of its weights.

    new_domains are those of operators that the original does not use; lost_inputs were optional inputs of the original.
    """

    nodes: int
    constants: int
    size_bytes: int
    weight_bytes: int
    repairs: tuple[str, ...] = ()
    new_domains: tuple[str, ...] = ()
    lost_inputs: tuple[str, ...] = field(default=())
