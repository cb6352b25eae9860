"""What tells two artifacts, or two reviews, apart."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from inspector.records.artifact import Artifact
from inspector.records.graph import NodeRef, Signature

Area = Literal[
    "artifact",
    "structure",
    "weights",
    "parity",
    "signatures",
    "contract",
    "operators",
    "opsets",
    "cost",
    "layers",
    "files",
    "packages",
    "configuration",
    "findings",
    "changes",
    "measurements",
    "checks",
]

AREAS: tuple[Area, ...] = (
    *("signatures", "contract", "structure", "weights", "parity", "artifact", "operators", "opsets", "cost"),
    *("layers", "files", "packages", "configuration", "findings", "changes", "measurements", "checks"),
)
"""In the order in which they are told."""

Way = Literal["added", "removed", "changed", "renamed", "moved"]
"""How something differs; renamed and moved alone leave what an artifact computes, or a file holds, as it is."""

ComparedKind = Literal["onnx", "saved_model", "tflite", "mixed", "image", "review"]


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that is not the same: what it is (a node, a weight, a file), and what it was and is, in short text.

    before and after are empty where it was not there; figures are numbers by name for whoever sorts or plots them: "bytes
    before", "bytes after", "largest error", "changed elements"; of outputs (area "parity") "SQNR dB", "top-1 agreement".
    """

    area: Area
    way: Way
    what: str
    before: str = ""
    after: str = ""
    detail: str = ""
    """What of it changed, in one line: "attribute strides 1,1 -> 2,2"."""
    place: str = ""
    figures: Mapping[str, float] = field(default_factory=dict)
    node_before: NodeRef | None = None
    node_after: NodeRef | None = None


@dataclass(frozen=True, slots=True)
class ComparedArea:
    """One area in numbers, which cover every difference, listed or not; unknown says why it could not be compared."""

    area: Area
    same: bool
    equal: int = 0
    """Things that are the same on both sides."""
    added: int = 0
    removed: int = 0
    changed: int = 0
    renamed: int = 0
    moved: int = 0
    unknown: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class ArtifactComparison:
    """An artifact beside another one (the changed one, "after"): area by area, with the differences that are listed.

    same: nothing that matters differs; names of inner tensors and nodes, the order of nodes and how a file is written do not
    matter. An area that could not be compared (unknown) makes it not the same.
    """

    kind: ComparedKind
    other: Artifact
    same: bool
    areas: tuple[ComparedArea, ...]
    differences: tuple[Difference, ...] = ()
    """In order of AREAS, the weightiest of an area first; at most 1,000 an area."""
    other_signatures: tuple[Signature, ...] = ()
    summary: str = ""
    """All in one sentence: "3 nodes changed, 1 weight changed; signatures are the same"."""


@dataclass(frozen=True, slots=True)
class AlignedRow:
    """One row of two graphs side by side; None where a side has nothing there. way None: the same on both sides."""

    before: NodeRef | None
    after: NodeRef | None
    way: Way | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class SideBySide:
    """A comparison, and where there are graphs the rows of both main graphs in step, for a screen that shows both."""

    comparison: ArtifactComparison
    rows: tuple[AlignedRow, ...] = ()
