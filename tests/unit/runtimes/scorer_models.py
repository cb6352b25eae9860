"""One small model for three runtimes: `-m tests.unit.runtimes.scorer_models FOLDER` writes it for TensorFlow and LiteRT.

scorer_onnx() is the same for ONNX Runtime, built by hand from the same numbers.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from onnx import ModelProto, TensorProto, helper

from tests.builders import model_of, value, weight

KERNEL = np.random.default_rng(7).normal(size=(4, 3)).astype(np.float32)
WORDS = [b"cat", "köter".encode(), b"\xff\0"]


def scorer_onnx(
    kernel: np.ndarray[tuple[int, ...], np.dtype[np.float32]] = KERNEL, scores: str = "scores", dtype: int = TensorProto.FLOAT
) -> ModelProto:
    """Return scores = features x kernel, and the largest one's place, as "best"."""
    nodes = [
        helper.make_node("Cast", ["features"], ["wide"], to=TensorProto.FLOAT),
        helper.make_node("MatMul", ["wide", "kernel"], [scores]),
        helper.make_node("ArgMax", [scores], ["best"], axis=1, keepdims=0),
    ]
    outputs = [value("best", ["n"], TensorProto.INT64), value(scores, ["n", 3])]
    return model_of(nodes, [value("features", ["n", 4], dtype)], outputs, [weight("kernel", kernel)], {"": 17})


def main() -> None:
    """Write the SavedModel "scorer", with more signatures than one, and "scorer.tflite" with the default one."""
    import tensorflow as tf

    folder, features = Path(sys.argv[1]), tf.TensorSpec([None, 4], tf.float32, name="features")
    module = tf.Module()

    @tf.function(input_signature=[features])
    def score(features: tf.Tensor) -> dict[str, tf.Tensor]:
        scores = tf.matmul(features, KERNEL)
        return {"scores": scores, "best": tf.argmax(scores, axis=1)}

    @tf.function(input_signature=[features])
    def name(features: tf.Tensor) -> dict[str, tf.Tensor]:
        best = tf.argmax(tf.matmul(features, KERNEL), axis=1)
        rows = tf.RaggedTensor.from_row_lengths(tf.range(6.0), [1, 2, 3])
        return {"word": tf.gather(tf.constant(WORDS), best), "brief": tf.cast(features, tf.bfloat16), "uneven": rows}

    @tf.function(input_signature=[features])
    def dice(features: tf.Tensor) -> dict[str, tf.Tensor]:
        return {"noise": features + tf.random.normal(tf.shape(features))}

    module.score = score
    signatures = {"serving_default": score, "name": name, "dice": dice}
    tf.saved_model.save(module, str(folder / "scorer"), signatures=signatures)
    converter = tf.lite.TFLiteConverter.from_saved_model(str(folder / "scorer"), signature_keys=["serving_default"])
    (folder / "scorer.tflite").write_bytes(converter.convert())


if __name__ == "__main__":
    main()
