"""What reading the structure of an image brings to notice, gathered into findings."""

from __future__ import annotations

from collections import Counter
from typing import Final

from inspector.records.finding import Finding, Severity

_MOST_PER_RULE: Final = 20


class ImageNotes:
    """Findings in the making: each once, and of each rule a limited number."""

    def __init__(self) -> None:
        self._findings: dict[Finding, None] = {}
        self._left_out: Counter[tuple[str, Severity]] = Counter()
        self._count: Counter[str] = Counter()

    def add(self, rule: str, severity: Severity, message: str, place: str = "", hint: str = "") -> None:
        """Remember one finding."""
        finding = Finding(rule, severity, message, place, hint)
        if finding in self._findings:
            return
        self._count[rule] += 1
        if self._count[rule] > _MOST_PER_RULE:
            self._left_out[rule, severity] += 1
        else:
            self._findings[finding] = None

    def findings(self) -> tuple[Finding, ...]:
        """Return all that was noticed, in the order it was met."""
        more = [
            Finding(rule, severity, f"{count:,} more findings of this kind are not listed")
            for (rule, severity), count in self._left_out.items()
        ]
        return (*self._findings, *more)
