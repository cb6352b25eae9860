"""What was measured: plots of everything that can be drawn, then every run, comparison and phase in tables."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from inspector.records.benchmark import Benchmark
from inspector.records.measurement import Comparison
from inspector.records.review import Review
from inspector.report import bench_sentences as say
from inspector.report import plots
from inspector.report.figures import whole_text
from inspector.report.html.blocks import (
    Block,
    Cell,
    Plot,
    Section,
    columns,
    group,
    mark,
    number,
    points,
    right,
    section,
    table,
    words,
)

MOST_RUNS: Final = 40
"""Runs whose phases are told."""

_CAPTIONS: Final = {
    "sizes": ("Size", "Bytes, to scale."),
    "pareto": (
        "What each candidate costs",
        "Every candidate of every step: smaller is further left, closer to the original further up. "
        "The dashed line joins those that nothing else beats in both.",
    ),
    "ratios": (
        "Ratios of times",
        "Median of paired ratios, after / before, with its bootstrap interval of 95 %. "
        "An interval that contains 1, or lies in the band of the original against itself, shows no difference.",
    ),
    "waterfall": (
        "Cold start, phase by phase",
        "A fresh process each time. Bars are medians, whiskers their intervals of 95 %, dark strips the share of processor "
        "time; hatched phases are modelled, not measured.",
    ),
    "cdf": (
        "Distribution of latency",
        "How many of the runs took at most how long. Percentiles are marked only where there are samples enough for them.",
    ),
    "treemap": ("Where the bytes are", "Areas are in proportion to bytes."),
}


def numbers_section(review: Review) -> list[Section]:
    """Return the plots that have something to show."""
    lead = "Medians with intervals of 95 %; the tables below hold the same figures." if review.benchmarks else ""
    return section("numbers", "Numbers", [*_plots(review)], lead)


def _plots(review: Review) -> Iterator[Block]:
    changes = [change for change in review.changes if change.optimizer != "slim"]
    drawn = {
        "sizes": plots.sizes(review),
        "pareto": plots.pareto(changes),
        "ratios": plots.ratios(comparisons_of(review)),
        "waterfall": plots.waterfall(review.benchmarks),
        "cdf": plots.cdf(review.benchmarks),
        "treemap": plots.treemap(review),
    }
    for name, svg in drawn.items():
        title, caption = _CAPTIONS[name]
        wasted = " What is hatched is wasted." if "tile-hatch" in svg else ""
        yield from [Plot(svg, title, caption + wasted)] if svg else []


def comparisons_of(review: Review) -> Sequence[Comparison]:
    """Return what a reader compares by: what --bench measured, or else what each change, or slimmed image, was timed at."""
    if review.comparisons:
        return review.comparisons
    timed = [one for change in review.changes if change.status == "accepted" for one in change.comparisons]
    if timed or review.slimming is None:
        return timed
    return [one for step in review.slimming.steps if step.proof is not None for one in step.proof.starts]


def measurements_section(review: Review) -> list[Section]:
    """Return every run, what is said of two side by side, phases of starts, and what would start sooner."""
    if not review.benchmarks:
        return []
    paired = any(run.subject == "after" for run in review.benchmarks)
    blocks = [*_comparisons(review.comparisons), *_runs(review.benchmarks, paired)]
    for run in review.benchmarks[:MOST_RUNS]:
        title = say.turn_text(run.kind, run.conditions)
        titled = f"{title[0].upper()}{title[1:]}{f': {run.subject}' if paired else ''}"
        blocks += group(titled, _run(run), run.status if run.status != "measured" else "", folded=True)
    blocks += _startup(review)
    lead = f"{say.plan_sentence(review.plan)}." if review.plan is not None else ""
    return section("measurements", "Measurements", blocks, lead, whole_text(len(review.benchmarks)))


def _comparisons(comparisons: Sequence[Comparison]) -> list[Block]:
    titles = columns("what", "verdict", right("ratio (95 %)", "medians"), "the original against itself")
    rows = [
        (title, mark(verdict), number(ratio, one.ratio), number(medians, one.after_ms), noise)
        for one, (title, verdict, ratio, medians, noise) in zip(comparisons, say.comparison_rows(comparisons), strict=True)
    ]
    return table("Before and after", titles, rows, noun="comparison")


def _runs(runs: Sequence[Benchmark], paired: bool) -> list[Block]:
    titles = columns("what", *(("subject",) if paired else ()), right(*say.RUN_TITLES[2:]))
    return table("Every run", titles, (_row(run, paired) for run in runs), noun="run")


def _row(run: Benchmark, paired: bool) -> tuple[Cell | str, ...]:
    what, subject, samples, median, *rest = say.run_row(run, paired)
    named: tuple[Cell | str, ...] = (what, subject) if paired else (what,)
    return (*named, number(samples, run.samples), number(median, run.median_ms), *rest)


def _run(run: Benchmark) -> list[Block]:
    titles = columns("phase", right(*say.PHASE_TITLES[1:]))
    rows: list[tuple[Cell | str, ...]] = []
    for phase, (name, median, *rest) in zip(run.phases.values(), say.phase_rows(run), strict=True):
        rows.append((name, number(median, phase.median_ms), *rest))
    return [*table("Phases, in order", titles, rows, noun="phase"), *points(say.run_notes(run), "quiet")]


def _startup(review: Review) -> list[Block]:
    titles = columns("how it is saved", right("cold start"), "verdict", right("size"), "note")
    rows = [
        (name, number(ratio, one.comparison.ratio), mark(verdict), number(size, one.size_bytes), note)
        for one, (name, ratio, verdict, size, note) in zip(review.startup, say.startup_rows(review.startup), strict=True)
    ]
    advice = words("--apply warmstart writes the best one.", "quiet") if rows else []
    return group("What would start sooner", [*table("Ways to save the model", titles, rows, noun="way"), *advice])
