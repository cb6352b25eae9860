"""LiteRT models are measured like any other, one or two of the same signature; what makes no sense is one line."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from inspector.errors import UsageError
from inspector.isolation.limits import CancelToken
from inspector.records.benchmark import BenchPlan, BenchResult
from inspector.records.event import Finished
from inspector.records.inspection import Inspection
from inspector.workflows.benchmark import benchmark
from inspector.workflows.benchmark.laying_out import lay_out
from inspector.workflows.examine import examine
from tests.unit.runtimes.litert.odd_models import write

SAMPLE = Path(__file__).parents[4] / "sample_models" / "digits_cnn.onnx"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if find_spec("ai_edge_litert") is None:
        pytest.skip("LiteRT has no wheel for this Python or platform")
    return write(tmp_path_factory.mktemp("tflite"))


def opened(path: Path) -> Inspection:
    return next(event.result for event in examine(path) if isinstance(event, Finished))  # type: ignore[return-value]


def measured(before: Path, after: Path | None, plan: BenchPlan) -> BenchResult:
    events = benchmark(opened(before), None if after is None else opened(after), plan, CancelToken())
    return [event.result for event in events if isinstance(event, Finished)][-1]


def test_two_files_are_started_and_called_side_by_side(folder: Path, tmp_path: Path) -> None:
    np.savez(tmp_path / "data.npz", x=np.ones((4, 4), np.float32))
    other = tmp_path / "other.tflite"
    other.write_bytes((folder / "dense.tflite").read_bytes())
    plan = BenchPlan(budget_seconds=2, caches=("warm",), data=str(tmp_path / "data.npz"))
    found = measured(folder / "dense.tflite", other, plan)
    assert [(run.kind, run.subject, run.status, run.failures) for run in found.runs] == [
        ("cold_start", "before", "measured", 0),
        ("cold_start", "after", "measured", 0),
        ("latency", "before", "measured", 0),
        ("latency", "after", "measured", 0),
    ]
    assert found.device == "cpu"
    assert list(found.runs[0].phases) == ["spawn", "interpreter", "imports", "read", "load", "first run", "warm-up"]
    assert {one.kind for one in found.comparisons} == {"cold_start", "latency"}
    assert found.method[0] == "signature serving_default"


def test_the_signature_that_is_named_is_called(folder: Path) -> None:
    plan = BenchPlan(budget_seconds=2, kinds=("latency",), signature="aaa")
    found = measured(folder / "loop.tflite", None, plan)
    assert [(run.kind, run.status) for run in found.runs] == [("latency", "measured")]
    assert found.method[0] == "signature aaa"
    assert not found.startup


@pytest.mark.parametrize(
    ("before", "after", "plan", "said"),
    [
        ("dense", None, BenchPlan(device="cuda"), "LiteRT models are measured on the CPU"),
        ("loop", None, BenchPlan(signature="nope"), 'loop.tflite has no signature "nope"'),
        ("dense", "in_int8", BenchPlan(), "in_int8.tflite has another signature: only one of them has the input image"),
        ("dense", "", BenchPlan(), "digits_cnn.onnx has another signature: only one of them has the input image"),
    ],
)
def test_what_makes_no_sense_is_one_line(folder: Path, before: str, after: str | None, plan: BenchPlan, said: str) -> None:
    others = {None: None, "": SAMPLE}
    other = others[after] if after in others else folder / f"{after}.tflite"
    mine = opened(folder / f"{before}.tflite")
    with pytest.raises(UsageError) as caught:
        for _ in lay_out(mine, None if other is None else opened(other), plan, CancelToken()):
            pass
    assert said in caught.value.message
    assert "\n" not in str(caught.value)
