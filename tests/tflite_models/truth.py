"""Models converted by TensorFlow, and what its interpreter says of them, as JSON: `python -m tests.tflite_models.truth FOLDER`.

By file: {tensors: one list a subgraph of {name, dtype, shape, scales, zero_points, axis}, operators: of the first subgraph
[name, inputs, outputs], values: {index: sha256} of its constants, signatures: {name: {inputs, outputs}}}; shapes have -1 for
open lengths.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

SAMPLE = Path(__file__).parents[2] / "sample_models" / "digits_keras"


class _Several(tf.Module):  # type: ignore[misc]
    """Two signatures that share a weight, one with a loop."""

    def __init__(self) -> None:
        super().__init__()
        self.kernel = tf.constant(np.linspace(-1, 1, 16, dtype=np.float32).reshape(4, 4))

    @tf.function(input_signature=[tf.TensorSpec([None, 4], tf.float32, name="x")])  # type: ignore[misc]
    def serve(self, x: Any) -> dict[str, Any]:
        return {"product": tf.matmul(x, self.kernel), "mean": tf.reduce_mean(x, 1)}

    @tf.function(input_signature=[tf.TensorSpec([2, 4], tf.float32, name="x")])  # type: ignore[misc]
    def repeat(self, x: Any) -> dict[str, Any]:
        _, last = tf.while_loop(lambda i, y: i < 5, lambda i, y: (i + 1, tf.tanh(tf.matmul(y, self.kernel))), (0, x))
        return {"last": last}


def convert(folder: Path) -> None:
    """Write digits as it is, in half precision, with dynamic ranges and in integers, and a model of several signatures."""
    loaded = tf.saved_model.load(str(SAMPLE))
    function = loaded.signatures["serving_default"]
    settings: dict[str, dict[str, Any]] = {
        "plain": {},
        "half": {"optimizations": [tf.lite.Optimize.DEFAULT], "types": [tf.float16]},
        "dynamic": {"optimizations": [tf.lite.Optimize.DEFAULT]},
        "integers": {"optimizations": [tf.lite.Optimize.DEFAULT], "representative_dataset": _samples},
    }
    for name, given in settings.items():
        converter = tf.lite.TFLiteConverter.from_concrete_functions([function], loaded)
        converter.optimizations = given.get("optimizations", [])
        converter.target_spec.supported_types = given.get("types", [])
        converter.representative_dataset = given.get("representative_dataset")
        (folder / f"{name}.tflite").write_bytes(converter.convert())
    several = _Several()
    functions = [several.serve.get_concrete_function(), several.repeat.get_concrete_function()]
    saved = folder / "several"
    tf.saved_model.save(several, str(saved), signatures={"serving_default": functions[0], "repeat": functions[1]})
    converter = tf.lite.TFLiteConverter.from_saved_model(str(saved), signature_keys=["serving_default", "repeat"])
    (folder / "several.tflite").write_bytes(converter.convert())


def _samples() -> Iterator[dict[str, Any]]:
    generator = np.random.default_rng(7)
    for _ in range(8):
        yield {"image": generator.random((1, 8, 8, 1), dtype=np.float32)}


def truth_of(path: Path) -> dict[str, Any]:
    """Return what the interpreter says of one file."""
    resolver = tf.lite.experimental.OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
    interpreter = tf.lite.Interpreter(str(path), experimental_op_resolver_type=resolver)
    count = interpreter._interpreter.NumSubgraphs() if hasattr(interpreter._interpreter, "NumSubgraphs") else 1
    tensors = [interpreter.get_tensor_details(number) for number in range(count)]
    operators = [[one["op_name"], list(one["inputs"]), list(one["outputs"])] for one in interpreter._get_ops_details()]
    return {
        "tensors": [[_tensor(one) for one in subgraph] for subgraph in tensors],
        "operators": [[name, [int(i) for i in inputs], [int(i) for i in outputs]] for name, inputs, outputs in operators],
        "values": dict(_values(interpreter, tensors[0])),
        "signatures": interpreter.get_signature_list(),
    }


def _tensor(one: dict[str, Any]) -> dict[str, Any]:
    quantized = one["quantization_parameters"]
    return {
        "index": int(one["index"]),
        "name": one["name"],
        "dtype": np.dtype(one["dtype"]).name,
        "shape": [int(length) for length in one["shape_signature"]],
        "scales": [float(scale) for scale in quantized["scales"]],
        "zero_points": [int(zero) for zero in quantized["zero_points"]],
        "axis": int(quantized["quantized_dimension"]),
    }


def _values(interpreter: Any, tensors: list[dict[str, Any]]) -> Iterator[tuple[int, str]]:
    for one in tensors:
        try:
            values = interpreter.get_tensor(one["index"])
        except ValueError:
            continue
        yield int(one["index"]), hashlib.sha256(np.ascontiguousarray(values).tobytes()).hexdigest()


if __name__ == "__main__":
    target = Path(sys.argv[1])
    convert(target)
    found = {path.name: truth_of(path) for path in [*sorted(target.glob("*.tflite")), *map(Path, sys.argv[2:])]}
    (target / "truth.json").write_text(json.dumps(found))
