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
    "artifact": ("entry of metadata", "entries of metadata"),
    "structure": ("node", "nodes"),
    "weights": ("weight", "weights"),
    "parity": ("output", "outputs"),
    "signatures": ("tensor", "tensors"),
    "contract": ("promise", "promises"),
    "operators": ("operator", "operators"),
    "opsets": ("opset", "opsets"),
    "cost": ("figure", "figures"),
    "layers": ("layer", "layers"),
    "files": ("file", "files"),
    "packages": ("package", "packages"),
    "configuration": ("setting", "settings"),
    "findings": ("finding", "findings"),
    "changes": ("change", "changes"),
    "measurements": ("measurement", "measurements"),
    "checks": ("check", "checks"),
}
_OWN_FACTS: Final[dict[ComparedKind, str]] = {"image": "models inside", "review": "size and verdict"}
"""What the area "artifact" holds, where that is not metadata."""

_OWN_NOUNS: Final[dict[ComparedKind, tuple[str, str]]] = {"image": ("model", "models"), "review": ("fact", "facts")}

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
        summary(areas, same, kind),
    )


def summary(areas: Sequence[ComparedArea], same: bool, kind: ComparedKind = "onnx") -> str:
    """Return all in one sentence: "3 nodes changed, 1 weight changed; signatures are the same"."""
    silent = frozenset[Area]() if kind == "review" else frozenset[Area](("operators", "cost"))
    told = ", ".join(text for area in areas if area.area not in silent for text in _counts(area, kind))
    unknown = [f"{_title(area.area, kind)} could not be compared" for area in areas if area.unknown]
    if same:
        return f"the same: {told}" if told else "the same"
    untouched = [_title(area.area, kind) for area in areas if _is_untouched(area)]
    return "; ".join(part for part in (told, *unknown, _same_text(untouched)) if part)


def _is_untouched(area: ComparedArea) -> bool:
    return area.same and not _total(area) and area.equal > 0 and area.area not in _DERIVED


def _title(area: Area, kind: ComparedKind) -> str:
    if area == "artifact":
        return _OWN_FACTS.get(kind, "metadata")
    return "outputs" if area == "parity" else area


def _same_text(names: Sequence[str]) -> str:
    if not names:
        return ""
    return f"{_listed(names)} {'are' if len(names) > 1 or names[0].endswith('s') else 'is'} the same"


def _counts(area: ComparedArea, kind: ComparedKind) -> Iterable[str]:
    nouns = _NOUNS[area.area]
    one, many = _OWN_NOUNS.get(kind, nouns) if area.area == "artifact" else nouns
    for way in _WAYS:
        count: int = getattr(area, way)
        if count:
            yield f"{count:,} {one if count == 1 else many} {_verb(area.area, way, count)}"


def _verb(area: Area, way: str, count: int) -> str:
    if way == "renamed":
        return f"{'is' if count == 1 else 'are'} {_TOLD[way]}"
    return ("differs" if count == 1 else "differ") if area == "parity" else way


def _total(area: ComparedArea) -> int:
    return area.added + area.removed + area.changed + area.renamed + area.moved


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
