"""The index of a run over many artifacts, in every format that has one."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from inspector.records.index import Index

INDEX_FORMATS = ("text", "md", "json", "html")


def index_file(index: Index, report_format: str) -> bytes:
    """Return the index as a file of one of INDEX_FORMATS holds it; ValueError for any other."""
    if report_format == "json":
        from inspector.report.index.json import index_json

        return index_json(index)
    if report_format == "html":
        from inspector.report.index.html import index_html

        return index_html(index).encode()
    if report_format == "md":
        from inspector.report.index.markdown import index_markdown

        return index_markdown(index).encode()
    if report_format == "text":
        from inspector.report.index.text import index_text

        return index_text(index).encode()
    raise ValueError(f"no index is written as {report_format}")
