"""What goes to the child processes that simplify, and what comes back."""

from __future__ import annotations

from dataclasses import dataclass

from inspector.records.tensor import Dim


@dataclass(frozen=True, slots=True)
class ToolRequest:
    """Simplify source into target, absolute paths; tensors of more bytes than fold_limit are not folded (None: all are).

    output_shapes are the shapes of the main graph's outputs as inferred, None for one that is not known.
    """

    source: str
    target: str
    fold_limit: int | None = None
    output_shapes: tuple[tuple[Dim, ...] | None, ...] = ()


@dataclass(frozen=True, slots=True)
class FinishRequest:
    """Give the result at made the face of the original again, and write it to target, or beside its external data."""

    original: str
    made: str
    target: str


@dataclass(frozen=True, slots=True)
class MakeRequest:
    """Run a tool, whose module of this room is named, and finish its result as FinishRequest says."""

    module: str
    tool: ToolRequest
    original: str
    target: str


@dataclass(frozen=True, slots=True)
class Finished:
    """A finished model at path: nodes without constants, constants, bytes with external data, bytes of its weights.

    new_domains are those of operators that the original does not use; lost_inputs were optional inputs of the original.
    """

    path: str
    nodes: int
    constants: int
    size_bytes: int
    weight_bytes: int
    repairs: tuple[str, ...] = ()
    new_domains: tuple[str, ...] = ()
    lost_inputs: tuple[str, ...] = ()
