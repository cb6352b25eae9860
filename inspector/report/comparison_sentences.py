"""What tells two artifacts apart, in the words that every report uses."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from inspector.records.difference import Area, ArtifactComparison, ComparedArea, Difference
from inspector.report.figures import plural, whole_text

MOST_LISTED = 12
"""Differences of an area that a report for people lists; JSON has up to a thousand."""

FEW = 3
"""Of what has another name or place alone, which changes nothing, so many are examples enough."""

AREA_TITLES = ("area", "", "same", "added", "removed", "changed", "renamed", "moved", "note")


def heading(comparison: ArtifactComparison) -> str:
    """Return what is compared with what."""
    return f"Compared with {comparison.other.inside or comparison.other.path}"


def area_verdict(area: ComparedArea) -> str:
    """Return whether an area is the same: "same", "differs" or "unknown"."""
    return "unknown" if area.unknown else "same" if area.same else "differs"


def area_row(area: ComparedArea) -> tuple[str, ...]:
    """Return the cells of AREA_TITLES; a count of none is left empty."""
    counts = (area.equal, area.added, area.removed, area.changed, area.renamed, area.moved)
    notes = "; ".join(text for text in (area.unknown, area.note) if text)
    return (area.area, area_verdict(area), *(whole_text(count) if count else "" for count in counts), notes)


def deciding(comparison: ArtifactComparison) -> list[ComparedArea]:
    """Return the areas in which something differs, or that could not be compared, and parity, which says how it was told."""
    return [area for area in comparison.areas if area.unknown or total(area) or area.area == "parity"]


def alike(comparison: ArtifactComparison) -> str:
    """Return which areas are the same in every respect, in one line; empty where none is."""
    told = deciding(comparison)
    names = [area.area for area in comparison.areas if area not in told]
    return f"the same: {', '.join(names)}" if names else ""


def total(area: ComparedArea) -> int:
    """Return how many differences an area has, listed or not."""
    return area.added + area.removed + area.changed + area.renamed + area.moved


def listed(comparison: ArtifactComparison) -> Iterator[tuple[Area, Sequence[Difference], int]]:
    """Yield the areas with differences, those of each that are shown, and how many are not."""
    for area in comparison.areas:
        found = [one for one in comparison.differences if one.area == area.area]
        if found:
            shown = found[: FEW if area.same else MOST_LISTED]
            yield area.area, shown, max(total(area) - len(shown), 0)


def sides(difference: Difference) -> str:
    """Return what was and is in one line: "a -> b", either alone where the other was not there."""
    if difference.before == difference.after or difference.what in (difference.before, difference.after):
        return _other_side(difference)
    if difference.before and difference.after:
        return f"{difference.before} → {difference.after}"
    return difference.before or difference.after


def _other_side(difference: Difference) -> str:
    """Return what the name of a difference does not say yet: what it was, where it is called by what it is."""
    if difference.way == "renamed":
        return f"was {difference.before}"
    return difference.before if difference.before == difference.after else ""


def note(difference: Difference) -> str:
    """Return detail and place of a difference."""
    return ", ".join(text for text in (difference.detail, f"in {difference.place}" if difference.place else "") if text)


def left_out(count: int) -> str:
    """Return how many differences are not shown; empty for none."""
    return f"… and {plural(count, 'more difference')} (JSON has the first thousand)" if count else ""
