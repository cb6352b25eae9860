"""What tells two artifacts apart, in the words that every report uses."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from inspector.records.difference import Area, ArtifactComparison, ComparedArea, Difference
from inspector.report.figures import plural, whole_text

MOST_LISTED = 50
"""Differences of an area that a report for people lists; JSON has up to a thousand."""

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


def listed(comparison: ArtifactComparison) -> Iterator[tuple[Area, Sequence[Difference], int]]:
    """Yield the areas with differences, those of each that are shown, and how many are not."""
    for area in comparison.areas:
        found = [one for one in comparison.differences if one.area == area.area]
        if found:
            total = area.added + area.removed + area.changed + area.renamed + area.moved
            yield area.area, found[:MOST_LISTED], max(total - MOST_LISTED, 0)


def sides(difference: Difference) -> str:
    """Return what was and is in one line: "a -> b", either alone where the other was not there."""
    if difference.before and difference.after:
        return f"{difference.before} → {difference.after}"
    return difference.before or difference.after


def note(difference: Difference) -> str:
    """Return detail and place of a difference."""
    return ", ".join(text for text in (difference.detail, f"in {difference.place}" if difference.place else "") if text)


def left_out(count: int) -> str:
    """Return how many differences are not shown; empty for none."""
    return f"… and {plural(count, 'more difference')} (JSON has the first thousand)" if count else ""
