"""Weights of one model in several formats and precisions."""

from __future__ import annotations

import pytest

from inspector.analysis.image.weights_twice import is_weights, weights_twice


@pytest.mark.parametrize(
    ("sizes", "twice"),
    [
        ({"m/model.onnx": 400, "m/model_fp16.onnx": 200}, {"m/model_fp16.onnx"}),
        (
            {"m/model.onnx": 400, "m/model_quantized.onnx": 101, "m/model_fp16.onnx": 201},
            {"m/model_quantized.onnx", "m/model_fp16.onnx"},
        ),
        ({"m/model.safetensors": 401, "m/pytorch_model.bin": 400}, {"m/pytorch_model.bin"}),
        ({"m/model.safetensors": 400, "m/onnx/model.onnx": 401}, {"m/model.safetensors"}),
        ({"m/net.pt": 400, "m/net.onnx": 401}, {"m/net.pt"}),
        ({"m/net.h5": 400, "m/net.onnx": 380}, {"m/net.onnx"}),
        (
            {
                "m/model-00001-of-00002.safetensors": 300,
                "m/model-00002-of-00002.safetensors": 300,
                "m/pytorch_model-00001-of-00002.bin": 301,
                "m/pytorch_model-00002-of-00002.bin": 301,
            },
            {"m/model-00001-of-00002.safetensors", "m/model-00002-of-00002.safetensors"},
        ),
        ({"m/model.onnx": 5, "m/model.onnx_data": 400, "m/model.safetensors": 398}, {"m/model.safetensors"}),
        ({"m/model.onnx": 400, "n/model_fp16.onnx": 200}, set()),
        ({"m/encoder.onnx": 400, "m/decoder.onnx": 400}, set()),
        ({"m/model.bin": 400, "m/model.pb": 400}, set()),
        ({"m/model.safetensors": 400_000, "m/model.onnx": 400}, set()),
        ({"m/training_args.bin": 400, "m/model.safetensors": 400}, set()),
        ({"m/model.onnx": 0, "m/model_fp16.onnx": 0}, set()),
    ],
)
def test_variants(sizes: dict[str, int], twice: set[str]) -> None:
    assert set(weights_twice(sizes)[0]) == twice


def test_the_note_says_what_it_rests_on() -> None:
    assert weights_twice({"a/m.onnx": 400, "a/m_fp16.onnx": 200})[1].startswith("told by name and size (.onnx, .onnx fp16)")
    assert weights_twice({"a/m.onnx": 400}) == ((), "")


def test_what_holds_weights() -> None:
    assert is_weights("srv/model.ONNX")
    assert is_weights("srv/pytorch_model.bin")
    assert is_weights("srv/model.onnx_data")
    assert not is_weights("srv/readme.md")
    assert not is_weights("srv/schema.pb")
