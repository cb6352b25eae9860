"""A session on a SavedModel that tells of changes written by hand: each real one starts TensorFlow several times."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from inspector.errors import UsageError
from inspector.isolation.limits import CancelToken
from inspector.records.artifact import Artifact
from inspector.records.contract import Contract
from inspector.records.event import Event, Finished, Partial, Started
from inspector.records.inspection import Inspection
from inspector.records.optimization import (
    Change,
    Optimization,
    OptimizationRequest,
    OptimizerName,
    Preflight,
    StepProgress,
    Subject,
)
from inspector.records.publishing import PublishedVersion, PublishRequest
from inspector.records.runnable import Runnable
from inspector.records.tflite import Quantization, SignatureGraph, TFLiteFacts
from tests.golden.converted_reviews import ORIGINAL, converted_review
from tests.tui.inspections import inspection_of, small_computation, small_inspection

STEPS: Final[tuple[OptimizerName, ...]] = (
    *("prune", "simplify", "to-onnx", "to-litert", "fp16", "int8", "int8-dynamic"),  # type: ignore[assignment]
)
ONNX_STEPS: Final[tuple[OptimizerName, ...]] = ("simplify", "fp16", "int8", "int8-dynamic", "warmstart")
NOW_LITERT: Final = "it is a LiteRT model now: undo, or start from the SavedModel"

CHANGES: Final[dict[OptimizerName, Change]] = {one.optimizer: one for one in converted_review().changes}


def tflite_inspection() -> Inspection:
    """The small computation as a TFLite model of two signatures, whose tensors are quantized."""
    computation = small_computation()
    graph = computation.graph
    nodes = tuple(replace(node, domain="tflite") for node in graph.nodes)
    signature = replace(computation.signatures[0], name="serving_default")
    return inspection_of(
        replace(
            computation,
            artifact=Artifact("/models/small.tflite", "tflite", 12_000),
            graph=replace(graph, nodes=nodes),
            signatures=(signature, replace(signature, name="count")),
            opsets={},
            ir_version=None,
            tflite=TFLiteFacts(
                3,
                (
                    SignatureGraph("serving_default", "", {"image": "image"}, {"scores": "scores"}),
                    SignatureGraph("count", "", {"image": "a"}, {"scores": "c"}),
                ),
                {("", "w1"): Quantization((0.25, 0.5), (0, 0), 4), ("", "a"): Quantization((0.125,), (-128,), 1)},
                {"CONV_2D": 3, "RELU": 1},
                7,
                2,
                1_024,
            ),
        )
    )


class SavedModelSession:
    """One session."""

    def __init__(self, inspection: Inspection, request: OptimizationRequest) -> None:
        self.inspection = inspection
        self.request = request
        self._done: list[tuple[Change, Subject]] = []

    @property
    def changes(self) -> tuple[Change, ...]:
        return tuple(change for change, _ in self._done)

    @property
    def current(self) -> Subject:
        return self._done[-1][1] if self._done else Subject("/models/classifier", self.inspection, ORIGINAL)

    def steps(self) -> tuple[OptimizerName, ...]:
        return ONNX_STEPS if self.current.inspection.computation.artifact.format == "onnx" else STEPS

    def preflight(self, name: OptimizerName) -> Preflight:
        if self.current.inspection.computation.artifact.format == "tflite":
            return Preflight(False, NOW_LITERT)
        return Preflight(True, choice=f"what {name} does")

    def run(self, name: OptimizerName, cancel: CancelToken, keep_fp32: Sequence[str] = ()) -> Iterator[Event[Change]]:
        assert not cancel.cancelled
        yield Started(name)
        yield Partial(StepProgress(name, "making candidates"))  # type: ignore[misc]
        change = CHANGES[name]
        self._done.append((change, self._after(name) if change.status == "accepted" else self.current))
        yield Finished(change)

    def _after(self, name: OptimizerName) -> Subject:
        after = CHANGES[name].after
        assert after is not None
        if name == "to-onnx":
            calls = tuple(Runnable("/work/model.onnx", signature=one) for one in ("serving_default", "count"))
            return Subject("/work/model.onnx", small_inspection(), after, calls)
        is_same = name in ("prune", "simplify")
        return Subject("/work/model", self.inspection if is_same else tflite_inspection(), after)

    def undo_to(self, count: int) -> None:
        del self._done[count:]

    def save(self, target: Path, cancel: CancelToken) -> Iterator[Event[Optimization]]:
        assert not cancel.cancelled
        target.write_bytes(b"saved")
        change, subject = self._done[-1]
        files = (f"{target.with_suffix('')}.count.onnx",) if subject.calls else ()
        self._done[-1] = replace(change, output=str(target), files=files), subject
        yield Finished(Optimization("classifier", ORIGINAL, self.changes, Contract(), output=str(target)))

    def publish(self, request: PublishRequest, cancel: CancelToken) -> Iterator[Event[PublishedVersion]]:
        assert not cancel.cancelled
        if request.version == 3:
            raise UsageError(f"{request.serving} holds version 3 already")
        path = f"{request.serving}/{request.version}"
        self._done[-1] = replace(self._done[-1][0], output=path), self._done[-1][1]
        yield Finished(PublishedVersion(path, request.version or 1, 7, 1_000, 8))

    def close(self) -> None:
        return
