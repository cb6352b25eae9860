"""What int8 does to each node, measured by TensorFlow's debugger of quantization. In children only."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Callable, Iterator
from itertools import islice
from typing import TYPE_CHECKING, Any

from inspector.optimize.litert.calibration_child import Samples
from inspector.optimize.litert.converter_child import Copies, converter_for
from inspector.optimize.litert.messages import Sensitivities, SensitivityRequest, TensorSensitivity, WantedSignature
from inspector.runtimes.tensorflow.loading_child import import_tensorflow

if TYPE_CHECKING:
    from numpy.typing import NDArray

Report = Callable[[int, int, str], None]


def measure_in_child(request: SensitivityRequest, report: Report) -> Sensitivities:
    """Return the SQNR of every quantized node, worst first. The debugger takes one signature at a time; of a tensor that
    several share, the worst counts. Raises what TensorFlow raises."""
    tf = import_tensorflow(request.threads)
    copies = Copies(tf, request.source, [one.name for one in request.signatures], request.folder)
    found: dict[str, TensorSensitivity] = {}
    for done, signature in enumerate(request.signatures):
        report(done, len(request.signatures), "measuring what int8 does to each node")
        for one in _of_signature(tf, copies, request, signature):
            known = found.get(one.tensor)
            if known is None or _order(one) < _order(known):
                found[one.tensor] = one
    return Sensitivities(tuple(sorted(found.values(), key=_order)))


def _order(one: TensorSensitivity) -> tuple[float, str]:
    return (math.inf if one.sqnr_db is None else one.sqnr_db, one.tensor)


def _of_signature(
    tf: Any, copies: Copies, request: SensitivityRequest, signature: WantedSignature
) -> Iterator[TensorSensitivity]:
    experimental = tf.lite.experimental
    converter, samples = converter_for(tf, copies.folder(request.rung), request.rung, "int8", [signature])
    instrumented = experimental.QuantizationDebugger(converter=converter, debug_dataset=samples).get_debug_quantized_model()
    options = experimental.QuantizationDebugOptions(layer_direct_compare_metrics={"signal": _signal, "noise": _noise})
    debugger = experimental.QuantizationDebugger(
        quant_debug_model_content=instrumented,
        debug_dataset=lambda: _in_order(tf, instrumented, samples, request.samples),
        debug_options=options,
    )
    debugger.run()
    written = io.StringIO()
    debugger.layer_statistics_dump(written)
    for row in csv.DictReader(io.StringIO(written.getvalue())):
        yield TensorSensitivity(row["tensor_name"], row["op_name"], _decibels(float(row["signal"]), float(row["noise"])))


def _in_order(tf: Any, content: bytes, samples: Samples, most: int) -> Iterator[list[NDArray[Any]]]:
    """Yield feeds as lists in the order of the file's inputs, which the debugger goes by."""
    interpreter = tf.lite.Interpreter(model_content=content)
    names = {one["index"]: name for name, one in interpreter.get_signature_runner().get_input_details().items()}
    order = [names[one["index"]] for one in interpreter.get_input_details()]
    for _, feed in islice(samples(), most):
        yield [feed[name] for name in order]


def _signal(exact: NDArray[Any], quantized: NDArray[Any], scale: float, zero_point: int) -> float:  # noqa: ARG001
    """Return the mean square of what fp32 gives."""
    import numpy as np

    return float(np.square(exact.astype(np.float64)).mean())


def _noise(exact: NDArray[Any], quantized: NDArray[Any], scale: float, zero_point: int) -> float:
    """Return the mean square of what int8 gives less what fp32 gives."""
    import numpy as np

    given = (quantized.astype(np.float64) - zero_point) * scale
    return float(np.square(given - exact).mean())


def _decibels(signal: float, noise: float) -> float | None:
    """Return the signal-to-quantization-noise ratio, None where one of them is nothing."""
    if not (signal > 0 and noise > 0 and math.isfinite(signal) and math.isfinite(noise)):
        return None
    return 10 * math.log10(signal / noise)
