"""What goes to the child process that freezes a SavedModel, and what comes back."""

from __future__ import annotations

from dataclasses import dataclass

from inspector.records.runnable import Runnable


@dataclass(frozen=True, slots=True)
class FreezeRequest:
    """Write frozen SavedModels with the signatures of these calls, which share a folder, below target.

    scratch is a folder that a loadable copy may be written into.
    """

    calls: tuple[Runnable, ...]
    target: str
    scratch: str


@dataclass(frozen=True, slots=True)
class FrozenModel:
    """One SavedModel that was made, or why it was not: its way, folder, nodes with those of functions, bytes."""

    way: str
    path: str = ""
    nodes: int = 0
    size_bytes: int = 0
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Frozen:
    """What became of each way, and what was done so that TensorFlow loads the original."""

    models: tuple[FrozenModel, ...]
    repairs: tuple[str, ...] = ()
