"""A user's samples: how they are taken, split and laid out, and that any file that does not fit is one line."""

from __future__ import annotations

import io
import os
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from onnx import TensorProto, helper

from inspector.errors import UsageError
from inspector.isolation.child import FinishedChild, run_child
from inspector.records.optimization import DataSplit, InputSet
from inspector.runtimes.onnx_runtime.child_environment import CHILD_ENVIRONMENT
from inspector.runtimes.onnx_runtime.feeds import read_feed, sample_path
from inspector.verify.data import ENTRY, DataAnswer, DataRequest, read_data
from inspector.verify.data_split import MOST_LABELLED, split_notes, split_samples
from tests.builders import FLOAT, INT64, model_of, save, value
from tests.unit.verify.stepping import SETTINGS, inspected, returned

SAMPLES = Path(__file__).parents[3] / "sample_models"
RNG = np.random.default_rng(23)


def two_inputs(tmp_path: Path, *dims: int | str | None, state: tuple[int, ...] = (2, 3), dtype: int = FLOAT) -> Path:
    """Return a model of x, of the given shape, and a state of a fixed one."""
    nodes = [helper.make_node("Identity", ["x"], ["y"]), helper.make_node("Identity", ["state"], ["z"])]
    inputs = [value("x", dims or ["batch", 4], dtype), value("state", state)]
    return save(model_of(nodes, inputs, [value("y", None, dtype), value("z", None)]), tmp_path / "m.onnx")


def one_input(tmp_path: Path, dims: list[int | str | None], dtype: int = FLOAT) -> Path:
    nodes = [helper.make_node("Identity", ["x"], ["y"])]
    return save(model_of(nodes, [value("x", dims, dtype)], [value("y", None, dtype)]), tmp_path / "m.onnx")


def split_of(model: Path, folder: Path, labels: str = "label", **arrays: Any) -> DataSplit:
    path = folder / "data.npz"
    np.savez(path, **arrays)
    return read(model, path, labels)


def read(model: Path, path: Path, labels: str = "label") -> DataSplit:
    target = path.parent / f"split{len(list(path.parent.iterdir()))}"
    return returned(read_data(path, inspected(model), str(target), SETTINGS, None, labels))


def samples_of(inputs: InputSet, name: str = "x") -> list[NDArray[Any]]:
    return [read_feed(inputs, index)[name] for index in range(inputs.count)]


def refused(model: Path, folder: Path, **arrays: Any) -> UsageError:
    with pytest.raises(UsageError) as caught:
        split_of(model, folder, **arrays)
    assert "\n" not in str(caught.value)
    assert caught.value.exit_code == 2
    return caught.value


@pytest.mark.parametrize("count", [1, 2, 3, 5, 23, 24, 100, 383, 384, 2985])
def test_splits_share_nothing_and_lose_nothing(count: int) -> None:
    split = split_samples(count, 7)
    calibration, evaluation, confirmation = map(set, (split.calibration, split.evaluation, split.confirmation))
    assert not calibration & evaluation
    assert not calibration & confirmation
    assert not evaluation & confirmation
    assert set(split.labelled) == set(range(count)) - calibration
    assert len(calibration) == min(128, count // 3)
    assert 1 <= len(evaluation) <= 64 >= len(confirmation)
    assert evaluation | confirmation <= set(split.labelled)
    assert split == split_samples(count, 7)
    assert count < 5 or split != split_samples(count, 8)
    assert bool(split_notes(split, count, True)) == (count < 24)


def test_labels_of_very_many_samples_are_drawn_from() -> None:
    split = split_samples(1_000_000, 0)
    assert len(split.labelled) == MOST_LABELLED
    assert set(split.evaluation) | set(split.confirmation) <= set(split.labelled)
    assert split_notes(split, 1_000_000, True) == ("labels: 20,000 of 1,000,000 samples are used, chosen at random",)
    assert split_notes(split, 1_000_000, False) == ()


def test_samples_and_labels_stay_together(tmp_path: Path) -> None:
    x = np.arange(40, dtype=np.float32)[:, None] * np.ones((1, 4), np.float32)
    split = split_of(one_input(tmp_path, ["batch", 4]), tmp_path, x=x, label=np.arange(40) * 10)
    counts = (split.calibration.count, split.evaluation.count, split.confirmation.count, split.samples)
    assert counts == (13, 14, 13, 40)
    assert split.labelled is not None
    labels = np.load(split.labels_file)
    assert [int(sample[0, 0]) * 10 for sample in samples_of(split.labelled)] == labels.tolist()
    assert all(sample.shape == (1, 4) for sample in samples_of(split.labelled))
    seen = [{float(sample[0, 0]) for sample in samples_of(one)} for one in (split.calibration, split.labelled)]
    assert not seen[0] & seen[1]
    assert split.evaluation.source == "data"
    assert split.evaluation.path == str(tmp_path / "data.npz")


def test_the_samples_of_this_repository_are_read(tmp_path: Path) -> None:
    path = SAMPLES / "digits_cnn.npz"
    split = returned(read_data(path, inspected(SAMPLES / "digits_cnn.onnx"), str(tmp_path / "s"), SETTINGS, None))
    assert (split.samples, split.calibration.count, split.labelled.count if split.labelled else 0) == (2985, 128, 2857)
    chosen = split_samples(2985, SETTINGS.seed)
    with np.load(path) as data:
        images, labels = data["image"], data["label"]
    np.testing.assert_array_equal(np.load(split.labels_file), labels[list(chosen.labelled)])
    np.testing.assert_array_equal(read_feed(split.evaluation, 9)["image"], images[chosen.evaluation[9]][None])


def test_no_labels_are_no_error_unless_a_contract_names_them(tmp_path: Path) -> None:
    model, x = one_input(tmp_path, ["batch", 4]), np.ones((9, 4), np.float32)
    split = split_of(model, tmp_path, x=x, other=np.zeros(3))
    assert (split.labelled, split.labels_file) == (None, "")
    assert "not used: other" in split.evaluation.notes
    with pytest.raises(UsageError, match=r'data\.npz has no array "truth" of labels'):
        split_of(model, tmp_path, "truth", x=x)
    named = split_of(model, tmp_path, "truth", x=x, truth=np.zeros((9, 5)))
    assert np.load(named.labels_file).shape == (6, 5)


@pytest.mark.parametrize(
    ("dims", "shape", "sample", "count"),
    [
        (["batch", 4], (6, 4), (1, 4), 6),
        ([1, 4], (6, 4), (1, 4), 6),
        ([1, 4], (1, 4), (1, 4), 1),
        ([1, 4], (4,), (1, 4), 1),
        (["batch", 4], (4,), (1, 4), 1),
        (["batch", 4], (6, 1, 4), (1, 4), 6),
        (["batch", 4], (6, 5, 4), (5, 4), 6),
        ([3, 4], (3, 4), (3, 4), 1),
        ([3, 4], (6, 4), (3, 4), 2),
        ([3, 4], (6, 3, 4), (3, 4), 6),
        ([4], (6, 4), (4,), 6),
        ([], (6,), (), 6),
        ([], (), (), 1),
        ([None, "?"], (6, 9), (1, 9), 6),
        (None, (6, 2, 2), (1, 2, 2), 6),
    ],
)
def test_arrays_are_taken_in_every_reasonable_form(
    tmp_path: Path, dims: list[int | str | None], shape: tuple[int, ...], sample: tuple[int, ...], count: int
) -> None:
    array = RNG.normal(size=shape).astype(np.float32)
    split = split_of(one_input(tmp_path, dims), tmp_path, x=array)
    assert split.samples == count
    (first, *_) = samples_of(split.evaluation)
    assert first.shape == sample
    assert first.ravel().tolist() in array.reshape(count, -1).tolist()


def test_batches_of_a_fixed_size_keep_their_labels(tmp_path: Path) -> None:
    x = np.arange(12, dtype=np.float32)[:, None] * np.ones((1, 4), np.float32)
    split = split_of(one_input(tmp_path, [3, 4]), tmp_path, x=x, label=np.arange(12))
    assert split.labelled is not None
    for sample, labels in zip(samples_of(split.labelled), np.load(split.labels_file), strict=True):
        assert sample[:, 0].tolist() == labels.tolist()


def test_one_array_may_be_the_same_for_every_sample(tmp_path: Path) -> None:
    state = RNG.normal(size=(2, 3)).astype(np.float32)
    split = split_of(two_inputs(tmp_path), tmp_path, x=np.ones((7, 4), np.float32), state=state)
    assert split.samples == 7
    np.testing.assert_array_equal(read_feed(split.confirmation, 1)["state"], state)
    assert "state: the same for every sample" in split.evaluation.notes
    each = split_of(two_inputs(tmp_path), tmp_path, x=np.ones((7, 4), np.float32), state=np.stack([state] * 7))
    assert each.samples == 7


def test_widths_are_changed_where_nothing_is_lost(tmp_path: Path) -> None:
    wide = RNG.normal(size=(6, 4))
    split = split_of(one_input(tmp_path, ["n", 4]), tmp_path, x=wide.astype(">f8"))
    assert samples_of(split.evaluation)[0].dtype == np.float32
    assert "x: float64 in the file, float32 in the model" in split.evaluation.notes
    whole = one_input(tmp_path, ["n", 4], INT64)
    assert samples_of(split_of(whole, tmp_path, x=np.ones((6, 4), np.uint8)).evaluation)[0].dtype == np.int64
    narrow = one_input(tmp_path, ["n", 4], TensorProto.INT32)
    assert split_of(narrow, tmp_path, x=np.ones((6, 4), np.int64)).samples == 6
    assert 'array "x" holds 3,000,000,000, which int32 cannot' in str(
        refused(narrow, tmp_path, x=np.full((6, 4), 3_000_000_000))
    )


def test_text_is_taken(tmp_path: Path) -> None:
    words = one_input(tmp_path, ["n"], TensorProto.STRING)
    split = split_of(words, tmp_path, x=np.array(["a", "模型", "c"]))
    assert {str(sample[0]) for sample in (*samples_of(split.evaluation), *samples_of(split.confirmation))} <= {"a", "模型", "c"}


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("compressed", [False, True])
def test_rows_are_read_in_any_order_and_packing(tmp_path: Path, order: Any, compressed: bool) -> None:
    x = np.asarray(RNG.normal(size=(30, 2, 5)).astype(np.float32), order=order)
    (np.savez_compressed if compressed else np.savez)(tmp_path / "data.npz", x=x)
    split = read(one_input(tmp_path, ["n", 2, 5]), tmp_path / "data.npz")
    chosen = split_samples(30, SETTINGS.seed)
    for index, sample in zip(chosen.evaluation, samples_of(split.evaluation), strict=True):
        np.testing.assert_array_equal(sample[0], x[index])


def test_too_few_samples_are_said_and_confirmed_with_made_ones(tmp_path: Path) -> None:
    model = one_input(tmp_path, ["n", 4])
    one = split_of(model, tmp_path, x=np.ones((1, 4), np.float32))
    assert (one.calibration.count, one.evaluation.count, one.confirmation.count) == (0, 1, 8)
    assert (one.evaluation.source, one.confirmation.source) == ("data", "synthetic")
    assert "nothing to calibrate on" in one.evaluation.notes[0]
    assert "synthetic" in one.confirmation.notes[0]
    two = split_of(model, tmp_path, x=np.ones((2, 4), np.float32))
    assert (two.calibration.count, two.evaluation.count, two.confirmation.count) == (0, 1, 1)


ONES = np.ones((6, 4), np.float32)

HOSTILE: dict[str, tuple[dict[str, Any], str, str]] = {
    "missing": (
        {"image": ONES},
        'data.npz has no array "x", which the model takes; it holds image',
        "name",
    ),
    "whole numbers": (
        {"x": np.ones((6, 4), np.int64)},
        'array "x" of data.npz holds int64, expected float32',
        "astype(np.float32)",
    ),
    "flags": ({"x": np.ones((6, 4), bool)}, 'array "x" of data.npz holds bool, expected float32', "astype"),
    "complex": ({"x": np.ones((6, 4), complex)}, "holds complex128, expected float32", "astype"),
    "words": ({"x": np.full((6, 4), "a")}, "holds <U1, expected float32", "astype"),
    "dates": ({"x": np.zeros((6, 4), "M8[s]")}, "datetime64[s], which no model takes", "plain numbers"),
    "records": ({"x": np.zeros(6, [("a", "f4"), ("b", "i4")])}, "which no model takes", "plain numbers"),
    "objects": ({"x": np.array([1, None, "a"], object)}, "holds Python objects, which are never unpickled", "save numbers"),
    "short": ({"x": np.ones((6, 3), np.float32)}, "has the shape 6 x 3, expected samples x 4", "first axis"),
    "flat": ({"x": np.ones(24, np.float32)}, "has the shape 24, expected samples x 4", "first axis"),
    "deep": ({"x": np.ones((6, 4, 1, 1), np.float32)}, "has the shape 6 x 4 x 1 x 1", "first axis"),
    "none": ({"x": np.ones((0, 4), np.float32)}, 'array "x" of data.npz holds no samples', "at least one"),
    "too few labels": (
        {"x": ONES, "label": np.zeros(5)},
        "expected one label for each of 6 samples",
        "many",
    ),
    "one label": ({"x": ONES, "label": np.float32(1)}, "has the shape (), expected one label", "many"),
    "named labels": ({"x": ONES, "label": np.full(6, "cat")}, "holds <U3: labels are numbers", "index"),
    "no arrays": ({}, "data.npz holds no arrays", "np.savez"),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_arrays_that_do_not_fit_are_one_line(tmp_path: Path, case: str) -> None:
    arrays, message, hint = HOSTILE[case]
    error = refused(one_input(tmp_path, ["batch", 4]), tmp_path, **arrays)
    assert message in error.message
    assert hint in error.hint


def test_arrays_must_agree(tmp_path: Path) -> None:
    model = two_inputs(tmp_path)
    state = np.ones((5, 2, 3), np.float32)
    error = refused(model, tmp_path, x=np.ones((7, 4), np.float32), state=state)
    assert error.message == 'array "state" of data.npz has 5 samples where "x" has 7'
    nodes = [helper.make_node("Add", ["a", "b"], ["y"])]
    paired = save(
        model_of(nodes, [value("a", ["n", "length"]), value("b", ["n", "length"])], [value("y", None)]), tmp_path / "p.onnx"
    )
    error = refused(paired, tmp_path, a=np.ones((7, 4), np.float32), b=np.ones((7, 5), np.float32))
    assert error.message == 'array "b" of data.npz has 5 for "length" where "a" has 4'


def test_empty_axes_are_for_past_states_only(tmp_path: Path) -> None:
    error = refused(one_input(tmp_path, ["n", "width"]), tmp_path, x=np.ones((6, 0), np.float32))
    assert error.message == 'array "x" of data.npz is empty: its axis 1 has the length 0'
    split = split_of(one_input(tmp_path, ["n", "past_length"]), tmp_path, x=np.ones((6, 0), np.float32))
    assert samples_of(split.evaluation)[0].shape == (1, 0)


def test_samples_the_model_refuses_are_said(tmp_path: Path) -> None:
    nodes = [helper.make_node("Gather", ["table", "x"], ["y"], "look up")]
    table = helper.make_tensor("table", FLOAT, [5, 1], [0.0] * 5)
    model = save(model_of(nodes, [value("x", ["n", 4], INT64)], [value("y", None)], [table]), tmp_path / "m.onnx")
    error = refused(model, tmp_path, x=np.full((6, 4), 99))
    assert error.message.startswith(
        "the model refuses the samples of data.npz: the runtime cannot run it: Gather node 'look up'"
    )


def packed(**arrays: Any) -> bytes:
    file = io.BytesIO()
    np.savez_compressed(file, **arrays)
    return file.getvalue()


GOOD = packed(x=RNG.normal(size=(300, 4)).astype(np.float32))


def with_member(name: str, content: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(name, content)
    return file.getvalue()


def header(shape: str, dtype: str = "<f4", tail: bytes = b"") -> bytes:
    text = f"{{'descr': '{dtype}', 'fortran_order': False, 'shape': {shape}, }}".encode()
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text + tail


FILES: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "data.npz is empty"),
    "text": (b"x,y\n1,2\n", "data.npz is no .npz file"),
    "one array": (header("(2,)", tail=bytes(8)), "data.npz is a single array (.npy)"),
    "half": (GOOD[: len(GOOD) // 2], "data.npz is a truncated or damaged .npz"),
    "flipped": (GOOD[:900] + bytes(40) + GOOD[940:], 'array "x" of data.npz is damaged or truncated'),
    "no header": (with_member("x.npy", b"nothing"), 'array "x" of data.npz is damaged or truncated'),
    "evil header": (with_member("x.npy", header("__import__('os')")), 'array "x" of data.npz is damaged or truncated'),
    "too short": (with_member("x.npy", header("(9, 4)", tail=bytes(8))), "is damaged: 8 bytes where its shape asks for 144"),
    "giant": (with_member("x.npy", header("(10**15, 4)".replace("10**15", "1" + "0" * 15))), "is damaged: 0 bytes where"),
    "negative": (with_member("x.npy", header("(-1, 4)")), "is damaged"),
    "no array": (with_member("x.txt", b"hello"), "data.npz holds no arrays"),
}


@pytest.mark.parametrize("case", FILES)
def test_files_that_are_no_npz_are_one_line(tmp_path: Path, case: str) -> None:
    content, message = FILES[case]
    path = tmp_path / "data.npz"
    path.write_bytes(content)
    with pytest.raises(UsageError) as caught:
        read(one_input(tmp_path, ["batch", 4]), path)
    assert message in caught.value.message
    assert "\n" not in str(caught.value)
    assert caught.value.hint


def test_pickles_are_never_run(tmp_path: Path) -> None:
    class Evil:
        def __reduce__(self) -> tuple[Any, ...]:
            return os.mkdir, (str(tmp_path / "run"),)

    error = refused(one_input(tmp_path, ["n", 4]), tmp_path, x=np.array([Evil()], object))
    assert "never unpickled" in error.message
    assert not (tmp_path / "run").exists()


def test_what_is_no_file_is_one_line(tmp_path: Path) -> None:
    model = one_input(tmp_path, ["n", 4])
    os.mkfifo(tmp_path / "pipe")
    for path, message in (
        (tmp_path, "is a folder, not an .npz file"),
        (tmp_path / "gone.npz", "gone.npz: no such file"),
        (tmp_path / "pipe", "pipe is no regular file"),
    ):
        with pytest.raises(UsageError, match=message):
            returned(read_data(path, inspected(model), str(tmp_path / "s"), SETTINGS, None))


def test_a_file_that_unpacks_to_much_is_read_row_by_row(tmp_path: Path) -> None:
    """200 MB of zeros, packed into 200 kB: one row at a time is unpacked, and only rows that have a use are kept."""
    path = tmp_path / "data.npz"
    row = 1 << 19
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("x.npy", "w", force_zip64=True) as member:
        member.write(header(f"(100, {row})"))
        for _ in range(100):
            member.write(bytes(4 * row))
    model = one_input(tmp_path, ["n", row])
    from inspector.verify.inputs_rules import rules_of

    rules = rules_of(inspected(model).computation)
    request = DataRequest(str(path), "data.npz", str(model), rules, str(tmp_path / "s"), "label", False, 0, 1, 4 << 30)
    *_, last = run_child(ENTRY, request, DataAnswer, environment=CHILD_ENVIRONMENT)
    assert isinstance(last, FinishedChild)
    assert last.result.samples == 100
    assert last.peak_bytes is None or last.peak_bytes < 150 << 20
    assert sample_path(str(tmp_path / "s" / "evaluation"), 33).stat().st_size > 4 * row
