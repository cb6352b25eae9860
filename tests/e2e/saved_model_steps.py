"""Every step on every SavedModel, in one process: `python -m tests.e2e.saved_model_steps MODELS OUT NAME...`, as JSON lines.

TensorFlow takes seconds to import, so what would import it in a child runs here, one after the other; all else is as it is for
a user, other runtimes' children included. What a step makes is called by its runtime alone on inputs that nobody judged it by.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from inspector.errors import InspectorError
from inspector.isolation import child, child_main, protocol
from inspector.isolation.limits import CancelToken
from inspector.isolation.process import ChildProcess
from inspector.records.event import Finished
from inspector.records.optimization import Change, OptimizationRequest, OptimizeSettings
from inspector.records.runnable import Runnable
from inspector.runtimes.onnx_runtime.feeds import read_feed
from inspector.runtimes.tensorflow.served import served_signature
from inspector.verify.signature_inputs import make_signature_inputs
from inspector.workflows.examine import examine
from inspector.workflows.optimization.session import OptimizationSession

STEPS = ("prune", "simplify", "to-onnx", "to-litert", "fp16", "int8", "int8-dynamic")
TOO_LONG = (("basic_pitch", "int8"),)
"""Half a minute of trying for a rejection."""

SAMPLES = Path(__file__).parents[2] / "sample_models"
UNSEEN_SEED = 987_654
UNSEEN_INPUTS = 4

Feed = Mapping[str, NDArray[Any]]
Outputs = Mapping[str, NDArray[Any]]


class _Here:
    """Answers an order as a child does, by carrying it out in this process."""

    hung_up = True
    pid = os.getpid()
    output = b""

    def __init__(self, order: bytes) -> None:
        self._order = order

    def exchange(self, _: float) -> Iterator[tuple[bytes, bytes]]:
        """Carry out the order and yield its answer."""
        order = msgspec.msgpack.decode(self._order[protocol.HEADER.size :], type=protocol.Order)
        try:
            yield protocol.RESULT, child_main._carry_out(order, child_main.Reporter(_Silent()))  # type: ignore[arg-type]
        except Exception as error:
            yield protocol.FAILURE, msgspec.msgpack.encode(child_main._describe(error))

    def close(self) -> int:
        """There is nothing to end."""
        return 0


class _Silent:
    def write(self, _: bytes) -> None:
        """Tell nobody."""


def _process(order: bytes, environment: Mapping[str, str], *rest: Any) -> Any:
    """Return a child, or this process where it would import TensorFlow."""
    return _Here(order) if "AUTOGRAPH_VERBOSITY" in environment else ChildProcess(order, environment, *rest)


def main() -> int:
    """Run every step on the models that are named and print a line for each."""
    models, out = Path(sys.argv[1]), Path(sys.argv[2])
    child.ChildProcess = _process  # type: ignore[assignment,misc]
    for name in sys.argv[3:]:
        for line in _lines(name, models, out):
            print(json.dumps(line), flush=True)
    return 0


def _lines(name: str, models: Path, out: Path) -> Iterator[dict[str, Any]]:
    folder = SAMPLES / name if (SAMPLES / name).is_dir() else models / name
    data = SAMPLES / f"{name}.npz"
    settings = OptimizeSettings(
        comparison_seconds=0.0, threads=1, signatures=("serving_default",) if name == "optimizer_slots" else ()
    )
    inspection = _result(examine(folder))
    request = OptimizationRequest(settings=settings, data=str(data) if data.exists() else "", memory_bytes=8 << 30)
    session = OptimizationSession(inspection, request)
    try:
        for step in (one for one in STEPS if (name, one) not in TOO_LONG):
            target = out / f"{name}-{step}"
            begun = time.monotonic()
            told = _step(session, step, target, inspection, request)
            yield {"model": name, "step": step, "seconds": round(time.monotonic() - begun, 1), **told}
            session.undo_to(0)
    finally:
        session.close()


def _step(
    session: OptimizationSession, step: Any, target: Path, inspection: Any, request: OptimizationRequest
) -> dict[str, Any]:
    try:
        change: Change = _result(session.run(step, CancelToken()))
        told = {"verdict": change.verdict, "reason": change.reason, "before": change.before.size_bytes}
        told |= {"attempts": [f"{one.name}: {one.outcome} {one.reason}" for one in change.attempts]}
        told |= {"conformance": change.conformance.status if change.conformance else ""}
        if change.status != "accepted":
            return told
        calls = session.current.calls
        suffix = {"onnxruntime": ".onnx", "litert": ".tflite", "tensorflow": ""}[calls[0].runtime]
        saved = _result(session.save(target.with_name(target.name + suffix), CancelToken()))
        told |= {"after": saved.final.size_bytes, "output": saved.output, "runtime": calls[0].runtime}
        places = _places(calls, saved)
        checked = {one.signature: _checked(one, places[one.path], inspection, request) for one in calls}
        return told | {"sqnr": checked}
    except InspectorError as error:
        return {"verdict": "error", "reason": error.message}
    except Exception:
        return {"verdict": "bug", "reason": traceback.format_exc()}


def _places(calls: tuple[Runnable, ...], saved: Any) -> dict[str, str]:
    """Return where each file that is called went: the first to the output, others beside it, in order."""
    files = next(one.files for one in reversed(saved.changes) if one.output)
    return dict(zip(dict.fromkeys(one.path for one in calls), (saved.output, *files), strict=True))


def _checked(call: Runnable, place: str, inspection: Any, request: OptimizationRequest) -> float:
    """Return the lowest SQNR in dB (1000 where equal) of a signature of what was saved, on unseen inputs."""
    served = served_signature(inspection, call.signature)
    before = _tensorflow(served.path, call.signature)
    after = _OPENERS[call.runtime](place, call.signature)
    found = []
    for feed in _feeds(served, inspection, request):
        expected, given = before(feed), after(feed)
        found += [_sqnr(array, given[call.renamed.get(name, name)]) for name, array in expected.items()]
    return min(found)


def _feeds(served: Any, inspection: Any, request: OptimizationRequest) -> list[Feed]:
    """Return inputs that no step saw: the last of the data with noise, or made ones of another seed."""
    if request.data:
        with np.load(request.data) as archive:
            names = [one.name for one in served.signature.inputs]
            noise = np.random.default_rng(UNSEEN_SEED).uniform(0.9, 1.0, UNSEEN_INPUTS).astype(np.float32)
            return [{name: archive[name][-1 - at][None] * noise[at] for name in names} for at in range(UNSEEN_INPUTS)]
    with tempfile.TemporaryDirectory() as folder:
        inputs = _returned(
            make_signature_inputs(
                served, folder, UNSEEN_INPUTS, UNSEEN_SEED, request.settings, None, computation=inspection.computation
            )
        )
        return [read_feed(inputs, index) for index in range(inputs.count)]


def _tensorflow(path: str, signature: str) -> Callable[[Feed], Outputs]:
    import tensorflow as tf

    try:
        loaded = tf.saved_model.load(path)
    except (AttributeError, ValueError):  # the slot variables of an optimizer of Keras 2
        return _session(path, signature)
    function = loaded.signatures[signature]
    types = {name: spec.dtype for name, spec in function.structured_input_signature[1].items()}

    def call(feed: Feed, owner: object = loaded) -> Outputs:
        outputs = function(**{each: tf.constant(feed[each], kind) for each, kind in types.items()})
        return {each: tensor.numpy() for each, tensor in outputs.items()}

    return call


def _session(path: str, signature: str) -> Callable[[Feed], Outputs]:
    import tensorflow as tf

    v1 = tf.compat.v1
    session = v1.Session(graph=tf.Graph())
    definition = v1.saved_model.load(session, ["serve"], path).signature_def[signature]
    fetched = {name: info.name for name, info in definition.outputs.items()}
    return lambda feed: session.run(fetched, {definition.inputs[name].name: array for name, array in feed.items()})


def _litert(path: str, signature: str) -> Callable[[Feed], Outputs]:
    from ai_edge_litert.interpreter import Interpreter

    runner = Interpreter(model_path=path).get_signature_runner(signature)
    return lambda feed: {name: array.copy() for name, array in runner(**feed).items()}


def _onnx(path: str, _: str) -> Callable[[Feed], Outputs]:
    import onnx
    import onnxruntime

    onnx.checker.check_model(path)
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    names = [one.name for one in session.get_outputs()]
    return lambda feed: dict(zip(names, session.run(None, dict(feed)), strict=True))


_OPENERS = {"tensorflow": _tensorflow, "litert": _litert, "onnxruntime": _onnx}


def _sqnr(expected: NDArray[Any], given: NDArray[Any]) -> float:
    assert expected.shape == given.shape, f"{expected.shape} became {given.shape}"
    assert expected.dtype == given.dtype or expected.dtype == object, f"{expected.dtype} became {given.dtype}"
    if expected.dtype.kind != "f":
        return 1000.0 if np.array_equal(expected, given) else -1000.0
    noise = float(np.sum((expected.astype(np.float64) - given) ** 2))
    signal = float(np.sum(expected.astype(np.float64) ** 2))
    return 1000.0 if noise == 0 else 10 * float(np.log10(signal / noise)) if signal else -1000.0


def _result(events: Iterator[Any]) -> Any:
    return next(event.result for event in events if isinstance(event, Finished))


def _returned(steps: Any) -> Any:
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value


if __name__ == "__main__":
    sys.exit(main())
