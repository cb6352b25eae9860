"""What a reader of a pull request sees first: the verdict, the numbers that matter, what did not pass, what was found."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from inspector.records.benchmark import Benchmark
from inspector.records.finding import SEVERITIES, Finding
from inspector.records.measurement import Comparison
from inspector.records.optimization import Change
from inspector.records.review import Check, Review
from inspector.report import bench_sentences as bench
from inspector.report import sentences
from inspector.report.figures import bytes_text, count_text, plural, share_text, whole_text
from inspector.report.markdown_folds import Lines, rest
from inspector.report.markdown_text import code, prose, table
from inspector.report.proof_sentences import ratio_text, times_text, worst_text

MOST_CHECKS: Final = 20
MOST_FINDINGS: Final = 20
MOST_WARNINGS: Final = 10
MOST_MEASURED: Final = 12

Row = tuple[str, str, str, str, str]
"""What, before (or all there is), after, their ratio, and what is said of it; ready Markdown."""


def summary_lines(review: Review) -> Lines:
    """Yield the verdict with counts, the numbers in one table, and the checks that did not pass."""
    yield from ["", f"**Verdict: {review.verdict}** — {'; '.join(_counts(review))}"]
    if review.comparison is not None:
        yield from ["", f"**{prose(review.comparison.summary)}**"]
    rows = list(_rows(review))
    yield ""
    if any(row[2] for row in rows):
        yield from table(("", "before", "after", "ratio (95 %)", "verdict"), rows, right=(1, 2))
    else:
        yield from table(("", "value"), [row[:2] for row in rows])
    yield from _warnings(review.warnings)
    yield from _open_checks([check for check in review.checks if check.status != "passed"])


def _counts(review: Review) -> Iterator[str]:
    """Yield how the checks went, what became of the steps, and how many findings there are."""
    counts = {status: sum(check.status == status for check in review.checks) for status in ("failed", "unknown", "passed")}
    told = [f"{count:,} {status}" for status, count in counts.items() if count]
    yield f"checks: {', '.join(told)}" if told else "no checks were asked for"
    statuses = [change.status for change in review.changes]
    steps = [f"{statuses.count(one):,} {one}" for one in ("accepted", "rejected", "skipped") if one in statuses]
    if steps:
        yield f"steps: {', '.join(steps)}"
    ignored = f" ({plural(len(review.ignored), 'more is', 'more are')} ignored)" if review.ignored else ""
    yield f"findings: {sentences.severity_counts(review) or 'none'}{ignored}"


def _rows(review: Review) -> Iterator[Row]:
    last = next((change for change in reversed(review.changes) if change.status == "accepted" and change.after), None)
    if last is not None and last.after is not None:
        yield from _changed(review, last)
    elif review.image is not None:
        yield from _image(review)
    else:
        yield ("size", prose(sentences.total_size_text(review)), "", "", "")
        yield from _graph(review)
    yield from (_compared(one) for one in _whole(review.comparisons)[:MOST_MEASURED])
    if not review.comparisons:
        yield from (_measured(run) for run in review.benchmarks[:MOST_MEASURED] if run.samples)


def _changed(review: Review, last: Change) -> Iterator[Row]:
    """Yield what all steps came to, from the original to the last accepted result."""
    after = last.after
    first = next(change.before for change in review.changes)
    assert after is not None
    yield _sizes("size", first.size_bytes, after.size_bytes)
    step = next((one for one in review.slimming.steps if one.level == last.choice), None) if review.slimming else None
    if step is not None and step.after is not None:
        yield _sizes("pulled", step.before.compressed_bytes, step.after.compressed_bytes)
        yield ("files", whole_text(step.before.files), whole_text(step.after.files), "", "")
    if first.node_count or after.node_count:
        yield ("nodes", whole_text(first.node_count), whole_text(after.node_count), "", "")
    if worst := worst_text(last.parity):
        yield (f"worst output after {last.optimizer}", "", prose(worst), "", last.verdict)


def _sizes(what: str, before: int | None, after: int | None) -> Row:
    ratio = times_text(after / before) if before and after is not None else ""
    said = "" if not before or after is None or after == before else "smaller" if after < before else "larger"
    return (what, bytes_text(before), bytes_text(after), ratio, said)


def _image(review: Review) -> Iterator[Row]:
    image = review.image
    if image is None or image.artifact_type:
        yield ("size", bytes_text(review.artifact.size_bytes), "", "", "")
        return
    yield ("unpacked", bytes_text(image.size_bytes), "", "", "")
    yield ("pulled", bytes_text(image.compressed_bytes), "", "", "")
    share = f" ({share_text(image.reclaimable_bytes / image.shipped_bytes)} of what is shipped)" if image.shipped_bytes else ""
    yield ("reclaimable", f"{bytes_text(image.reclaimable_bytes)}{share}", "", "", "")
    yield ("leftovers", bytes_text(image.leftovers.union_bytes), "", "", "")
    yield ("layers", whole_text(image.layer_count), "", "", "")
    yield ("files", whole_text(image.file_count), "", "", "")
    yield ("packages", whole_text(image.package_count), "", "", "")


def _graph(review: Review) -> Iterator[Row]:
    graph = review.graph
    if graph is None:
        return
    yield ("nodes", whole_text(graph.node_count), "", "", "")
    yield ("parameters", count_text(graph.parameter_count), "", "", "")
    yield ("weights", bytes_text(graph.weight_bytes), "", "", "")
    yield ("FLOPs", f"{count_text(graph.flops.value)} (covers {share_text(graph.flops.covered)})", "", "", "")
    if graph.activation_peak_bytes is not None:
        yield ("activations, peak", bytes_text(graph.activation_peak_bytes), "", "", "")


def _whole(comparisons: Sequence[Comparison]) -> list[Comparison]:
    """Return the comparisons of whole runs and starts: phases stand further down."""
    return [one for one in comparisons if not one.phase]


def _compared(one: Comparison) -> Row:
    title = prose(bench.comparison_title(one))
    if one.verdict == "not measured":
        return (title, "", "", "", "not measured")
    return (title, bench.ms_text(one.before_ms), bench.ms_text(one.after_ms), ratio_text(one), f"**{one.verdict}**")


def _measured(run: Benchmark) -> Row:
    return (prose(bench.turn_text(run.kind, run.conditions)), prose(bench.median_text(run)), "", "", "")


def _warnings(warnings: Sequence[str]) -> Lines:
    if not warnings:
        return
    yield from ["", *(f"> **Warning:** {prose(warning)}\n>" for warning in warnings[:MOST_WARNINGS])]
    yield from rest(len(warnings) - MOST_WARNINGS, "warning")


def _open_checks(checks: Sequence[Check]) -> Lines:
    if not checks:
        return
    ordered = sorted(checks, key=lambda check: check.status != "failed")
    yield from ["", "## Checks that did not pass", ""]
    yield from table(CHECK_TITLES, [check_row(check) for check in ordered[:MOST_CHECKS]])
    yield from rest(len(ordered) - MOST_CHECKS, "check")


CHECK_TITLES: Final = ("status", "asked", "observed", "note")


def check_row(check: Check) -> tuple[str, ...]:
    """Return the cells of CHECK_TITLES; a rule says under which condition the review fails, a contract what is promised."""
    asked = f"fails if {code(check.rule)} ({code(check.source)})" if check.source else code(check.rule)
    status = check.status if check.status == "passed" else f"**{check.status}**"
    return (status, asked, prose(check.observed), prose(check.note))


def finding_rows(findings: Sequence[Finding]) -> list[tuple[str, ...]]:
    """Return severity, rule, what was found and where of each finding, the most severe first."""
    ordered = sorted(findings, key=lambda finding: SEVERITIES.index(finding.severity))
    return [(one.severity, code(one.rule), _advice(one), code(one.place)) for one in ordered]


def _advice(finding: Finding) -> str:
    return " — ".join(prose(part) for part in (finding.message, finding.hint) if part)


FINDING_TITLES: Final = ("severity", "rule", "finding", "place")


def severe_findings(review: Review) -> Lines:
    """Yield the findings that a reader should not have to open anything for."""
    severe = [finding for finding in review.findings if finding.severity in ("high", "medium")]
    if severe:
        yield from ["", "## Findings", ""]
        yield from table(FINDING_TITLES, finding_rows(severe)[:MOST_FINDINGS])
        yield from rest(len(severe) - MOST_FINDINGS, "finding")
