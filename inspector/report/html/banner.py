"""What a reader sees first: the verdict with its reason, and the numbers that matter."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from inspector.records.image_review import ImageReview
from inspector.records.measurement import Comparison
from inspector.records.optimization import Change
from inspector.records.review import Check, Review
from inspector.report import bench_sentences as bench
from inspector.report import sentences
from inspector.report.figures import bytes_text, count_text, plural, share_text, whole_text
from inspector.report.html.blocks import Cell, Figure, Style, Verdict, code, mark, share_of
from inspector.report.html.strip import strip
from inspector.report.proof_sentences import ratio_text, times_text, worst_text
from inspector.report.slim_sentences import unproven_sentence

MOST_CHECKS: Final = 12
MOST_FIGURES: Final = 8


def verdict_of(review: Review) -> Verdict:
    """Return the banner."""
    open_checks = sorted((check for check in review.checks if check.status != "passed"), key=_failed_first)
    rows = tuple((mark(one.status), code(one.rule), Cell(_because(one))) for one in open_checks[:MOST_CHECKS])
    style: Style = "bad" if review.verdict == "fail" else "good" if review.checks else "note"
    left_out = max(len(open_checks) - MOST_CHECKS, 0)
    remarks = tuple(_remarks(review))
    caution = unproven_sentence(review.slimming) if review.slimming is not None else ""
    return Verdict(review.verdict, style, verdict_sentence(review), rows, left_out, remarks, caution)


def _failed_first(check: Check) -> bool:
    return check.status != "failed"


def _because(check: Check) -> str:
    observed = f"observed: {check.observed}" if check.observed else ""
    return "; ".join(part for part in (observed, check.note) if part)


def verdict_sentence(review: Review) -> str:
    """Return why the review passes or fails."""
    counts = {status: sum(check.status == status for check in review.checks) for status in ("failed", "unknown", "passed")}
    asked, failed, unknown = plural(len(review.checks), "check"), counts["failed"], counts["unknown"]
    undecided = f"{whole_text(unknown)} could not be decided, which is not a pass"
    if not review.checks:
        return "No check was asked for, so none failed." if review.verdict == "pass" else "It fails, and no check says why."
    if failed:
        return f"{whole_text(failed)} of {asked} failed{f', and {undecided}' if unknown else ''}."
    if unknown and review.verdict == "fail":
        return f"None of {asked} failed, but {undecided}."
    if unknown:
        return f"None of {asked} failed; {whole_text(unknown)} could not be decided, which the rules allow."
    return f"All {asked} passed." if len(review.checks) > 1 else "The one check passed."


def _remarks(review: Review) -> Iterator[str]:
    """Yield what stands beside the verdict: what became of the steps, what was found, what the other one differs in."""
    statuses = [change.status for change in review.changes]
    steps = [f"{statuses.count(one):,} {one}" for one in ("accepted", "rejected", "skipped") if one in statuses]
    if steps:
        yield f"Steps: {', '.join(steps)}"
    ignored = f" ({plural(len(review.ignored), 'more is', 'more are')} ignored)" if review.ignored else ""
    yield f"Findings: {sentences.severity_counts(review) or 'none'}{ignored}"
    if review.warnings:
        yield f"Warnings: {whole_text(len(review.warnings))}"
    if review.comparison is not None:
        yield review.comparison.summary


def figures_of(review: Review) -> list[Figure]:
    """Return the numbers on top: what changed, what was measured, or what there is."""
    last = next((change for change in reversed(review.changes) if change.status == "accepted" and change.after), None)
    found = [*_changed(review, last)] if last is not None else [*(_image(review) if review.image else _graph(review))]
    measured = [*_measured(review, last)]
    room = MOST_FIGURES - min(len(measured), 4)
    return [*found[:1], *measured[: MOST_FIGURES - min(len(found), room)], *found[1:room]]


def _changed(review: Review, last: Change) -> Iterator[Figure]:
    """Yield what all steps came to, from the original to the last accepted result."""
    before, after = review.changes[0].before, last.after
    if after is None:
        return
    yield _sizes("Size", before.size_bytes, after.size_bytes, f"after {last.optimizer}")
    step = next((one for one in review.slimming.steps if one.level == last.choice), None) if review.slimming else None
    if step is not None and step.after is not None:
        yield _sizes("Pulled", step.before.compressed_bytes, step.after.compressed_bytes, "compressed layers")
        yield Figure("Files", whole_text(step.after.files), whole_text(step.before.files))
    if worst := worst_text(last.parity):
        yield Figure("Worst output", worst, note="beside the original's", verdict=last.verdict)
    if before.node_count or after.node_count:
        yield Figure("Nodes", whole_text(after.node_count), whole_text(before.node_count))
    yield from _waste(review.image)


def _sizes(label: str, before: int | None, after: int | None, note: str) -> Figure:
    ratio = times_text(after / before) if before and after is not None else ""
    said = "" if not before or after is None or after == before else "smaller" if after < before else "larger"
    return Figure(label, bytes_text(after), bytes_text(before) if before is not None else "", ratio, said, note)


def _image(review: Review) -> Iterator[Figure]:
    image = review.image
    if image is None or image.artifact_type:
        yield Figure("Size", bytes_text(review.artifact.size_bytes))
        return
    yield Figure("Unpacked", bytes_text(image.size_bytes))
    yield Figure("Pulled", bytes_text(image.compressed_bytes), note="compressed layers")
    yield from _waste(image)
    yield Figure("Layers", whole_text(image.layer_count))
    yield Figure("Files", whole_text(image.file_count))
    yield Figure("Packages", whole_text(image.package_count))


def _waste(image: ImageReview | None) -> Iterator[Figure]:
    """Yield what the image, as it was opened, ships without need."""
    if image is None:
        return
    waste, left = (
        share_of(image.reclaimable_bytes, image.shipped_bytes),
        share_of(image.leftovers.union_bytes, image.final_bytes),
    )
    of_shipped = "" if waste is None else f"{share_text(waste)} of what is shipped"
    of_final = "" if left is None else f"{share_text(left)} of what is final, an estimate"
    yield Figure("Reclaimable", bytes_text(image.reclaimable_bytes), note=of_shipped)
    yield Figure("Leftovers", bytes_text(image.leftovers.union_bytes), note=of_final)


def _graph(review: Review) -> Iterator[Figure]:
    external = [file.size_bytes for file in review.external_files if file.size_bytes is not None]
    note = f"and {bytes_text(sum(external))} external" if review.external_files else ""
    yield Figure("Size", bytes_text(review.artifact.size_bytes), note=note)
    graph = review.graph
    if graph is None:
        return
    yield Figure("Parameters", count_text(graph.parameter_count), note=f"{bytes_text(graph.weight_bytes)} of weights")
    yield Figure("FLOPs", count_text(graph.flops.value), note=f"covers {share_text(graph.flops.covered)} of computing nodes")
    yield Figure("Nodes", whole_text(graph.node_count), note=plural(len(graph.operators), "operator"))
    if graph.activation_peak_bytes is not None:
        yield Figure("Activations, peak", bytes_text(graph.activation_peak_bytes), note=graph.activation_peak_place)


def _measured(review: Review, last: Change | None) -> Iterator[Figure]:
    """Yield what --bench measured, or else what the last accepted change was timed at."""
    comparisons = review.comparisons or (last.comparisons if last is not None and not review.benchmarks else ())
    whole = [one for one in comparisons if not one.phase]
    yield from (_compared(one) for one in whole if one.verdict != "not measured")
    if comparisons:
        return
    for run in review.benchmarks:
        if run.samples:
            interval = f"95 %: {bench.range_text(run.low_ms, run.high_ms)}"
            yield Figure(_title(bench.turn_text(run.kind, run.conditions)), bench.ms_text(run.median_ms), note=interval)


def _compared(one: Comparison) -> Figure:
    title = _title(bench.comparison_title(one))
    after, before = bench.ms_text(one.after_ms), bench.ms_text(one.before_ms)
    return Figure(title, after, before, ratio_text(one), one.verdict, strip=strip(one))


def _title(text: str) -> str:
    return text[:1].upper() + text[1:]
