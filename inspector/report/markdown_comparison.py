"""What tells two artifacts apart, as Markdown."""

from __future__ import annotations

from collections.abc import Iterable

from inspector.records.review import Review
from inspector.report import comparison_sentences as say
from inspector.report.markdown_text import code, prose, table

Lines = Iterable[str]


def comparison_lines(review: Review) -> Lines:
    """Yield the sum of it, every area in numbers, and the differences; nothing where nothing was compared."""
    comparison = review.comparison
    if comparison is None:
        return
    yield from ["", f"## {prose(say.heading(comparison))}", "", f"**{prose(comparison.summary)}**", ""]
    rows = [tuple(map(prose, say.area_row(area))) for area in say.deciding(comparison)]
    if rows:
        yield from table(say.AREA_TITLES, rows, right=(2, 3, 4, 5, 6, 7))
    if alike := say.alike(comparison):
        yield from ["", prose(alike[:1].upper() + alike[1:])]
    for area, differences, rest in say.listed(comparison):
        yield from ["", f"### Differences: {area}", ""]
        cells = [(one.way, code(one.what), prose(say.sides(one)), prose(say.note(one))) for one in differences]
        yield from table(("", "what", "before → after", "detail"), cells)
        if rest:
            yield from ["", prose(say.left_out(rest))]
