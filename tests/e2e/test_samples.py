"""The committed samples do what their README says: accuracy on the labelled data, and right answers from the Loop."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest

SAMPLES = Path(__file__).parents[2] / "sample_models"


def session(name: str) -> onnxruntime.InferenceSession:
    return onnxruntime.InferenceSession(SAMPLES / f"{name}.onnx", providers=["CPUExecutionProvider"])


@pytest.mark.parametrize(("name", "floor"), [("digits_cnn", 0.99), ("digits_transformer", 0.935)])
def test_a_classifier_is_right_on_its_labelled_data(name: str, floor: float) -> None:
    data = dict(np.load(SAMPLES / f"{name}.npz"))
    labels = data.pop("label")
    (logits,) = session(name).run(["logits"], data)
    assert len(labels) >= 2000
    assert np.mean(np.argmax(logits, axis=1) == labels) >= floor


def test_the_loop_finds_square_roots() -> None:
    values = np.random.default_rng(0).uniform(0.01, 50, size=(8, 4)).astype(np.float32)
    (roots,) = session("iterative_refinement").run(["roots"], {"raw_values": values})
    np.testing.assert_allclose(roots, np.sqrt(values), rtol=1e-4)


@pytest.mark.parametrize("path", sorted(SAMPLES.glob("*.onnx")), ids=lambda path: path.stem)
def test_a_sample_passes_the_checker_and_names_its_preprocessing(path: Path) -> None:
    model = onnx.load(path)
    onnx.checker.check_model(model, full_check=True)
    assert "preprocessing" in {entry.key for entry in model.metadata_props}


def test_the_samples_take_a_few_megabytes_in_all() -> None:
    assert sum(path.stat().st_size for path in SAMPLES.iterdir() if path.is_file()) < 6_000_000
