"""What the reader notices on the way, gathered into findings."""

from __future__ import annotations

from collections import Counter
from typing import Any, Final

from google.protobuf.unknown_fields import UnknownFieldSet

from inspector.formats.onnx.layout import KNOWN, SCALARS
from inspector.formats.onnx.wire import LENGTH
from inspector.records.finding import Finding, Severity
from inspector.records.graph import NodeRef

MOST_PER_RULE: Final = 50
"""Beyond this many findings of one rule only their number is told."""


class Notes:
    """Findings in the making: limited for each rule, so that a hostile file cannot drown the reader."""

    def __init__(self) -> None:
        self._findings: list[Finding] = []
        self._count: Counter[str] = Counter()
        self._severity: dict[str, Severity] = {}
        self._unknown: dict[tuple[str, int], list[int]] = {}

    def add(
        self,
        rule: str,
        severity: Severity,
        message: str,
        place: str = "",
        hint: str = "",
        node: NodeRef | None = None,
        tensor: str = "",
    ) -> None:
        """Remember one finding."""
        self._count[rule] += 1
        self._severity.setdefault(rule, severity)
        if self._count[rule] <= MOST_PER_RULE:
            self._findings.append(Finding(rule, severity, message, place, hint, node, tensor))

    def unknown_field(self, message: str, number: int, offset: int, length: int) -> None:
        """Remember a field that ONNX does not know, met at offset and length bytes long."""
        seen = self._unknown.setdefault((message, number), [0, 0, offset])
        seen[0] += 1
        seen[1] += length

    def unrecognized(self, kind: str, tag: int, start: int, end: int) -> None:
        """Remember a field that was not read, between start and end, unless it is one that need not be."""
        if tag >> 3 not in KNOWN[kind] or (tag & 7 != LENGTH and tag not in SCALARS):
            self.unknown_field(f"{kind}Proto", tag >> 3, start, end - start)

    def unknown_in(self, message: Any, kind: str, offset: int, length: int) -> None:
        """Remember the fields of a parsed message that ONNX does not know."""
        unknown: Any = UnknownFieldSet(message)
        if len(unknown):
            for one in unknown:
                if one.field_number not in KNOWN[kind]:
                    self.unknown_field(f"{kind}Proto", one.field_number, offset, length)

    def findings(self) -> tuple[Finding, ...]:
        """Return everything noticed, in the order it was met."""
        for (message, number), (count, length, offset) in list(self._unknown.items())[:MOST_PER_RULE]:
            times = "once" if count == 1 else f"{count:,} times"
            self.add(
                "unknown-field",
                "medium" if length > 1024 else "low",
                f"field {number} of {message} is no part of ONNX: met {times}, {length:,} bytes in all",
                f"byte {offset:,}" if offset >= 0 else "attributes of nodes",
                "written by a newer or a foreign tool; others drop such bytes when they save the model",
            )
        self._unknown.clear()
        more = [
            Finding(rule, self._severity[rule], f"{count - MOST_PER_RULE:,} more findings of this kind are not listed")
            for rule, count in self._count.items()
            if count > MOST_PER_RULE
        ]
        return (*self._findings, *more)
