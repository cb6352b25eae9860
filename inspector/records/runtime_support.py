"""What the installed runtime says it can load."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class RuntimeSupport:
    """The newest operator sets and file-format version a runtime loads; empty where its version is not known to us."""

    name: str
    version: str
    """Empty when the runtime is not installed."""
    opsets: Mapping[str, int] = field(default_factory=dict)
    """Newest supported version by operator domain ("ai.onnx")."""
    ir_version: int | None = None
    processor: tuple[str, ...] = ()
    """This machine's architecture and the instruction sets by which the runtime lays out weights; empty: not known."""
