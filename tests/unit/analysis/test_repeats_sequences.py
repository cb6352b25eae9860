"""The sequence algorithms below the folds: runs and alignments, against naive ones."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from inspector.analysis.alignment import align
from inspector.analysis.tandem import EFFORT, find_runs

letters = st.lists(st.integers(0, 3), max_size=40)


@given(letters, st.lists(st.integers(0, 9), min_size=1, max_size=9), st.integers(2, 6), letters)
def test_runs_repeat_and_cannot_be_longer(before: list[int], block: list[int], count: int, after: list[int]) -> None:
    labels = before + block * count + after
    for run in find_runs(labels, 1):
        assert run.end - run.first >= 2 * run.period
        assert all(labels[k] == labels[k - run.period] for k in range(run.first + run.period, run.end))
        assert run.end == len(labels) or labels[run.end] != labels[run.end - run.period]
        assert run.first == 0 or labels[run.first - 1] != labels[run.first - 1 + run.period]


@given(letters, st.integers(2, 9), st.integers(2, 6), letters)
def test_a_planted_run_is_found(before: list[int], size: int, count: int, after: list[int]) -> None:
    block = list(range(10, 10 + size))
    runs = find_runs(before + block * count + after, 2 * size)
    assert any(run.period == size and run.first <= len(before) and run.end >= len(before) + size * count for run in runs)


def test_a_long_period_that_contains_shorter_ones_is_found() -> None:
    block = [1, 2, 3] * 5 + [9] + [4, 5] * 4
    runs = find_runs(block * 3, 4)
    assert {run.period for run in runs} >= {3, 2, len(block)}


def test_a_sequence_without_repeats_has_no_runs() -> None:
    assert find_runs(list(range(1000)), 1) == []
    assert find_runs([], 1) == []


class Counted(list[int]):
    """A list that counts how often an element is looked at."""

    looks = 0

    def __getitem__(self, index):  # type: ignore[no-untyped-def]
        self.looks += 1
        return super().__getitem__(index)


def test_effort_is_bounded_however_much_nearly_repeats() -> None:
    words = [[0], [1]]
    while len(words[-1]) < 20_000:
        words.append(words[-1] + words[-2])
    labels = Counted(words[-1])
    assert find_runs(labels, 6)
    assert labels.looks <= 2 * (EFFORT + 1) * len(labels) + 4 * len(labels)


@given(st.lists(st.integers(0, 2), max_size=10), st.data(), st.integers(0, 5))
def test_alignment_leaves_out_as_few_as_possible(ours: list[int], data: st.DataObject, most: int) -> None:
    theirs = list(ours)
    for _ in range(data.draw(st.integers(0, 4))):
        at = data.draw(st.integers(0, len(theirs)))
        if at < len(theirs) and data.draw(st.booleans()):
            theirs.pop(at)
        else:
            theirs.insert(at, data.draw(st.integers(0, 2)))
    fewest = len(ours) + len(theirs) - 2 * longest_common(ours, theirs)
    pairs = align(ours, theirs, most)
    if pairs is None:
        assert fewest > most
        return
    assert all(ours[a] == theirs[b] for a, b in pairs)
    assert all(a < c and b < d for (a, b), (c, d) in pairwise(pairs))
    assert len(ours) + len(theirs) - 2 * len(pairs) == fewest <= most


def longest_common(ours: list[int], theirs: list[int]) -> int:
    """Return the length of the longest common subsequence, by the textbook's table."""
    table = [[0] * (len(theirs) + 1) for _ in range(len(ours) + 1)]
    for i, mine in enumerate(ours):
        for j, other in enumerate(theirs):
            table[i + 1][j + 1] = table[i][j] + 1 if mine == other else max(table[i][j + 1], table[i + 1][j])
    return table[-1][-1]
