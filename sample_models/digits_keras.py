"""The digits network in Keras, saved by TensorFlow as it stands after training: weights, optimizer state and all."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import numpy as np

from sample_models.digits_data import LEVELS, Digits

os.environ["KERAS_BACKEND"] = "tensorflow"

EPOCHS = 14
BATCH = 128
RATE = 3e-3


def write(folder: Path, digits: Digits) -> float:
    """Write digits_keras/, a SavedModel with input float32[batch,8,8,1] in 0..1, and digits_keras.npz (image, label int64[n]);
    return the test accuracy."""
    import keras
    import tensorflow as tf

    keras.utils.set_random_seed(1)
    tf.config.experimental.enable_op_determinism()
    network = _network(keras)
    steps = EPOCHS * (len(digits.train_labels) // BATCH)
    network.compile(
        optimizer=keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(RATE, steps)),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    )
    network.fit(_channels_last(digits.train_pixels), digits.train_labels, batch_size=BATCH, epochs=EPOCHS, verbose=0)

    @tf.function(input_signature=[tf.TensorSpec([None, 8, 8, 1], tf.float32, name="image")])
    def serve(image):  # type: ignore[no-untyped-def]
        return {"logits": network(image, training=False)}

    path = folder / "digits_keras"
    shutil.rmtree(path, ignore_errors=True)
    tf.saved_model.save(network, str(path), signatures={"serving_default": serve})
    images = (digits.test_pixels / LEVELS).astype(np.float32)
    np.savez_compressed(folder / "digits_keras.npz", image=np.moveaxis(images, 1, -1), label=digits.test_labels)
    return accuracy(path, images, digits.test_labels)


def _network(keras):  # type: ignore[no-untyped-def]
    layers = keras.layers

    def stage(filters: int):  # type: ignore[no-untyped-def]
        return [layers.Conv2D(filters, 3, padding="same", use_bias=False), layers.BatchNormalization(), layers.ReLU()]

    return keras.Sequential(
        [
            keras.Input((8, 8, 1), name="image"),
            *stage(16),
            *stage(32),
            layers.MaxPooling2D(2),
            *stage(48),
            layers.MaxPooling2D(2),
            layers.Flatten(),
            layers.Dense(64, activation="relu"),
            layers.Dropout(0.3),
            layers.Dense(10, name="logits"),
        ],
        name="digits_keras",
    )


def _channels_last(pixels: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(np.moveaxis(pixels, 1, -1) / LEVELS, dtype=np.float32)


def accuracy(path: Path, images: np.ndarray, labels: np.ndarray) -> float:
    """Return the share of labels that the written model gets right; images float32[n,1,8,8] in 0..1."""
    import tensorflow as tf

    serve = tf.saved_model.load(str(path)).signatures["serving_default"]
    image = tf.constant(np.moveaxis(images, 1, -1), tf.float32)
    return float(np.mean(np.argmax(serve(image=image)["logits"].numpy(), axis=1) == labels))
