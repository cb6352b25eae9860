"""What is served and converts badly: text through a lookup table, ragged rows, a signature that takes nothing."""

from __future__ import annotations

from pathlib import Path

import keras
import tensorflow as tf

WORDS = ("red", "green", "blue", "warm", "cold", "bright", "dark")


def text_table(target: Path) -> None:
    """Write a classifier of words: string[batch,3] through a table filled from an asset, and an embedding."""
    keras.utils.set_random_seed(5)
    vocabulary = target.parent / f"{target.name}.txt"
    vocabulary.write_text("".join(f"{word}\n" for word in WORDS))

    class Words(tf.Module):
        def __init__(self) -> None:
            super().__init__()
            source = tf.lookup.TextFileInitializer(
                str(vocabulary), tf.string, tf.lookup.TextFileIndex.WHOLE_LINE, tf.int64, tf.lookup.TextFileIndex.LINE_NUMBER
            )
            self.table = tf.lookup.StaticHashTable(source, default_value=len(WORDS))
            self.embedding = tf.Variable(tf.random.stateless_normal([len(WORDS) + 1, 512], seed=[1, 2]), name="embedding")
            self.head = tf.Variable(tf.random.stateless_normal([512, 4], seed=[3, 4]), name="head")

        @tf.function(input_signature=[tf.TensorSpec([None, 3], tf.string, name="words")])
        def serve(self, words: tf.Tensor) -> dict[str, tf.Tensor]:
            ids = self.table.lookup(words)
            return {"scores": tf.nn.softmax(tf.reduce_mean(tf.gather(self.embedding, ids), 1) @ self.head), "ids": ids}

    module = Words()
    tf.saved_model.save(module, str(target), signatures={"serving_default": module.serve})


def ragged_input(target: Path) -> None:
    """Write a signature whose input is a ragged tensor."""

    class Ragged(tf.Module):
        @tf.function(input_signature=[tf.RaggedTensorSpec([None, None], tf.float32)])
        def serve(self, rows: tf.RaggedTensor) -> dict[str, tf.Tensor]:
            return {"sums": tf.reduce_sum(rows, 1)}

    module = Ragged()
    tf.saved_model.save(module, str(target), signatures={"serving_default": module.serve})


def resource_only(target: Path) -> None:
    """Write a signature that takes nothing and gives what a variable holds."""

    class State(tf.Module):
        def __init__(self) -> None:
            super().__init__()
            self.state = tf.Variable(tf.range(2000, dtype=tf.float32), name="state")

        @tf.function(input_signature=[])
        def serve(self) -> dict[str, tf.Tensor]:
            return {"state": self.state * 2.0}

    module = State()
    tf.saved_model.save(module, str(target), signatures={"serving_default": module.serve})


MAKERS = {
    "text_table": text_table,
    "ragged_input": ragged_input,
    "resource_only": resource_only,
}
