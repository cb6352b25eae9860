"""Waterfalls of cold starts: where bars begin and end."""

from __future__ import annotations

from dataclasses import replace

import pytest

from inspector.records.benchmark import Benchmark, PhaseFigures
from inspector.records.measurement import Conditions
from inspector.report.plots.waterfall import waterfall
from tests.golden.bench_reviews import BEFORE, measured_image_review, measured_review
from tests.unit.report.plots.drawings import HOSTILE, NUMBERS, boxes, overlaps, parsed, with_class, words

PHASES = {"spawn": PhaseFigures(100.0, 90.0, 110.0, 50.0), "session": PhaseFigures(300.0, 280.0, 320.0, 300.0)}


def run(subject: str = "before", **more: object) -> Benchmark:
    made = Benchmark("before", "cold_start", "cpu", 9, 400.0, 380.0, 420.0, PHASES, Conditions(cache="cold"))
    return replace(made, subject=subject, **more)  # type: ignore[arg-type]


def test_bars_follow_each_other_and_are_as_long_as_their_medians() -> None:
    spawn, session, total = boxes(parsed(waterfall([run()])), "bar", "before")
    assert session.x == pytest.approx(spawn.x + spawn.width, abs=0.2)
    assert session.width / spawn.width == pytest.approx(3.0, rel=0.01)
    assert total.x == spawn.x
    assert total.width == pytest.approx(spawn.width + session.width, abs=0.3)


def test_before_and_after_share_one_axis() -> None:
    half = {name: replace(phase, median_ms=phase.median_ms / 2) for name, phase in PHASES.items()}
    root = parsed(waterfall([run(), run("after", phases=half, median_ms=200.0)]))
    before, after = boxes(root, "bar", "before"), boxes(root, "bar", "after")
    for one, other in zip(before, after, strict=True):
        assert other.width / one.width == pytest.approx(0.5, rel=0.02)
        assert other.y == pytest.approx(one.y + 10, abs=0.1)


def test_the_strip_below_a_bar_is_the_share_of_processor_time() -> None:
    root = parsed(waterfall([run()]))
    bars, strips = boxes(root, "bar", "before"), boxes(root, "cpu")
    assert [strip.width / bar.width for strip, bar in zip(strips, bars, strict=False)] == pytest.approx([0.5, 1.0], rel=0.02)


def test_cold_and_warm_caches_have_panels_of_their_own() -> None:
    root = parsed(waterfall([run(), run(conditions=Conditions(cache="warm"))]))
    assert words(root, "heading") == ["cold start, cold cache, cpu", "cold start, warm cache, cpu"]


def test_what_is_modelled_is_hatched_and_comes_before_what_was_measured() -> None:
    phases = {"transfer": PhaseFigures(400.0, 400.0, 400.0, modelled=True), **PHASES}
    root = parsed(waterfall([run(phases=phases)]))
    modelled = boxes(root, "bar", "modelled")[0]
    assert len(list(with_class(root, "hatch"))) == 1
    total = boxes(root, "bar", "total")[0]
    assert total.x == pytest.approx(modelled.x + modelled.width, abs=0.2)
    assert words(parsed(waterfall(measured_image_review().benchmarks)), "label") == ["transfer"]


def test_small_phases_are_joined_in_the_drawing_and_told_in_words() -> None:
    phases = {"tiny": PhaseFigures(1.0, 1.0, 1.0), "small": PhaseFigures(2.0, 2.0, 2.0), **PHASES}
    root = parsed(waterfall([run(phases=phases)]))
    assert words(root, "label") == ["spawn", "session", "other phases"]
    told = " ".join(words(root, "muted"))
    assert "tiny 1.00 ms" in told
    assert "small 2.00 ms" in told


def test_every_number_of_a_phase_is_seen() -> None:
    plain = waterfall([run()])
    for field, value in {"median_ms": 101.0, "low_ms": 80.0, "high_ms": 140.0, "cpu_ms": 60.0, "modelled": True}.items():
        phases = {**PHASES, "spawn": replace(PHASES["spawn"], **{field: value})}  # type: ignore[arg-type]
        assert waterfall([run(phases=phases)]) != plain, field
    assert waterfall([run(median_ms=401.0)]) != plain
    assert waterfall([run()]) == plain


@pytest.mark.parametrize("width", [960, 640])
def test_nothing_is_written_over_anything_else(width: int) -> None:
    assert overlaps(parsed(waterfall(measured_review().benchmarks, width))) == []


def test_there_is_no_plot_of_nothing() -> None:
    assert waterfall([]) == ""
    assert waterfall([replace(BEFORE, kind="latency")]) == ""
    assert waterfall([run(phases={}, median_ms=float("nan"))]) == ""


@pytest.mark.parametrize("width", [960, 640])
def test_hostile_runs_give_a_bounded_drawing(width: int) -> None:
    names = [f"{text[:40]}{index}{text[40:]}" for index in range(4) for text in HOSTILE]
    for number in NUMBERS:
        phases = {name: PhaseFigures(number, -number, number, number) for name in names}
        runs = [
            run(subject, phases=phases, median_ms=number, low_ms=number, high_ms=number, device=text, conditions=conditions)
            for text in HOSTILE
            for subject in ("before", "after")
            for conditions in (Conditions(cache="cold"), Conditions(cpus=number, cache="warm"))
        ]
        drawing = waterfall(runs, width)
        assert not drawing or parsed(drawing) is not None
