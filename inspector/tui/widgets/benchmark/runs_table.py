"""The table of runs: what was measured under which conditions, what it came to, and the verdict beside the other one."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass, replace

from inspector.records.benchmark import Benchmark, BenchResult, BenchSubject, StartupCandidate
from inspector.records.measurement import Comparison, Conditions
from inspector.report.bench_sentences import ms_text, range_text
from inspector.report.figures import plural
from inspector.tui.widgets.benchmark.figures import (
    VERDICT_ROLES,
    comparison_of,
    percentile_figure,
    percentile_of,
    rate_text,
    reason_text,
    title_text,
    verdict_text,
)
from inspector.tui.widgets.line_table import LineTable
from inspector.tui.widgets.optimize.figures import ratio_text
from inspector.tui.widgets.table_columns import Cell, Column

RunKey = tuple[str, BenchSubject, Conditions, str]
_VERDICT_CELLS = 21


@dataclass(frozen=True, slots=True)
class RunRow:
    """One run, what was said of it beside the other subject (and by phase), and that other run; or the advice on starting."""

    key: Hashable
    run: Benchmark | None = None
    comparison: Comparison | None = None
    phases: tuple[Comparison, ...] = ()
    other: Benchmark | None = None
    advice: tuple[StartupCandidate, ...] = ()
    live: bool = False
    """Whether these conditions are being measured now: both subjects are, one after the other."""
    with_threads: bool = False
    """Whether runs differ in threads, so that they are worth a word."""
    alone: bool = False
    """Whether there is only one subject, so that it needs no name."""


def key_of(run: Benchmark) -> RunKey:
    """Return what tells a run from the others of the same plan."""
    return run.kind, run.subject, run.conditions, run.device


def run_rows(result: BenchResult, live: RunKey | None) -> list[RunRow]:
    """Return a row for each run, and one for the advice on starting where there is any."""
    with_threads = len({run.conditions.threads for run in result.runs if run.kind == "latency"}) > 1
    alone = len({run.subject for run in result.runs}) == 1
    rows = [replace(_row(run, result, live), with_threads=with_threads, alone=alone) for run in result.runs]
    return [*rows, RunRow("advice", advice=result.startup)] if result.startup else rows


def _row(run: Benchmark, result: BenchResult, live: RunKey | None) -> RunRow:
    phases = tuple(one for name in run.phases if (one := comparison_of(run, result.comparisons, name)) is not None)
    other = next(
        (one for one in result.runs if (one.kind, one.conditions) == (run.kind, run.conditions) and one.subject != run.subject),
        None,
    )
    key = key_of(run)
    comparison = comparison_of(run, result.comparisons)
    return RunRow(key, run, comparison, phases, other, live=live is not None and (key[0], key[2]) == (live[0], live[2]))


def grown(old: BenchResult | None, new: BenchResult) -> RunKey | None:
    """Return the run that has got the most samples since: what is being measured now."""
    before = {key_of(run): run.samples for run in old.runs} if old is not None else {}
    gained = [(run.samples - before.get(key_of(run), -1), key_of(run)) for run in new.runs]
    best = max(gained, key=lambda one: one[0], default=None)
    return best[1] if best is not None and best[0] > 0 else None


def title_of(row: RunRow) -> str:
    """Return what a row is: "cold start, cold cache"."""
    if row.run is None:
        return "start-up advice"
    return title_text(row.run, row.with_threads)


def runs_table() -> LineTable[RunRow]:
    """Return an empty table of runs; columns give way by what can be read in the details, too."""
    columns: tuple[Column[RunRow], ...] = (
        Column("what", "run", lambda row: Cell(title_of(row)), 23),
        Column("subject", "", lambda row: Cell(row.run.subject if row.run and not row.alone else "", "soft"), 6, rank=1),
        Column("samples", "n", _samples_cell, 6, "right"),
        Column("median", "median", _median_cell, 8, "right"),
        Column("interval", "95 %", _of_measured(lambda run: range_text(run.low_ms, run.high_ms), "soft"), 14, "right", rank=4),
        Column("p90", "p90", _percentile(0.9), 9, "right", rank=6),
        Column("p99", "p99", _percentile(0.99), 9, "right", rank=5),
        Column("rate", "rate", _rate_cell, 8, "right", rank=7),
        Column("verdict", "verdict", _verdict_cell, cut="end", least=_VERDICT_CELLS),
    )
    return LineTable(columns, key=lambda row: row.key, search_text=title_of, nothing="")


def _samples_cell(row: RunRow) -> Cell:
    if row.run is None:
        return Cell(str(len(row.advice)), "soft")
    return Cell(f"{row.run.samples:,}", "accent" if row.live else "soft")


def _median_cell(row: RunRow) -> Cell:
    run = row.run
    return Cell(ms_text(run.median_ms)) if run is not None and run.samples else Cell("–" if run else "", "soft")


def _of_measured(text: Callable[[Benchmark], str], role: str) -> Callable[[RunRow], Cell]:
    return lambda row: Cell(text(row.run), role) if row.run is not None and row.run.samples else Cell("")


def _percentile(share: float) -> Callable[[RunRow], Cell]:
    def cell(row: RunRow) -> Cell:
        found = percentile_of(row.run, share) if row.run is not None and row.run.samples else None
        if found is None:
            return Cell("")
        return Cell(percentile_figure(found), "" if found.milliseconds is not None else "soft")

    return cell


def _rate_cell(row: RunRow) -> Cell:
    rate = row.run.throughput_per_second if row.run is not None else None
    return Cell("" if rate is None else rate_text(rate), "soft")


def _verdict_cell(row: RunRow) -> Cell:
    run = row.run
    if run is None:
        chosen = next((one for one in row.advice if one.chosen), None)
        return Cell(f"✓ {chosen.name}", "good") if chosen else Cell("= nothing helps", "soft")
    if row.live:
        compared = row.comparison if run.subject == "after" else None
        return Cell(f"▶ {ratio_text(compared.ratio)} so far" if compared and compared.pairs else "▶ measuring", "accent")
    if run.status == "not measured":
        return Cell("", parts=(("· not measured", "medium"), (f": {reason_text(run)}" if run.note else "", "soft")))
    if row.comparison is not None and run.subject == "after":
        return Cell(verdict_text(row.comparison), VERDICT_ROLES[row.comparison.verdict])
    if run.status == "cut short":
        return Cell("", parts=(("■ cut short", "medium"), (f": {reason_text(run)}" if run.note else "", "soft")))
    return Cell(plural(run.failures, "failure"), "high") if run.failures else Cell("measured", "soft")
