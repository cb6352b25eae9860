"""What TensorFlow 1 wrote: graphs with sessions, tables, assets, several tag sets."""

from __future__ import annotations

from pathlib import Path

import tensorflow as tf

v1 = tf.compat.v1
saved_model = v1.saved_model
lookup = tf.lookup
index = lookup.TextFileIndex


def _dense(values: tf.Tensor, units: int, name: str) -> tf.Tensor:
    with v1.variable_scope(name):
        kernel = v1.get_variable("kernel", [values.shape[-1], units], initializer=v1.glorot_uniform_initializer(seed=1))
        bias = v1.get_variable("bias", [units], initializer=v1.zeros_initializer())
        return tf.matmul(values, kernel) + bias


def tables_and_assets(target: Path) -> None:
    """Write a graph whose legacy init op fills a table from an asset, with a second table of constants."""
    vocabulary = Path("vocabulary.txt")
    vocabulary.write_text("zero\none\ntwo\n")
    with v1.Graph().as_default(), v1.Session() as session:
        words = v1.placeholder(tf.string, [None], name="words")
        asset = tf.constant(str(vocabulary.resolve()), name="vocabulary_file")
        from_file = lookup.StaticHashTable(
            lookup.TextFileInitializer(
                asset, tf.string, lookup.TextFileIndex.WHOLE_LINE, tf.int64, lookup.TextFileIndex.LINE_NUMBER
            ),
            default_value=-1,
            name="ids",
        )
        of_constants = lookup.StaticHashTable(
            lookup.KeyValueTensorInitializer(tf.constant([0, 1], tf.int64), tf.constant(["no", "yes"])),
            "unknown",
            name="answers",
        )
        ids = from_file.lookup(words)
        scores = _dense(tf.one_hot(ids, 3), 2, "head")
        answer = of_constants.lookup(tf.argmax(scores, axis=1))
        session.run([v1.global_variables_initializer(), v1.tables_initializer()])
        signature = saved_model.predict_signature_def({"words": words}, {"scores": scores, "answer": answer})
        builder = saved_model.Builder(str(target))
        builder.add_meta_graph_and_variables(
            session,
            [saved_model.tag_constants.SERVING],
            signature_def_map={"serving_default": signature},
            assets_collection=v1.get_collection(v1.GraphKeys.ASSET_FILEPATHS),
            legacy_init_op=v1.tables_initializer(),
        )
        builder.save()


def two_tag_sets(target: Path) -> None:
    """Write a training graph with its variables and a serving graph that shares them."""
    builder = saved_model.Builder(str(target))
    with v1.Graph().as_default(), v1.Session() as session:
        features, labels = (
            v1.placeholder(tf.float32, [None, 4], name="features"),
            v1.placeholder(tf.int32, [None], name="labels"),
        )
        logits = _dense(features, 3, "head")
        loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits))
        v1.train.MomentumOptimizer(0.1, 0.9).minimize(loss, name="train_op")
        session.run(v1.global_variables_initializer())
        signature = saved_model.build_signature_def(
            {"features": saved_model.build_tensor_info(features), "labels": saved_model.build_tensor_info(labels)},
            {"loss": saved_model.build_tensor_info(loss)},
            "tensorflow/supervised/training",
        )
        builder.add_meta_graph_and_variables(session, ["train"], signature_def_map={"train": signature})
    with v1.Graph().as_default(), v1.Session():
        features = v1.placeholder(tf.float32, [None, 4], name="features")
        scores = tf.nn.softmax(_dense(features, 3, "head"))
        signature = saved_model.predict_signature_def({"features": features}, {"scores": scores})
        classes = saved_model.predict_signature_def({"features": features}, {"class": tf.argmax(scores, axis=1)})
        builder.add_meta_graph(["serve", "cpu"], signature_def_map={"serving_default": signature, "classes": classes})
    builder.save()


def as_text(target: Path) -> None:
    """Write saved_model.pbtxt in place of saved_model.pb."""
    builder = saved_model.Builder(str(target))
    with v1.Graph().as_default(), v1.Session() as session:
        features = v1.placeholder(tf.float32, [None, 4], name="features")
        scores = tf.nn.softmax(_dense(features, 3, "head") * tf.constant([1.5, -2.0, 3e-8]), name="scores")
        session.run(v1.global_variables_initializer())
        signature = saved_model.predict_signature_def({"features": features}, {"scores": scores})
        builder.add_meta_graph_and_variables(session, ["serve"], signature_def_map={"serving_default": signature})
    builder.save(as_text=True)


MAKERS = {"tables_and_assets": tables_and_assets, "two_tag_sets": two_tag_sets, "as_text": as_text}
