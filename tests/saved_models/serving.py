"""What a model server adds: warm-up requests, and a folder with several versions."""

from __future__ import annotations

from pathlib import Path

import tensorflow as tf


class Scale(tf.Module):
    """One variable, one signature; a second version may take another input."""

    def __init__(self, factor: float) -> None:
        super().__init__()
        self.factor = tf.Variable(factor, name="factor")

    @tf.function(input_signature=[tf.TensorSpec([None, 3], tf.float32, name="values")])
    def first(self, values: tf.Tensor) -> dict[str, tf.Tensor]:
        """Return float32[batch,3]."""
        return {"scaled": values * self.factor}

    @tf.function(
        input_signature=[tf.TensorSpec([None, 4], tf.float32, name="values"), tf.TensorSpec([], tf.int64, name="power")]
    )
    def second(self, values: tf.Tensor, power: tf.Tensor) -> dict[str, tf.Tensor]:
        """Return float32[batch,4]."""
        return {"scaled": values * self.factor ** tf.cast(power, tf.float32)}


def _field(number: int, payload: bytes) -> bytes:
    assert len(payload) < 1 << 14
    length = bytes([len(payload)]) if len(payload) < 128 else bytes([len(payload) & 127 | 128, len(payload) >> 7])
    return bytes([number << 3 | 2]) + length + payload


def prediction_log(signature: str, inputs: dict[str, tf.Tensor]) -> bytes:
    """Return a PredictionLog with one PredictRequest, encoded by hand: the serving API is a package of its own."""
    spec = _field(1, b"scale") + _field(3, signature.encode())
    entries = [
        _field(1, name.encode()) + _field(2, tf.make_tensor_proto(value).SerializeToString()) for name, value in inputs.items()
    ]
    request = _field(1, spec) + b"".join(_field(2, entry) for entry in entries)
    return _field(6, _field(1, request))


def warm_up(target: Path) -> None:
    """Write three warm-up requests beside a model, by TensorFlow's own record writer."""
    module = Scale(2.0)
    tf.saved_model.save(module, str(target), signatures={"serving_default": module.first, "powers": module.second})
    extra = target / "assets.extra"
    extra.mkdir()
    (extra / "notes.txt").write_text("what a server replays before it says it is ready\n")
    with tf.io.TFRecordWriter(str(extra / "tf_serving_warmup_requests")) as writer:
        for signature, inputs in (
            ("serving_default", {"values": tf.ones([1, 3])}),
            ("serving_default", {"values": tf.zeros([60, 3])}),
            ("powers", {"values": tf.ones([2, 4]), "power": tf.constant(2, tf.int64)}),
        ):
            writer.write(prediction_log(signature, inputs))


def versions(target: Path) -> None:
    """Write versions 1, 2 and 10; the last takes another input."""
    for version in (1, 2, 10):
        module = Scale(float(version))
        signature = module.second if version == 10 else module.first
        tf.saved_model.save(module, str(target / str(version)), signatures={"serving_default": signature})


MAKERS = {"warm_up": warm_up, "versions": versions}
