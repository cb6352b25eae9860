"""The verdict on a slimmed image: wrong answers are found, and only what must change may change."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from typing import Any

import pytest

from inspector.records.contract import Tolerances
from inspector.records.serving import Answer, Served, ServingComparison
from inspector.verify.serving_comparison import MOST_DIFFERENCES, compare_serving

STEP = "POST /predict"


def answer(body: Any, turn: int = 0, status: int = 200, **more: Any) -> Answer:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    kind = "" if isinstance(body, bytes) else "application/json"
    made = Answer(0, STEP, turn, status, kind, raw, len(raw), hashlib.sha256(raw).hexdigest())
    return replace(made, **more)


def served(*bodies: Any, **more: Any) -> Served:
    """Return a run whose turns were answered with the bodies."""
    answers = tuple(one if isinstance(one, Answer) else answer(one, turn) for turn, one in enumerate(bodies))
    return Served(answers, exit_code=0, **more)


def compare(originals: list[Served], slimmed: Served, **tolerances: float) -> ServingComparison:
    return compare_serving(originals, slimmed, Tolerances(**tolerances))


def test_the_same_answers_are_equal_and_counted() -> None:
    run = served({"y": [1, 0.5]}, {"y": [1, 0.5]}, stderr=b"listening\n")
    found = compare([run, run], run)
    assert found == ServingComparison(True, 2)


def test_a_wrong_body_with_status_200_is_not_equal() -> None:
    run = served({"label": 7, "p": 0.9})
    found = compare([run, run], served({"label": 3, "p": 0.9}))
    assert (found.equal, found.compared) == (False, 1)
    assert [(one.step, one.place, one.before, one.after) for one in found.differences] == [(STEP, "$.label", "7", "3")]
    assert found.reason == "POST /predict: $.label is 3, was 7"


def test_a_second_answer_that_is_wrong_is_found_and_named() -> None:
    run = served({"y": 1}, {"y": 1})
    found = compare([run, run], served({"y": 1}, {"y": 2}))
    assert [one.step for one in found.differences] == ["POST /predict, 2nd time"]


def test_numbers_are_held_to_the_contracts_tolerance() -> None:
    run, other = served({"y": 0.5}), served({"y": 0.5000001})
    found = compare([run], other)
    assert found.equal
    assert found.largest_error == pytest.approx(1e-7)
    assert not compare([run], other, max_absolute=1e-8).equal
    assert compare([run], served({"y": 0.6}), max_absolute=0.2).equal
    assert not compare([run], served({"y": [0.5]})).equal
    noisy = [served({"y": 0.5, "z": 1}), served({"y": 0.6, "z": 1})]
    assert compare(noisy, served({"y": 0.9, "z": 1})).volatile == ("POST /predict: $.y",)
    assert not compare(noisy, served({"y": 0.9, "z": 1}), max_absolute=0.2).equal


def test_members_that_differ_between_runs_are_volatile_and_named_while_the_rest_is_compared() -> None:
    originals = [served({"y": 1, "id": "abc"}), served({"y": 1, "id": "xyz"})]
    found = compare(originals, served({"y": 1, "id": "new"}))
    assert (found.equal, found.volatile) == (True, ("POST /predict: $.id",))
    assert not compare(originals, served({"y": 2, "id": "abc"})).equal
    for odd in ({"y": 1}, {"y": 1, "id": None}, {"y": 1, "id": ["abc"]}):
        assert compare(originals, served(odd)).differences[0].place == "$.id"
    assert compare([served({"y": "a"}, {"y": "b"})], served({"y": "c"}, {"y": "c"})).reason.startswith("nothing that can be")


def test_what_changes_alike_from_turn_to_turn_in_every_run_is_held_to_its_turn() -> None:
    originals = [served({"scores": [0.1], "s": "warming up"}, {"scores": [0.2], "s": "ready"})] * 2
    assert compare(originals, originals[0]).volatile == ()
    assert compare(originals, originals[0]).equal
    assert not compare(originals, served({"scores": [0.1], "s": "warming up"}, {"scores": [0.3], "s": "ready"})).equal
    assert not compare(originals, served({"scores": [0.1], "s": "ready"}, {"scores": [0.2], "s": "ready"})).equal


def test_of_one_run_what_changes_from_turn_to_turn_is_volatile() -> None:
    found = compare([served({"n": 1, "y": 5}, {"n": 2, "y": 5})], served({"n": 7, "y": 5}, {"n": 9, "y": 5}))
    assert (found.equal, found.volatile) == (True, ("POST /predict: $.n",))


def test_a_third_run_tells_luck_from_agreement() -> None:
    lucky = [served({"ms": 2, "y": 1})] * 2
    assert not compare(lucky, served({"ms": 3, "y": 1})).equal
    assert compare([*lucky, served({"ms": 4, "y": 1})], served({"ms": 3, "y": 1})).equal


def test_where_everything_is_volatile_nothing_is_proven() -> None:
    originals = [served({"id": "a"}), served({"id": "b"})]
    found = compare(originals, served({"id": "c"}))
    assert not found.equal
    assert found.reason.startswith("nothing that can be compared")
    sizes = [served([1, 2]), served([1])]
    assert compare(sizes, served([3])).reason.startswith("nothing that can be compared")


def test_empty_answers_are_compared_by_status() -> None:
    run = served(b"")
    assert compare([run, run], run).equal
    assert not compare([run, run], served(answer(b"", status=204))).equal


@pytest.mark.parametrize(
    ("slimmed", "place"),
    [
        (served(answer({"y": 1}, status=500)), "status"),
        (served(answer({"y": 1}, content_type="text/html")), "content type"),
        (served(b'{"y": 1'), "content type"),
        (served(answer(b"<html>", content_type="application/json")), "body"),
        (served(answer(b'{"y": 1, "y": 1}', content_type="application/json")), "body"),
        (served(), "answer"),
        (served({"y": 1}, {"y": 1}), "answer"),
        (served(answer({"y": 1}, step="POST /other")), "answer"),
        (replace(served({"y": 1}), exit_code=1), "exit code"),
        (replace(served({"y": 1}), exit_code=None), "exit code"),
    ],
)
def test_every_other_difference(slimmed: Served, place: str) -> None:
    found = compare([served({"y": 1})] * 2, slimmed)
    assert not found.equal
    assert found.differences[0].place == place
    assert found.reason


def test_text_is_compared_line_by_line_and_bytes_whole() -> None:
    originals = [served(b"one 12:00\ntwo\n"), served(b"one 12:01\ntwo\n")]
    found = compare(originals, served(b"one 13:00\ntwo\n"))
    assert (found.equal, found.volatile) == (True, ("POST /predict: line 1",))
    assert compare(originals, served(b"one 12:00\nTWO\n")).differences[0].place == "line 2"
    image = served(b"\x89PNG\0\xff")
    assert compare([image] * 2, image).equal
    assert compare([image] * 2, served(b"\x89PNG\0\xfe")).differences[0].place == "body"


def test_what_was_too_long_to_keep_is_compared_by_its_digest() -> None:
    long = answer(b"same start", body_bytes=10**9, sha256="a")
    assert compare([served(long)] * 2, served(long)).equal
    assert not compare([served(long)] * 2, served(replace(long, sha256="b"))).equal
    changing = [served(long), served(replace(long, sha256="c"))]
    assert compare(changing, served(long)).reason.startswith("nothing that can be compared")


def test_an_original_that_fails_proves_nothing() -> None:
    run = served({"y": 1})
    assert compare([run, replace(run, failure="did not start")], run).reason == "the original itself fails: did not start"
    assert compare([], run).reason == "the original itself was not run"
    errors = served(answer({"e": 1}, status=404), answer({"e": 1}, turn=1, status=404))
    assert compare([errors] * 2, errors).reason == "the original itself answers with errors only: POST /predict: 404"
    flaky = [served(answer({"y": 1}, status=200)), served(answer({"y": 1}, status=503))]
    assert "same status: 200, 503" in compare(flaky, run).reason
    missing = served(answer(b"", status=127, step="check"))
    assert compare([missing] * 2, missing).reason == "the original itself cannot run check: exit code 127"
    failing = served(answer(b"x", status=1, step="check"))
    assert "errors only: check: 1" in compare([failing] * 2, failing).reason


def test_a_slimmed_image_that_fails_is_told_with_what_it_said() -> None:
    run = served({"y": 1})
    slimmed = Served(failure="ended with exit code 1 before it was ready", stderr=b"ImportError: libx.so.1: no such file")
    found = compare([run, run], slimmed)
    assert found.reason == "ended with exit code 1 before it was ready"
    assert found.new_messages == ("ImportError: libx.so.1: no such file",)
    assert found.differences[0].after == "no answer"


def test_a_new_message_is_not_equal() -> None:
    run = served({"y": 1}, stderr=b"started\n")
    found = compare([run, run], replace(run, stderr=b"started\nUserWarning: falling back\n"))
    assert found.reason == "a new message: UserWarning: falling back"
    command = served(answer({"y": 1}, errors=b"warning: slow"))
    assert compare([run, run], replace(command, stderr=b"")).new_messages == ("warning: slow",)


def test_without_exercises_the_start_and_the_end_are_what_is_compared() -> None:
    run = Served(stdout=b"hello\n", exit_code=0, ready_ms=1.0)
    assert compare([run, run], run) == ServingComparison(True, 0)
    assert not compare([run, run], replace(run, exit_code=137)).equal
    assert not compare([run, run], replace(run, stderr=b"oh")).equal


def test_steps_of_the_same_name_are_told_apart_by_their_order() -> None:
    first, second = answer({"y": 1}), answer({"y": 2})
    run = Served((first, second), exit_code=0)
    assert compare([run, run], run).equal
    found = compare([run, run], Served((second, first), exit_code=0))
    assert [one.step for one in found.differences] == [STEP, f"{STEP}, 2nd of that name"]


def test_differences_and_volatile_places_are_bounded() -> None:
    run, other = served(list(range(3000))), served(list(range(1, 3001)))
    found = compare([run, run], other)
    assert len(found.differences) == MOST_DIFFERENCES
    assert "(and 49 more)" in found.reason
    many = [served([0.0] * 20_000), served([1.0] * 20_000)]
    assert compare(many, many[0]).reason.startswith("nothing that can be compared")
    assert len(compare([served([0.0] * 3000), served([1.0] * 3000)], many[0]).volatile) <= 200


def test_what_the_image_brings_itself_may_fail_on_the_original() -> None:
    checked = Answer(-1, "its health check", 0, failure="no whole answer within 30 s")
    run = replace(served({"y": 1}), answers=(answer({"y": 1}), checked))
    assert compare([run, run], run).equal
    passing = replace(run, answers=(answer({"y": 1}), Answer(-1, "its health check", 0, 0)))
    assert not compare([passing, passing], run).equal
    failing = replace(run, answers=(answer({"y": 1}), Answer(-1, "its health check", 0, 1)))
    assert compare([passing, passing], failing).differences[0].place == "status"
