"""Every number on the page is the record's: one that is changed there is told, and the old one is told nowhere."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from inspector.records.review import Review
from inspector.report.html import to_html
from tests.golden.image_reviews import image_review
from tests.golden.saved_model_reviews import served_review
from tests.golden.slim_reviews import slimmed_review
from tests.html_reviews import full_review
from tests.unit.report.html.pages import read

Path = tuple[str | int, ...]


def changed(record: Any, path: Path, value: object) -> Any:
    """Return a record, tuple or mapping with what lies at a path replaced."""
    if not path:
        return value
    step, *rest = path
    if isinstance(record, tuple):
        assert isinstance(step, int)
        return (*record[:step], changed(record[step], tuple(rest), value), *record[step + 1 :])
    if isinstance(record, dict):
        return {**record, step: changed(record[step], tuple(rest), value)}
    return replace(record, **{str(step): changed(getattr(record, str(step)), tuple(rest), value)})


CASES: list[tuple[Callable[[], Review], Path, str, object, str, object, str]] = [
    (full_review, ("artifact", "size_bytes"), "artifact", 314_159_265, "314.2 MB", 271_828_182, "271.8 MB"),
    (full_review, ("graph", "parameter_count"), "graph", 31_415_926, "31.4 M", 27_182_818, "27.2 M"),
    (full_review, ("graph", "flops", "value"), "graph", 314_159_265_358, "314.2 G", 271_828_182_845, "271.8 G"),
    (full_review, ("graph", "operators", 0, "count"), "graph", 31_415, "31,415", 27_182, "27,182"),
    (full_review, ("graph", "largest_weights", 0, "bytes"), "graph", 31_415_926, "31.4 MB", 27_182_818, "27.2 MB"),
    (full_review, ("graph", "repeats", 0, "node_count"), "graph", 31_415, "31,415", 27_182, "27,182"),
    (full_review, ("outline", "rows", 1, "flops"), "graph", 31_415_926_535, "31.4 G", 27_182_818_284, "27.2 G"),
    (full_review, ("outline", "rows", 2, "milliseconds"), "graph", 31.4159, "31.4 ms", 27.1828, "27.2 ms"),
    (full_review, ("benchmarks", 2, "median_ms"), "measurements", 314.159, "314 ms", 271.828, "272 ms"),
    (full_review, ("benchmarks", 2, "low_ms"), "measurements", 3.14159, "3.14 to", 2.71828, "2.72 to"),
    (full_review, ("benchmarks", 2, "samples"), "measurements", 31_415, "31,415", 27_182, "27,182"),
    (full_review, ("benchmarks", 2, "first_ms"), "measurements", 314.159, "314 ms", 271.828, "272 ms"),
    (full_review, ("benchmarks", 0, "phases", "spawn", "median_ms"), "numbers", 314.159, "314 ms", 271.828, "272 ms"),
    (full_review, ("comparisons", 0, "ratio"), "measurements", 0.3141, "0.31×", 0.2718, "0.27×"),
    (full_review, ("comparisons", 0, "high"), "numbers", 3.1415, "–3.14", 2.7182, "–2.72"),
    (full_review, ("comparisons", 0, "noise_high"), "measurements", 3.1415, "to 3.14", 2.7182, "to 2.72"),
    (full_review, ("comparisons", 0, "after_ms"), "measurements", 314.159, "314 ms", 271.828, "272 ms"),
    (full_review, ("changes", 0, "after", "size_bytes"), "changes", 31_415_926, "31.4 MB", 27_182_818, "27.2 MB"),
    (full_review, ("checks", 2, "observed"), "verdict", "31 of them", "31 of them", "27 of them", "27 of them"),
    (full_review, ("checks", 0, "observed"), "checks", "31.4 MB", "31.4 MB", "27.2 MB", "27.2 MB"),
    (full_review, ("findings", 0, "message"), "findings", "314 nodes do", "314 nodes do", "271 nodes do", "271 nodes do"),
    (full_review, ("comparison", "areas", 1, "added"), "comparison", 31_415, "31,415", 27_182, "27,182"),
    (full_review, ("published", "files"), "publishing", 31_415, "31,415", 27_182, "27,182"),
    (full_review, ("environment", "cores"), "environment", 31_415, "31,415", 27_182, "27,182"),
    (full_review, ("environment", "machine", "load_before"), "environment", 31.41, "31.41", 27.18, "27.18"),
    (full_review, ("plan", "budget_seconds"), "reproduce", 314.0, "314 s", 271.0, "271 s"),
    (full_review, ("startup", 0, "size_bytes"), "measurements", 314_159_265, "314.2 MB", 271_828_182, "271.8 MB"),
    (image_review, ("image", "layers", 1, "shipped_bytes"), "image", 31_415_926, "31.4 MB", 27_182_818, "27.2 MB"),
    (image_review, ("image", "reclaimable_bytes"), "image", 31_415_926, "31.4 MB", 27_182_818, "27.2 MB"),
    (image_review, ("image", "leftovers", "union_bytes"), "image", 31_415_926, "31.4 MB", 27_182_818, "27.2 MB"),
    (image_review, ("image", "packages", 0, "bytes"), "image", 31_415_926, "31.4 MB", 27_182_818, "27.2 MB"),
    (image_review, ("image", "pull_costs", 0, "bytes"), "image", 31_415_926, "31.4 MB", 27_182_818, "27.2 MB"),
    (slimmed_review, ("slimming", "steps", 0, "after", "size_bytes"), "slimming", 31_415_926, "31.4 MB", 27_182_818, "27.2 MB"),
    (slimmed_review, ("slimming", "steps", 0, "after", "files"), "slimming", 31_415, "31,415", 27_182, "27,182"),
    (served_review, ("saved_model", "variable_count"), "saved-model", 31_415, "31,415", 27_182, "27,182"),
]


def shown(review: Review, key: str) -> str:
    """Return the text of a section, and that its drawings and the numbers on top show."""
    section = read(to_html(review)).by_id(key)
    assert section is not None
    return section.text()


@pytest.mark.parametrize(
    ("make", "path", "key", "one", "told", "other", "told_then"), CASES, ids=[".".join(map(str, case[1])) for case in CASES]
)
def test_a_number_is_read_from_the_record(
    make: Callable[[], Review], path: Path, key: str, one: object, told: str, other: object, told_then: str
) -> None:
    before, after = (changed(make(), path, value) for value in (one, other))
    assert told in shown(before, key)
    assert told not in to_html(after)
    assert told_then in shown(after, key)
    assert told_then not in to_html(before)


def test_the_numbers_on_top_are_the_records() -> None:
    review = full_review()
    final = next(at for at in range(len(review.changes) - 1, -1, -1) if review.changes[at].status == "accepted")
    review = changed(review, ("changes", final, "after", "size_bytes"), 31_415_926)
    review = changed(review, ("comparisons", 0, "after_ms"), 27.1828)
    (cards,) = read(to_html(review)).with_class("figures")
    assert "31.4 MB" in cards.text()
    assert "27.2 ms" in cards.text()
    assert "0.45× (0.43 to 0.48) faster" in cards.text()


@pytest.mark.parametrize(
    ("statuses", "verdict", "sentence"),
    [
        ((), "pass", "No check was asked for, so none failed."),
        (("passed",), "pass", "The one check passed."),
        (("passed", "passed"), "pass", "All 2 checks passed."),
        (("failed", "passed"), "fail", "1 of 2 checks failed."),
        (("failed", "unknown", "failed"), "fail", "2 of 3 checks failed, and 1 could not be decided, which is not a pass."),
        (("unknown", "passed"), "fail", "None of 2 checks failed, but 1 could not be decided, which is not a pass."),
        (("unknown",), "pass", "None of 1 check failed; 1 could not be decided, which the rules allow."),
    ],
)
def test_the_verdict_says_why(statuses: tuple[str, ...], verdict: str, sentence: str) -> None:
    template = full_review().checks[0]
    checks = tuple(replace(template, rule=f"rule {at}", status=one) for at, one in enumerate(statuses))
    page = read(to_html(replace(full_review(), checks=checks, verdict=verdict)))
    banner = page.by_id("verdict")
    assert banner is not None
    assert banner.all("h2")[0].text() == f"Verdict: {verdict}"
    assert sentence in banner.text()
    assert [f"rule {at}" in banner.text() for at in range(len(statuses))] == [one != "passed" for one in statuses]


def test_what_nothing_proves_is_said_on_top() -> None:
    from tests.golden.slim_reviews import unproven_review

    banner = read(to_html(unproven_review())).by_id("verdict")
    assert banner is not None
    assert "NOT PROVEN: no slimmed image was started" in banner.text()


def test_commands_do_it_again_with_paths_that_a_shell_takes_whole() -> None:
    review = full_review()
    review = replace(review, artifact=replace(review.artifact, path="my models/a;rm -rf b.onnx"))
    section = read(to_html(review)).by_id("reproduce")
    assert section is not None
    commands = [one.text() for one in section.all("pre")]
    assert commands[0].startswith("modelpack-tui 'my models/a;rm -rf b.onnx' --apply ")
    assert "modelpack-tui 'my models/a;rm -rf b.onnx' --replay review.json --report again.html" in commands
