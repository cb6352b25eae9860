"""SavedModels that only tests of LiteRT need, made where TensorFlow runs: two signatures, a loop, a list in a loop."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import tensorflow as tf

RNG = np.random.default_rng(7)


def _variable(*shape: int) -> tf.Variable:
    return tf.Variable(RNG.normal(0, 0.3, shape).astype(np.float32))


class TwoSignatures(tf.Module):
    """Signatures that share a weight; names are not in the order of the alphabet."""

    def __init__(self) -> None:
        super().__init__()
        self.shared = _variable(32, 64)
        self.head = _variable(64, 4)

    @tf.function(
        input_signature=[
            tf.TensorSpec([None, 32], tf.float32, name="x"),
            tf.TensorSpec([None, 32], tf.float32, name="a"),
        ]
    )
    def main(self, x: tf.Tensor, a: tf.Tensor) -> dict[str, tf.Tensor]:
        """Return float32[batch,4] and float32[batch,64]."""
        return {"zz": tf.nn.relu(x @ self.shared - a @ self.shared) @ self.head, "aa": x @ self.shared}

    @tf.function(input_signature=[tf.TensorSpec([None, 32], tf.float32, name="x")])
    def second(self, x: tf.Tensor) -> dict[str, tf.Tensor]:
        """Return float32[batch,64]."""
        return {"out": tf.nn.softmax(x @ self.shared)}


def two_signatures(target: Path) -> None:
    """Write them."""
    module = TwoSignatures()
    tf.saved_model.save(module, str(target), signatures={"serving_default": module.main, "second": module.second})


class Recurrent(tf.Module):
    """A cell that a While loop runs five times on a state."""

    def __init__(self) -> None:
        super().__init__()
        self.kernel = _variable(8, 48)
        self.recurrent = _variable(48, 48)

    @tf.function(input_signature=[tf.TensorSpec([None, 5, 8], tf.float32, name="sequence")])
    def __call__(self, sequence: tf.Tensor) -> dict[str, tf.Tensor]:
        """Return float32[batch,48], the last state."""
        first = tf.zeros([tf.shape(sequence)[0], 48])
        _, state = tf.while_loop(
            lambda step, _: step < 5,
            lambda step, state: (step + 1, tf.tanh(sequence[:, step] @ self.kernel + state @ self.recurrent)),
            [tf.constant(0), first],
            shape_invariants=[tf.TensorShape([]), tf.TensorShape([None, 48])],
        )
        return {"state": state}


def while_loop(target: Path) -> None:
    """Write it."""
    module = Recurrent()
    tf.saved_model.save(module, str(target), signatures=module.__call__)


def lstm(target: Path) -> None:
    """Write Keras's LSTM of an open batch, whose While loop fills a list."""
    layers = tf.keras.layers
    inputs = tf.keras.Input([12, 8], name="sequence")
    tf.keras.Model(inputs, layers.Dense(3)(layers.LSTM(16, return_sequences=True)(inputs))).export(str(target), verbose=False)


MAKERS = {"shared_weight": two_signatures, "state_loop": while_loop, "open_lstm": lstm}
