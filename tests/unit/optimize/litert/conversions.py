"""Converts many SavedModels in one process and prints as JSON what came of each: `-m … MADE SCRATCH`.

Each .tflite is run by tf.lite.Interpreter on inputs that had no part in making it, beside the SavedModel in TensorFlow.
"""

from __future__ import annotations

import json
import sys
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from inspector.optimize.litert.convert_child import convert_in_child
from inspector.optimize.litert.messages import (
    ConvertRequest,
    Numbers,
    Rung,
    Source,
    WantedSignature,
)
from inspector.records.optimization import InputSet
from inspector.runtimes.onnx_runtime.feeds import write_feed
from tests.unit.optimize.litert.artifacts import MAKERS

Json = dict[str, Any]
Feed = dict[str, Any]

PROJECT = Path(__file__).parents[4]
RNG = np.random.default_rng(11)
BOTH = (Rung("as saved"), Rung("frozen"))
DIGITS = np.load(PROJECT / "sample_models" / "digits_cnn.npz")


def floats(*shape: int) -> Any:
    return RNG.random(shape, np.float32)


def digit(index: int) -> Any:
    return DIGITS["image"][index].reshape(1, 8, 8, 1)


@dataclass(frozen=True)
class Case:
    """A SavedModel, what it becomes, by which rungs, and how many signatures are fed what."""

    artifact: str
    numbers: Numbers
    feeds: dict[str, list[Feed]]
    rungs: tuple[Rung, ...] = BOTH
    tags: tuple[str, ...] = ("serve",)
    slots: bool = False


TWO = {
    "serving_default": [{"x": floats(3, 32), "a": floats(3, 32)} for _ in range(6)],
    "second": [{"x": floats(3, 32)} for _ in range(6)],
}
WORDS = {"serving_default": [{"words": np.array(["one", "nobody", "two"], object)}]}
PITCH = {"serving_default": [{"input_2": floats(1, 43844, 1) * 2 - 1}]}
SEQUENCE = {"serving_default": [{"sequence": floats(2, 5, 8)} for _ in range(6)]}
IMAGES = {"serving_default": [{"image": digit(index)} for index in range(48)]}
ROWS = {"serving_default": [{"values": floats(2, 4)}]}
MIXED = {
    "serving_default": [{"features": floats(2, 6)}],
    "train": [{"features": floats(2, 6), "labels": np.array([0, 2], np.int32)}],
}

FROZEN = (Rung("frozen"),)

CASES = {
    "two fp32": Case("shared_weight", "float32", TWO),
    "two fp16": Case("shared_weight", "float16", TWO),
    "two int8": Case("shared_weight", "int8", TWO),
    "two dynamic": Case("shared_weight", "dynamic int8", TWO),
    "loop": Case("state_loop", "float32", SEQUENCE),
    "loop int8": Case("state_loop", "int8", SEQUENCE),
    "words": Case("tables_and_assets", "float32", WORDS),
    "pitch": Case("basic_pitch", "large float16", PITCH, slots=True),
    "keras": Case("keras_export", "float32", {"serving_default": [{"image": floats(3, 8, 8, 1)}]}),
    "digits int8": Case("digits_keras", "int8", IMAGES),
    "digits fp32": Case("digits_keras", "float32", IMAGES, FROZEN),
    "lstm": Case("open_lstm", "float32", {"serving_default": [{"sequence": floats(2, 12, 8)}]}),
    "custom": Case("planted_custom_operator", "float32", ROWS),
    "train": Case("optimizer_slots", "float32", MIXED, slots=True),
    "two tag sets": Case("two_tag_sets", "float32", {"classes": [{"features": floats(2, 4)}]}, tags=("serve", "cpu")),
    "no such signature": Case("state_loop", "float32", {"nowhere": [{"sequence": floats(2, 5, 8)}]}),
}


def converted(case: Case, folder: Path, scratch: Path) -> Json:
    """Return what came of a case, and how far its outputs are from TensorFlow's."""
    scratch.mkdir(parents=True)
    source = Source(str(folder / case.artifact), case.tags, case.slots)
    output = scratch / "result.tflite"
    wanted = tuple(_wanted(name, feeds, scratch / f"inputs{place}") for place, (name, feeds) in enumerate(case.feeds.items()))
    request = ConvertRequest(
        source, wanted, case.rungs, case.numbers, str(scratch), str(output), (), (str(scratch), str(folder))
    )
    made = convert_in_child(request, lambda *_: None)
    found: Json = {
        "rung": None if made.rung is None else made.rung.way,
        "failures": [[one.rung.way, one.reason, one.operators] for one in made.failures],
        "calibrated": made.calibrated,
        "repairs": made.repairs,
    }
    if made.contents is not None:
        found |= {"size": made.contents.size_bytes, "constants": made.contents.constant_bytes}
        found |= {"signatures": made.contents.signatures, "operators": made.contents.operators}
        found |= {"floats": made.contents.float_operators, "path": str(output)}
        found["compared"] = {name: compared(output, folder / case.artifact, name, case) for name in case.feeds}
    return found


def _wanted(name: str, feeds: list[Feed], folder: Path) -> WantedSignature:
    names = tuple(sorted(feeds[0]))
    for index, feed in enumerate(feeds):
        write_feed(str(folder), index, [feed[one] for one in names])
    return WantedSignature(name, names, (), InputSet(str(folder), names, len(feeds), "data"))


def compared(tflite: Path, source: Path, name: str, case: Case) -> Json:
    """Return shapes and largest errors of outputs on a feed of another length than the file was made with."""
    interpreter = tf.lite.Interpreter(str(tflite))
    runner = interpreter.get_signature_runner(name)
    details = runner.get_input_details()
    found: Json = {
        "inputs": {key: [one["shape_signature"].tolist(), str(np.dtype(one["dtype"]))] for key, one in details.items()}
    }
    loadable = tflite.with_name("without_slots") if case.slots else source
    function = tf.saved_model.load(str(loadable), tags=list(case.tags)).signatures[name]
    feed = {key: np.concatenate([value, value]) if len(case.feeds) == 1 else value for key, value in unseen(case, name).items()}
    expected = {key: value.numpy() for key, value in function(**{key: tf.constant(feed[key]) for key in feed}).items()}
    given = runner(**{key: np.asarray(value) for key, value in feed.items()})
    found["types"] = {key: [str(given[key].dtype), str(expected[key].dtype)] for key in expected}
    found["errors"] = {key: error(given[key], expected[key]) for key in expected}
    return found


def unseen(case: Case, name: str) -> Feed:
    """Return a feed that was in no calibration."""
    first = case.feeds[name][0]
    return {key: value if value.dtype == object else (value * 0.9).astype(value.dtype) for key, value in first.items()}


def error(given: Any, expected: Any) -> float:
    """Return the largest difference, over the largest value; of text 0 or 1."""
    if expected.dtype.kind not in "fiub":
        return float(given.astype(object).tolist() != expected.astype(object).tolist())
    return float(np.abs(given.astype(float) - expected).max() / max(np.abs(expected).max(), 1e-9))


def accuracy(tflite: str) -> float:
    """Return the share of digits that a .tflite gets right, of those it was not calibrated on."""
    runner = tf.lite.Interpreter(tflite).get_signature_runner("serving_default")
    images = DIGITS["image"][64:].reshape(-1, 8, 8, 1)
    return float((runner(image=images)["logits"].argmax(1) == DIGITS["label"][64:]).mean())


def main() -> None:
    """Print everything."""
    made, scratch = Path(sys.argv[1]), Path(sys.argv[2])
    warnings.simplefilter("ignore")
    for name, maker in MAKERS.items():
        if not (made / name).exists():
            maker(made / name)
    found: Json = {name: converted(case, made, scratch / name.replace(" ", "_")) for name, case in CASES.items()}
    found["accuracy"] = {name: accuracy(found[f"digits {name}"]["path"]) for name in ("fp32", "int8")}
    print("\n" + json.dumps(found, default=lambda value: value.decode() if isinstance(value, bytes) else list(value)))


if __name__ == "__main__":
    main()
