"""A review in the format that somebody asks for."""

from __future__ import annotations

from inspector.errors import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from inspector.records.review import Review

FORMATS = ("text", "md", "json", "html", "sarif", "junit")

SUFFIXES = {
    ".txt": "text",
    ".md": "md",
    ".json": "json",
    ".html": "html",
    ".htm": "html",
    ".sarif": "sarif",
    ".sarif.json": "sarif",
    ".xml": "junit",
}
"""The format that the end of a file's name picks, the longest end first."""


def format_of(path: str) -> str:
    """Return the format that a report to a path has, text where it has no suffix; UsageError for any other suffix."""
    name = path.replace("\\", "/").rpartition("/")[2].lower()
    found = suffix_format(path)
    if found is not None:
        return found
    if "." not in name.lstrip("."):
        return "text"
    raise UsageError(f"no report format has the suffix of {path}", f"there are {' '.join(SUFFIXES)}, or say --format")


def suffix_format(path: str) -> str | None:
    """Return the format that the end of a path picks; None where it picks none."""
    name = path.replace("\\", "/").rpartition("/")[2].lower()
    ends = sorted((end for end in SUFFIXES if name.endswith(end) and name != end), key=len)
    return SUFFIXES[ends[-1]] if ends else None


def formatted(review: Review, report_format: str) -> bytes:
    """Return the review as a file of one of FORMATS holds it; ValueError for any other."""
    if report_format == "json":
        from inspector.report.json import to_json

        return to_json(review)
    if report_format == "sarif":
        from inspector.report.sarif import to_sarif

        return to_sarif(review)
    if report_format == "junit":
        from inspector.report.junit import to_junit

        return to_junit(review)
    return _readable(review, report_format).encode()


def _readable(review: Review, report_format: str) -> str:
    if report_format == "html":
        from inspector.report.html import to_html

        return to_html(review)
    if report_format == "md":
        from inspector.report.markdown import to_markdown

        return to_markdown(review)
    if report_format == "text":
        from inspector.report.text import to_text

        return to_text(review)
    raise ValueError(f"no report format is called {report_format}")
