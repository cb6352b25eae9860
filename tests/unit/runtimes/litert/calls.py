"""Calls signatures by loading_child and timed_child in one process and prints what came of it as JSON: `-m … FOLDER REAL`.

Beside each outcome stands what a bare interpreter, used as its documentation says, gives for the same feed.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from ai_edge_litert.interpreter import Interpreter

from inspector.errors import InspectorError
from inspector.runtimes.litert.loading_child import load_signature
from inspector.runtimes.litert.timed_child import open_timed

Json = dict[str, Any]
RNG = np.random.default_rng(7)


def feeds() -> dict[str, tuple[str, str, Json]]:
    """Return, by case, the file, the signature and what it is fed."""
    pixels = RNG.integers(-128, 128, (3, 8, 8, 1)).astype(np.int8)
    return {
        "dense": ("dense", "", {"x": RNG.normal(size=(5, 4)).astype(np.float32)}),
        "default of two": ("loop", "", {"a": np.array([1.5, -2], np.float32)}),
        "the other of two": ("loop", "aaa", {"n": np.array(1, np.int32), "v": np.array([1, 2], np.float32)}),
        "no signature": ("quantized", "", {"x": RNG.normal(size=(1, 4)).astype(np.float32)}),
        "int8": ("in_int8", "", {"image": pixels}),
        "words": ("words", "s", {"w": np.array(["ab", "Straße", ""], object)}),
        "ids": ("embedding", "serving_default", {"ids": np.array([[0, 6], [3, 3]], np.int32)}),
        "wide": ("wide", "", {"x": np.ones((3, 224), np.float32)}),
    }


def called(path: Path, signature: str, feed: Json) -> Json:
    """Return what a signature gives twice, after a feed of another length, and what a bare interpreter gives."""
    loaded = load_signature(str(path), signature, 2)
    first = loaded.run(feed)
    kept = [one.copy() for one in first]
    said(lambda: loaded.run({name: array[:1] for name, array in feed.items() if array.ndim}))
    expected = plain(path, loaded.name, feed)
    again = loaded.run(feed)
    return {
        "name": loaded.name,
        "inputs": [[spec.name, spec.dtype, spec.shape] for spec in loaded.inputs],
        "outputs": list(loaded.outputs),
        "specs": [[spec.name, spec.dtype, spec.shape] for spec in loaded.output_specs],
        "same": [same(one, expected[name]) for name, one in zip(loaded.outputs, first, strict=True)],
        "same again": [same(one, other) for one, other in zip(again, first, strict=True)],
        "copies": all(same(one, other) for one, other in zip(first, kept, strict=True)),
    }


def plain(path: Path, signature: str, feed: Json) -> dict[str, Any]:
    """Return outputs by name as the guide has it: with a signature's runner, or tensor by tensor."""
    interpreter = Interpreter(model_path=str(path), num_threads=2)
    if "wide" in path.name:
        interpreter.resize_tensor_input(0, feed["x"].shape)
    interpreter.allocate_tensors()
    if signature:
        return dict(interpreter.get_signature_runner(signature)(**feed))
    for one in interpreter.get_input_details():
        interpreter.set_tensor(one["index"], feed[one["name"]])
    interpreter.invoke()
    return {one["name"]: interpreter.get_tensor(one["index"]) for one in interpreter.get_output_details()}


def same(one: Any, other: Any) -> bool:
    """Tell whether two arrays are the same to the bit."""
    if one.dtype == object:
        return bool(one.shape == other.shape and one.tolist() == other.tolist())
    return bool(one.dtype == other.dtype and one.shape == other.shape and one.tobytes() == other.tobytes())


def said(work: Callable[[], object]) -> str:
    """Return the one line that work ends with."""
    try:
        work()
    except InspectorError as error:
        return f"{type(error).__name__}: {error}"
    return "it did not fail"


def refused(folder: Path) -> Json:
    """Return what is said of files, signatures and feeds that are refused."""
    dense, wide = load_signature(str(folder / "dense.tflite")), load_signature(str(folder / "wide.tflite"))
    table, fine = load_signature(str(folder / "embedding.tflite")), np.ones((1, 4), np.float32)
    dense.run({"x": fine})
    files = ("custom", "select", "twins", "cut_short", "empty", "nowhere")
    loads = {name: said(lambda name=name: load_signature(str(folder / f"{name}.tflite"))) for name in files}  # type: ignore[misc]
    return {
        **loads,
        "signature": said(lambda: load_signature(str(folder / "loop.tflite"), "no\x1b[31mne")),
        "no signature": said(lambda: load_signature(str(folder / "quantized.tflite"), "serving_default")),
        "type": said(lambda: dense.run({"x": fine.astype(np.float64)})),
        "shape": said(lambda: dense.run({"x": fine[None]})),
        "length": said(lambda: dense.run({"x": np.ones((1, 5), np.float32)})),
        "nothing": said(lambda: dense.run({})),
        "too much": said(lambda: dense.run({"x": fine, "y\n": fine})),
        "fails": said(lambda: wide.run({"x": np.ones((2, 3), np.float32)})),
        "value": said(lambda: table.run({"ids": np.full((1, 2), 99, np.int32)})),
        "after that": said(lambda: table.run({"ids": np.full((1, 2), 6, np.int32)})),
        "device": said(lambda: open_timed(str(folder / "dense.tflite"), 1, "cuda")),
    }


def timed(folder: Path) -> Json:
    """Return what an opened file says of itself, and what it does once it is closed."""
    opened = open_timed(str(folder / "dense.tflite"), 2, "cpu", "serving_default")
    opened.run({"x": np.zeros((1, 4), np.float32)})
    opened.close()
    return {
        "creation_ms": opened.creation_ms,
        "shape": opened.inputs[0].shape,
        "notes": opened.notes,
        "closed": said(lambda: opened.run({})),
    }


def renamed(folder: Path) -> Json:
    """Return what a signature is called and gives whose names are others in the file."""
    feed = {"x": np.arange(8, dtype=np.float32).reshape(2, 4)}
    loaded = load_signature(str(folder / "dense.tflite"), "", 1, {"features": "x", "scores": "y"})
    results = loaded.run({"features": feed["x"]})
    expected = load_signature(str(folder / "dense.tflite"), "", 1).run(feed)
    return {
        "inputs": [spec.name for spec in loaded.inputs],
        "outputs": [*loaded.outputs, *(spec.name for spec in loaded.output_specs)],
        "same": same(results[0], expected[0]),
    }


def main() -> None:
    """Print everything."""
    folder, real = Path(sys.argv[1]), Path(sys.argv[2])
    found = {"timed": timed(folder), "refused": refused(folder), "renamed": renamed(folder)}
    found["called"] = {case: called(folder / f"{name}.tflite", *rest) for case, (name, *rest) in feeds().items()}
    found["called"]["published"] = called(real, "", {"input_2": RNG.uniform(-1, 1, (1, 43844, 1)).astype(np.float32)})
    print(json.dumps(found, default=list))


if __name__ == "__main__":
    main()
