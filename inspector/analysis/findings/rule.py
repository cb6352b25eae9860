"""What a rule is."""

from __future__ import annotations

from dataclasses import dataclass

from inspector.records.finding import Severity


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: its id, the severity of its worst matches, what it looks for, and the hint a match carries."""

    name: str
    severity: Severity
    what: str
    hint: str = ""
