"""Something a reader should know about an artifact."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from inspector.records.graph import NodeRef

Severity = Literal["high", "medium", "low", "info"]

SEVERITIES: tuple[Severity, ...] = ("high", "medium", "low", "info")


@dataclass(frozen=True, slots=True)
class Finding:
    """A rule that matched, how bad it is, one sentence for a person, and the place.

    place is text for a person ("node 17 Conv /conv1", "file weights.bin"); node and tensor, where given, let a screen
    jump there.
    """

    rule: str
    severity: Severity
    message: str
    place: str = ""
    hint: str = ""
    node: NodeRef | None = None
    tensor: str = ""
    nodes: tuple[NodeRef, ...] = ()
    """Where the rule matched more than once: the first 1,000 nodes, node being the first of them."""
