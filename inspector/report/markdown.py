"""A review as Markdown that reads well in a pull request and survives hostile names; the verdict is its last line.

What matters stands on top; everything else is folded, and the whole stays within what code hosts take.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from inspector.records.artifact import ExternalFile
from inspector.records.graph import Signature
from inspector.records.review import Review
from inspector.report import sentences
from inspector.report.figures import bytes_text, plural, tensor_text
from inspector.report.markdown_bench import bench_lines
from inspector.report.markdown_comparison import comparison_lines
from inspector.report.markdown_folds import MOST_CHARACTERS, MOST_OF_HEAD, Lines, cut, folds, length, rest, section
from inspector.report.markdown_graph import MOST_ROWS, graph_fact_rows, graph_lines
from inspector.report.markdown_image import image_fact_rows, image_lines
from inspector.report.markdown_optimization import change_lines, contract_lines, published_lines
from inspector.report.markdown_saved_model import saved_model_lines
from inspector.report.markdown_slim import slim_lines
from inspector.report.markdown_summary import (
    CHECK_TITLES,
    FINDING_TITLES,
    check_row,
    finding_rows,
    severe_findings,
    summary_lines,
)
from inspector.report.markdown_text import code, prose, table

MOST_FINDINGS = 100
MOST_CHECKS = 200


def to_markdown(review: Review) -> str:
    """Return the review as GitHub-flavored Markdown ending in the line "verdict: pass" or "verdict: fail".

    It takes at most MOST_CHARACTERS; what is left out is counted or named.
    """
    title = [f"# {code(sentences.artifact_name(review.artifact))}", "", prose(" · ".join(sentences.format_facts(review)))]
    head = cut([*title, *summary_lines(review), *severe_findings(review)], MOST_OF_HEAD)
    tail = ["", f"_{prose(sentences.environment_sentence(review))}_", "", f"verdict: {review.verdict}"]
    room = MOST_CHARACTERS - length(head) - length(tail)
    return "\n".join([*head, *folds(_parts(review), room), *tail]) + "\n"


def _parts(review: Review) -> Iterator[tuple[str, Sequence[str]]]:
    """Yield title and lines of everything that is folded, the more telling first."""
    steps = [change for change in review.changes if change.optimizer != "slim"]
    yield "What tells the two apart", list(comparison_lines(review))
    yield f"Changes ({len(steps):,})", list(change_lines(steps))
    yield "Published", list(published_lines(review.published))
    yield "Slimmed image", list(slim_lines(review.slimming))
    yield "Benchmarks", list(bench_lines(review))
    yield f"Checks ({len(review.checks):,})", list(_checks(review))
    yield f"Findings ({len(review.findings):,})", list(_findings(review))
    yield f"Ignored findings ({len(review.ignored):,})", list(_ignored(review))
    yield "The artifact", list(_facts(review))
    yield "The image", list(image_lines(review.image)) if review.image else []
    yield "Signatures", list(_signatures(review))
    yield "Operators and weights", list(graph_lines(review.graph)) if review.graph else []
    yield f"External data ({plural(len(review.external_files), 'file')})", list(_external_files(review.external_files))
    yield "Contract", list(contract_lines(review.contract))


def _facts(review: Review) -> Lines:
    artifact = review.artifact
    rows = [("path", code(artifact.inside or artifact.path)), ("sha256", code(artifact.sha256 or ""))]
    if review.image:
        rows += image_fact_rows(review.image)
    if review.graph:
        rows += graph_fact_rows(review.graph)
    shown = sentences.metadata_items(artifact)[:MOST_ROWS]
    rows += [(f"metadata {code(key)}", code(value)) for key, value in shown]
    rows.append(("baseline", code(review.baseline)))
    yield from table(("what", "value"), [row for row in rows if row[1]])
    yield from rest(len(artifact.metadata) - len(shown), "metadata entry", "metadata entries")


def _findings(review: Review) -> Lines:
    if not review.findings:
        return
    yield from [f"{sentences.severity_counts(review)}.", ""]
    yield from table(FINDING_TITLES, finding_rows(review.findings)[:MOST_FINDINGS])
    yield from rest(len(review.findings) - MOST_FINDINGS, "finding")


def _ignored(review: Review) -> Lines:
    if not review.ignored:
        return
    rows = [(*finding_rows([one.finding])[0], prose(one.reason), code(one.source)) for one in review.ignored[:MOST_FINDINGS]]
    yield from table((*FINDING_TITLES, "why it may stay", "said by"), rows)
    yield from rest(len(review.ignored) - MOST_FINDINGS, "finding")


def _signatures(review: Review) -> Lines:
    if review.saved_model:
        yield from saved_model_lines(review.saved_model)
        return
    for signature in review.signatures:
        yield from _signature(signature, len(review.signatures) > 1)


def _signature(signature: Signature, named: bool) -> Lines:
    yield from section(f"Signature {code(signature.name)}" if named else "Signature")
    specs = [("input", spec) for spec in signature.inputs] + [("output", spec) for spec in signature.outputs]
    rows = [(kind, code(spec.name), code(tensor_text(spec))) for kind, spec in specs[: 2 * MOST_ROWS]]
    yield from table(("", "name", "tensor"), rows)
    yield from rest(len(specs) - 2 * MOST_ROWS, "tensor")


def _external_files(files: Sequence[ExternalFile]) -> Lines:
    if not files:
        return
    rows = [
        (code(one.location), bytes_text(one.size_bytes), prose(sentences.external_sentence(one)), code(one.sha256 or ""))
        for one in files[:MOST_ROWS]
    ]
    yield from table(("file", "bytes", "use", "sha256"), rows, right=(1,))
    yield from rest(len(files) - MOST_ROWS, "file")


def _checks(review: Review) -> Lines:
    if not review.checks:
        return
    yield from table(CHECK_TITLES, [check_row(check) for check in review.checks[:MOST_CHECKS]])
    yield from rest(len(review.checks) - MOST_CHECKS, "check")
