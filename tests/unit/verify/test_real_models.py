"""Inputs for models that packages ship, and for this repository's samples: they run, they wake the model up, they differ."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import numpy_helper

from inspector.records.optimization import InputSet
from inspector.runtimes.onnx_runtime.feeds import read_arrays, read_feed
from inspector.verify.gates import check_gates, default_gates, failure
from inspector.verify.inputs import make_inputs
from inspector.verify.parity import compare
from tests.e2e.test_real_models import models_of
from tests.unit.verify.stepping import SETTINGS, inspected, recorded, returned

SAMPLES = Path(__file__).parents[3] / "sample_models"

SHAPES: dict[str, dict[str, dict[str, tuple[int, ...]]]] = {
    "basic_pitch": {"nmp": {"serving_default_input_2:0": (1, 43844, 1)}},
    "rapidocr_onnxruntime": {
        "ch_PP-OCRv4_det_infer": {"x": (1, 3, 224, 224)},
        "ch_PP-OCRv4_rec_infer": {"x": (1, 3, 48, 320)},
        "ch_ppocr_mobile_v2.0_cls_infer": {"x": (1, 3, 224, 224)},
    },
    "silero_vad": {
        "silero_vad": {"input": (1, 576), "state": (2, 1, 128), "sr": ()},
        "silero_vad_16k_op15": {"input": (1, 576), "state": (2, 1, 128), "sr": ()},
        "silero_vad_16k_sequence": {"input": (32, 576), "h": (1, 1, 128), "c": (1, 1, 128)},
        "silero_vad_half": {"input": (1, 576), "state": (2, 1, 128)},
        "silero_vad_op18_ifless": {"input": (1, 576), "sr": (), "state": (2, 1, 128)},
        "silero_vad_openvino_16k": {"input": (1, 576), "state": (2, 1, 128)},
    },
}


def first_outputs(inputs: InputSet, path: Path, folder: Path) -> list[float]:
    """Return the largest element of the first output for each input."""
    reference = recorded(path, inputs, folder)
    return [float(read_arrays(reference.folder, index)[0].max()) for index in range(inputs.count)]


@pytest.mark.parametrize("package", SHAPES)
def test_models_of_packages_run_on_made_inputs(package: str, tmp_path: Path) -> None:
    paths = models_of(package)
    if not paths:
        pytest.skip(f"{package} is not installed: make its .venv with `make test`")
    for path in paths:
        folder = tmp_path / path.stem
        inputs = returned(make_inputs(inspected(path), str(folder / "in"), 8, 0, SETTINGS, None))
        feed = read_feed(inputs, 0)
        assert {name: array.shape for name, array in feed.items()} == SHAPES[package][path.stem], path.name
        peaks = first_outputs(inputs, path, folder / "out")
        assert max(peaks) > 0.4, f"{path.name}: nothing is found in what was made"
        assert max(peaks) - min(peaks) > 0.2, f"{path.name}: the model does not tell the inputs apart"


@pytest.mark.parametrize("name", ["digits_cnn", "digits_transformer", "iterative_refinement"])
def test_samples_of_this_repository_run_on_made_inputs(name: str, tmp_path: Path) -> None:
    path = SAMPLES / f"{name}.onnx"
    inputs = returned(make_inputs(inspected(path), str(tmp_path / "in"), 8, 0, SETTINGS, None))
    peaks = first_outputs(inputs, path, tmp_path / "out")
    assert len(set(peaks)) > 5


def test_weights_rounded_to_half_pass_and_clamped_ones_do_not(tmp_path: Path) -> None:
    """What fp16 does to weights at best, and what a converter does that clamps constants: here at a tenth of the largest."""
    path = SAMPLES / "digits_cnn.onnx"
    inputs = returned(make_inputs(inspected(path), str(tmp_path / "in"), 8, 0, SETTINGS, None))
    reference = recorded(path, inputs, tmp_path / "out")
    verdicts = []
    for name in ("rounded", "clamped"):
        model = onnx.load(path)
        for tensor in model.graph.initializer:
            array = numpy_helper.to_array(tensor)
            if array.dtype != np.float32:
                continue
            most = np.abs(array).max() / 10
            changed = array.astype(np.float16).astype(np.float32) if name == "rounded" else np.clip(array, -most, most)
            tensor.CopyFrom(numpy_helper.from_array(changed, tensor.name))
        target = tmp_path / f"{name}.onnx"
        onnx.save(model, target)
        parity = returned(compare(str(target), reference, SETTINGS, None))
        verdicts.append(failure(check_gates(parity, default_gates("fp16", "synthetic")), parity))
    assert verdicts[0] == ""
    assert "SQNR" in verdicts[1]
