"""SavedModels that take one length only, or never answer: `-m tests.unit.verify.signature_models FOLDER`."""

from __future__ import annotations

import sys
from pathlib import Path

import tensorflow as tf


class Wide(tf.Module):
    """Takes rows of 224 numbers, and does not say so."""

    def __init__(self) -> None:
        super().__init__()
        self.kernel = tf.Variable(tf.ones([224, 3]))

    @tf.function(input_signature=[tf.TensorSpec([None, None], tf.float32, name="features")])
    def __call__(self, features: tf.Tensor) -> dict[str, tf.Tensor]:
        """Return float32[batch,3]."""
        return {"scores": tf.matmul(features, self.kernel)}


class Endless(tf.Module):
    """Never answers."""

    @tf.function(input_signature=[tf.TensorSpec([None], tf.float32, name="x")])
    def __call__(self, x: tf.Tensor) -> dict[str, tf.Tensor]:
        """Return nothing, ever."""
        return {"y": tf.while_loop(lambda _: True, lambda y: (tf.sin(y),), [x])[0]}


def main() -> None:
    """Write both."""
    for name, module in (("wide", Wide()), ("endless", Endless())):
        tf.saved_model.save(module, str(Path(sys.argv[1], name)), signatures=module.__call__)


if __name__ == "__main__":
    main()
