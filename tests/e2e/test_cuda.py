"""CUDA beside the CPU, on a machine that has it: the same numbers, nodes that stayed behind, what is too large, the table.

Everywhere else these tests skip with the reason that a user would be given; what is proven without a GPU is in
tests/unit/runtimes/onnx_runtime/test_devices.py and test_cuda_runs.py.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper

from inspector.errors import OperationFailed, UsageError
from inspector.records.inspection import Inspection
from inspector.records.optimization import InputSet
from inspector.runtimes.onnx_runtime.cuda_runs import BoundRunner
from inspector.runtimes.onnx_runtime.devices import Offered, choose_device, offered_devices
from inspector.runtimes.onnx_runtime.feeds import read_feed
from inspector.runtimes.onnx_runtime.nodes_on_device import lines_of, node_placement
from inspector.runtimes.onnx_runtime.sessions import CUDA_PROVIDER, RuntimeRefused, fitted_feed, make_session, run_session
from inspector.verify.inputs import make_inputs
from tests.builders import INT64, model_of, save, value
from tests.e2e.test_measured_time import SAMPLES, inspected
from tests.e2e.test_real_models import models_of
from tests.performance.device_bench import Row, halved, main, rows_of
from tests.unit.runtimes.onnx_runtime.feed_making import inputs_of
from tests.unit.verify.stepping import SETTINGS, returned

pytestmark = pytest.mark.gpu

MODELS = ["digits_cnn", "digits_transformer", "basic_pitch"]
TOLERANCE = {"fp32": 1e-3, "fp16": 3e-2}
"""Mean difference, as a share of the largest output, between devices that add in another order; the CPU adds fp16 in fp32."""


@pytest.fixture(scope="module")
def offered() -> Offered:
    """Return what the machine offers; skips with the reason where CUDA cannot be used."""
    found = returned(offered_devices(None))
    try:
        choose_device("cuda", found)
    except UsageError as error:
        pytest.skip(str(error))
    return found


@pytest.fixture(scope="module", params=MODELS)
def model(request: pytest.FixtureRequest, offered: Offered) -> tuple[Path, Inspection]:
    """Return three models, one after the other."""
    name = str(request.param)
    paths = models_of(name) if name == "basic_pitch" else [SAMPLES / f"{name}.onnx"]
    if not paths:
        pytest.skip(f"{name} is not installed: make its .venv with `make test`")
    return paths[0], inspected(paths[0])


def inputs_for(inspection: Inspection, folder: Path) -> InputSet:
    return returned(make_inputs(inspection, str(folder / "inputs"), 3, 0, SETTINGS, None))


def test_the_machine_is_described(offered: Offered) -> None:
    device = offered.devices[0]
    assert device.name
    assert device.memory_bytes is not None
    assert device.memory_bytes > 1 << 30
    assert device.free_bytes is None or 0 < device.free_bytes <= device.memory_bytes
    assert offered.driver
    assert choose_device("auto", offered).device == "cuda"
    assert device.name in offered.accelerators[0]


@pytest.mark.parametrize("weights", ["fp32", "fp16"])
def test_both_devices_give_the_same(model: tuple[Path, Inspection], weights: str, tmp_path: Path) -> None:
    path, inspection = model
    inputs = inputs_for(inspection, tmp_path)
    used = path if weights == "fp32" else halved(path, tmp_path)
    on_cpu, on_cuda = make_session(str(used)), make_session(str(used), device="cuda")
    assert on_cuda.get_providers()[0] == CUDA_PROVIDER
    runner = BoundRunner(on_cuda)
    for index in range(inputs.count):
        feed = read_feed(inputs, index)
        expected = run_session(on_cpu, fitted_feed(on_cpu, feed))
        run = runner.run(feed)
        outputs, _ = runner.fetch()
        assert min(run.transfer_in_ms, run.compute_ms, run.transfer_out_ms) > 0
        for ours, theirs in zip(outputs, expected, strict=True):
            scale = max(1.0, float(np.abs(theirs).max()))
            assert float(np.abs(ours.astype(np.float64) - theirs).mean()) <= TOLERANCE[weights] * scale


def test_a_parity_session_is_nearer_to_the_cpu_than_tf32_is(offered: Offered, tmp_path: Path) -> None:
    """Sessions that do not serve round no products to TF32: on a matrix of this size that would cost three digits."""
    weight = np.random.default_rng(0).standard_normal((1024, 1024), np.float32)
    node = helper.make_node("MatMul", ["a", "w"], ["y"])
    product = model_of([node], [value("a", [64, 1024])], [value("y", [64, 1024])], [numpy_helper.from_array(weight, "w")])
    path, feed = str(save(product, tmp_path / "m.onnx")), {"a": weight[:64]}
    expected = feed["a"].astype(np.float64) @ weight
    made = run_session(make_session(path, device="cuda"), feed)[0]
    assert np.abs(made - expected).max() < 1e-3


def test_nodes_that_stay_on_the_cpu_are_named(offered: Offered, tmp_path: Path) -> None:
    """Control flow and text are never executed on a GPU."""
    path = SAMPLES / "iterative_refinement.onnx"
    inspection = inspected(path)
    placement = returned(node_placement(str(path), inputs_for(inspection, tmp_path), SETTINGS, None))
    assert any(line.endswith("(Loop)") for line in placement.named)
    text = [helper.make_node("StringConcat", ["s", "s"], ["t"], "twice")]
    words = model_of(text, [value("s", [2], TensorProto.STRING)], [value("t", [2], TensorProto.STRING)])
    inputs = inputs_of(tmp_path, [{"s": np.array(["A", "B"])}])
    named = lines_of(returned(node_placement(str(save(words, tmp_path / "w.onnx")), inputs, SETTINGS, None)))
    assert named == ("twice (StringConcat)",)


def test_a_model_of_plain_layers_leaves_the_device_for_nothing(offered: Offered, tmp_path: Path) -> None:
    path = SAMPLES / "digits_cnn.onnx"
    placement = returned(node_placement(str(path), inputs_for(inspected(path), tmp_path), SETTINGS, None))
    assert placement.on_cpu < placement.executed / 2


def test_a_model_larger_than_the_device_is_told_beforehand_and_while_it_runs(offered: Offered, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="and the model needs"):
        choose_device("cuda", offered, 1 << 50)
    assert choose_device("auto", offered, 1 << 50).device == "cpu"
    fill = helper.make_node("ConstantOfShape", ["n"], ["y"], value=helper.make_tensor("v", TensorProto.FLOAT, [1], [1.0]))
    huge = model_of([fill, helper.make_node("Neg", ["y"], ["z"])], [value("n", [1], INT64)], [value("z", ["k"])])
    session = make_session(str(save(huge, tmp_path / "huge.onnx")), device="cuda")
    with pytest.raises(RuntimeRefused, match="the GPU has too little memory for it"):
        run_session(session, {"n": np.array([1 << 40])})
    assert run_session(session, {"n": np.array([3])})[0].tolist() == [-1.0] * 3, "the device still works"


def test_a_device_that_is_hidden_is_said(offered: Offered, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "-1")
    hidden = returned(offered_devices(None))
    with pytest.raises(UsageError, match="shows no CUDA device") as caught:
        choose_device("cuda", hidden)
    assert caught.value.hint == "check CUDA_VISIBLE_DEVICES, which is set"
    path = SAMPLES / "digits_cnn.onnx"
    with pytest.raises(OperationFailed):
        returned(node_placement(str(path), inputs_for(inspected(path), tmp_path), SETTINGS, None))


def test_the_table_has_both_precisions(
    model: tuple[Path, Inspection], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, _ = model
    rows = list(rows_of(path.stem, path, {}, tmp_path, 10, "cuda"))
    assert [row.weights for row in rows if isinstance(row, Row)] == ["fp32", "fp16"]
    with capsys.disabled():
        for row in rows:
            print(row.line() if isinstance(row, Row) else row)


@pytest.mark.performance
def test_the_whole_table_is_printed(offered: Offered, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--rounds", "20"]) == 0
    assert capsys.readouterr().out.count("fp16") == 3
