"""TensorFlow's converter, set up for one rung. In children only."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from inspector.errors import InspectorError, OperationFailed
from inspector.formats.saved_model.slot_variables import write_without_slots
from inspector.optimize.litert.calibration_child import Samples
from inspector.optimize.litert.copies_child import frozen
from inspector.optimize.litert.messages import Numbers, Rung, Source, WantedSignature
from inspector.optimize.litert.reasons import unregistered_operator
from inspector.runtimes.tensorflow.messages import is_want_of_memory, refusal_text

CALIBRATED = ("int8", "int16x8")


class Copies:
    """The folder that each way of reading a SavedModel takes, made when it is first asked for."""

    def __init__(self, tf: Any, source: Source, signatures: Sequence[str], folder: str) -> None:
        self._tf = tf
        self._source = source
        self._signatures = signatures
        self._folder = folder
        self._loadable = ""
        self._frozen = ""

    def folder(self, rung: Rung) -> tuple[str, tuple[str, ...]]:
        """Return the folder to convert, and its tags. Raises OperationFailed, or what TensorFlow raises."""
        if rung.way == "as saved":
            return self._made_loadable(), self._source.tags
        if not self._frozen:
            self._frozen = self._made_frozen()
        return self._frozen, ("serve",)

    def _made_frozen(self) -> str:
        loadable, target = self._made_loadable(), str(Path(self._folder, "frozen"))
        try:
            return frozen(self._tf, loadable, self._source.tags, self._signatures, target)
        except InspectorError:
            raise
        except Exception as error:  # TensorFlow's errors share no base class with Python's own that it raises, too
            if is_want_of_memory(error):
                raise MemoryError(str(error)[:200]) from None
            if operator := unregistered_operator(error):
                raise OperationFailed(f"it needs the custom operator {operator}, which TensorFlow does not know") from None
            raise OperationFailed(f"its variables cannot be made constants: {refusal_text(error)}") from None

    def _made_loadable(self) -> str:
        if not self._source.has_slots:
            return self._source.path
        if not self._loadable:
            self._loadable = str(Path(self._folder, "without_slots"))
            write_without_slots(Path(self._source.path), Path(self._loadable))
        return self._loadable


def converter_for(
    tf: Any, place: tuple[str, tuple[str, ...]], rung: Rung, numbers: Numbers, signatures: Sequence[WantedSignature]
) -> tuple[Any, Samples]:
    """Return a converter of those signatures, default one first, and the samples it calibrates on where it does."""
    folder, tags = place
    names = [one.name for one in signatures]
    converter = tf.lite.TFLiteConverter.from_saved_model(folder, signature_keys=names, tags=set(tags) or None)
    samples = Samples(signatures)
    if numbers not in ("float32", "large float16"):
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
    if numbers == "float16":
        converter.target_spec.supported_types = [tf.float16]
    if numbers in CALIBRATED:
        converter.representative_dataset = samples
    converter.target_spec.supported_ops = _operators(tf, rung, numbers)
    return converter, samples


def kept_in_floats(tf: Any, converter: Any, samples: Samples, kept: Sequence[str]) -> bytes:
    """Return what an int8 converter gives when the nodes that make those tensors stay in fp32."""
    options = tf.lite.experimental.QuantizationDebugOptions(denylisted_nodes=list(kept))
    debugger = tf.lite.experimental.QuantizationDebugger(converter=converter, debug_dataset=samples, debug_options=options)
    return bytes(debugger.get_nondebug_quantized_model())


def _operators(tf: Any, rung: Rung, numbers: Numbers) -> list[Any]:
    sets = tf.lite.OpsSet
    chosen = {
        "int8": [sets.TFLITE_BUILTINS_INT8],
        "int16x8": [sets.EXPERIMENTAL_TFLITE_BUILTINS_ACTIVATIONS_INT16_WEIGHTS_INT8],
    }.get(numbers, [sets.TFLITE_BUILTINS])
    if rung.float_fallback:
        chosen.append(sets.TFLITE_BUILTINS)
    return chosen
