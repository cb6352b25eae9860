"""Two artifacts of different formats side by side: who is called how, what both are fed, and what does not go together."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from onnx import TensorProto

from inspector.errors import UsageError
from inspector.isolation.limits import CancelToken
from inspector.records.benchmark import BenchPlan
from inspector.records.event import Finished
from inspector.records.inspection import Inspection
from inspector.records.measurement import Conditions
from inspector.records.opened import Opened
from inspector.records.optimization import InputSet
from inspector.runtimes.onnx_runtime.feeds import read_feed
from inspector.workflows.benchmark.laying_out import check_pair, lay_out
from inspector.workflows.benchmark.measurable import Pace
from inspector.workflows.benchmark.mixed_pair import calls_of_pair
from inspector.workflows.benchmark.model_pair import CalledPair
from inspector.workflows.benchmark.schedule import Turn
from inspector.workflows.examine import examine
from tests.builders import save
from tests.unit.runtimes.scorer_models import scorer_onnx
from tests.unit.runtimes.scorer_session import Scorer, make_scorer
from tests.unit.verify.stepping import returned

PLAN = BenchPlan(threads=(1,), sample_seconds=60)
IMAGE = Path(__file__).parents[4] / "sample_models" / "digits_image.tar"


def opened(path: str | Path) -> Opened:
    return next(event.result for event in examine(Path(path)) if isinstance(event, Finished))


@pytest.fixture(scope="module")
def scorer(tmp_path_factory: pytest.TempPathFactory) -> Scorer:
    return make_scorer(tmp_path_factory)


@pytest.fixture(scope="module")
def models(scorer: Scorer) -> dict[str, Inspection]:
    """Return the scorer in each format, read."""
    found = {name: opened(getattr(scorer, name).path) for name in ("tensorflow", "litert", "onnx")}
    return {name: one for name, one in found.items() if isinstance(one, Inspection)}


def laid_out(before: Inspection, after: Inspection, plan: BenchPlan = PLAN) -> CalledPair:
    made = returned(lay_out(before, after, plan, CancelToken()))
    assert isinstance(made, CalledPair)
    return made


def test_each_is_called_in_its_runtime_by_the_same_signature(scorer: Scorer, models: dict[str, Inspection]) -> None:
    calls = calls_of_pair(models["tensorflow"], models["litert"])
    assert calls == (scorer.tensorflow, scorer.litert)
    named, only = calls_of_pair(models["tensorflow"], models["onnx"], "name")
    assert (named, only) == (replace(scorer.tensorflow, signature="name"), scorer.onnx)
    with pytest.raises(UsageError, match=r'scorer\.tflite has no signature "name"; it has serving_default'):
        calls_of_pair(models["tensorflow"], models["litert"], "name")


def test_starts_and_runs_are_those_of_both_runtimes(scorer: Scorer, models: dict[str, Inspection]) -> None:
    with closing(laid_out(models["onnx"], models["litert"])) as pair:
        assert pair.artifacts == (scorer.onnx.path, scorer.litert.path)
        assert "scorer.onnx runs in ONNX Runtime" in pair.notes
        assert "scorer.tflite runs in LiteRT" in pair.notes
        pace = Pace(0.3, 0, CancelToken())
        starts = returned(pair.starts(Turn("cold_start", Conditions(1, cache="warm")), pace))
        runs = returned(pair.latencies(Turn("latency", Conditions(1)), pace))
        assert [one.status for one in (*starts.runs, *runs.runs)] == ["measured"] * 4
        assert {"session", "load"} <= {phase for run in starts.runs for phase in run.phases}
        assert "before in ONNX Runtime, after in LiteRT" in runs.comparisons[0].note
        assert returned(pair.advice(pace)) == ()
        folder = Path(pair.inputs.folder)
    assert not folder.exists()


def test_inputs_are_made_for_the_one_that_leaves_less_open(scorer: Scorer, models: dict[str, Inspection]) -> None:
    """A model that takes three rows and nothing else gets three rows, though the other one is named first."""
    fixed = scorer_onnx()
    for tensor in (*fixed.graph.input, *fixed.graph.output):
        tensor.type.tensor_type.shape.dim[0].dim_value = 3
    three = opened(save(fixed, scorer.folder / "three.onnx"))
    assert isinstance(three, Inspection)
    with closing(laid_out(models["tensorflow"], three)) as pair:
        assert read_feed(pair.inputs, 0)["features"].shape == (3, 4)
        assert (pair.inputs.source, pair.inputs.count) == ("synthetic", 16)


def test_given_data_is_what_both_are_fed(scorer: Scorer, models: dict[str, Inspection]) -> None:
    rows = np.arange(80, dtype=np.float32).reshape(20, 4)
    np.savez(scorer.folder / "rows.npz", features=rows)
    with closing(laid_out(models["litert"], models["onnx"], replace(PLAN, data=str(scorer.folder / "rows.npz")))) as pair:
        made: InputSet = pair.inputs
        assert made.source == "data"
        assert all(read_feed(made, index)["features"].tolist() in rows[:, None].tolist() for index in range(made.count))


def test_what_does_not_go_together_is_said(scorer: Scorer, models: dict[str, Inspection]) -> None:
    half = opened(save(scorer_onnx(dtype=TensorProto.FLOAT16), scorer.folder / "half.onnx"))
    with pytest.raises(UsageError, match="has another signature: input features is float16, not float32"):
        check_pair(models["tensorflow"], half)
    with pytest.raises(UsageError, match="is a container image, not a SavedModel"):
        check_pair(models["tensorflow"], opened(IMAGE))
    with pytest.raises(UsageError, match="two formats are measured on the CPU"):
        laid_out(models["litert"], models["onnx"], replace(PLAN, device="cuda"))
