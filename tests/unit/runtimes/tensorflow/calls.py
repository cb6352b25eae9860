"""Calls signatures by loading_child and timed_child in one process and prints what came of it as JSON: `-m … FOLDER`.

Beside each outcome stands what TensorFlow itself gives for the same feed, or what its checkpoint says it should be.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from inspector.errors import InspectorError
from inspector.runtimes.tensorflow.loading_child import load_signature
from inspector.runtimes.tensorflow.timed_child import open_timed
from tests.unit.runtimes.tensorflow.signature_feeds import FEEDS

Json = dict[str, Any]
RNG = np.random.default_rng(5)


def called(folder: Path, artifact: str, signature: str, feed: Json) -> Json:
    """Return what a signature gives, by name, and what TensorFlow gives when it is called as its guide says."""
    loaded = load_signature(str(folder / artifact), signature)
    outputs = dict(zip(loaded.outputs, [np.asarray(one).tolist() for one in loaded.run(feed)], strict=True))
    plain = tf.saved_model.load(str(folder / artifact))
    results = plain.signatures[signature or "serving_default"](**{name: tf.constant(value) for name, value in feed.items()})
    expected = {name: np.asarray(value.numpy()).tolist() for name, value in results.items()}
    inputs = [[spec.name, spec.dtype, spec.shape] for spec in loaded.inputs]
    return {"name": loaded.name, "inputs": inputs, "outputs": outputs, "expected": expected, "notes": loaded.notes}


def two_tag_sets(folder: Path) -> Json:
    """Return what a signature gives of the MetaGraph that servers load, where no tags are given."""
    feed = {"features": RNG.random((2, 4), np.float32)}
    loaded = load_signature(str(folder / "two_tag_sets"), "classes")
    plain = tf.saved_model.load(str(folder / "two_tag_sets"), tags=["serve", "cpu"]).signatures["classes"]
    expected = plain(features=tf.constant(feed["features"]))["class"].numpy()
    return {"outputs": loaded.run(feed)[0].tolist(), "expected": expected.tolist()}


def slots(folder: Path) -> Json:
    """Return what a session gives for an artifact that tf.saved_model.load refuses, and what its variables say it should."""
    path = str(folder / "optimizer_slots")
    features = RNG.random((2, 6), np.float32)
    timed = open_timed(path, 0, "cpu")
    loaded = load_signature(path)
    reader = tf.train.load_checkpoint(f"{path}/variables/variables")
    values = {name.partition("/.")[0]: reader.get_tensor(name) for name in reader.get_variable_to_shape_map() if "/." in name}
    logits = features @ values["kernel"] + values["bias"]
    expected = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    error = float(np.abs(loaded.run({"features": features})[0] - expected).max())
    return {"error": error, "notes": timed.notes, "inputs": [spec.name for spec in timed.inputs]}


def timed(folder: Path) -> Json:
    """Return what an opened artifact says of itself, and what it does once it is closed."""
    opened = open_timed(str(folder / "keras_export"), 2, "cpu", "serving_default")
    opened.run({"image": np.zeros((1, 8, 8, 1), np.float32)})
    opened.close()
    return {
        "creation_ms": opened.creation_ms,
        "shape": opened.inputs[0].shape,
        "threads": [
            tf.config.threading.get_intra_op_parallelism_threads(),
            tf.config.threading.get_inter_op_parallelism_threads(),
        ],
        "closed": said(lambda: opened.run({})),
    }


def said(work: Callable[[], object]) -> str:
    """Return the one line that work ends with."""
    try:
        work()
    except InspectorError as error:
        return f"{type(error).__name__}: {error}"
    return "it did not fail"


def refused(folder: Path) -> Json:
    """Return what is said of artifacts, signatures and feeds that are refused."""
    path = str(folder / "sharded")
    sharded = load_signature(path)
    return {
        "operator": said(lambda: load_signature(str(folder / "planted_custom_operator"))),
        "slots": said(lambda: load_signature(str(folder / "optimizer_slots"), loader="objects")),
        "signature": said(lambda: load_signature(path, "no\x1b[31mne")),
        "value": said(lambda: sharded.run({"ids": np.full((1, 5), 400, np.int32)})),
        "missing": said(lambda: load_signature(str(folder / "nowhere"))),
        "device": said(lambda: open_timed(path, 1, "cuda")),
    }


def main() -> None:
    """Print everything."""
    folder = Path(sys.argv[1])
    found = {"timed": timed(folder), "slots": slots(folder), "two tag sets": two_tag_sets(folder), "refused": refused(folder)}
    found["called"] = {case: called(folder, *FEEDS[case]) for case in FEEDS}
    print(json.dumps(found, default=lambda value: value.decode() if isinstance(value, bytes) else list(value)))


if __name__ == "__main__":
    main()
