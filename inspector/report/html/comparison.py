"""What tells the artifact from the one it is compared with."""

from __future__ import annotations

from inspector.records.difference import ComparedArea
from inspector.records.review import Review
from inspector.report import comparison_sentences as say
from inspector.report.figures import whole_text
from inspector.report.html.blocks import Cell, Section, code, columns, group, mark, number, right, section, table, words

MOST_LISTED = 200


def comparison_section(review: Review) -> list[Section]:
    """Return every area in numbers, and the differences."""
    comparison = review.comparison
    if comparison is None:
        return []
    titles = columns("area", "result", right(*say.AREA_TITLES[2:8]), "note")
    blocks = [*words(comparison.summary, "strong")]
    blocks += table("Area by area", titles, map(_area, comparison.areas), noun="area")
    for area in comparison.areas:
        found = [one for one in comparison.differences if one.area == area.area]
        rows = [(mark(one.way), code(one.what), say.sides(one), say.note(one)) for one in found[:MOST_LISTED]]
        differ = table(
            f"Differences: {area.area}", ("way", "what", "before → after", "detail"), rows, _total(area), "difference"
        )
        blocks += group(f"{area.area[:1].upper()}{area.area[1:]}", differ, folded=len(rows) > 30)
    return section("comparison", say.heading(comparison), blocks)


def _total(area: ComparedArea) -> int:
    return area.added + area.removed + area.changed + area.renamed + area.moved


def _area(area: ComparedArea) -> tuple[Cell | str, ...]:
    name, verdict, *_, notes = say.area_row(area)
    counts = (area.equal, area.added, area.removed, area.changed, area.renamed, area.moved)
    return name, mark(verdict), *(number(whole_text(count) if count else "", count) for count in counts), notes
