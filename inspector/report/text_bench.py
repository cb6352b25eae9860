"""What was measured, as readable text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from inspector.records.benchmark import Benchmark
from inspector.records.measurement import ComparisonVerdict
from inspector.records.review import Review
from inspector.report import bench_sentences as say
from inspector.report.text_page import Cell, Column, Page, Style

LEFT, RIGHT = Column(), Column("right")
NAME, WORDS = Column(flexible=True, least=16), Column(flexible=True, least=16)

VERDICT_STYLES: Final[dict[ComparisonVerdict, Style]] = {
    "faster": "good",
    "slower": "high",
    "no difference shown": "label",
    "not measured": "label",
}


def write_benchmarks(page: Page, review: Review) -> None:
    """Write every run, what is said of two side by side, phases of starts, and what would start sooner."""
    if not review.benchmarks or review.plan is None:
        return
    page.heading("Benchmarks", say.plan_sentence(review.plan))
    paired = any(run.subject == "after" for run in review.benchmarks)
    _write_runs(page, [say.run_row(run, paired) for run in review.benchmarks])
    _write_tails(page, [say.run_row(run, paired) for run in review.benchmarks if run.kind == "latency" and run.samples])
    _write_comparisons(page, review)
    for run in review.benchmarks:
        _write_run(page, run, paired)
    _write_startup(page, review)
    page.paragraph([Cell(note, "label") for note in review.method], indent=2)
    if review.environment.machine is not None:
        page.paragraph([Cell(", ".join(say.machine_facts(review.environment.machine)), "label")], indent=2)


def _write_runs(page: Page, rows: Sequence[tuple[str, ...]]) -> None:
    """Write what was measured and its median."""
    titles = [Cell(title, "label") for title in ("", "", "median", "samples", "first")]
    cells = [[Cell(what), Cell(subject), Cell(row[1]), Cell(row[0]), Cell(row[-1])] for what, subject, *row in rows]
    page.table([NAME, LEFT, LEFT, RIGHT, RIGHT], [titles, *cells])


def _write_tails(page: Page, rows: Sequence[tuple[str, ...]]) -> None:
    """Write the percentiles and the throughput of latencies."""
    if rows:
        page.blank()
        titles = [Cell(title, "label") for title in ("", "", *say.RUN_TITLES[4:8])]
        cells = [[*map(Cell, (what, subject, *row[2:6]))] for what, subject, *row in rows]
        page.table([NAME, LEFT, RIGHT, RIGHT, RIGHT, RIGHT], [titles, *cells])


def _write_comparisons(page: Page, review: Review) -> None:
    if not review.comparisons:
        return
    page.heading("Before and after", "median of paired ratios with its interval of 95 %, the original against itself beside it")
    for one, row in zip(review.comparisons, say.comparison_rows(review.comparisons), strict=True):
        title, verdict, ratio, medians, noise = row
        style = VERDICT_STYLES[one.verdict]
        page.table([NAME, LEFT, LEFT], [[Cell(title), Cell(verdict, style), Cell(ratio)]])
        page.paragraph([Cell(part, "label") for part in (medians, noise) if part], indent=6)


def _write_run(page: Page, run: Benchmark, paired: bool) -> None:
    notes = say.run_notes(run)
    if not run.phases and not notes:
        return
    page.heading(say.turn_text(run.kind, run.conditions), run.subject if paired else "")
    if run.phases:
        titles = [Cell(title, "label") for title in say.PHASE_TITLES]
        rows = [[Cell(cell) for cell in row] for row in say.phase_rows(run)]
        page.table([NAME, LEFT, RIGHT, RIGHT, RIGHT, RIGHT, RIGHT], [titles, *rows])
    page.paragraph([Cell(note, "label") for note in notes], indent=2)


def _write_startup(page: Page, review: Review) -> None:
    if not review.startup:
        return
    page.heading("What would start sooner", "--apply warmstart writes the best one")
    for name, ratio, verdict, size, note in say.startup_rows(review.startup):
        page.table([NAME, LEFT, LEFT, RIGHT], [[Cell(name), Cell(ratio), Cell(verdict, "label"), Cell(size)]])
        if note:
            page.paragraph([Cell(note, "label")], indent=6)
