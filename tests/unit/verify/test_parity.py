"""Parity: every figure equals a plain computation, a planted error is found, and what cannot be compared is said."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from onnx import ModelProto, TensorProto, helper

from inspector.errors import OperationFailed
from inspector.isolation.child import FinishedChild, run_child
from inspector.records.optimization import InputSet, Reference
from inspector.records.parity import OutputParity
from inspector.runtimes.calling import file_runnable
from inspector.runtimes.onnx_runtime.child_environment import CHILD_ENVIRONMENT
from inspector.runtimes.onnx_runtime.feeds import write_arrays
from inspector.verify import parity_figures_child
from inspector.verify.parity import ENTRY, ParityAnswer, ParityRequest
from inspector.verify.parity_figures_child import OutputFigures, finite_scale
from tests.builders import FLOAT, model_of, save, value, weight
from tests.unit.runtimes.onnx_runtime.feed_making import inputs_of
from tests.unit.verify.stepping import parity_of

RNG = np.random.default_rng(17)


def figures_of(references: Sequence[NDArray[Any]], changed: Sequence[NDArray[Any] | None]) -> OutputParity:
    """Return the figures of one output over the samples."""
    figures = OutputFigures("y", max(map(finite_scale, references)))
    for index, (expected, given) in enumerate(zip(references, changed, strict=True)):
        figures.add(index, expected, given)
    return figures.result()


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("chunk", [7, 1 << 16])
def test_figures_equal_a_plain_computation(monkeypatch: pytest.MonkeyPatch, dtype: type, chunk: int) -> None:
    monkeypatch.setattr(parity_figures_child, "CHUNK", chunk)
    references = [RNG.normal(size=(4, 3, 5)).astype(dtype) for _ in range(6)]
    changed = [(one + RNG.normal(size=one.shape) * 0.1).astype(dtype) for one in references]
    found = figures_of(references, changed)
    expected, given = (np.stack(list(arrays)).astype(np.float64) for arrays in (references, changed))
    difference, scale = np.abs(expected - given), np.abs(expected).max()
    relative = difference / np.maximum(np.abs(expected), 1e-6 * scale)
    flat = [(a.ravel().astype(np.float64), b.ravel().astype(np.float64)) for a, b in zip(references, changed, strict=True)]
    rows, given_rows = expected.reshape(-1, 5), given.reshape(-1, 5)
    agrees = rows.argmax(1) == given_rows.argmax(1)
    top = np.sort(rows, axis=1)
    decided = top[:, -1] - top[:, -2] >= 0.01 * scale
    assert (found.elements, found.dtype, found.scale) == (360, np.dtype(dtype).name, scale)
    assert found.worst_input == difference.reshape(6, -1).max(1).argmax()
    plain = {
        "max_absolute": difference.max(),
        "mean_absolute": difference.mean(),
        "max_relative": relative.max(),
        "mean_relative": relative.mean(),
        "max_scaled": difference.max() / scale,
        "mean_scaled": difference.mean() / scale,
        "cosine": min(a @ b / np.linalg.norm(a) / np.linalg.norm(b) for a, b in flat),
        "sqnr_db": 10 * np.log10((expected**2).sum() / (difference**2).sum()),
        "top1_agreement": agrees.mean(),
        "decided_top1_agreement": agrees[decided].mean(),
    }
    for name, figure in plain.items():
        assert getattr(found, name) == pytest.approx(figure, rel=1e-12), name
    assert (found.decided_rows, found.exact_share, found.problem) == (int(decided.sum()), None, "")


def test_equal_outputs_have_no_noise() -> None:
    array = RNG.normal(size=(3, 4)).astype(np.float32)
    found = figures_of([array, array], [array, array.copy()])
    assert (found.max_absolute, found.sqnr_db, found.cosine, found.top1_agreement) == (0.0, None, pytest.approx(1.0), 1.0)
    assert found.worst_input is None


def test_zeros_stay_comparable() -> None:
    zeros, noise = np.zeros((2, 3), np.float32), np.full((2, 3), 1e-9, np.float32)
    same, other = figures_of([zeros], [zeros]), figures_of([zeros], [noise])
    assert (same.cosine, same.sqnr_db, same.max_scaled, same.decided_top1_agreement) == (1.0, None, None, None)
    assert (other.cosine, other.sqnr_db, other.scale) == (0.0, -300.0, 0.0)


def test_quiet_inputs_have_no_direction_but_their_errors_count() -> None:
    loud, quiet = np.ones((1, 8), np.float32), np.full((1, 8), 1e-3, np.float32)
    found = figures_of([loud, quiet], [loud, -quiet])
    assert found.cosine == pytest.approx(1.0)
    assert found.worst_input == 1
    assert figures_of([loud, quiet], [loud, -100 * quiet]).max_scaled == pytest.approx(0.101)


def test_what_is_not_finite_is_counted_apart() -> None:
    nan, inf = np.nan, np.inf
    expected = np.array([1, nan, inf, -inf, 2, 3, -3.4e38, -3.4e38, 5], np.float32)
    given = np.array([1, nan, inf, inf, nan, inf, -inf, -65504, -3.4e38], np.float32)
    found = figures_of([expected], [given])
    assert (found.nan_count, found.inf_count) == (2, 4)
    assert (found.reference_nan_count, found.reference_inf_count) == (1, 2)
    assert found.nonfinite_mismatches == 3
    assert found.scale == 5.0
    assert found.max_absolute == pytest.approx(3.4e38, rel=1e-3)


def test_integers_flags_and_words_are_compared_exactly() -> None:
    whole = figures_of([np.array([1, 2, 3, 4])], [np.array([1, 2, 3, 9])])
    assert (whole.exact_share, whole.max_absolute, whole.mean_absolute) == (0.75, 5.0, 1.25)
    flags = figures_of([np.array([True, False])], [np.array([True, True])])
    assert (flags.exact_share, flags.cosine, flags.max_absolute) == (0.5, None, None)
    words = figures_of([np.array(["a", "b", "c"], object)], [np.array(["a", "b", "d"], object)])
    assert (words.exact_share, words.dtype) == (pytest.approx(2 / 3), "string")


def test_empty_outputs_are_equal() -> None:
    found = figures_of([np.zeros((0, 4), np.float32)], [np.zeros((0, 4), np.float32)])
    assert (found.elements, found.problem, found.max_absolute) == (0, "", None)


def test_what_cannot_be_compared_is_said() -> None:
    array = np.zeros((2, 3), np.float32)
    assert figures_of([array], [None]).problem == "it is missing"
    assert figures_of([array], [array.astype(np.int64)]).problem == "it holds int64 where the original has float32"
    problem = figures_of([array, array], [array, array[:1]]).problem
    assert problem == "its shape is 1 x 3 where the original's is 2 x 3 (input 1)"
    assert figures_of([array.astype(np.complex64)], [array.astype(np.complex64)]).problem
    assert figures_of([array], [array.astype(np.float16)]).problem == ""


def adding(bias: NDArray[np.float32], name: str = "y", dtype: int = FLOAT) -> ModelProto:
    """Return y = x + bias."""
    nodes = [helper.make_node("Add", ["x", "bias"], [name])]
    if dtype != FLOAT:
        nodes = [
            helper.make_node("Cast", ["x"], ["wide"], to=FLOAT),
            helper.make_node("Add", ["wide", "bias"], ["sum"]),
            helper.make_node("Cast", ["sum"], [name], to=dtype),
        ]
    return model_of(nodes, [value("x", [4, 50], dtype)], [value(name, [4, 50], dtype)], [weight("bias", bias)])


def test_an_error_in_one_element_of_one_sample_is_found(tmp_path: Path) -> None:
    """The changed model is right but where an element is above 40, which happens in one place of sample 5."""
    feeds = [{"x": RNG.uniform(-1, 1, size=(4, 50)).astype(np.float32)} for _ in range(9)]
    feeds[5]["x"][2, 17] = 50.0
    original = save(adding(np.zeros((4, 50), np.float32)), tmp_path / "a.onnx")
    clip = model_of(
        [helper.make_node("Min", ["x", "most"], ["y"])],
        [value("x", [4, 50])],
        [value("y", [4, 50])],
        [weight("most", np.array(40, np.float32))],
    )
    (found,) = parity_of(original, save(clip, tmp_path / "b.onnx"), inputs_of(tmp_path, feeds), tmp_path / "out").outputs
    assert (found.worst_input, found.max_absolute, found.max_scaled) == (5, 10.0, pytest.approx(0.2))
    assert found.mean_absolute == pytest.approx(10 / (9 * 200))


def test_models_are_compared_output_by_output(tmp_path: Path) -> None:
    original = save(adding(np.zeros((4, 50), np.float32)), tmp_path / "a.onnx")
    inputs = inputs_of(tmp_path, [{"x": np.ones((4, 50), np.float32)}] * 2)
    shifted = save(adding(np.full((4, 50), 0.5, np.float32)), tmp_path / "b.onnx")
    parity = parity_of(original, shifted, inputs, tmp_path / "out")
    assert (parity.inputs, parity.source, parity.seed, parity.device) == (2, "synthetic", 0, "cpu")
    assert parity.seconds > 0
    assert parity.outputs[0].max_absolute == 0.5
    renamed = save(adding(np.zeros((4, 50), np.float32), "z"), tmp_path / "c.onnx")
    assert parity_of(original, renamed, inputs, tmp_path / "out").outputs[0].problem == "it is missing"


def test_floats_are_fed_in_the_width_the_changed_model_wants(tmp_path: Path) -> None:
    original = save(adding(np.zeros((4, 50), np.float32)), tmp_path / "a.onnx")
    half = save(adding(np.zeros((4, 50), np.float32), dtype=TensorProto.FLOAT16), tmp_path / "b.onnx")
    inputs = inputs_of(tmp_path, [{"x": RNG.normal(size=(4, 50)).astype(np.float32)}])
    (found,) = parity_of(original, half, inputs, tmp_path / "out").outputs
    assert found.sqnr_db is not None
    assert 60 < found.sqnr_db < 90


def test_maps_of_classifiers_are_compared_value_by_value(tmp_path: Path) -> None:
    """A ZipMap gives a list of maps from class to probability, as scikit-learn exports do."""

    def classifier(factor: float) -> ModelProto:
        nodes = [
            helper.make_node("Mul", ["x", "factor"], ["scores"]),
            helper.make_node("ZipMap", ["scores"], ["y"], domain="ai.onnx.ml", classlabels_strings=["cat", "dog", "ant"]),
        ]
        kind = helper.make_map_type_proto(TensorProto.STRING, helper.make_tensor_type_proto(FLOAT, []))
        output = helper.make_value_info("y", helper.make_sequence_type_proto(kind))
        factors = [weight("factor", np.array(factor, np.float32))]
        return model_of(nodes, [value("x", ["n", 3])], [output], factors, {"": 17, "ai.onnx.ml": 1})

    inputs = inputs_of(tmp_path, [{"x": np.array([[1, 2, 4], [8, 16, 32]], np.float32)}])
    paths = [save(classifier(factor), tmp_path / f"{factor}.onnx") for factor in (1.0, 1.5)]
    (found,) = parity_of(paths[0], paths[1], inputs, tmp_path / "out").outputs
    assert (found.elements, found.max_absolute, found.max_scaled, found.problem) == (6, 16.0, 0.5, "")


def test_a_changed_model_that_does_not_run_is_refused(tmp_path: Path) -> None:
    original = save(adding(np.zeros((4, 50), np.float32)), tmp_path / "a.onnx")
    wider = save(adding(np.zeros((4, 51), np.float32)), tmp_path / "b.onnx")
    with pytest.raises(OperationFailed, match="the runtime cannot"):
        parity_of(original, wider, inputs_of(tmp_path, [{"x": np.ones((4, 50), np.float32)}]), tmp_path / "out")


def test_samples_are_streamed(tmp_path: Path) -> None:
    """Twelve references of 8 MB: the child holds one, its counterpart and pieces of both, not all of them."""
    model = model_of([helper.make_node("Neg", ["x"], ["y"])], [value("x", ["n"])], [value("y", ["n"])])
    path = save(model, tmp_path / "m.onnx")
    big = np.ones(2 << 20, np.float32)
    for name, array in (("in", big), ("out", -big)):
        write_arrays(str(tmp_path / name), 0, [array])
        for index in range(1, 12):
            (tmp_path / name / f"{index:05d}.npz").hardlink_to(tmp_path / name / "00000.npz")
    reference = Reference(str(tmp_path / "out"), ("y",), InputSet(str(tmp_path / "in"), ("x",), 12, "synthetic"))
    request = ParityRequest(file_runnable(str(path)), reference, 1)
    *_, last = run_child(ENTRY, request, ParityAnswer, environment=CHILD_ENVIRONMENT)
    assert isinstance(last, FinishedChild)
    assert last.result.outputs[0].elements == 24 << 20
    assert last.result.outputs[0].max_absolute == 0
    assert last.peak_bytes is None or last.peak_bytes < 170 << 20
