"""Convert and freeze many SavedModels in one process, where importing TensorFlow is paid once: `… OUT MODEL…`.

For each model OUT/NAME.json tells what became of it, and OUT/NAME/SIGNATURE holds feeds with what TensorFlow gives for them.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import tensorflow as tf

from inspector.errors import InspectorError
from inspector.optimize.freezing.freeze_child import freeze
from inspector.optimize.freezing.loadable_child import load_objects
from inspector.optimize.freezing.requests import FreezeRequest
from inspector.optimize.onnx_conversion.convert_child import convert
from inspector.optimize.onnx_conversion.requests import ConversionRequest, SignatureRequest
from inspector.optimize.onnx_conversion.rungs import Rung
from inspector.records.optimization import InputSet
from inspector.records.runnable import Runnable
from inspector.runtimes.onnx_runtime.feeds import read_arrays, write_arrays
from tests.unit.optimize.converting_results import UNSEEN, Called, Result

OPEN = (2, 6, 5)
"""Lengths of open dimensions, by position."""


def main() -> None:
    """Convert the models named, each as "PATH" or "PATH!session"; "PATH!externally" keeps weights beside the models."""
    out = Path(sys.argv[1])
    for argument in sys.argv[2:]:
        path, _, way = argument.partition("!")
        name = f"{Path(path).name}{'_externally' if way == 'externally' else ''}"
        result = _one(path, way, out / name)
        (out / f"{name}.json").write_bytes(msgspec.json.encode(result))


def _one(path: str, way: str, out: Path) -> Result:
    call = Runnable(path, "tensorflow", "", (), "session" if way == "session" else "objects")
    owner, _ = load_objects(call, str(out / "loadable"))
    names = sorted((name for name in owner.signatures), key=lambda name: (name != "serving_default", name))
    calls = tuple(Runnable(path, "tensorflow", name, ("serve",), call.loader) for name in names)
    called = {name: _called(owner.signatures[name], out / str(at)) for at, name in enumerate(names)}
    requests = tuple(
        SignatureRequest(
            one, InputSet(called[one.signature].feeds, called[one.signature].inputs, 1, "data"), str(out / f"{at}.onnx")
        )
        for at, one in enumerate(calls)
    )
    reasons: dict[str, str] = {}
    conversion = frozen = None
    try:
        rungs = (Rung(), Rung(15, grappler=False))
        conversion = convert(ConversionRequest(requests, rungs, str(out / "loadable"), way == "externally"), _silent)
    except InspectorError as error:
        reasons["convert"] = error.message
    try:
        frozen = freeze(FreezeRequest(calls, str(out / "frozen"), str(out / "loadable")), _silent)
    except InspectorError as error:
        reasons["freeze"] = error.message
    for model in frozen.models if frozen else ():
        again = tf.saved_model.load(model.path, tags=["serve"])
        for name, one in called.items():
            _record(again.signatures[name], one, one.given[model.way])
    return Result(called, conversion, frozen, reasons)


def _silent(done: int, total: int, note: str) -> None:
    """Report to nobody."""


def _called(signature: Any, folder: Path) -> Called:
    specs = signature.structured_input_signature[1]
    inputs, outputs = tuple(sorted(specs)), tuple(sorted(signature.structured_outputs))
    random = np.random.default_rng(7)
    for at in range(UNSEEN + 1):
        write_arrays(str(folder / "feeds"), at, [_values(specs[name], random) for name in inputs])
    given = {way: str(folder / way) for way in ("tensorflow", "frozen", "frozen, then Grappler")}
    dtypes = {name: str(specs[name].dtype.name) for name in inputs}
    shapes = {name: tuple(specs[name].shape.as_list()) for name in inputs if specs[name].shape.rank is not None}
    called = Called(inputs, outputs, dtypes, str(folder / "feeds"), given, shapes)
    _record(signature, called, given["tensorflow"])
    return called


def _values(spec: Any, random: np.random.Generator) -> np.ndarray[Any, Any]:
    shape = [
        OPEN[at] if length is None else length for at, length in enumerate(spec.shape.as_list() if spec.shape.rank else [])
    ]
    if spec.dtype == tf.string:
        return np.array(random.choice(["one", "two", "zero", "other"], shape), np.str_)
    if spec.dtype.is_integer:
        return np.asarray(random.integers(0, 4, shape), spec.dtype.as_numpy_dtype)
    return np.asarray(random.normal(0, 1, shape), spec.dtype.as_numpy_dtype)


def _record(signature: Any, called: Called, folder: str) -> None:
    """Keep what a signature gives for the unseen feeds, text as str."""
    for at in range(1, UNSEEN + 1):
        arrays = dict(zip(called.inputs, read_arrays(called.feeds, at), strict=True))
        results = signature(**{name: tf.constant(array, called.dtypes[name]) for name, array in arrays.items()})
        write_arrays(folder, at, [_plain(results[name]) for name in called.outputs])


def _plain(value: Any) -> np.ndarray[Any, Any]:
    if isinstance(value, tf.RaggedTensor):
        value = value.flat_values
    array = value.numpy()
    return np.char.decode(np.asarray(array, np.bytes_), "utf-8") if value.dtype == tf.string else array


if __name__ == "__main__":
    main()
