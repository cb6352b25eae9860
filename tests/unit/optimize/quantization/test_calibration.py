"""Ranges by three methods: against numpy, against onnxruntime's own calibrators, on heavy tails and on odd values."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from onnx import TensorProto, helper
from onnxruntime.quantization.calibrate import (
    CalibrationDataReader,
    CalibrationMethod,
    EntropyCalibrater,
    MinMaxCalibrater,
    PercentileCalibrater,
)

from inspector.errors import OperationFailed
from inspector.isolation.child import ChildFailed
from inspector.isolation.limits import CancelToken
from inspector.optimize.quantization.calibration import Calibration, calibrate, collect_ranges
from inspector.optimize.quantization.calibration_child import read_ranges
from inspector.optimize.quantization.ranges import RANGE_METHODS, TensorRange, load_ranges, range_problems
from inspector.records.optimization import InputSet, OptimizeSettings
from tests.builders import INT64, model_of, save, value
from tests.unit.runtimes.onnx_runtime.feed_making import inputs_of

SETTINGS = OptimizeSettings(threads=1)


class Reader(CalibrationDataReader):
    """What onnxruntime's own calibrators read."""

    def __init__(self, arrays: Sequence[NDArray[np.float32]]) -> None:
        self._feeds = iter([{"x": one} for one in arrays])

    def get_next(self) -> dict[str, NDArray[np.float32]] | None:
        return next(self._feeds, None)


def run(steps):
    """Return the result of a part of a workflow."""
    try:
        while True:
            next(steps)
    except StopIteration as ended:
        return ended.value


def model_at(folder: Path) -> Path:
    """Write a model that halves its input and then drops what is negative."""
    nodes = [helper.make_node("Mul", ["x", "half"], ["y"], "mul"), helper.make_node("Relu", ["y"], ["z"], "relu")]
    half = helper.make_tensor("half", TensorProto.FLOAT, [], [0.5])
    model = model_of(nodes, [value("x", ["n"])], [value("y", ["n"]), value("z", ["n"])], [half])
    return save(model, folder / "model.onnx")


def calibrated(folder: Path, arrays: Sequence[NDArray[np.float32]], **options: object) -> Calibration:
    inputs = inputs_of(folder, [{"x": one} for one in arrays])
    path = str(model_at(folder))
    return run(calibrate(path, inputs, RANGE_METHODS, None, SETTINGS, CancelToken(), str(folder / "work"), **options))


def ranges_of(calibration: Calibration, name: str) -> dict[str, TensorRange]:
    found = {}
    for method, path in calibration.paths.items():
        found[method] = next(one for one in load_ranges(path).tensors if one.name == name)
    return found


def split(values: NDArray[np.float64]) -> list[NDArray[np.float32]]:
    """Return the values as samples of different lengths."""
    return np.split(values.astype(np.float32), [100, 5000, 5001])


def test_lowest_and_highest_value_of_every_float_tensor(tmp_path: Path) -> None:
    values = np.random.default_rng(0).normal(size=10_000)
    calibration = calibrated(tmp_path, split(values))
    single = values.astype(np.float32)
    for name, expected in (("x", single), ("y", single / 2), ("z", np.maximum(single / 2, 0))):
        found = ranges_of(calibration, name)["minmax"]
        assert (found.low, found.high, found.values) == (float(expected.min()), float(expected.max()), 10_000)
    assert calibration.samples == 4


def test_methods_differ_on_heavy_tails(tmp_path: Path) -> None:
    values = np.random.default_rng(1).standard_t(3, 100_000)
    found = ranges_of(calibrated(tmp_path, split(values)), "y")
    highs = [found[method].high for method in ("minmax", "percentile", "entropy")]
    assert highs[0] > 1.2 * highs[1]
    assert highs[1] > 1.1 * highs[2]
    assert highs[2] > 2.0
    lows = [found[method].low for method in ("minmax", "percentile", "entropy")]
    assert lows[0] < lows[1] < lows[2] < -2.0


def test_methods_agree_on_an_even_spread(tmp_path: Path) -> None:
    values = np.random.default_rng(2).uniform(-3, 3, 100_000)
    found = ranges_of(calibrated(tmp_path, split(values)), "x")
    for method in RANGE_METHODS:
        assert found[method].low == pytest.approx(-3, rel=0.005), method
        assert found[method].high == pytest.approx(3, rel=0.005), method


def test_percentiles_are_those_of_numpy_to_a_bin(tmp_path: Path) -> None:
    values = np.random.default_rng(3).laplace(size=200_000)
    single = values.astype(np.float32)
    width = 2 * float(np.abs(single).max()) / 8192
    for percentile in (90.0, 99.0, 99.99):
        found = ranges_of(calibrated(tmp_path, split(values), percentile=percentile), "x")["percentile"]
        cut = (100 - percentile) / 2
        assert found.low == pytest.approx(np.percentile(single, cut), abs=1.5 * width)
        assert found.high == pytest.approx(np.percentile(single, 100 - cut), abs=1.5 * width)


def by_onnxruntime(kind: type, folder: Path, arrays: Sequence[NDArray[np.float32]], **options: object) -> tuple[float, float]:
    calibrator = kind(str(model_at(folder)), augmented_model_path=str(folder / "augmented.onnx"), **options)
    calibrator.augment_graph()
    calibrator.create_inference_session()
    calibrator.collect_data(Reader(arrays))
    low, high = calibrator.compute_data()["y"].range_value
    return float(np.squeeze(low)), float(np.squeeze(high))


@pytest.mark.parametrize("spread", ["normal", "one outlier", "even"])
def test_ranges_are_those_of_onnxruntime_where_its_methods_work(tmp_path: Path, spread: str) -> None:
    """Its entropy method tells 128 levels where 8 bits have 255, so that its thresholds lie a little lower."""
    random = np.random.default_rng(4)
    values = random.uniform(-1, 1, 101_000) if spread == "even" else random.normal(size=101_000)
    if spread == "one outlier":
        values[50_000] = 100.0
    arrays = list(values.astype(np.float32).reshape(4, -1))
    ours = ranges_of(calibrated(tmp_path, arrays), "y")
    theirs = {
        "minmax": (by_onnxruntime(MinMaxCalibrater, tmp_path, arrays), 1e-6),
        "percentile": (by_onnxruntime(PercentileCalibrater, tmp_path, arrays, num_bins=8192, percentile=99.99), 0.01),
        "entropy": (by_onnxruntime(EntropyCalibrater, tmp_path, arrays, num_bins=2048, num_quantized_bins=128), 0.25),
    }
    for method, ((low, high), tolerance) in theirs.items():
        assert ours[method].low == pytest.approx(low, rel=tolerance), method
        assert ours[method].high == pytest.approx(high, rel=tolerance), method


def test_onnxruntimes_entropy_with_its_default_bins_is_no_other_than_its_minmax(tmp_path: Path) -> None:
    """Why this method is our own: as many bins as levels leave one threshold to choose from."""
    arrays = [np.random.default_rng(5).standard_t(3, 100_000).astype(np.float32)]
    plain = by_onnxruntime(MinMaxCalibrater, tmp_path, arrays)
    assert by_onnxruntime(EntropyCalibrater, tmp_path, arrays) == pytest.approx(plain)
    ours = ranges_of(calibrated(tmp_path, arrays), "y")["entropy"]
    assert ours.high < 0.7 * plain[1]


def test_one_sided_tensors_keep_their_zero(tmp_path: Path) -> None:
    values = np.random.default_rng(6).standard_t(3, 100_000)
    found = ranges_of(calibrated(tmp_path, split(values)), "z")
    assert {one.low for one in found.values()} == {0.0}
    assert found["minmax"].high > found["entropy"].high > 1.0


@pytest.mark.parametrize("odd", [np.nan, np.inf, -np.inf])
def test_values_that_are_no_finite_numbers_leave_a_tensor_without_a_range(tmp_path: Path, odd: float) -> None:
    calibration = calibrated(tmp_path, [np.array([1, 2], np.float32), np.array([odd, 3], np.float32)])
    for path in calibration.paths.values():
        assert set(range_problems(path)) == ({"x", "y", "z"} if odd > 0 or np.isnan(odd) else {"x", "y"})
        assert "x" not in read_ranges(path)
    assert any("NaN" in note for note in calibration.notes)


def test_empty_and_constant_tensors(tmp_path: Path) -> None:
    calibration = calibrated(tmp_path, [np.zeros(0, np.float32)])
    assert set(range_problems(calibration.paths["entropy"])) == {"x", "y", "z"}
    (tmp_path / "zeros").mkdir()
    zeros = calibrated(tmp_path / "zeros", [np.zeros(5, np.float32)])
    for method in RANGE_METHODS:
        assert read_ranges(zeros.paths[method])["x"].range_value == (0.0, 0.0)
    (tmp_path / "same").mkdir()
    same = calibrated(tmp_path / "same", [np.full(5, -7, np.float32)])
    for method in RANGE_METHODS:
        assert read_ranges(same.paths[method])["x"].range_value == (-7.0, -7.0)


def test_ranges_come_as_the_quantizers_take_them(tmp_path: Path) -> None:
    calibration = calibrated(tmp_path, [np.array([-1, 2], np.float32)])
    data = read_ranges(calibration.paths["percentile"])
    assert data.calibration_method == CalibrationMethod.Percentile
    assert {str(one.lowest.dtype) for one in data.values()} == {"float32"}


def test_half_and_double_precision(tmp_path: Path) -> None:
    nodes = [
        helper.make_node("Cast", ["x"], ["small"], to=TensorProto.FLOAT16),
        helper.make_node("Cast", ["x"], ["large"], to=TensorProto.DOUBLE),
        helper.make_node("Mul", ["large", "large"], ["y"]),
    ]
    outputs = [value("y", ["n"], TensorProto.DOUBLE), value("small", ["n"], TensorProto.FLOAT16)]
    path = str(save(model_of(nodes, [value("x", ["n"])], outputs), tmp_path / "model.onnx"))
    inputs = inputs_of(tmp_path, [{"x": np.array([1, -1e30, 3], np.float32)}, {"x": np.array([2], np.float32)}])
    work = str(tmp_path / "work")
    found = run(calibrate(path, inputs, ["minmax"], None, SETTINGS, CancelToken(), work)).paths["minmax"]
    data = read_ranges(found)
    assert data["y"].range_value == (1.0, np.finfo(np.float32).max)
    assert set(range_problems(found)) == {"small"}
    found = run(collect_ranges(path, inputs, "entropy", ["large"], SETTINGS, CancelToken(), work))
    assert [one.name for one in load_ranges(found).tensors] == ["large"]


def test_no_float_tensors(tmp_path: Path) -> None:
    model = model_of([helper.make_node("Neg", ["x"], ["y"])], [value("x", [2], INT64)], [value("y", [2], INT64)])
    inputs = inputs_of(tmp_path, [{"x": np.arange(2)}])
    path = str(save(model, tmp_path / "model.onnx"))
    calibration = run(calibrate(path, inputs, RANGE_METHODS, None, SETTINGS, CancelToken(), str(tmp_path / "work")))
    assert calibration.tensors == 0
    assert list(read_ranges(calibration.paths["entropy"])) == []


def test_groups_change_nothing(tmp_path: Path) -> None:
    arrays = split(np.random.default_rng(8).normal(size=10_000))
    whole = calibrated(tmp_path, arrays)
    (tmp_path / "parts").mkdir()
    parts = calibrated(tmp_path / "parts", arrays, memory_budget=1)
    for method in RANGE_METHODS:
        assert load_ranges(whole.paths[method]) == load_ranges(parts.paths[method])


def test_a_crash_or_a_refusal_is_one_line(tmp_path: Path) -> None:
    inputs = InputSet(str(tmp_path / "nowhere"), ("x",), 2, "synthetic")
    with pytest.raises(OperationFailed, match="sample 0"):
        run(collect_ranges(str(model_at(tmp_path)), inputs, "minmax", None, SETTINGS, CancelToken(), str(tmp_path / "work")))
    token = CancelToken()
    token.cancel()
    with pytest.raises(ChildFailed, match="cancelled"):
        run(collect_ranges(str(model_at(tmp_path)), inputs, "minmax", None, SETTINGS, token, str(tmp_path / "work")))
    (tmp_path / "broken.json").write_text("{")
    with pytest.raises(OperationFailed, match="calibrate again"):
        read_ranges(str(tmp_path / "broken.json"))


def test_progress_is_told(tmp_path: Path) -> None:
    inputs = inputs_of(tmp_path, [{"x": np.ones(2, np.float32)}] * 3)
    steps = collect_ranges(str(model_at(tmp_path)), inputs, "entropy", None, SETTINGS, CancelToken(), str(tmp_path / "work"))
    said = list(steps)
    assert (said[-1].done, said[-1].total) == (6, 6)


def test_without_time_fewer_samples_are_used_and_that_is_said(tmp_path: Path) -> None:
    inputs = inputs_of(tmp_path, [{"x": np.full(2, one, np.float32)} for one in (1, 2, 3)])
    settings = OptimizeSettings(threads=1, budget_seconds=0.0)
    steps = calibrate(str(model_at(tmp_path)), inputs, ["minmax"], None, settings, CancelToken(), str(tmp_path / "work"))
    calibration = run(steps)
    assert calibration.samples == 1
    assert "only 1 of 3 calibration samples" in calibration.notes[1]
    assert load_ranges(calibration.paths["minmax"]).tensors[0].high == 1.0
