"""What stands in a file of rules, as it was written."""

from __future__ import annotations

from dataclasses import dataclass

from inspector.records.gate import Ignore


@dataclass(frozen=True, slots=True)
class WrittenRule:
    """A rule as text, with its reason, and its line (0: not known); of an allowed delta the figure, text being the delta."""

    text: str
    reason: str = ""
    line: int = 0
    figure: str = ""


@dataclass(frozen=True, slots=True)
class RulesFile:
    """Everything a file of rules says; baseline is a path relative to the working directory, or absolute."""

    source: str
    fail_if: tuple[WrittenRule, ...] = ()
    allowed: tuple[WrittenRule, ...] = ()
    ignores: tuple[Ignore, ...] = ()
    baseline: str = ""
    allow_unknown: bool = False
