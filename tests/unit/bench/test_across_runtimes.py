"""Two runtimes side by side: loading, runs and whole starts of the same signature, and what is said of who ran what."""

from __future__ import annotations

from dataclasses import replace

import pytest

from inspector.bench.latency import latency_of
from inspector.bench.quick import quick_comparison_of
from inspector.bench.quick_starts import quick_starts
from inspector.errors import OperationFailed
from inspector.isolation.limits import CancelToken
from inspector.records.measurement import Comparison, Conditions
from inspector.records.runnable import Runnable
from inspector.runtimes.calling import file_runnable
from tests.unit.bench.slow_digits import slowed
from tests.unit.runtimes.scorer_session import SETTINGS, Scorer, make_scorer
from tests.unit.verify.stepping import returned


@pytest.fixture(scope="module")
def scorer(tmp_path_factory: pytest.TempPathFactory) -> Scorer:
    return make_scorer(tmp_path_factory)


def assert_measured(found: tuple[Comparison, ...], note: str) -> None:
    assert [one.kind for one in found] == ["session_creation", "latency"]
    for one in found:
        assert one.before_ms > 0
        assert one.after_ms > 0
        assert one.pairs >= 1
        assert one.threads == 1
        assert note in one.note


def test_runtimes_share_one_process(scorer: Scorer) -> None:
    found = returned(quick_comparison_of(scorer.tensorflow, scorer.onnx, scorer.inputs, SETTINGS, None, 3.0))
    assert_measured(found, "before in TensorFlow, after in ONNX Runtime")
    assert found[0].ratio < 1
    assert_measured(
        returned(quick_comparison_of(scorer.onnx, scorer.litert, scorer.inputs, SETTINGS, None, 1.0)),
        "before in ONNX Runtime, after in LiteRT",
    )


def test_one_runtime_is_not_told_from_itself(scorer: Scorer) -> None:
    found = returned(quick_comparison_of(scorer.litert, scorer.litert, scorer.inputs, SETTINGS, None, 1.0))
    assert_measured(found, "")
    assert "LiteRT" not in found[0].note


def test_what_cannot_be_run_beside_the_other_is_not_measured(scorer: Scorer) -> None:
    other = Runnable(str(scorer.folder / "nowhere.tflite"), "litert", "serving_default")
    for one in returned(quick_comparison_of(scorer.onnx, other, scorer.inputs, SETTINGS, None, 0.2)):
        assert one.verdict == "not measured"
        assert one.note.startswith("not measured: the changed artifact: ")
    unnamed = replace(scorer.litert, signature="none")
    for one in returned(quick_comparison_of(scorer.onnx, unnamed, scorer.inputs, SETTINGS, None, 0.2)):
        assert 'no signature "none"' in one.note


def test_whole_starts_are_those_of_each_runtime(scorer: Scorer) -> None:
    (found,) = returned(quick_starts(scorer.onnx, scorer.litert, scorer.inputs, SETTINGS, None, 1.0))
    assert (found.kind, found.phase, found.conditions) == ("cold_start", "", Conditions(1, cache="warm"))
    assert found.pairs >= 1
    assert found.noise_low is not None
    assert "before in ONNX Runtime, after in LiteRT" in found.note
    assert "importing the runtime takes " in found.note


def test_too_few_starts_claim_nothing(scorer: Scorer) -> None:
    (found,) = returned(quick_starts(scorer.litert, scorer.onnx, scorer.inputs, SETTINGS, None, 1e-3))
    assert found.verdict == "not measured"
    assert found.note.startswith("not measured: 1 in the time there is, 6 pairs at least are needed; before in LiteRT")
    assert found.ratio > 0


def test_what_does_not_start_is_said_with_the_reason(scorer: Scorer) -> None:
    wrong = file_runnable(slowed(scorer.folder / "other.onnx"))
    (found,) = returned(quick_starts(scorer.onnx, wrong, scorer.inputs, SETTINGS, None, 0.2))
    assert (found.verdict, found.pairs) == ("not measured", 0)
    assert "3 starts in a row failed, the last one: " in found.note
    cancel = CancelToken()
    cancel.cancel()
    with pytest.raises(OperationFailed, match="cancelled"):
        returned(quick_starts(scorer.onnx, scorer.litert, scorer.inputs, SETTINGS, cancel, 0.2))


def test_latency_of_two_runtimes_says_which_ran_which(scorer: Scorer) -> None:
    calls = scorer.litert, scorer.onnx
    steps = latency_of(calls, scorer.inputs, Conditions(threads=1), "cpu", 0.5, SETTINGS)
    part = returned(steps)
    assert [run.status for run in part.runs] == ["measured", "measured"]
    assert [run.artifact for run in part.runs] == [call.path for call in calls]
    (comparison,) = part.comparisons
    assert "before in LiteRT, after in ONNX Runtime" in comparison.note
