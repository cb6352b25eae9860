"""What tells two artifacts apart, as text."""

from __future__ import annotations

from inspector.records.difference import ArtifactComparison, Difference
from inspector.records.review import Review
from inspector.report import comparison_sentences as say
from inspector.report.text_page import Cell, Column, Page, Style

_STYLES: dict[str, Style] = {"same": "good", "differs": "medium", "unknown": "high"}


def write_comparison(page: Page, review: Review) -> None:
    """Add the sum of it, every area in numbers, and the differences; nothing where nothing was compared."""
    comparison = review.comparison
    if comparison is None:
        return
    page.heading(say.heading(comparison))
    page.paragraph([Cell(comparison.summary, "good" if comparison.same else "medium")], indent=2)
    page.blank()
    _write_areas(page, comparison)
    for area, differences, rest in say.listed(comparison):
        page.heading(f"Differences: {area}")
        for difference in differences:
            _write(page, difference)
        if rest:
            page.paragraph([Cell(say.left_out(rest), "label")], indent=2)


def _write_areas(page: Page, comparison: ArtifactComparison) -> None:
    """Add a row for each area that differs or is unknown; the others in one line."""
    areas = say.deciding(comparison)
    if areas:
        titles = [Cell(title, "label") for title in say.AREA_TITLES[:-1]]
        rows = [[Cell(text, _style(text)) for text in say.area_row(area)[:-1]] for area in areas]
        page.table([Column(), Column(), *[Column("right")] * 6], [titles, *rows])
    if alike := say.alike(comparison):
        page.paragraph([Cell(alike, "good")], indent=2)
    for compared in areas:
        if told := say.area_row(compared)[-1]:
            page.paragraph([Cell(f"{compared.area}: {told}", "high" if compared.unknown else "label")], indent=2)


def _write(page: Page, difference: Difference) -> None:
    told = "; ".join(text for text in (say.sides(difference), say.note(difference)) if text)
    row = [Cell(f"{difference.way:<7}", "label"), Cell(difference.what, "title"), Cell(told)]
    if sum(len(cell.text) + 2 for cell in row) + 2 <= page.width:
        page.table([Column(), Column(flexible=True), Column(flexible=True)], [row])
        return
    page.table([Column(), Column(flexible=True)], [row[:2]])
    page.paragraph([Cell(told)], indent=11)


def _style(text: str) -> Style:
    return _STYLES.get(text, "")
