"""The index of a run as Markdown."""

from __future__ import annotations

from inspector.records.index import Index, IndexRow
from inspector.report.figures import bytes_text
from inspector.report.index import sentences
from inspector.report.markdown_text import code, prose, table

MOST_ROWS = 1_000


def index_markdown(index: Index) -> str:
    """Return a table of all artifacts, the worst first; the last line is the verdict."""
    rows = sentences.worst_first(index)
    titles = ("verdict", "artifact", "is", "size", "holds", "findings", "why")
    lines = ["# Artifacts", "", prose(sentences.summary_sentence(index)), ""]
    lines += table(titles, [_row(row) for row in rows[:MOST_ROWS]], right=(3,))
    if len(rows) > MOST_ROWS:
        lines += ["", f"… and {len(rows) - MOST_ROWS:,} more, in the JSON index"]
    if index.not_looked_at:
        lines += ["", "Not looked at:", "", *(f"- {code(path)}" for path in index.not_looked_at[:MOST_ROWS])]
    return "\n".join([*lines, "", f"verdict: {index.verdict}", ""])


def _row(row: IndexRow) -> list[str]:
    return [
        row.verdict,
        _link(row),
        sentences.FORMAT_NAMES.get(row.format or "", ""),
        bytes_text(row.size_bytes) if row.format else "",
        sentences.contents_text(row),
        sentences.findings_text(row),
        prose(sentences.trouble_text(row)),
    ]


def _link(row: IndexRow) -> str:
    """Return the artifact's path, leading to its first report; names of reports need no escaping."""
    return f"[{code(row.path)}]({row.reports[0]})" if row.reports else code(row.path)
