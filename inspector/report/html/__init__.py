"""A review as one self-contained HTML page: nothing is fetched, a content security policy names the one style and script."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from inspector.records.review import Review


def to_html(review: Review) -> str:
    """Return the page, of at most page.MOST_BYTES in UTF-8; every name in it is escaped and printable, every number the
    record's."""
    from inspector.report.html.page import rendered

    return rendered(review)
