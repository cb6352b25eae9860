"""Records that a child sends while it works: throttled, the last one never lost, senseless ones refused."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import closing
from typing import Any

import pytest
from child_endings import TEST_LIMITS
from child_entries import Reply

from inspector.errors import UnreadableArtifact
from inspector.isolation.child import ChildFailed, FinishedChild, run_child
from inspector.isolation.limits import CancelToken, Limits
from inspector.isolation.protocol import PARTIAL, PARTIAL_LIMIT, frame
from inspector.records.event import Partial

Child = Generator[Any]


def child(entry: str, request: object, kind: type[Any], partial: type[Any] | None, limits: Limits = TEST_LIMITS) -> Child:
    return run_child(f"child_entries:{entry}", request, kind, limits, title="the test", partial_type=partial)


def test_records_are_throttled_and_the_last_one_comes_before_the_result() -> None:
    *parts, last = child("count_in_parts", 20_000, int, Reply)
    assert isinstance(last, FinishedChild)
    assert all(isinstance(part, Partial) for part in parts)
    numbers = [part.result.total for part in parts]
    assert numbers == sorted(numbers)
    assert (numbers[0], numbers[-1]) == (0, 20_000)
    assert len(numbers) < 500


def test_records_that_are_sent_only_when_due_are_all_there() -> None:
    *parts, last = child("new_parts_only", 3_000, list[int], list[int])
    assert len(parts) >= 2
    assert [number for event in (*parts, last) for number in event.result] == list(range(3_000))


def test_the_last_record_comes_before_an_error_too() -> None:
    seen: list[Any] = []
    with pytest.raises(UnreadableArtifact):
        seen.extend(child("parts_then_error", 1_000, int, Reply))
    assert seen[-1] == Partial(Reply("so far", 1_000, 0))


def test_what_was_sent_before_a_time_out_was_yielded() -> None:
    events = child("a_part_then_sleep", 0, int, Reply, Limits(TEST_LIMITS.memory_bytes, 2.0))
    assert next(events) == Partial(Reply("so far", 1, 0))
    with pytest.raises(ChildFailed) as caught:
        next(events)
    assert caught.value.kind == "timed_out"


def test_cancelling_after_a_record() -> None:
    cancel = CancelToken()
    events = run_child("child_entries:a_part_then_sleep", 0, int, TEST_LIMITS, cancel, partial_type=Reply)
    with closing(events):
        assert isinstance(next(events), Partial)
        cancel.cancel()
        with pytest.raises(ChildFailed) as caught:
            next(events)
    assert caught.value.kind == "cancelled"


def test_a_record_of_the_wrong_type_makes_no_sense() -> None:
    with pytest.raises(ChildFailed, match="makes no sense"):
        list(child("a_part_of_text", 0, int, Reply))


def test_a_record_nobody_asked_for_makes_no_sense() -> None:
    with pytest.raises(ChildFailed, match="makes no sense"):
        list(child("a_part_of_text", 0, int, None))


def test_a_record_that_is_too_large_is_a_failure_of_the_child() -> None:
    with pytest.raises(ChildFailed, match="a partial record of") as caught:
        list(child("a_huge_part", PARTIAL_LIMIT + 1, int, bytes))
    assert caught.value.kind == "failed"


@pytest.mark.parametrize("payload", [b"\xc1", frame(PARTIAL, b"")[:5] + b"\xff"], ids=["not msgpack", "not a record"])
def test_garbage_in_a_record_makes_no_sense(payload: bytes) -> None:
    with pytest.raises(ChildFailed, match="makes no sense"):
        list(child("write_garbage", frame(PARTIAL, payload), str, Reply))
