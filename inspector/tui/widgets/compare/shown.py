"""What a comparison shows: both sides by name, what tells them apart, and both graphs where they are at hand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import TYPE_CHECKING

from inspector.records.artifact import Artifact
from inspector.records.difference import Area, ArtifactComparison, Difference, SideBySide
from inspector.records.graph import Graph, Signature

if TYPE_CHECKING:
    from inspector.records.opened import Opened
    from inspector.records.review import Review

Names = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Shown:
    """A comparison with what is drawn beside it; graphs and signatures are of the first and the second side."""

    names: Names
    found: SideBySide
    graphs: tuple[Graph, Graph] | None = None
    signatures: tuple[Sequence[Signature], Sequence[Signature]] = ((), ())

    @property
    def comparison(self) -> ArtifactComparison:
        """What tells the sides apart."""
        return self.found.comparison

    def differences(self, area: Area) -> list[Difference]:
        """Return the listed differences of one area."""
        return [one for one in self.comparison.differences if one.area == area]


def shown_of(before: Opened | Review, after: Opened | Review, found: SideBySide, names: Names = ("", "")) -> Shown:
    """Return what to show of two sides that were compared; empty names are taken from the sides."""
    from inspector.records.inspection import Inspection

    known = names_of(_artifact(before), _artifact(after))
    titles = (names[0] or known[0], names[1] or known[1])
    signatures = (_signatures(before), _signatures(after))
    if isinstance(before, Inspection) and isinstance(after, Inspection) and found.rows:
        return Shown(titles, found, (before.computation.graph, after.computation.graph), signatures)
    return Shown(titles, found, None, signatures)


def names_of(before: Artifact, after: Artifact) -> Names:
    """Return what to call two artifacts: the last part of their paths, more of them where that is the same."""
    paths = [PurePath(one.inside or one.path) for one in (before, after)]
    for parts in range(1, 4):
        names = ["/".join(path.parts[-parts:]) or str(path) for path in paths]
        if names[0] != names[1]:
            return names[0], names[1]
    return str(paths[0]), str(paths[1])


def _artifact(side: Opened | Review) -> Artifact:
    from inspector.records.review import Review

    if isinstance(side, Review):
        return side.artifact
    from inspector.records.opened import artifact_of

    return artifact_of(side)


def _signatures(side: Opened | Review) -> Sequence[Signature]:
    from inspector.records.inspection import Inspection
    from inspector.records.review import Review

    if isinstance(side, Review):
        return side.signatures
    return side.computation.signatures if isinstance(side, Inspection) else ()
