"""What is hard to save again: tables of every kind, ragged inputs, Python code, operators of somebody's own."""

from __future__ import annotations

from pathlib import Path

import tensorflow as tf
from tensorflow.core.protobuf.saved_model_pb2 import SavedModel

TEXTS = tf.TensorSpec([None], tf.string, name="words")


class Tables(tf.Module):
    """A table from an asset, a mutable one, and one that only training looks into; a loop, too."""

    def __init__(self, vocabulary: str) -> None:
        super().__init__()
        rows = tf.lookup.TextFileInitializer(
            vocabulary, tf.string, tf.lookup.TextFileIndex.WHOLE_LINE, tf.int64, tf.lookup.TextFileIndex.LINE_NUMBER
        )
        self.from_file = tf.lookup.StaticHashTable(rows, -1)
        self.mutable = tf.lookup.experimental.MutableHashTable(tf.int64, tf.float32, 0.5)
        self.mutable.insert(tf.constant([0, 2], tf.int64), tf.constant([1.5, -2.0]))
        unused = tf.lookup.KeyValueTensorInitializer(tf.constant(["a"]), tf.constant([1], tf.int64))
        self.unused = tf.lookup.StaticHashTable(unused, 0)
        self.weight = tf.Variable([0.25, 4.0], name="weight")
        self.momentum = tf.Variable(tf.zeros([50]), name="momentum")

    @tf.function(input_signature=[TEXTS])
    def look_up(self, words: tf.Tensor) -> dict[str, tf.Tensor]:
        """Return what is found of each word, and what a loop makes of it."""
        ids = self.from_file.lookup(words)
        found = self.mutable.lookup(ids)
        _, looped = tf.while_loop(lambda i, _: i < 3, lambda i, x: (i + 1, x * self.weight[0] + self.weight[1]), [0, found])
        return {"ids": ids, "found": found, "looped": looped}

    @tf.function(input_signature=[])
    def size(self) -> dict[str, tf.Tensor]:
        """Return how many entries there are: a signature of resources only."""
        return {"size": self.mutable.size()}

    @tf.function(input_signature=[TEXTS])
    def train(self, words: tf.Tensor) -> tf.Tensor:
        """Update what serving does not read."""
        self.momentum.assign_add(tf.ones([50]) * tf.cast(tf.reduce_sum(self.unused.lookup(words)), tf.float32))
        return self.momentum


def tables_as_objects(target: Path) -> None:
    """Write tables in an object graph."""
    vocabulary = Path("words.txt")
    vocabulary.write_text("zero\none\ntwo\n")
    module = Tables(str(vocabulary.resolve()))
    tf.saved_model.save(module, str(target), signatures={"serving_default": module.look_up, "size": module.size})


class Ragged(tf.Module):
    """A signature of ragged rows."""

    @tf.function(input_signature=[tf.RaggedTensorSpec([None, None], tf.float32, ragged_rank=1)])
    def __call__(self, rows: tf.RaggedTensor) -> dict[str, tf.Tensor]:
        """Return the sum of each row."""
        return {"sums": tf.reduce_sum(rows, axis=1)}


def ragged(target: Path) -> None:
    """Write a signature whose input is no dense tensor."""
    module = Ragged()
    tf.saved_model.save(module, str(target), signatures=module.__call__)


class Pythonic(tf.Module):
    """A signature that calls Python, which no SavedModel holds."""

    @tf.function(input_signature=[tf.TensorSpec([None], tf.float32, name="values")])
    def __call__(self, values: tf.Tensor) -> dict[str, tf.Tensor]:
        """Return twice the values."""
        return {"twice": tf.numpy_function(lambda given: given * 2, [values], tf.float32)}


def python_code(target: Path) -> None:
    """Write a signature that only the process which wrote it can run."""
    module = Pythonic()
    tf.saved_model.save(module, str(target), signatures=module.__call__)


class Doubling(tf.Module):
    """One operator, to be renamed."""

    @tf.function(input_signature=[tf.TensorSpec([None], tf.float32, name="values")])
    def __call__(self, values: tf.Tensor) -> dict[str, tf.Tensor]:
        """Return the values, each rounded."""
        return {"rounded": tf.math.rint(values)}


def own_operator(target: Path) -> None:
    """Write a signature with an operator that no TensorFlow knows."""
    module = Doubling()
    tf.saved_model.save(module, str(target), signatures=module.__call__)
    path = target / "saved_model.pb"
    whole = SavedModel.FromString(path.read_bytes())
    for function in whole.meta_graphs[0].graph_def.library.function:
        for node in function.node_def:
            if node.op == "Rint":
                node.op = "RintOfOurOwn"
    path.write_bytes(whole.SerializeToString())


MAKERS = {"tables_as_objects": tables_as_objects, "ragged": ragged, "python_code": python_code, "own_operator": own_operator}
