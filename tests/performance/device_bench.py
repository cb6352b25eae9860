"""CPU and CUDA side by side: `python -m tests.performance.device_bench` prints a table in Markdown for three models in fp32
and fp16, runs interleaved in random order, inputs and outputs bound, transfers apart, and what stayed on the CPU."""

from __future__ import annotations

import argparse
import random
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any, Final

import onnx

from inspector.bench.statistics import Interval, median_interval
from inspector.errors import InspectorError, UsageError
from inspector.records.event import Finished, Steps
from inspector.records.optimization import InputSet, OptimizeSettings
from inspector.runtimes.onnx_runtime.cuda_runs import BoundRun, BoundRunner
from inspector.runtimes.onnx_runtime.devices import choose_device, offered_devices
from inspector.runtimes.onnx_runtime.feeds import read_feed
from inspector.runtimes.onnx_runtime.nodes_on_device import Placement, node_placement
from inspector.runtimes.onnx_runtime.sessions import fitted_feed, make_session, run_session
from inspector.verify.inputs import make_inputs
from inspector.workflows.inspect import inspect
from tests.e2e.test_real_models import models_of
from tests.published_models.bert_base import save_bert_base
from tests.published_models.filling import fill_weights
from tests.published_models.image_classifiers import save_resnet50

SETTINGS: Final = OptimizeSettings(memory_bytes=12 << 30, step_seconds=600)
HEAD: Final = (
    "| model | weights | CPU ms | GPU ms in + compute + out | GPU first run ms | GPU / CPU (95 %) | nodes on CPU | copies |",
    "|---|---|---:|---:|---:|---:|---:|---:|",
)
_WARM: Final = 5
_FEEDS: Final = 4


@dataclass(frozen=True)
class Row:
    """One model in one precision on the CPU beside a device; times in ms, medians of warm runs."""

    model: str
    weights: str
    cpu_ms: float
    device: BoundRun
    first_ms: float
    ratio: Interval
    placement: Placement

    def line(self) -> str:
        """Return it as a row of the table."""
        parts = self.device
        split = f"{parts.transfer_in_ms:.2f} + {parts.compute_ms:.2f} + {parts.transfer_out_ms:.2f}"
        ratio = f"{self.ratio.value:.3f} ({self.ratio.low:.3f} to {self.ratio.high:.3f})"
        stayed = f"{self.placement.on_cpu} of {self.placement.executed}"
        head = f"| {self.model} | {self.weights} | {self.cpu_ms:.2f} | {split} | {self.first_ms:.1f} "
        return f"{head}| {ratio} | {stayed} | {self.placement.copies} |"


def side_by_side(name: str, weights: str, path: Path, inputs: InputSet, rounds: int, device: str = "cuda") -> Row:
    """Time a model on the CPU and on a device, a run of each in random order every round."""
    feeds = [read_feed(inputs, index) for index in range(min(_FEEDS, inputs.count))]
    on_cpu = make_session(str(path), serving=True)
    bound = BoundRunner(make_session(str(path), device=device, serving=True), device)
    first = bound.run(feeds[0]).whole_ms
    fitted = [fitted_feed(on_cpu, feed) for feed in feeds]
    for index in range(_WARM):
        run_session(on_cpu, fitted[index % len(fitted)])
        bound.run(feeds[index % len(feeds)])
    chance = random.Random(0)
    cpu_ms: list[float] = []
    device_runs: list[BoundRun] = []
    for index in range(rounds):
        turns: list[Callable[[int], None]] = [
            lambda at: cpu_ms.append(_timed(lambda: run_session(on_cpu, fitted[at]))),
            lambda at: device_runs.append(bound.run(feeds[at])),
        ]
        for turn in chance.sample(turns, len(turns)):
            turn(index % len(feeds))
    ratio = median_interval([[run.whole_ms / cpu for run, cpu in zip(device_runs, cpu_ms, strict=True)]])
    placement = _returned(node_placement(str(path), inputs, SETTINGS, None, device))
    return Row(name, weights, median(cpu_ms), _middle(device_runs), first, ratio, placement)


def halved(path: Path, folder: Path) -> Path:
    """Write the model with its inputs, weights and outputs in fp16 and return where."""
    from onnxruntime.transformers import float16

    target = folder / f"{path.stem}_fp16.onnx"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # numbers that fp16 cannot hold: speed is compared here, not accuracy
        onnx.save(float16.convert_float_to_float16(onnx.load(path)), target)
    return target


def inputs_for(path: Path, folder: Path, lengths: Mapping[str, int]) -> InputSet:
    """Make seeded inputs for a model."""
    inspection = next(event.result for event in inspect(path) if isinstance(event, Finished))
    return _returned(make_inputs(inspection, str(folder / f"{path.stem}_inputs"), _FEEDS, 0, SETTINGS, None, lengths))


def models(folder: Path) -> Iterator[tuple[str, Path, Mapping[str, int]]]:
    """Yield three models with the lengths of their symbolic dimensions."""
    yield "ResNet-50, batch 1", fill_weights(save_resnet50(_made(folder / "resnet50"))), {}
    yield "BERT-base, 128 tokens", fill_weights(save_bert_base(_made(folder / "bert_base"))), {"sequence": 128}
    for path in models_of("basic_pitch"):
        yield "basic-pitch", path, {}


def rows_of(name: str, path: Path, lengths: Mapping[str, int], folder: Path, rounds: int, device: str) -> Iterator[Row | str]:
    """Yield the rows of a model, or why there is none."""
    inputs = inputs_for(path, folder, lengths)
    for weights in ("fp32", "fp16"):
        try:
            yield side_by_side(name, weights, path if weights == "fp32" else halved(path, folder), inputs, rounds, device)
        except (InspectorError, ValueError, RuntimeError) as error:
            yield f"| {name} | {weights} | not measured: {error} ||||||"


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table; 2 where there is no CUDA device to be used."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=200)
    given = parser.parse_args(arguments)
    try:
        chosen = choose_device("cuda", _returned(offered_devices(None)))
    except UsageError as error:
        print(error)
        return error.exit_code
    print(chosen.why, *HEAD, sep="\n")
    with tempfile.TemporaryDirectory() as folder:
        for name, path, lengths in models(Path(folder)):
            for row in rows_of(name, path, lengths, Path(tempfile.mkdtemp(dir=folder)), given.rounds, "cuda"):
                print(row.line() if isinstance(row, Row) else row, flush=True)
    return 0


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


def _middle(runs: Sequence[BoundRun]) -> BoundRun:
    """Return the medians of each part."""
    return BoundRun(
        median(run.transfer_in_ms for run in runs),
        median(run.compute_ms for run in runs),
        median(run.transfer_out_ms for run in runs),
    )


def _timed(call: Callable[[], object]) -> float:
    start = time.perf_counter_ns()
    call()
    return (time.perf_counter_ns() - start) / 1e6


def _returned(steps: Steps[Any]) -> Any:
    """Run steps to their end and return what they make."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value


if __name__ == "__main__":
    raise SystemExit(main())
