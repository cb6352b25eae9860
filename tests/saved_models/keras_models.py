"""What Keras writes: an export of today's, and the object graph of Keras 2 with an optimizer's slot variables."""

from __future__ import annotations

from pathlib import Path

import keras
import tensorflow as tf


def keras_export(target: Path) -> None:
    """Write a trained convolutional network by Keras 3's export: serving only, nothing of the training."""
    keras.utils.set_random_seed(3)
    network = keras.Sequential(
        [
            keras.Input((8, 8, 1), name="image"),
            keras.layers.Conv2D(4, 3, padding="same", use_bias=False, name="stem"),
            keras.layers.BatchNormalization(name="norm"),
            keras.layers.ReLU(name="relu"),
            keras.layers.DepthwiseConv2D(3, strides=2, padding="same", name="depthwise"),
            keras.layers.Flatten(name="flatten"),
            keras.layers.Dense(10, activation="softmax", name="head"),
        ],
        name="small_cnn",
    )
    network.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
    network.fit(tf.random.uniform([16, 8, 8, 1]), tf.zeros([16], tf.int32), epochs=1, verbose=0)
    network.export(str(target), verbose=False)


class Classifier(tf.Module):
    """A dense layer with an optimizer that keeps slot variables, tracked as Keras 2 tracked model.optimizer."""

    def __init__(self) -> None:
        super().__init__()
        self.kernel = tf.Variable(tf.random.stateless_normal([6, 3], seed=[1, 2]), name="dense/kernel")
        self.bias = tf.Variable(tf.zeros([3]), name="dense/bias")
        self.step = tf.Variable(7, dtype=tf.int64, trainable=False, name="step")
        self.optimizer = tf.compat.v1.train.AdamOptimizer(0.01)
        self.optimizer.minimize(lambda: tf.reduce_sum(self(tf.ones([2, 6]))["scores"]), var_list=[self.kernel, self.bias])

    @tf.function(input_signature=[tf.TensorSpec([None, 6], tf.float32, name="features")])
    def __call__(self, features: tf.Tensor) -> dict[str, tf.Tensor]:
        """Return float32[batch,3] scores."""
        return {"scores": tf.nn.softmax(tf.matmul(features, self.kernel) + self.bias)}

    @tf.function(input_signature=[tf.TensorSpec([None, 6], tf.float32), tf.TensorSpec([None], tf.int32)])
    def train_step(self, features: tf.Tensor, labels: tf.Tensor) -> tf.Tensor:
        """Return the loss after one step: a function that serving never calls."""
        with tf.GradientTape() as tape:
            logits = tf.matmul(features, self.kernel) + self.bias
            loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits))
        gradients = tape.gradient(loss, [self.kernel, self.bias])
        self.kernel.assign_sub(0.01 * gradients[0])
        self.bias.assign_sub(0.01 * gradients[1])
        return loss


def optimizer_slots(target: Path) -> None:
    """Write slot variables into object graph and checkpoint, as Keras 2's save did."""
    model = Classifier()
    tf.saved_model.save(model, str(target), signatures={"serving_default": model.__call__, "train": model.train_step})


MAKERS = {"keras_export": keras_export, "optimizer_slots": optimizer_slots}
