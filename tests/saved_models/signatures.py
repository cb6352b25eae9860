"""Signatures as converters find them hard: several on one set of weights, loops, names and inputs that are in the way."""

from __future__ import annotations

from pathlib import Path

import keras
import tensorflow as tf

_MATRIX = [None, 4]


class TwoSignatures(tf.Module):
    """One embedding that two signatures share; one of them takes a second batch and rows that are no batch."""

    def __init__(self) -> None:
        super().__init__()
        self.table = tf.Variable(tf.random.stateless_normal([50, 16], seed=[1, 2]), name="table")
        self.head = tf.Variable(tf.random.stateless_normal([16, 5], seed=[3, 4]), name="head")

    @tf.function(input_signature=[tf.TensorSpec([None, 7], tf.int32, name="ids")])
    def classify(self, ids: tf.Tensor) -> dict[str, tf.Tensor]:
        """Return float32[batch,5] scores and int64[batch] the best class."""
        logits = tf.matmul(tf.reduce_mean(tf.gather(self.table, ids), axis=1), self.head)
        return {"scores": tf.nn.softmax(logits), "best": tf.argmax(logits, axis=1)}

    @tf.function(
        input_signature=[
            tf.TensorSpec([None, 7], tf.int32, name="ids"),
            tf.TensorSpec([None, 7], tf.float32, name="mask"),
            tf.TensorSpec([None, 16], tf.float32, name="candidates"),
        ]
    )
    def embed(self, ids: tf.Tensor, mask: tf.Tensor, candidates: tf.Tensor) -> dict[str, tf.Tensor]:
        """Return float32[batch,16] and its float32[batch,candidates] products with rows that any number may be given of."""
        vectors = tf.reduce_sum(tf.gather(self.table, ids) * mask[:, :, tf.newaxis], axis=1)
        return {"vector": vectors, "products": tf.matmul(vectors, candidates, transpose_b=True)}


def two_signatures(target: Path) -> None:
    """Write two signatures, the one of which is no function of the other's inputs."""
    module = TwoSignatures()
    tf.saved_model.save(module, str(target), signatures={"serving_default": module.classify, "embed/rows:2": module.embed})


class InTheWay(tf.Module):
    """An output of an input's name, an output that is an input, one value by two names, and an input nothing uses."""

    def __init__(self) -> None:
        super().__init__()
        self.factor = tf.Variable([0.5, -1.0, 2.0, 3.0], name="factor")

    @tf.function(
        input_signature=[
            tf.TensorSpec(_MATRIX, tf.float32, name="values"),
            tf.TensorSpec(_MATRIX, tf.float32, name="unused"),
            tf.TensorSpec([], tf.int64, name="a_count"),
        ]
    )
    def __call__(self, values: tf.Tensor, unused: tf.Tensor, a_count: tf.Tensor) -> dict[str, tf.Tensor]:
        """Return float32[batch,4] several times, and the count as it came."""
        scaled = values * self.factor
        return {"values": scaled, "twice": scaled, "again": scaled, "count": a_count, "constant": self.factor + 1.0}


def in_the_way(target: Path) -> None:
    """Write names that ONNX cannot have twice."""
    module = InTheWay()
    tf.saved_model.save(module, str(target), signatures=module.__call__)


class Looping(tf.Module):
    """A While loop whose length the input decides, and a branch."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = tf.Variable(tf.random.stateless_normal([4, 4], seed=[5, 6]) / 4.0, name="weight")

    @tf.function(input_signature=[tf.TensorSpec(_MATRIX, tf.float32, name="start"), tf.TensorSpec([], tf.int32, name="steps")])
    def __call__(self, start: tf.Tensor, steps: tf.Tensor) -> dict[str, tf.Tensor]:
        """Return float32[batch,4] after so many steps, turned around where its sum is negative."""
        weight = self.weight.read_value()
        last = tf.while_loop(lambda i, _: i < steps, lambda i, x: (i + 1, tf.tanh(tf.matmul(x, weight))), [0, start])[1]
        return {"last": tf.cond(tf.reduce_sum(last) > 0.0, lambda: last, lambda: tf.matmul(last, -weight))}


def looping(target: Path) -> None:
    """Write a loop that cannot be unrolled."""
    module = Looping()
    tf.saved_model.save(module, str(target), signatures=module.__call__)


def recurrent(target: Path) -> None:
    """Write an LSTM and a GRU over a sequence of any length by Keras 3's export."""
    keras.utils.set_random_seed(5)
    network = keras.Sequential(
        [
            keras.Input((None, 5), name="sequence"),
            keras.layers.LSTM(6, return_sequences=True, name="memory"),
            keras.layers.GRU(4, name="summary"),
        ],
        name="recurrent",
    )
    network.export(str(target), verbose=False)


class Sparse(tf.Module):
    """A signature that gives a ragged tensor beside one that gives a dense one."""

    @tf.function(input_signature=[tf.TensorSpec([None], tf.float32, name="numbers")])
    def pieces(self, numbers: tf.Tensor) -> dict[str, tf.Tensor]:
        """Return the numbers in rows of one."""
        return {"rows": tf.RaggedTensor.from_uniform_row_length(numbers, 1)}

    @tf.function(input_signature=[tf.TensorSpec([None], tf.float32, name="numbers")])
    def plain(self, numbers: tf.Tensor) -> dict[str, tf.Tensor]:
        """Return twice the numbers."""
        return {"twice": numbers * 2.0}


MAKERS = {"two_signatures": two_signatures, "in_the_way": in_the_way, "looping": looping, "recurrent": recurrent}
