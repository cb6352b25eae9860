"""What the benchmark tab draws from records: bars that add up, marks in their place, nothing claimed without enough samples."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.content import Content

from inspector.bench.statistics import samples_for_percentile
from inspector.records.benchmark import BenchPlan, BenchResult, PhaseFigures
from inspector.records.measurement import Conditions
from inspector.tui.widgets.benchmark import values
from inspector.tui.widgets.benchmark.distribution import (
    Scale,
    distribution_lines,
    percentile_lines,
    scale_of,
    sparkline_lines,
)
from inspector.tui.widgets.benchmark.figures import rate_text, seconds_text, title_text
from inspector.tui.widgets.benchmark.planning import draft_of, edit_of, plan_rows, row_help
from inspector.tui.widgets.benchmark.run_text import latency_lines, phase_verdicts, start_lines, verdict_lines
from inspector.tui.widgets.benchmark.runs_table import grown, key_of, run_rows, title_of
from inspector.tui.widgets.benchmark.waterfall import phase_lines, staged_bar, waterfall_lines
from inspector.tui.widgets.graph.heat import time_text
from tests.tui import benchmarks

SHARES = st.floats(0, 1, allow_nan=False)


def text_of(lines: list[Content]) -> str:
    return "\n".join(line.plain for line in lines)


@given(SHARES, SHARES, st.integers(1, 120))
def test_a_bar_keeps_its_room_and_is_never_invisible(one: float, other: float, width: int) -> None:
    start, end = sorted((one, other))
    bar = staged_bar(start, end, width)
    assert len(bar) == width
    assert bar.strip()
    first = len(bar) - len(bar.lstrip())
    assert first <= start * width + 0.07
    assert len(bar.rstrip()) >= end * width - 1


def test_a_waterfall_has_each_bar_begin_where_the_one_above_ends() -> None:
    phases = {name: PhaseFigures(ms, ms, ms) for name, ms in (("a", 100.0), ("b", 200.0), ("c", 100.0))}
    run = replace(benchmarks.start_run(), phases=phases)
    bars = [line.plain[12:44] for line in waterfall_lines(run, 400.0, 12 + 32 + 10 + 7 + 1)]
    spans = [(len(bar) - len(bar.lstrip()), len(bar.rstrip())) for bar in bars]
    assert spans == [(0, 8), (8, 24), (24, 32)]
    shares = [line.plain.split()[-2] for line in waterfall_lines(run, 400.0, 60)]
    assert shares == ["25", "50", "25"]


def test_modelled_phases_are_drawn_and_called_otherwise() -> None:
    lines = waterfall_lines(benchmarks.image_run(), 2200.0, 80)
    assert "▒" in lines[0].plain
    assert "modelled" in lines[0].plain
    assert all("▒" not in line.plain and "█" in line.plain for line in lines[1:2])


@pytest.mark.parametrize("width", [1, 7, 20, 58, 80, 200])
def test_every_view_fits_any_width(width: int) -> None:
    start, latency = benchmarks.start_run(), benchmarks.latency_run()
    scale = scale_of([latency])
    lines = [*distribution_lines(latency, scale, width, 4), *sparkline_lines(latency, scale, width)]
    assert all(len(line.plain) <= max(width, 18) for line in lines)
    assert start_lines(start, 250.0, width, True, 1)
    assert latency_lines(latency, scale, width, True, False, 2)
    assert phase_lines(list(start.phases.items()), width) == [] or width > 20


@given(st.lists(st.floats(1e-4, 1e5), min_size=1, max_size=300), st.integers(1, 100))
def test_a_distribution_leaves_no_sample_out(times: list[float], width: int) -> None:
    run = replace(benchmarks.latency_run(samples=70), times_ms=tuple(times), samples=len(times), median_ms=times[0])
    scale = scale_of([run])
    assert scale.low < scale.high
    drawn = distribution_lines(run, scale, width, 4)
    beyond = sum(time > scale.high for time in times)
    assert beyond <= 0.03 * len(times) + 1
    assert beyond == 0 or width < 60 or f"{beyond:,} beyond" in drawn[-1].plain
    assert any(line.plain.strip() for line in drawn[:4])
    assert len(sparkline_lines(run, scale, width)[0].plain) == min(width, len(times))


def test_marks_stand_where_their_percentile_lies() -> None:
    run = benchmarks.latency_run(samples=700)
    marks = distribution_lines(run, Scale(run.median_ms - 1, run.median_ms + 1), 52, 4)[4].plain
    assert marks.index("▲median") == 26


@pytest.mark.parametrize("samples", [1, 2, 63, 64, 129, 130, 661, 662, 700])
def test_no_percentile_without_enough_samples(samples: int) -> None:
    run = benchmarks.latency_run(samples=samples)
    said = text_of(percentile_lines(run, 120))
    for share, name in ((0.9, "p90"), (0.95, "p95"), (0.99, "p99"), (0.999, "p99.9")):
        needs = samples_for_percentile(share)
        assert (f"{name} needs {needs:,}" in said) == (samples < needs)


def test_outliers_are_marked_under_their_place() -> None:
    run = benchmarks.latency_run(samples=40)
    times = tuple(9.0 if at == 7 else 1.0 + at / 1000 for at in range(40))
    line, marks = sparkline_lines(replace(run, times_ms=times), Scale(1.0, 2.0), 40)
    assert marks.plain == " " * 7 + "▴"
    assert line.plain[7] == "█"


def test_what_grew_last_is_what_is_measured() -> None:
    few, more = benchmarks.latency_run(samples=10), benchmarks.latency_run(samples=30)
    start = benchmarks.start_run()
    before, after = (BenchResult(BenchPlan(), (start, run)) for run in (few, more))
    assert grown(None, before) == key_of(start)
    assert grown(before, after) == key_of(more)
    assert grown(after, after) is None


def test_both_subjects_of_the_same_conditions_are_live_and_claim_nothing() -> None:
    result = benchmarks.onnx_result()
    rows = run_rows(result, key_of(result.runs[4]))
    assert [row.live for row in rows] == [False] * 4 + [True] * 2 + [False] * 2
    assert text_of(verdict_lines(rows[5], 120)).startswith("so far 0.70×")
    assert text_of(verdict_lines(rows[1], 120)).startswith("✓ faster 0.89×")
    assert "session" in text_of(phase_verdicts(rows[1], 120))


def test_titles_say_the_conditions_that_differ() -> None:
    quota = benchmarks.start_run(cache="warm", cpus=0.5)
    assert title_text(quota, False) == "start, warm, 0.5 CPU"
    assert title_text(benchmarks.image_run(), False) == "start"
    runs = tuple(replace(benchmarks.latency_run(), conditions=Conditions(count)) for count in (1, 2))
    rows = run_rows(BenchResult(BenchPlan(), runs), None)
    assert [title_of(row) for row in rows] == ["latency, batch 1, 1 thread", "latency, batch 1, 2 threads"]


@pytest.mark.parametrize(
    ("parse", "good", "bad"),
    [
        (values.batches, {"1,8": (1, 8), "8 8 1": (8, 1)}, ("", "0", "-1", "x", "1.5", "9" * 40, "²")),
        (values.threads, {"all": (0,), "1,2,all": (1, 2, 0)}, ("", "two", "-2")),
        (values.caches, {"cold": ("cold",), "both": ("cold", "warm"), "warm and cold": ("warm", "cold")}, ("", "hot")),
        (values.loads, {"50,70 %": (0.5, 0.7), "0.5": (0.5,)}, ("", "100", "0", "-5", "nan", "inf")),
        (values.cpus, {"1,0.5": (1.0, 0.5)}, ("", "0", "-1", "nan", "inf", "1e9")),
        (values.seconds, {"60": 60.0, "5m": 300.0, "1.5 s": 1.5}, ("", "0", "x", "-3", "9999999999", "5 weeks")),
        (values.bandwidth, {"125MB": 125_000_000, "1Gbit/s": 125_000_000}, ("", "0", "fast")),
        (values.command, {"": (), "serve --port '8 0'": ("serve", "--port", "8 0")}, ("'",)),
        (
            values.ready,
            {"": "", "exit": "exit", "log:up": "log:up", "http://a:1/x": "http://a:1/x"},
            ("log:", "https://a", "x"),
        ),
    ],
)
def test_values_are_read_as_a_person_writes_them(parse, good, bad) -> None:  # type: ignore[no-untyped-def]
    for text, value in good.items():
        assert parse(text) == value
    for text in bad:
        assert parse(text) is None, text


@pytest.mark.parametrize("kind", ["onnx", "saved_model", "image"])
def test_what_stands_in_a_dialog_reads_back_as_the_same_plan(kind) -> None:  # type: ignore[no-untyped-def]
    draft = draft_of(kind, BenchPlan(batches=(1, 8), threads=(0, 2), cpus=(0.5,), loads=(0.7,), budget_seconds=90))
    for row in plan_rows(draft, "", ""):
        assert list(row_help(row, kind))
        edit = edit_of(row.id, draft)
        if edit is not None:
            assert edit.apply(draft.plan, edit.parse(edit.text)) == draft.plan


def test_what_is_switched_off_is_no_part_of_the_plan_but_is_remembered() -> None:
    draft = draft_of("onnx", BenchPlan(loads=(0.7,)))
    off = draft.switched("loads").switched("cold_start")
    assert (off.chosen().loads, off.chosen().kinds) == ((), ("latency",))
    assert off.switched("loads").chosen().loads == (0.7,)
    assert draft_of("image", None).chosen().kinds == ("cold_start",)


def test_figures_are_short() -> None:
    assert [seconds_text(one) for one in (0.4, 3.0, 59.6, 125)] == ["0.4 s", "3 s", "60 s", "2 min 5 s"]
    assert [rate_text(one) for one in (0.42, 169.2, 16_900)] == ["0.4/s", "169/s", "16.9 K/s"]
    texts = [time_text(one) for one in (70, 8_100, 99_000, 410_000, 12_300_000, 123_400_000, 1_234_000_000)]
    assert texts == ["0.1 µs", "8.1 µs", "99 µs", "0.41 ms", "12.3 ms", "123 ms", "1.23 s"]
    assert all(len(text) <= 7 for text in texts)
