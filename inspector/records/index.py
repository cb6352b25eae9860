"""The index of a run over many artifacts: one row each, whatever became of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from inspector.records.artifact import Format
from inspector.records.review import Tool

INDEX_VERSION = 1


@dataclass(frozen=True, slots=True)
class IndexRow:
    """What a reader needs to know of one artifact, and where its report is."""

    path: str
    """As it was named, or found below a folder that was."""
    verdict: Literal["pass", "fail", "unreadable"]
    """unreadable: there is no review, error says why."""
    format: Format | None = None
    size_bytes: int = 0
    node_count: int | None = None
    layer_count: int | None = None
    parameter_count: int | None = None
    findings: Mapping[str, int] = field(default_factory=dict)
    """Number of findings by severity; a severity without any is left out."""
    failed: tuple[str, ...] = ()
    """Rules that are broken."""
    undecided: tuple[str, ...] = ()
    """Rules that could not be decided."""
    error: str = ""
    hint: str = ""
    exit_code: int = 0
    """Of the same error in a run over this artifact alone."""
    seconds: float = 0.0
    reports: tuple[str, ...] = ()
    """Files that were written, as seen from the folder of reports."""
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Index:
    """All rows, in the order in which artifacts were named and found, and what was not looked at after an interrupt."""

    tool: Tool
    rows: tuple[IndexRow, ...]
    not_looked_at: tuple[str, ...] = ()
    seconds: float = 0.0
    jobs: int = 1
    """Child processes at the same time."""
    verdict: Literal["pass", "fail"] = "pass"
    """fail: a check failed, could not be decided, or an artifact could not be read; an interrupted run is none that passed."""
    schema: int = INDEX_VERSION
