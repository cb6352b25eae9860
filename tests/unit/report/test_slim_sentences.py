"""What is said of slimming: nothing is claimed that was not shown, and everything that was left out is counted."""

from __future__ import annotations

import json
from dataclasses import replace

import jsonschema
import pytest

from inspector.records.optimization import Change
from inspector.records.slimming import SlimAttempt, SlimGroup, Slimming, SlimProgress, SlimProof, SlimStep
from inspector.records.written_image import ImageBytes
from inspector.report import slim_sentences as say
from inspector.report.json import from_json, to_json
from inspector.report.markdown import to_markdown
from inspector.report.schema_file import schema_text
from inspector.report.text import to_text
from inspector.report.visible import cell_width
from inspector.workflows.slim_review import with_slimming
from tests.golden.image_reviews import image_review
from tests.golden.slim_reviews import hostile_slim_review, slimmed_review, unproven_review

BEFORE = ImageBytes(1000, None, 10, 3)
AFTER = ImageBytes(100, 40, 4, 2)
PASSED = SlimProof("passed", answers=3, exercises=("a",))


def step(**changed: object) -> SlimStep:
    return replace(SlimStep("flatten", "accepted", "proven", "", BEFORE, AFTER, proof=PASSED), **changed)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("before", "after", "text"),
    [(1000, 950, "0.95×"), (1000, 100, "0.10×"), (1000, 41, "0.041×"), (0, 5, ""), (None, 5, ""), (5, None, "")],
)
def test_ratios_have_the_digits_that_matter(before: int | None, after: int | None, text: str) -> None:
    assert say.ratio_text(before, after) == text


@pytest.mark.parametrize(
    ("proof", "sentence"),
    [
        (PASSED, "passed: 3 answers compared, all equal"),
        (
            replace(PASSED, largest_error=1e-7),
            "passed: 3 answers compared, all within tolerance, numbers differ by 1e-07 at most",
        ),
        (replace(PASSED, answers=0), "passed: no answer was compared: what counts is that it starts, prints and ends"),
        (SlimProof("not run", "no engine"), "not run: no engine"),
        (SlimProof("failed", "it ended", answers=1), "failed: it ended; 1 answer compared, all equal"),
    ],
)
def test_a_proof_says_what_was_compared(proof: SlimProof, sentence: str) -> None:
    assert say.proof_sentence(proof).startswith(sentence)


def test_the_configuration_is_only_called_equal_where_that_was_looked_at() -> None:
    assert "configuration" in dict(say.proof_entries(PASSED))
    assert "configuration" not in dict(say.proof_entries(SlimProof("not run", "no engine")))
    assert "configuration" not in dict(say.proof_entries(SlimProof("failed", "it ended")))


def test_what_was_not_made_has_no_size_and_no_risk() -> None:
    skipped = SlimStep("trace", "skipped", "cannot run", "no engine", BEFORE)
    assert list(say.step_entries(skipped)) == [("reason", "no engine")]


def test_an_unknown_pull_is_not_compared() -> None:
    assert "40 B pulled; what the original's pull moves is not known" in list(say.size_sentences(step()))
    assert say.size_rows(Slimming("x", BEFORE, (step(),))) == [
        ("original", "", "1.0 KB", "unknown", "10", "3"),
        ("flatten", "proven", "100 B 0.10×", "40 B", "4", "2"),
    ]


def test_the_last_accepted_level_is_what_counts() -> None:
    rejected = step(level="trace", status="rejected", verdict="rejected")
    both = Slimming("x", BEFORE, (step(), rejected))
    assert say.overall_text(both) == "flatten, proven: 0.10× unpacked"
    assert say.overall_text(Slimming("x", BEFORE, (rejected,))) == "no slimmed image was accepted"
    assert say.unproven_sentence(both) == ""


def test_groups_that_lose_nothing_are_left_out_and_the_rest_is_counted() -> None:
    groups = tuple(SlimGroup("debian", f"p{index}", 0, 0, 10, 1) for index in range(20))
    found = say.going(step(groups=(*groups, SlimGroup("model", "m", 5, 1, 0, 0))))
    assert found == list(groups)
    assert say.going_text(found) == "200 B in 20 files"
    assert say.groups_rest(found, 15) == "and 5 more groups, 50 B"
    assert say.groups_rest(found, 20) == ""


def test_long_lists_of_paths_are_cut_and_counted() -> None:
    proof = SlimProof("failed", "gone", missing=tuple(f"p{index}" for index in range(30)))
    assert dict(say.proof_entries(proof))["missing"].endswith("/p11 and 18 more")
    (row,) = say.attempt_rows([SlimAttempt(tuple(f"p{index}" for index in range(30)), "failed")])
    assert row[2].endswith("p11 and 18 more")


def test_progress_is_one_line_that_names_its_level_once() -> None:
    assert say.progress_text(SlimProgress("trace", "writing", opened=2, answers=1)) == (
        "trace: writing, 2 paths opened, 1 answer compared"
    )
    assert say.progress_text(SlimProgress("trace", "trace: writing")) == "trace: writing"


def test_every_level_is_a_change_that_says_where_it_is_not_proven() -> None:
    changes = unproven_review().changes
    assert [(one.optimizer, one.choice, one.status, one.verdict) for one in changes] == [
        ("slim", "flatten", "accepted", "accepted"),
        ("slim", "clean", "skipped", "nothing to do"),
        ("slim", "trace", "skipped", "cannot run"),
    ]
    assert changes[0].reason.startswith("not proven: no engine")
    assert _sizes(changes[0]) == (3_134_000_000, 2_977_000_000)
    review = slimmed_review()
    assert review.comparisons == review.changes[2].comparisons != ()
    assert review.changes[2].output == "out/serve.tar"


def _sizes(change: Change) -> tuple[int, int | None]:
    return change.before.size_bytes, change.after.size_bytes if change.after is not None else None


def test_an_image_that_starts_slower_is_called_so() -> None:
    slower = replace(slimmed_review().comparisons[0], verdict="slower")
    made = with_slimming(image_review(), Slimming("x", BEFORE, (step(proof=replace(PASSED, starts=(slower,))),)))
    assert made.changes[0].verdict == "smaller but slower"


@pytest.mark.parametrize("width", [80, 60])
def test_pages_keep_to_their_width_and_print(width: int) -> None:
    for review in (slimmed_review(), unproven_review(), hostile_slim_review()):
        lines = to_text(review, width).splitlines()
        assert all(cell_width(line) <= width and line.isprintable() for line in lines)
        assert all(line.isprintable() for line in to_markdown(review).split("\n"))


def test_slimming_is_told_once() -> None:
    for report in (to_text(slimmed_review()), to_markdown(slimmed_review())):
        assert "Slimmed image" in report
        assert "Changes" not in report.replace("What a pull moves", "")
    assert "NOT PROVEN" in to_text(unproven_review())
    assert "NOT PROVEN" in to_markdown(unproven_review())


def test_a_review_with_slimming_reads_back_and_keeps_to_the_schema() -> None:
    for review in (slimmed_review(), unproven_review()):
        assert from_json(to_json(review)) == review
    for review in (slimmed_review(), unproven_review(), hostile_slim_review()):
        jsonschema.validate(json.loads(to_json(review)), json.loads(schema_text()))
