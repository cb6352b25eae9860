"""Conformance on labelled data: what counts as right, what is refused in one line, and what is kept for later candidates."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from onnx import helper, numpy_helper

from inspector.errors import OperationFailed, UsageError
from inspector.isolation.limits import CancelToken
from inspector.records.contract import ConformanceTerms
from inspector.records.event import Steps
from inspector.records.optimization import InputSet, OptimizeSettings
from inspector.records.parity import ConformanceResult
from inspector.runtimes.onnx_runtime.feeds import write_feed
from inspector.verify.conformance import conformance
from tests.builders import INT64, model_of, save, value, weight

SAMPLES = Path(__file__).parents[3] / "sample_models"
SETTINGS = OptimizeSettings(memory_bytes=2 << 30, step_seconds=60, threads=1)


def returned(steps: Steps[ConformanceResult]) -> ConformanceResult:
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value  # type: ignore[no-any-return]


def inputs_in(folder: Path, feeds: Sequence[NDArray[np.generic]], name: str = "x") -> InputSet:
    for index, feed in enumerate(feeds):
        write_feed(str(folder), index, [feed])
    return InputSet(str(folder), (name,), len(feeds), "data")


def labels_in(folder: Path, labels: NDArray[np.generic]) -> str:
    path = folder / "labels.npy"
    np.save(path, labels)
    return str(path)


def scaled(path: Path, factors: Sequence[float]) -> str:
    """Write a model that multiplies rows of classes by factors."""
    node = helper.make_node("Mul", ["x", "w"], ["scores"])
    model = model_of([node], [value("x", ["n", len(factors)])], [value("scores", ["n", len(factors)])], [weight("w", factors)])
    return str(save(model, path))


@pytest.fixture(scope="module")
def digits(tmp_path_factory: pytest.TempPathFactory) -> tuple[InputSet, str]:
    """Return digits one by one, and the file of their labels."""
    folder = tmp_path_factory.mktemp("digits")
    with np.load(SAMPLES / "digits_cnn.npz") as data:
        images, labels = data["image"][:1200], data["label"][:1200]
    inputs = inputs_in(folder / "samples", [images[index : index + 1] for index in range(len(images))], "image")
    return inputs, labels_in(folder, labels)


def noisy_digits(path: Path, noise: float) -> str:
    model = onnx.load(SAMPLES / "digits_cnn.onnx")
    random = np.random.default_rng(0)
    for tensor in model.graph.initializer:
        array = numpy_helper.to_array(tensor)
        if array.dtype == np.float32 and array.ndim > 1:
            shaken = array + random.normal(0, noise * array.std(), array.shape).astype(np.float32)
            tensor.CopyFrom(numpy_helper.from_array(shaken, tensor.name))
    return str(save(model, path))


def test_a_copy_of_the_original_passes(digits: tuple[InputSet, str]) -> None:
    model = str(SAMPLES / "digits_cnn.onnx")
    result = returned(conformance(model, model, *digits, ConformanceTerms(), SETTINGS))
    assert (result.status, result.samples, result.loss) == ("passed", 1200, 0.0)
    assert result.before == result.after > 0.95
    assert 0 < result.loss_high < 0.005
    assert result.method.startswith("argmax of 10 classes; paired non-inferiority test: Tango")


def test_a_shaken_model_fails(digits: tuple[InputSet, str], tmp_path: Path) -> None:
    changed = noisy_digits(tmp_path / "noisy.onnx", 1.0)
    result = returned(conformance(str(SAMPLES / "digits_cnn.onnx"), changed, *digits, ConformanceTerms(), SETTINGS))
    assert result.status == "failed"
    assert result.loss > 0.005


def test_scores_of_the_original_are_kept_for_the_next_candidate(digits: tuple[InputSet, str], tmp_path: Path) -> None:
    original = tmp_path / "original.onnx"
    original.write_bytes((SAMPLES / "digits_cnn.onnx").read_bytes())
    model, terms = str(SAMPLES / "digits_cnn.onnx"), ConformanceTerms(metric="top_k", k=2)
    folder = Path(digits[0].folder).parent
    before = set(folder.iterdir())
    first = returned(conformance(str(original), model, *digits, terms, SETTINGS))
    kept = set(folder.iterdir()) - before
    assert len(kept) == 1
    stamp = kept.pop().stat().st_mtime_ns
    assert returned(conformance(str(original), model, *digits, terms, SETTINGS)) == first
    assert max(path.stat().st_mtime_ns for path in folder.glob("*.json")) == stamp
    assert first.before > returned(conformance(model, model, *digits, ConformanceTerms(), SETTINGS)).before


def test_a_damaged_note_of_scores_is_made_again(digits: tuple[InputSet, str]) -> None:
    model = str(SAMPLES / "digits_cnn.onnx")
    first = returned(conformance(model, model, *digits, ConformanceTerms(), SETTINGS))
    for path in Path(digits[0].folder).parent.glob("*.json"):
        path.write_bytes(b"{")
    assert returned(conformance(model, model, *digits, ConformanceTerms(), SETTINGS)) == first


def one_test(
    folder: Path,
    labels: NDArray[np.generic],
    terms: ConformanceTerms,
    feeds: Sequence[NDArray[np.generic]],
    changed: Sequence[float],
) -> ConformanceResult:
    """Hold a model that scales three classes against one that leaves them as they are."""
    inputs = inputs_in(folder / "samples", feeds)
    original, other = scaled(folder / "a.onnx", [1.0] * len(changed)), scaled(folder / "b.onnx", changed)
    return returned(conformance(original, other, inputs, labels_in(folder, labels), terms, SETTINGS))


def one_hot_feeds(count: int, batch: int = 1) -> list[NDArray[np.float32]]:
    return [np.eye(3, dtype=np.float32)[np.arange(batch) % 3] for _ in range(count)]


def test_rows_of_a_batch_are_samples(tmp_path: Path) -> None:
    labels = np.tile(np.arange(6) % 3, (10, 1))
    result = one_test(tmp_path, labels, ConformanceTerms(), one_hot_feeds(10, 6), [1, 1, -1])
    assert (result.samples, result.before) == (60, 1.0)
    assert result.after == pytest.approx(2 / 3)


@pytest.mark.parametrize(
    "labels",
    [np.tile([0, 1, 2], (9, 1)), np.tile([0.0, 1.0, 2.0], (9, 1)), np.tile(np.eye(3), (9, 1, 1))],
    ids=["integers", "whole floats", "one-hot"],
)
def test_classes_are_told_in_several_ways(tmp_path: Path, labels: NDArray[np.generic]) -> None:
    assert one_test(tmp_path, labels, ConformanceTerms(), one_hot_feeds(9, 3), [1, 1, 1]).before == 1.0


def test_several_predictions_a_sample_count_with_the_share_that_is_right(tmp_path: Path) -> None:
    node = helper.make_node("Mul", ["x", "w"], ["scores"])
    shape = [1, 4, 3]
    original = save(model_of([node], [value("x", shape)], [value("scores", shape)], [weight("w", [1.0, 1, 1])]), tmp_path / "a")
    changed = save(model_of([node], [value("x", shape)], [value("scores", shape)], [weight("w", [1.0, 1, -1])]), tmp_path / "b")
    feeds = [np.eye(3, dtype=np.float32)[[0, 1, 2, 2]][None] for _ in range(30)]
    labels = labels_in(tmp_path, np.tile([0, 1, 2, 2], (30, 1)))
    inputs = inputs_in(tmp_path / "samples", feeds)
    result = returned(conformance(str(original), str(changed), inputs, labels, ConformanceTerms(), SETTINGS))
    assert (result.samples, result.before, result.after) == (30, 1.0, 0.5)
    assert "test of means" in result.method


def single(path: Path, operator: str, dtype: int = onnx.TensorProto.FLOAT, bias: float = 0.0) -> str:
    """Write a model of one number a row: a shifted one through an operator."""
    nodes = [helper.make_node("Add", ["x", "b"], ["s"])]
    nodes.append(helper.make_node(operator, ["s"], ["y"], **({"to": dtype} if operator == "Cast" else {})))
    return str(save(model_of(nodes, [value("x", ["n", 1])], [value("y", ["n", 1], dtype)], [weight("b", [bias])]), path))


def test_a_probability_is_right_on_the_labels_side_of_one_half(tmp_path: Path) -> None:
    inputs = inputs_in(tmp_path / "samples", [np.array([[number]], np.float32) for number in (-2, -1, 1, 2)])
    labels = labels_in(tmp_path, np.array([0, 1, 1, 1]))
    models = single(tmp_path / "a", "Sigmoid"), single(tmp_path / "b", "Sigmoid", bias=-1.5)
    result = returned(conformance(*models, inputs, labels, ConformanceTerms(), SETTINGS))
    assert (result.before, result.after) == (0.75, 0.5)


def test_a_single_number_that_is_no_probability_is_refused(tmp_path: Path) -> None:
    inputs = inputs_in(tmp_path / "samples", [np.array([[3.0]], np.float32)])
    model = single(tmp_path / "a", "Identity")
    with pytest.raises(UsageError, match="sample 0, output 'y': one number beyond 0 to 1"):
        returned(conformance(model, model, inputs, labels_in(tmp_path, np.array([1])), ConformanceTerms(), SETTINGS))


def test_integer_outputs_are_right_where_they_equal_the_label(tmp_path: Path) -> None:
    inputs = inputs_in(tmp_path / "samples", [np.array([[number]], np.float32) for number in range(4)])
    labels = labels_in(tmp_path, np.array([0, 1, 2, 7]))
    models = single(tmp_path / "a", "Cast", INT64), single(tmp_path / "b", "Cast", INT64, 1.0)
    result = returned(conformance(*models, inputs, labels, ConformanceTerms(), SETTINGS))
    assert (result.before, result.after) == (0.75, 0.0)


@pytest.mark.parametrize(("factor", "status"), [(1.0, "passed"), (1.3, "failed")])
def test_mean_absolute_errors_are_compared(tmp_path: Path, factor: float, status: str) -> None:
    random = np.random.default_rng(0)
    feeds = [random.normal(size=(1, 3)).astype(np.float32) for _ in range(80)]
    labels = np.stack([feed[0] for feed in feeds]) + random.normal(0, 0.1, (80, 3))
    result = one_test(tmp_path, labels, ConformanceTerms("mae", margin=0.05), feeds, [factor] * 3)
    assert result.status == status
    assert result.before == pytest.approx(0.08, abs=0.01)
    assert result.margin == pytest.approx(0.05 * result.before)


def test_cosines_are_compared(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    feeds = [random.normal(size=(2, 3)).astype(np.float32) for _ in range(30)]
    result = one_test(tmp_path, np.stack(feeds), ConformanceTerms("cosine"), feeds, [1.0, 1.0, 0.5])
    assert (result.samples, result.status) == (60, "failed")
    assert result.before == pytest.approx(1.0)
    assert 0.8 < result.after < 0.99


@pytest.mark.parametrize(
    ("labels", "terms", "message"),
    [
        (np.arange(5), ConformanceTerms(), "5 labels for 4 samples"),
        (np.float32(1), ConformanceTerms(), "1 labels for 4 samples"),
        (np.array([0, 1, 2, 3]), ConformanceTerms(), "the label of sample 3 is 3, classes are 0 to 2"),
        (np.array([0, -1, 2, 1]), ConformanceTerms(), "the label of sample 1 is -1"),
        (np.array([0.5, 1, 2, 1]), ConformanceTerms(), "no numbers of classes"),
        (np.array([0, 1, np.nan, 1]), ConformanceTerms(), "no numbers of classes"),
        (np.array(["a", "b", "c", "d"]), ConformanceTerms(), "no numbers of classes"),
        (np.zeros((4, 2)), ConformanceTerms(), "a label is 2 values"),
        (np.zeros((4, 0)), ConformanceTerms(), "a label is 0 values"),
        (np.array([0, 1, 2, 1]), ConformanceTerms("top_k", k=3), "top 3 of 3 classes says nothing"),
        (np.array([0, 1, 2, 1]), ConformanceTerms("top_k", k=0), "top 0 of 3"),
        (np.zeros((4, 2)), ConformanceTerms("mae"), "3 predictions for 2 labels"),
        (np.full((4, 3), np.inf), ConformanceTerms("cosine"), "NaN or infinity"),
        (np.full((4, 3), "a"), ConformanceTerms("mae"), "needs numbers"),
        (np.array([0, 1, 2, 1]), ConformanceTerms(output="other"), "has no output 'other'"),
    ],
)
def test_labels_that_do_not_fit_are_one_line(
    tmp_path: Path, labels: NDArray[np.generic], terms: ConformanceTerms, message: str
) -> None:
    with pytest.raises(UsageError) as caught:
        one_test(tmp_path, np.asarray(labels), terms, one_hot_feeds(4), [1, 1, 1])
    assert message in caught.value.message
    assert "\n" not in str(caught.value)
    assert caught.value.hint


def test_pickled_and_missing_labels_are_one_line(tmp_path: Path) -> None:
    model = scaled(tmp_path / "a.onnx", [1, 1, 1])
    inputs = inputs_in(tmp_path / "samples", one_hot_feeds(2))
    np.save(tmp_path / "pickled.npy", np.array([{}, 1], object), allow_pickle=True)
    for name in ("pickled.npy", "missing.npy"):
        with pytest.raises(UsageError, match="labels 'label' cannot be read"):
            returned(conformance(model, model, inputs, str(tmp_path / name), ConformanceTerms(), SETTINGS))


def test_a_changed_output_of_nan_is_wrong_or_an_error_that_names_the_artifact(tmp_path: Path) -> None:
    result = one_test(tmp_path, np.zeros(4, np.int64), ConformanceTerms(), one_hot_feeds(4), [np.nan, 1, 1])
    assert (result.status, result.before, result.after) == ("failed", 1.0, 0.0)
    with pytest.raises(OperationFailed, match="the changed artifact: sample 0, output 'scores': it holds NaN"):
        one_test(tmp_path, np.zeros((4, 3)), ConformanceTerms("mae"), one_hot_feeds(4), [np.nan, 1, 1])


def test_a_changed_artifact_that_does_not_run_is_named(tmp_path: Path) -> None:
    inputs = inputs_in(tmp_path / "samples", one_hot_feeds(4))
    labels = labels_in(tmp_path, np.zeros(4, np.int64))
    original, changed = scaled(tmp_path / "a.onnx", [1, 1, 1]), scaled(tmp_path / "b.onnx", [1, 1])
    with pytest.raises(OperationFailed, match="the changed artifact: the runtime cannot run it"):
        returned(conformance(original, changed, inputs, labels, ConformanceTerms(), SETTINGS))


def test_cancelling_ends_it(digits: tuple[InputSet, str]) -> None:
    cancel = CancelToken()
    cancel.cancel()
    model = str(SAMPLES / "digits_cnn.onnx")
    with pytest.raises(OperationFailed, match="cancelled"):
        returned(conformance(model, model, *digits, ConformanceTerms(), SETTINGS, cancel))
