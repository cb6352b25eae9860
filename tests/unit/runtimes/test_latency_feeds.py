"""Feeds of a timing loop: which axis counts rows, and what a batch is made of."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from inspector.errors import OperationFailed
from inspector.records.optimization import InputSet
from inspector.records.tensor import TensorSpec
from inspector.runtimes.feed_fitting_child import fitted
from inspector.runtimes.latency_feeds_child import BatchAxes, batch_axes, batched, few_inputs, read_feeds
from inspector.runtimes.onnx_runtime.feeds import write_feed


@pytest.mark.parametrize(
    ("inputs", "expected"),
    [
        ((TensorSpec("x", "float32", ("N", 3, 8)),), BatchAxes({"x": 0})),
        ((TensorSpec("x", "float32", (None, 3)), TensorSpec("y", "float32", (None, 4))), BatchAxes({"x": 0, "y": 0})),
        ((TensorSpec("x", "float32", ("N", 3)), TensorSpec("state", "float32", (2, "N", 4))), BatchAxes({"x": 0, "state": 1})),
        (
            (TensorSpec("t", "float32", ("time", "batch")), TensorSpec("x", "float32", ("batch", 4))),
            BatchAxes({"t": 1, "x": 0}),
        ),
        ((TensorSpec("x", "float32", ("N", 3)), TensorSpec("rate", "int64", ())), BatchAxes({"x": 0})),
        ((TensorSpec("x", "float32", (1, 3)),), BatchAxes({}, 1)),
        ((TensorSpec("rate", "int64", ()), TensorSpec("x", "float32", (8, "w"))), BatchAxes({}, 8)),
        ((TensorSpec("x", "float32", (-1, 3)),), BatchAxes({"x": 0})),
        ((TensorSpec("x", "float32", None),), BatchAxes({})),
        ((), BatchAxes({})),
    ],
)
def test_rows_are_counted_where_the_first_dimension_is_open(inputs: tuple[TensorSpec, ...], expected: BatchAxes) -> None:
    assert batch_axes(inputs) == expected


def feeds(*rows: int) -> list[dict[str, np.ndarray]]:
    """Return samples of so many rows, each row holding the number of its sample."""
    return [
        {"x": np.full((count, 2), place, np.float32), "state": np.full((3, count), place), "rate": np.array(16_000)}
        for place, count in enumerate(rows)
    ]


def test_a_batch_is_made_of_samples_that_follow_one_another() -> None:
    found = batched(feeds(1, 1, 1, 1), {"x": 0, "state": 1}, 3)
    assert [feed["x"][:, 0].tolist() for feed in found] == [[0, 1, 2], [1, 2, 3], [2, 3, 0], [3, 0, 1]]
    assert [feed["state"][0].tolist() for feed in found] == [[0, 1, 2], [1, 2, 3], [2, 3, 0], [3, 0, 1]]
    assert all(feed["x"].flags["C_CONTIGUOUS"] and feed["rate"] == 16_000 for feed in found)


def test_few_samples_are_repeated_and_long_ones_cut() -> None:
    assert batched(feeds(1), {"x": 0}, 4)[0]["x"].shape == (4, 2)
    assert batched(feeds(5, 5), {"x": 0, "state": 1}, 2)[1]["x"][:, 0].tolist() == [1, 1]
    assert batched(feeds(2, 3), {"x": 0, "state": 1}, 4)[0]["x"][:, 0].tolist() == [0, 0, 1, 1]


def test_what_is_right_already_stays_as_it_is() -> None:
    made = feeds(2, 2)
    assert all(ours is theirs for ours, theirs in zip(batched(made, {"x": 0, "state": 1}, 2), made, strict=True))


def test_samples_of_other_lengths_are_not_joined() -> None:
    made = [{"x": np.zeros((1, length), np.float32)} for length in (4, 7)]
    assert [feed["x"].shape for feed in batched(made, {"x": 0}, 3)] == [(3, 4), (3, 7)]


def test_nothing_to_make_a_batch_of() -> None:
    with pytest.raises(OperationFailed, match="no rows"):
        batched([{"x": np.zeros((0, 4), np.float32)}], {"x": 0}, 2)


def test_an_artifact_gets_what_it_takes() -> None:
    inputs = (TensorSpec("x", "float16", (None, 2)), TensorSpec("rate", "int64", ()))
    found = fitted(feeds(1)[0], inputs)
    assert list(found) == ["x", "rate"]
    assert (found["x"].dtype, found["rate"].dtype) == (np.float16, np.int64)


def test_distinct_inputs_are_counted(tmp_path: Path) -> None:
    for index in range(20):
        write_feed(str(tmp_path), index, [np.full((1, 2), index % 4, np.float32)])
    few = read_feeds(InputSet(str(tmp_path), ("x",), 20, "synthetic"))
    assert len(few) == 16
    assert "4 distinct inputs only" in few_inputs(few)
    for index in range(20):
        write_feed(str(tmp_path), index, [np.full((1, 2), index, np.float32)])
    assert few_inputs(read_feeds(InputSet(str(tmp_path), ("x",), 20, "synthetic"))) == ""
    assert few_inputs([{}]) == "", "a model without inputs"
    assert few_inputs([{"text": np.array([str(place)], object)} for place in range(8)]) == ""
    assert few_inputs([{"text": np.array(["a"], object)}] * 8).startswith("1 distinct input only")
    assert few_inputs([{"x": np.array(float(place))} for place in range(8)]) == ""
    with pytest.raises(OperationFailed, match="no input"):
        read_feeds(InputSet(str(tmp_path), ("x",), 0, "synthetic"))
