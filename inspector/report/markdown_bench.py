"""What was measured, as Markdown."""

from __future__ import annotations

from collections.abc import Iterable

from inspector.records.benchmark import Benchmark
from inspector.records.review import Review
from inspector.report import bench_sentences as say
from inspector.report.markdown_text import prose, table

Lines = Iterable[str]


def bench_lines(review: Review) -> Lines:
    """Yield every run, what is said of two side by side, phases of starts, and what would start sooner."""
    if not review.benchmarks or review.plan is None:
        return
    yield from ["", "## Benchmarks", "", f"{prose(say.plan_sentence(review.plan))}.", ""]
    paired = any(run.subject == "after" for run in review.benchmarks)
    titles = ("what", "subject" if paired else "", *say.RUN_TITLES[2:])
    yield from table(titles, [_cells(say.run_row(run, paired)) for run in review.benchmarks], right=(2, 4, 5, 6, 7, 8))
    yield from _comparisons(review)
    for run in review.benchmarks:
        yield from _run(run, paired)
    yield from _startup(review)
    yield from ["", *(f"- {prose(note)}" for note in review.method)] if review.method else []
    if review.environment.machine is not None:
        yield from ["", f"Measured on: {prose(', '.join(say.machine_facts(review.environment.machine)))}."]


def _comparisons(review: Review) -> Lines:
    if review.comparisons:
        yield from ["", "### Before and after", ""]
        titles = ("what", "verdict", "ratio (95 %)", "medians", "the original against itself")
        yield from table(titles, [_cells(row) for row in say.comparison_rows(review.comparisons)])


def _run(run: Benchmark, paired: bool) -> Lines:
    notes = say.run_notes(run)
    if not run.phases and not notes:
        return
    title = say.turn_text(run.kind, run.conditions)
    yield from ["", f"### {title[0].upper()}{title[1:]}{f': {run.subject}' if paired else ''}", ""]
    if run.phases:
        yield from table(say.PHASE_TITLES, [_cells(row) for row in say.phase_rows(run)], right=(2, 3, 4, 5, 6))
        yield ""
    yield from (f"- {prose(note)}" for note in notes)


def _startup(review: Review) -> Lines:
    if review.startup:
        yield from ["", "### What would start sooner", ""]
        titles = ("how it is saved", "cold start", "verdict", "size", "")
        yield from table(titles, [_cells(row) for row in say.startup_rows(review.startup)])


def _cells(row: Iterable[str]) -> tuple[str, ...]:
    return tuple(map(prose, row))
