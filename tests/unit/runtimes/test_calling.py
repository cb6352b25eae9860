"""One way to call anything: what was recorded of a SavedModel is held against each runtime, and what differs is found."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from onnx import TensorProto

from inspector.errors import OperationFailed, UsageError
from inspector.isolation.child import ChildFailed
from inspector.records.contract import ConformanceTerms
from inspector.records.optimization import OptimizeSettings, Reference
from inspector.records.parity import OutputParity
from inspector.records.runnable import Runnable
from inspector.runtimes.calling import child_environment_for, label, require_runtime
from inspector.runtimes.load_call import load_call
from inspector.runtimes.onnx_runtime.feeds import read_arrays, read_feed
from inspector.runtimes.record_outputs import record_outputs_of
from inspector.verify.conformance import conformance_of
from inspector.verify.parity import compare_call
from tests.builders import save
from tests.unit.runtimes.scorer_models import KERNEL, scorer_onnx
from tests.unit.runtimes.scorer_session import SETTINGS, Scorer, make_scorer
from tests.unit.verify.stepping import returned


@pytest.fixture(scope="module")
def scorer(tmp_path_factory: pytest.TempPathFactory) -> Scorer:
    return make_scorer(tmp_path_factory)


@pytest.fixture(scope="module")
def reference(scorer: Scorer) -> Reference:
    folder = str(scorer.folder / "recorded")
    return returned(record_outputs_of(scorer.tensorflow, scorer.inputs, folder, SETTINGS, None))


def compared(call: Runnable, reference: Reference) -> dict[str, OutputParity]:
    """Return the figures of each output by its name."""
    found = returned(compare_call(call, reference, SETTINGS, None))
    return {one.output: one for one in found.outputs}


def test_what_tensorflow_gives_is_recorded(scorer: Scorer, reference: Reference) -> None:
    assert reference.names == ("best", "scores")
    for index in range(scorer.inputs.count):
        expected = read_feed(scorer.inputs, index)["features"] @ KERNEL
        best, scores = read_arrays(reference.folder, index)
        np.testing.assert_allclose(scores, expected, rtol=1e-5, atol=1e-6)
        assert best.tolist() == expected.argmax(axis=1).tolist()


def test_a_saved_model_gives_what_it_gave(scorer: Scorer, reference: Reference) -> None:
    found = compared(scorer.tensorflow, reference)
    assert found["scores"].max_absolute == 0.0
    assert found["best"].exact_share == 1.0


@pytest.mark.parametrize("runtime", ["litert", "onnx"])
def test_another_runtime_comes_close(scorer: Scorer, reference: Reference, runtime: str) -> None:
    found = compared(getattr(scorer, runtime), reference)
    assert [one.problem for one in found.values()] == ["", ""]
    assert found["scores"].max_scaled is not None
    assert found["scores"].max_scaled < 1e-5
    assert found["best"].exact_share == 1.0


def test_what_differs_is_found(scorer: Scorer, reference: Reference) -> None:
    planted = KERNEL.copy()
    planted[2, 1] += 0.5
    changed = Runnable(str(save(scorer_onnx(planted), scorer.folder / "planted.onnx")))
    found = compared(changed, reference)["scores"]
    largest = max(float(np.abs(read_feed(scorer.inputs, index)["features"][:, 2]).max()) for index in range(8))
    assert found.max_absolute == pytest.approx(0.5 * largest, rel=1e-4)


def test_outputs_go_together_by_the_names_of_the_signature(scorer: Scorer, reference: Reference) -> None:
    call = Runnable(str(save(scorer_onnx(scores="scores_1"), scorer.folder / "renamed.onnx")))
    found = compared(call, reference)
    assert (found["scores"].problem, found["best"].exact_share) == ("it is missing", 1.0)
    known = compared(replace(call, renamed={"scores": "scores_1"}), reference)
    assert known["scores"].problem == ""
    loaded = returned(load_call(replace(call, renamed={"scores": "scores_1"}), SETTINGS, None))
    assert [spec.name for spec in loaded.outputs] == ["best", "scores"]


def test_floats_are_fed_in_the_width_it_wants(scorer: Scorer, reference: Reference) -> None:
    half = scorer_onnx(dtype=TensorProto.FLOAT16)
    found = compared(Runnable(str(save(half, scorer.folder / "half.onnx"))), reference)["scores"]
    assert found.max_scaled is not None
    assert 0 < found.max_scaled < 1e-2


def test_bytes_half_words_and_ragged_rows_are_kept_and_compared(scorer: Scorer) -> None:
    call = replace(scorer.tensorflow, signature="name")
    reference = returned(record_outputs_of(call, scorer.inputs, str(scorer.folder / "names"), SETTINGS, None))
    assert reference.names == ("brief", "uneven", "word")
    brief, uneven, word = read_arrays(reference.folder, 0)
    assert (brief.dtype, brief.shape) == (np.float32, (5, 4))
    assert uneven.tolist() == [0, 1, 2, 3, 4, 5, 0, 1, 3, 6]
    expected = (read_feed(scorer.inputs, 0)["features"] @ KERNEL).argmax(axis=1)
    assert list(word) == [["cat", "köter", "\\xff\\x00"][place] for place in expected]
    found = compared(call, reference)
    assert (found["word"].exact_share, found["uneven"].max_absolute, found["brief"].max_absolute) == (1.0, 0.0, 0.0)
    assert found["word"].dtype == "string"


def test_what_draws_numbers_cannot_be_judged(scorer: Scorer) -> None:
    call = replace(scorer.tensorflow, signature="dice")
    one = replace(scorer.inputs, count=1)
    with pytest.raises(OperationFailed, match=r"differ between two runs of the original on the same input \(noise\)"):
        returned(record_outputs_of(call, one, str(scorer.folder / "noise"), SETTINGS, None))


def test_loading_says_what_the_signature_is(scorer: Scorer) -> None:
    for call in (scorer.tensorflow, scorer.litert, scorer.onnx):
        loaded = returned(load_call(call, SETTINGS, None))
        assert loaded.milliseconds > 0
        assert [(spec.name, spec.dtype) for spec in loaded.inputs] == [("features", "float32")]
        assert [(spec.name, spec.dtype) for spec in loaded.outputs] == [("best", "int64"), ("scores", "float32")]


def test_labels_are_held_against_every_runtime(scorer: Scorer) -> None:
    """The changed one always says the first class, which is right for some of them only."""
    labels = np.stack([(read_feed(scorer.inputs, index)["features"] @ KERNEL).argmax(axis=1) for index in range(8)])
    np.save(scorer.folder / "labels.npy", labels)
    terms = ConformanceTerms(metric="accuracy", margin=0.05, output="scores", minimum_samples=1)
    stuck = Runnable(str(save(scorer_onnx(KERNEL * np.float32([0, 0, 0])), scorer.folder / "stuck.onnx")))
    labelled = str(scorer.folder / "labels.npy")
    same = returned(conformance_of(scorer.onnx, scorer.litert, scorer.inputs, labelled, terms, SETTINGS))
    assert (same.before, same.after, same.loss, same.output) == (1.0, 1.0, 0.0, "scores")
    worse = returned(conformance_of(scorer.onnx, stuck, scorer.inputs, labelled, terms, SETTINGS))
    assert worse.status == "failed"
    assert worse.after == pytest.approx(float((labels == 0).mean()))


def test_what_cannot_be_called_is_said(scorer: Scorer, reference: Reference, tmp_path: Path) -> None:
    broken = tmp_path / "broken.tflite"
    broken.write_bytes(b"no model")
    with pytest.raises(OperationFailed) as caught:
        returned(compare_call(Runnable(str(broken), "litert", "serving_default"), reference, SETTINGS, None))
    assert not isinstance(caught.value, ChildFailed)
    assert "\n" not in str(caught.value)
    with pytest.raises(UsageError, match='no signature "none"'):
        returned(load_call(replace(scorer.litert, signature="none"), SETTINGS, None))
    narrow = OptimizeSettings(memory_bytes=100 << 20, threads=1)
    with pytest.raises(ChildFailed):
        returned(compare_call(scorer.onnx, reference, narrow, None))


def test_each_runtime_has_its_environment() -> None:
    onnx, tensorflow = Runnable("/m.onnx"), Runnable("/m", "tensorflow")
    assert "TF_CPP_MIN_LOG_LEVEL" not in child_environment_for(onnx)
    both = child_environment_for(onnx, tensorflow)
    assert both.items() >= {**child_environment_for(onnx), "TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "-1"}.items()
    assert "CUDA_VISIBLE_DEVICES" not in child_environment_for(tensorflow, devices=("cuda",))
    assert label(Runnable("/models/a\x1b[31mb\n.onnx")) == "ab .onnx"


def test_a_runtime_that_is_missing_is_said_with_what_installs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("tensorflow.availability", "litert.availability"):
        monkeypatch.setattr(f"inspector.runtimes.{module}.find_spec", lambda _: None)
    require_runtime(Runnable("/m.onnx"))
    with pytest.raises(UsageError, match="TensorFlow is not installed") as caught:
        require_runtime(Runnable("/m", "tensorflow"))
    assert "pip install" in caught.value.hint
    with pytest.raises(UsageError, match="LiteRT is not installed"):
        require_runtime(Runnable("/m.tflite", "litert"))
