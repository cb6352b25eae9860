"""A review as readable text: what it is at a glance, then everything that matters, in at most the given width."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from inspector.records.artifact import ExternalFile
from inspector.records.finding import SEVERITIES
from inspector.records.graph import Signature
from inspector.records.review import GraphSummary, Review
from inspector.report import sentences
from inspector.report.figures import bytes_text, plural, tensor_text
from inspector.report.text_bench import write_benchmarks
from inspector.report.text_checks import write_checks, write_ignored
from inspector.report.text_comparison import write_comparison
from inspector.report.text_graph import write_graph
from inspector.report.text_image import image_entries, write_image
from inspector.report.text_optimization import write_changes, write_contract, write_published
from inspector.report.text_page import Cell, Column, Page, Style
from inspector.report.text_saved_model import write_saved_model
from inspector.report.text_slim import write_slimming

WIDTH = 100
"""Columns of a report that is not written to a terminal, and the most it ever takes."""

MOST_TENSORS = 24
MOST_FILES = 12
MOST_FINDINGS = 40


LEFT, RIGHT, NAME = Column(), Column("right"), Column(flexible=True)


def to_text(review: Review, width: int = WIDTH, color: bool = False) -> str:
    """Return the review as lines of printable text of at most width columns (never under 40).

    With color, SGR sequences of text_page.PALETTE set headings and severities off; nothing else is ever an escape sequence.
    """
    page = Page(min(width, WIDTH), color)
    page.headline(sentences.artifact_name(review.artifact), " · ".join(sentences.format_facts(review)))
    page.blank()
    _write_summary(page, review)
    _write_warnings(page, review)
    write_comparison(page, review)
    write_changes(page, [change for change in review.changes if change.optimizer != "slim"])
    write_published(page, review.published)
    write_slimming(page, review.slimming)
    write_benchmarks(page, review)
    if review.saved_model:
        write_saved_model(page, review.saved_model)
    else:
        for signature in review.signatures:
            _write_signature(page, signature, named=len(review.signatures) > 1)
    if review.image:
        write_image(page, review.image)
    if review.graph:
        write_graph(page, review.graph)
    _write_external_files(page, review.external_files)
    _write_findings(page, review)
    write_ignored(page, review)
    if review.contract is not None:
        write_contract(page, review.contract)
    write_checks(page, review)
    page.blank()
    page.paragraph([Cell(sentences.environment_sentence(review), "label")], indent=0)
    return page.text()


def _write_summary(page: Page, review: Review) -> None:
    path = review.artifact.inside or review.artifact.path
    entries = [("path", path)] if sentences.artifact_name(review.artifact) != path else []
    if review.artifact.sha256:
        entries.append(("sha256", review.artifact.sha256))
    if review.image:
        entries += image_entries(review.image)
    if review.graph:
        entries += _graph_entries(review.graph)
    entries.append(("findings", sentences.severity_counts(review) or "none"))
    entries += [("metadata", f"{key}: {value}") for key, value in sentences.metadata_items(review.artifact)[:MOST_TENSORS]]
    left_out = len(review.artifact.metadata) - MOST_TENSORS
    if left_out > 0:
        entries.append(("", f"and {plural(left_out, 'more metadata entry', 'more metadata entries')}"))
    label_width = max((len(label) for label, _ in entries), default=0)
    previous = None
    for label, value in entries:
        page.entry(label if label != previous else "", value, label_width)
        previous = label


def _graph_entries(graph: GraphSummary) -> list[tuple[str, str]]:
    entries = [
        ("made by", sentences.origin_sentence(graph)),
        ("opsets", sentences.opsets_sentence(graph)),
        ("nodes", sentences.nodes_sentence(graph)),
        ("weights", sentences.weights_sentence(graph)),
        ("FLOPs", sentences.flops_sentence(graph.flops)),
    ]
    if graph.flops.formula:
        entries.append(("FLOPs", f"= {graph.flops.formula}"))
    if graph.flops.uncovered:
        entries.append(("FLOPs", f"not counted: {sentences.uncovered_sentence(graph.flops)}"))
    entries += [("FLOPs", sentence) for sentence in sentences.assumption_sentences(graph.flops)]
    entries.append(("activations", sentences.activation_sentence(graph)))
    return [(label, value) for label, value in entries if value]


def _write_warnings(page: Page, review: Review) -> None:
    if not review.warnings:
        return
    page.heading("Warnings", "what went less well than hoped while this was made")
    page.paragraph([Cell(warning, "medium") for warning in review.warnings], indent=2)


def _write_signature(page: Page, signature: Signature, named: bool) -> None:
    suffix = f" of {signature.name}" if named else ""
    for title, specs in (("Inputs", signature.inputs), ("Outputs", signature.outputs)):
        page.heading(title + suffix, "" if specs else "none")
        rows = [[Cell(spec.name), Cell(tensor_text(spec))] for spec in specs[:MOST_TENSORS]]
        page.table([Column(flexible=True, least=16), Column(flexible=True, least=24)], rows)
        page.rest(len(specs) - MOST_TENSORS, "tensor")


def _write_external_files(page: Page, files: Sequence[ExternalFile]) -> None:
    if not files:
        return
    page.heading("External data", plural(len(files), "file"))
    for file in files[:MOST_FILES]:
        row = [Cell(file.location), Cell(bytes_text(file.size_bytes)), Cell(sentences.external_use(file), "label")]
        page.table([NAME, RIGHT, LEFT], [row])
        style: Style = "high" if file.problem or file.missing_bytes or not file.contained else "label"
        details = [Cell(trouble, style) for trouble in sentences.external_troubles(file)]
        page.paragraph([*details, *([Cell(f"sha256 {file.sha256}", "label")] if file.sha256 else [])], indent=4)
    page.rest(len(files) - MOST_FILES, "file")


def _write_findings(page: Page, review: Review) -> None:
    page.heading("Findings", sentences.severity_counts(review) or "none")
    ordered = sorted(review.findings, key=lambda finding: SEVERITIES.index(finding.severity))
    for finding in ordered[:MOST_FINDINGS]:
        severity = Cell(f"{finding.severity:<6}", finding.severity)
        page.table([LEFT, NAME], [[severity, Cell(finding.rule, "title")]])
        details = [finding.message, *_labelled("at ", finding.place), *_labelled("→ ", finding.hint)]
        page.paragraph([Cell(details[0]), *(Cell(detail, "label") for detail in details[1:])], indent=10)
    page.rest(len(ordered) - MOST_FINDINGS, "finding", " (all are in --format json)")


def _labelled(label: str, text: str) -> Iterable[str]:
    return [label + text] if text else []
