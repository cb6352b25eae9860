"""What tells two artifacts apart, as text."""

from __future__ import annotations

from inspector.records.difference import Difference
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
    titles = [Cell(title, "label") for title in say.AREA_TITLES[:-1]]
    rows = [[Cell(text, _style(text)) for text in say.area_row(area)[:-1]] for area in comparison.areas]
    page.table([Column(), Column(), *[Column("right")] * 6], [titles, *rows])
    for compared in comparison.areas:
        if told := say.area_row(compared)[-1]:
            page.paragraph([Cell(f"{compared.area}: {told}", "high" if compared.unknown else "label")], indent=2)
    for area, differences, rest in say.listed(comparison):
        page.heading(f"Differences: {area}")
        for difference in differences:
            _write(page, difference)
        if rest:
            page.paragraph([Cell(say.left_out(rest), "label")], indent=2)


def _write(page: Page, difference: Difference) -> None:
    page.table([Column(), Column(flexible=True)], [[Cell(f"{difference.way:<7}", "label"), Cell(difference.what, "title")]])
    told = [text for text in (say.sides(difference), say.note(difference)) if text and text != difference.what]
    page.paragraph([Cell(text) for text in told], indent=11)


def _style(text: str) -> Style:
    return _STYLES.get(text, "")
