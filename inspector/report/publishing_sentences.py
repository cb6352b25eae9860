"""What was published for model servers, in short phrases, shared by the text and the Markdown report."""

from __future__ import annotations

from collections.abc import Iterator

from inspector.records.publishing import PublishedVersion
from inspector.report.figures import bytes_text, plural


def contents_text(published: PublishedVersion) -> str:
    """Return what a server finds in it: "7 files, 502.0 KB, 8 warm-up requests"."""
    parts = [plural(published.files, "file"), bytes_text(published.size_bytes)]
    if published.warm_up_requests:
        parts.append(plural(published.warm_up_requests, "warm-up request"))
    return ", ".join(parts)


def drift_text(published: PublishedVersion) -> str:
    """Return what signatures were held against, and how many differences were allowed."""
    if published.compared_with is None:
        return "no version was there to compare signatures with"
    if not published.differences:
        return f"the signatures are those of version {published.compared_with}"
    return f"unlike version {published.compared_with}: {plural(len(published.differences), 'difference')}"


def published_entries(published: PublishedVersion) -> Iterator[tuple[str, str]]:
    """Yield label and value of everything to know of it; a label that repeats names the same kind."""
    yield "holds", contents_text(published)
    yield "written to", published.path
    yield "signatures", drift_text(published)
    yield from (("difference", difference) for difference in published.differences)
    yield from (("note", note) for note in published.notes)
