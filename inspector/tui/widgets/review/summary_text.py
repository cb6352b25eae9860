"""The first tab of a review in words and figures: the verdict, the numbers that matter, what is in it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from textual.content import Content

from inspector.records.measurement import Comparison
from inspector.records.review import Review
from inspector.report import sentences
from inspector.report.bench_sentences import comparison_rows, median_text, turn_text
from inspector.report.figures import bytes_text, plural
from inspector.report.image_sentences import runs_sentence
from inspector.report.optimization_sentences import nodes_text, size_text
from inspector.report.proof_sentences import times_text, worst_text
from inspector.report.saved_model_sentences import definition_sentence
from inspector.report.slim_sentences import overall_text as slimmed_text
from inspector.report.slim_sentences import unproven_sentence
from inspector.report.text_image import image_entries
from inspector.tui.plain_text import plain
from inspector.tui.widgets.benchmark.figures import VERDICT_GLYPHS, VERDICT_ROLES, VERDICT_STYLES, interval_text
from inspector.tui.widgets.optimize.figures import ROLE_STYLES
from inspector.tui.widgets.review.changes import verdict_of
from inspector.tui.widgets.review.checks import check_lines, counts_text
from inspector.tui.widgets.review.findings import rows_of as finding_rows
from inspector.tui.widgets.text_rows import finding_mark, labeled, wrapped

Lines = list[Content]

_LABEL = 13
_ROOMY = 90
_MARK_CELLS = 9
_MOST_STEPS = 12
_MOST_METADATA = 12


def verdict_lines(review: Review, width: int) -> Lines:
    """Return the verdict with what it rests on, and in a sentence or two what was made and what tells it apart."""
    passed = ("✓ pass", "$good bold") if review.checks else ("· pass", "$soft bold")
    mark = passed if review.verdict == "pass" else ("✗ fail", "$high bold")
    counts = counts_text(review)
    told = [f"checks: {counts}" if counts else "no checks were asked for"]
    told.append(f"findings: {sentences.severity_counts(review) or 'none'}")
    if review.ignored:
        told[-1] += f", {len(review.ignored):,} more ignored"
    lines = wrapped(Content.assemble(mark, plain(f"  {' · '.join(told)}", "$soft")), width)
    if review.comparison is not None:
        lines += wrapped(f"beside {review.comparison.other.path}: {review.comparison.summary}", width, most=3)
    if review.baseline:
        lines += wrapped(f"held against the baseline {review.baseline}", width, "$soft", most=2)
    return lines


def number_lines(review: Review, width: int) -> Lines:
    """Return the numbers that matter, one a line: sizes, nodes, FLOPs, what was measured."""
    lines: Lines = []
    previous = ""
    for label, value in _numbers(review, width):
        lines += labeled(label if label != previous else "", value, width, _LABEL, most=3)
        previous = label
    return lines


def _numbers(review: Review, width: int) -> Iterator[tuple[str, str | Content]]:
    changed = list(_changed(review))
    yield from changed
    if review.image is not None and not review.image.artifact_type:
        skipped = {"name", "manifest", "image ID", "source"}
        yield from (entry for entry in image_entries(review.image) if entry[0] not in skipped)
    elif not changed:
        yield "size", sentences.total_size_text(review)
    graph = review.graph
    if graph is not None:
        yield "original" if changed else "nodes", sentences.nodes_sentence(graph)
        yield "weights", sentences.weights_sentence(graph)
        yield "FLOPs", sentences.flops_sentence(graph.flops)
        if activations := sentences.activation_sentence(graph):
            yield "activations", activations
    yield from (("measured", _compared(one, width)) for one in review.comparisons if not one.phase)
    if not review.comparisons:
        runs = [run for run in review.benchmarks if run.samples]
        yield from (("measured", f"{turn_text(run.kind, run.conditions)}: {median_text(run)}") for run in runs)


def _changed(review: Review) -> Iterator[tuple[str, str | Content]]:
    """Yield what all accepted steps came to."""
    if review.slimming is not None:
        yield "slimmed", slimmed_text(review.slimming)
        if unproven := unproven_sentence(review.slimming):
            yield "", plain(unproven, "$medium")
        return
    last = next((one for one in reversed(review.changes) if one.status == "accepted" and one.after), None)
    if last is None:
        return
    first = review.changes[0].before
    yield "size", size_text(first, last.after)
    yield "nodes", nodes_text(first, last.after)
    if worst := worst_text(last.parity):
        yield "worst output", f"{worst} after {last.optimizer}"


def _compared(one: Comparison, width: int) -> Content:
    """Return a measurement beside the other one: its verdict with a sign, ratio, and medians where there is room."""
    title, verdict, ratio, medians, _ = comparison_rows([one])[0]
    style = VERDICT_STYLES[VERDICT_ROLES[one.verdict]]
    if width < _ROOMY and one.pairs:
        ratio, medians = f"{times_text(one.ratio)} {interval_text(one)}", ""
    rest = "  ".join(part for part in (ratio, medians) if part)
    return Content.assemble((f"{VERDICT_GLYPHS[one.verdict]} {verdict}", style), plain(f"  {title}  {rest}"))


def step_lines(review: Review, width: int) -> Lines:
    """Return every step with its verdict."""
    lines: Lines = []
    for change in review.changes[:_MOST_STEPS]:
        verdict, role = verdict_of(review, change)
        mark = (f"{verdict:<22}", ROLE_STYLES[role])
        said = change.reason or size_text(change.before, change.after)
        told = f"{change.optimizer} {change.choice if change.optimizer == 'slim' else ''}".strip()
        first, *others = wrapped(f"{told}: {said}", width - 22, most=2) or [Content()]
        lines += [Content.assemble(mark, first), *(Content.assemble(" " * 22, line) for line in others)]
    more = len(review.changes) - _MOST_STEPS
    return [*lines, Content.styled(f"and {more:,} more", "$soft")] if more > 0 else lines


def finding_lines(review: Review, width: int, most: int) -> Lines:
    """Return the most severe findings, one or two lines each."""
    rows = [row.finding for row in finding_rows(review) if not row.is_ignored]
    if not rows:
        return [Content.assemble(("✓ ", "$good bold"), ("nothing to report", "$soft"))]
    lines: Lines = []
    for finding in rows[:most]:
        told = wrapped(finding.message, width - _MARK_CELLS, most=2)
        lines.append(Content.assemble(finding_mark(finding.severity), " ", *told[:1]))
        lines += [Content.assemble(" " * _MARK_CELLS, line) for line in told[1:]]
    more = len(rows) - most
    return [*lines, Content.styled(f"and {more:,} more", "$soft")] if more > 0 else lines


def failed_lines(review: Review, width: int, most: int) -> Lines:
    """Return the checks that did not pass."""
    return check_lines(review, width, most)


def warning_lines(review: Review, width: int) -> Lines:
    """Return what went less well than hoped while the review was made."""
    return [line for warning in review.warnings for line in wrapped(f"! {warning}", width, "$medium", most=4)]


def artifact_lines(review: Review, width: int) -> Lines:
    """Return what the review is about: path, digest, what made it, what it carries."""
    artifact = review.artifact
    lines = labeled("path", artifact.inside or artifact.path, width, _LABEL)
    lines += labeled("is", " · ".join(sentences.format_facts(review)), width, _LABEL)
    lines += labeled("sha256", artifact.sha256, width, _LABEL) if artifact.sha256 else []
    graph = review.graph
    if graph is not None:
        for label, text in (("made by", sentences.origin_sentence(graph)), ("opsets", sentences.opsets_sentence(graph))):
            lines += labeled(label, text, width, _LABEL) if text else []
    if review.saved_model is not None:
        lines += labeled("definition", definition_sentence(review.saved_model), width, _LABEL)
    if review.image is not None and not review.image.artifact_type:
        lines += labeled("runs", runs_sentence(review.image.config), width, _LABEL)
    for file in review.external_files[:_MOST_METADATA]:
        lines += labeled("external", sentences.external_sentence(file), width, _LABEL)
    return [*lines, *_metadata_lines(sentences.metadata_items(artifact), width)]


def _metadata_lines(items: Sequence[tuple[str, str]], width: int) -> Lines:
    lines: Lines = []
    for key, value in items[:_MOST_METADATA]:
        told = Content.assemble(plain(key, "$violet"), " ", plain(" ".join(value.split())))
        lines += labeled("metadata", told, width, _LABEL, most=2)
    more = len(items) - _MOST_METADATA
    return [*lines, *labeled("", plain(f"and {more:,} more", "$soft"), width, _LABEL)] if more > 0 else lines


def made_text(version: str, date: str) -> str:
    """Return who wrote the review, and when its file was last written: "saved 2026-11-24 · by modelpack-tui 1.0"."""
    return " · ".join(part for part in (f"saved {date}" if date else "", f"by modelpack-tui {version}") if part)


def size_note(review: Review) -> str:
    """Return bytes of the artifact, for a border."""
    return bytes_text(review.artifact.size_bytes)


def steps_note(review: Review) -> str:
    """Return how many steps there were."""
    return plural(len(review.changes), "step")
