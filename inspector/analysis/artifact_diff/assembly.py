"""Areas put together into one comparison, with the sentence that sums it up."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from inspector.analysis.artifact_diff.tally import Tally
from inspector.records.artifact import Artifact
from inspector.records.difference import AREAS, Area, ArtifactComparison, ComparedArea, ComparedKind
from inspector.records.graph import Signature

_DERIVED: Final[frozenset[Area]] = frozenset({"findings", "operators", "cost"})
"""Areas that follow from others, or from how a file is written: they do not decide whether two artifacts are the same."""

_NOUNS: Final[dict[Area, tuple[str, str]]] = {
    "artifact": ("fact", "facts"),
    "structure": ("node", "nodes"),
    "weights": ("weight", "weights"),
    "parity": ("output", "outputs"),
    "signatures": ("tensor", "tensors"),
    "contract": ("promise", "promises"),
    "operators": ("operator", "operators"),
    "opsets": ("opset", "opsets"),
    "cost": ("figure of cost", "figures of cost"),
    "layers": ("layer", "layers"),
    "files": ("file", "files"),
    "packages": ("package", "packages"),
    "configuration": ("setting", "settings"),
    "findings": ("finding", "findings"),
    "changes": ("change", "changes"),
    "measurements": ("measurement", "measurements"),
    "checks": ("check", "checks"),
}
_WAYS: Final = ("changed", "added", "removed", "moved", "renamed")
_TOLD: Final = {"renamed": "named otherwise"}


def assembled(
    kind: ComparedKind, other: Artifact, tallies: Iterable[Tally | None], signatures: Sequence[Signature] = ()
) -> ArtifactComparison:
    """Return the comparison that areas amount to, in their order; None stands for an area that neither side has."""
    ordered = sorted((tally for tally in tallies if tally is not None), key=lambda tally: AREAS.index(tally.area))
    areas = tuple(tally.area_in_numbers() for tally in ordered)
    deciding = [area for area in areas if kind == "review" or area.area not in _DERIVED]
    same = all(area.same for area in deciding)
    return ArtifactComparison(
        kind,
        other,
        same,
        areas,
        tuple(difference for tally in ordered for difference in tally.listed()),
        tuple(signatures),
        summary(areas, same),
    )


def summary(areas: Sequence[ComparedArea], same: bool) -> str:
    """Return all in one sentence: "3 nodes changed, 1 weight changed; signatures are the same"."""
    told = ", ".join(text for area in areas for text in _counts(area))
    unknown = [f"{area.area} could not be compared" for area in areas if area.unknown]
    if same:
        return f"the same: {told}" if told else "the same"
    untouched = [area.area for area in areas if area.same and not _total(area) and area.area not in _DERIVED]
    rest = (
        f"{_listed(untouched)} {'are' if len(untouched) > 1 or untouched[0].endswith('s') else 'is'} the same"
        if untouched
        else ""
    )
    return "; ".join(part for part in (told, *unknown, rest) if part)


def _counts(area: ComparedArea) -> Iterable[str]:
    if area.area in ("operators", "cost"):
        return
    one, many = _NOUNS[area.area]
    for way in _WAYS:
        count: int = getattr(area, way)
        if count:
            verb = ("is " if count == 1 else "are ") if way == "renamed" else ""
            yield f"{count:,} {one if count == 1 else many} {verb}{_TOLD.get(way, way)}"


def _total(area: ComparedArea) -> int:
    return area.added + area.removed + area.changed + area.renamed + area.moved


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
