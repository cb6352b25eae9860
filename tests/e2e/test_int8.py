"""int8 on the samples, from the file to a change that is proven: accuracy on labels, size, the kind that was chosen."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest

from inspector.isolation.limits import CancelToken
from inspector.records.event import Finished
from inspector.records.optimization import Change, OptimizationRequest, OptimizerName
from inspector.workflows.inspect import inspect
from inspector.workflows.optimization.session import OptimizationSession

SAMPLES = Path(__file__).parents[2] / "sample_models"
CNN, TRANSFORMER = SAMPLES / "digits_cnn.onnx", SAMPLES / "digits_transformer.onnx"


@pytest.fixture(autouse=True)
def _cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def applied(path: Path, name: OptimizerName, target: Path) -> Change:
    """Apply one step with the sample's data, save what was accepted and return the change."""
    inspection = next(event.result for event in inspect(path) if isinstance(event, Finished))
    session = OptimizationSession(inspection, OptimizationRequest(data=str(path.with_suffix(".npz"))))
    try:
        change = next(event.result for event in session.run(name, CancelToken()) if isinstance(event, Finished))
        if change.status == "accepted":
            for _ in session.save(target, CancelToken()):
                pass
        return change
    finally:
        session.close()


def accuracy(path: Path, data: Path) -> float:
    """Return the share of right answers by plain means: one run of the runtime over all labelled samples."""
    with np.load(data) as arrays:
        labels = arrays["label"]
        feed = {name: arrays[name] for name in arrays.files if name != "label"}
    outputs = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"]).run(None, feed)[0]
    return float(np.mean(np.argmax(outputs, axis=1) == labels))


@pytest.mark.parametrize(
    ("model", "choice", "operators", "largest"),
    [
        (CNN, "static int8", {"QuantizeLinear", "DequantizeLinear"}, 0.35),
        (TRANSFORMER, "dynamic int8", {"DynamicQuantizeLinear", "MatMulInteger"}, 0.4),
    ],
)
def test_the_samples_keep_their_accuracy_in_a_third_of_the_size(
    tmp_path: Path, model: Path, choice: str, operators: set[str], largest: float
) -> None:
    target = tmp_path / "int8.onnx"
    change = applied(model, "int8", target)
    assert change.status == "accepted"
    assert choice.split()[0] in change.reason
    assert change.preflight is not None
    assert change.preflight.choice.startswith(choice)
    assert change.conformance is not None
    assert (change.conformance.status, change.conformance.margin, change.conformance.confidence) == ("passed", 0.005, 0.95)
    assert change.conformance.loss_high < 0.005
    before, after = accuracy(model, model.with_suffix(".npz")), accuracy(target, model.with_suffix(".npz"))
    assert before - after < 0.005
    assert target.stat().st_size < largest * model.stat().st_size
    assert operators <= {node.op_type for node in onnx.load(target).graph.node}
    onnx.checker.check_model(target, full_check=True)


def test_convolutions_quantized_dynamically_pass_but_are_said_to_be_slow(tmp_path: Path) -> None:
    change = applied(CNN, "int8-dynamic", tmp_path / "dynamic.onnx")
    assert change.status == "accepted"
    assert change.verdict in ("accepted", "smaller but slower")  # which one is measured, and this machine may be busy
    assert change.preflight is not None
    assert "convolutions quantized dynamically usually run slower than in fp32" in change.preflight.warnings
    assert "ConvInteger" in {node.op_type for node in onnx.load(tmp_path / "dynamic.onnx").graph.node}
