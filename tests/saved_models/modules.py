"""What tf.Module and tf.function write: shards, every element type, nested functions, default values."""

from __future__ import annotations

from pathlib import Path

import tensorflow as tf


class Embedding(tf.Module):
    """Variables of several sizes, so that some are cut into slices and some share a shard."""

    def __init__(self) -> None:
        super().__init__()
        self.table = tf.Variable(tf.random.stateless_uniform([300, 64], seed=[1, 2]), name="table")
        self.projection = tf.Variable(tf.random.stateless_uniform([64, 16], seed=[3, 4]), name="projection")
        self.count = tf.Variable(3, name="count")

    @tf.function(input_signature=[tf.TensorSpec([None, 5], tf.int32, name="ids")])
    def __call__(self, ids: tf.Tensor) -> tf.Tensor:
        """Return float32[batch,5,16]."""
        return tf.matmul(tf.gather(self.table, ids), self.projection)


class OneShardEach(tf.train.experimental.ShardingCallback):
    """Gives each tensor a shard of its own, whole."""

    @property
    def description(self) -> str:
        return "one shard for each tensor"

    def __call__(self, shardable_tensors):  # type: ignore[no-untyped-def]
        return [
            {one.checkpoint_key: {one.slice_spec: one.tensor}}
            for one in sorted(shardable_tensors, key=lambda one: one.checkpoint_key)
        ]


def _save(module: tf.Module, target: Path, callback: tf.train.experimental.ShardingCallback) -> None:
    options = tf.saved_model.SaveOptions(experimental_sharding_callback=callback)
    tf.saved_model.save(module, str(target), signatures=module.__call__, options=options)


def sharded(target: Path) -> None:
    """Write each variable into a shard of its own."""
    _save(Embedding(), target, OneShardEach())


def sliced(target: Path) -> None:
    """Write shards of at most 20,000 bytes, which cuts the larger variables into slices."""
    _save(Embedding(), target, tf.train.experimental.MaxShardSizePolicy(max_shard_size=20_000))


NUMBERS = (
    "bfloat16",
    "float16",
    "float64",
    "int8",
    "uint8",
    "int16",
    "uint16",
    "uint32",
    "int64",
    "uint64",
    "complex64",
    "bool",
)


class ManyTypes(tf.Module):
    """A variable of every element type, among them text, nothing and a scalar."""

    def __init__(self) -> None:
        super().__init__()
        numbers = tf.reshape(tf.range(6), [2, 3])
        self.numbers = {dtype: tf.Variable(tf.cast(numbers, dtype), name=dtype) for dtype in NUMBERS}
        self.text = tf.Variable(["one", "", "drei \x00 vier", "fünf" * 40], name="text")
        self.nothing = tf.Variable(tf.zeros([0, 4]), name="nothing")
        self.scalar = tf.Variable(2.5, name="scalar")

    @tf.function(
        input_signature=[tf.TensorSpec(None, tf.float32, name="of_any_rank"), tf.TensorSpec([], tf.string, name="text")]
    )
    def __call__(self, of_any_rank: tf.Tensor, text: tf.Tensor) -> dict[str, tf.Tensor]:
        """Return outputs of several types, one of unknown rank."""
        return {
            "scaled": of_any_rank * self.scalar,
            "joined": tf.strings.join([text, self.text[0]]),
            "big": self.numbers["int64"] + 1,
        }


def many_types(target: Path) -> None:
    """Write variables of every element type."""
    module = ManyTypes()
    tf.saved_model.save(module, str(target), signatures=module.__call__)


class Nested(tf.Module):
    """A signature that calls a function, branches, loops, maps over a tensor and maps over a dataset."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = tf.Variable(tf.ones([4, 4]), name="weight")

    @tf.function(input_signature=[tf.TensorSpec([None, 4], tf.float32)])
    def inner(self, values: tf.Tensor) -> tf.Tensor:
        """Return what two levels of calls need."""
        return tf.matmul(values, self.weight)

    @tf.function(input_signature=[tf.TensorSpec([None, 4], tf.float32, name="values")])
    def __call__(self, values: tf.Tensor) -> dict[str, tf.Tensor]:
        """Return the results of each kind of nesting."""
        called = self.inner(values)
        chosen = tf.cond(tf.reduce_sum(called) > 0, lambda: tf.nn.relu(called), lambda: self.inner(-called))
        looped = tf.while_loop(lambda i, _: i < 3, lambda i, x: (i + 1, tf.matmul(x, self.weight)), [0, chosen])[1]
        mapped = tf.map_fn(lambda row: tf.sin(row) * 2.0, looped)
        total = tf.data.Dataset.from_tensor_slices(mapped).map(lambda row: row + 1.0).reduce(tf.zeros([4]), lambda a, b: a + b)
        return {"mapped": mapped, "total": total}


def nested(target: Path) -> None:
    """Write functions in functions."""
    module = Nested()
    tf.saved_model.save(module, str(target), signatures=module.__call__)


class Joiner(tf.Module):
    """A signature with a default value of text and one of a number."""

    @tf.function(
        input_signature=[
            tf.TensorSpec([None], tf.string, name="words"),
            tf.TensorSpec([], tf.string, name="separator"),
            tf.TensorSpec([2], tf.float32, name="scale"),
        ]
    )
    def __call__(
        self,
        words: tf.Tensor,
        separator: tf.Tensor = tf.constant(" and \x1b[31m"),  # noqa: B008
        scale: tf.Tensor = tf.constant([0.5, 2.0]),  # noqa: B008
    ) -> dict[str, tf.Tensor]:
        """Return joined words and their count, scaled."""
        count = tf.cast(tf.size(words), tf.float32)
        return {"joined": tf.strings.reduce_join(words, separator=", ") + separator, "count": count * scale}


def default_values(target: Path) -> None:
    """Write a signature whose inputs have default values."""
    module = Joiner()
    tf.saved_model.save(module, str(target), signatures=module.__call__)


MAKERS = {
    "sharded": sharded,
    "sliced": sliced,
    "many_types": many_types,
    "nested": nested,
    "default_values": default_values,
}
