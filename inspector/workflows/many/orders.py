"""What a child that reviews several artifacts is asked to do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from inspector.records.gate import Gates


@dataclass(frozen=True, slots=True)
class ReportPlan:
    """Where one report of an artifact goes, and in which format; name is what the index calls it."""

    path: str
    report_format: str
    name: str


@dataclass(frozen=True, slots=True)
class Item:
    """One artifact as it was named, its place in the run, and the reports to write of it."""

    place: int
    named: str
    reports: tuple[ReportPlan, ...] = ()


@dataclass(frozen=True, slots=True)
class ManySettings:
    """What is asked of every artifact: as examine() takes it, and the rules to keep."""

    batch: int = 1
    dimensions: Mapping[str, int] = field(default_factory=dict)
    digest: bool = False
    platform: str | None = None
    gates: Gates = field(default_factory=Gates)


@dataclass(frozen=True, slots=True)
class Order:
    """Some artifacts that one child reviews, one after the other."""

    items: tuple[Item, ...]
    settings: ManySettings
