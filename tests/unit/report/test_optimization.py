"""The sentences about changes and contracts: right in every case, and the same in text and Markdown."""

from __future__ import annotations

from dataclasses import replace

import pytest

from inspector.records.contract import CONTRACT_KEY, Contract
from inspector.records.measurement import Comparison
from inspector.records.optimization import Attempt, Change, KeptNode, ModelFacts, Preflight
from inspector.records.parity import ConformanceResult, OutputParity, Parity
from inspector.report import optimization_sentences as say
from inspector.report import proof_sentences as prove
from inspector.report.contract_sentences import contract_entries
from inspector.report.markdown import to_markdown
from inspector.report.markdown_text import prose
from inspector.report.text import to_text
from tests.golden.optimization_reviews import LABEL, LOGITS, ORIGINAL, SIMPLE, SMALL, contract, optimized_review
from tests.golden.reviews import ordinary_review


def parity(*outputs: OutputParity) -> Parity:
    return Parity(outputs, 16, "synthetic", 3)


def test_sizes_and_nodes_before_and_after() -> None:
    assert say.size_text(ORIGINAL, SMALL) == "102.6 MB → 25.9 MB (0.25×)"
    assert say.size_text(replace(ORIGINAL, size_bytes=0), SMALL) == "0 B → 25.9 MB"
    assert say.size_text(ORIGINAL, None) == "102.6 MB"
    assert say.nodes_text(ORIGINAL, SIMPLE) == "162 → 122 (122 → 122 without Constant)"
    assert say.nodes_text(SIMPLE, SMALL) == "122 → 260"


def test_the_worst_output_is_the_one_that_cannot_be_compared_then_the_noisiest() -> None:
    broken = OutputParity("scores", "float32", 0, problem="shape [1, 2] instead of [1, 3]")
    quiet = replace(LOGITS, output="quiet", sqnr_db=60.0)
    equal = replace(LOGITS, output="same", sqnr_db=None, max_absolute=0.0)
    assert prove.worst_text(parity(quiet, LOGITS, equal)) == "SQNR 27.4 dB"
    assert prove.worst_text(parity(quiet, broken)) == "not comparable"
    assert prove.parity_sentence(parity(quiet, broken)) == "output scores: shape [1, 2] instead of [1, 3]"
    assert prove.worst_text(parity(equal)) == "equal"
    assert prove.worst_text(parity(equal, LABEL)) == "94 % equal"
    assert prove.worst_text(parity(replace(LABEL, exact_share=1.0))) == "equal"
    assert prove.worst_text(parity()) == "no outputs"
    assert prove.worst_text(None) == ""


def test_parity_says_what_it_was_measured_on() -> None:
    assert prove.parity_sentence(parity(LOGITS)).endswith("over 16 synthetic inputs of seed 3 on cpu")
    assert "over 16 inputs from the data on cpu" in prove.parity_sentence(replace(parity(LOGITS), source="data"))
    assert "4 elements became NaN" in prove.parity_sentence(parity(replace(LOGITS, nan_count=5, reference_nan_count=1)))


@pytest.mark.parametrize(
    ("number", "text"),
    [(0.99987, "0.99987"), (0.9999999, "1"), (1.0, "1"), (0.5, "0.5"), (12.3456, "12.35"), (1e-9, "1e-09"), (None, "?")],
)
def test_figures_keep_the_digits_that_tell_them_apart(number: float | None, text: str) -> None:
    assert prove.number_text(number) == text


def test_a_measurement_tells_its_interval_noise_and_place() -> None:
    comparison = Comparison("latency", 10.0, 5.0, 0.5, 0.45, 0.55, "faster", 40, 0.98, 1.02, "cpu", 2)
    assert prove.ratio_text(comparison) == "0.50× (0.45 to 0.55)"
    assert prove.comparison_sentence(comparison) == (
        "faster: 0.50× (0.45 to 0.55), 10 ms → 5 ms, the original against itself 0.98 to 1.02 (40 pairs, cpu, 2 threads)"
    )
    missing = replace(comparison, verdict="not measured", note="no time left")
    assert (prove.ratio_text(missing), prove.comparison_sentence(missing)) == ("not measured", "not measured (no time left)")
    assert prove.ratio_text(None) == ""


def test_conformance_says_how_many_samples_would_do() -> None:
    result = ConformanceResult("accuracy", "underpowered", 0.95, 0.94, 0.01, 0.04, 0.005, 0.95, 120, 5200)
    assert prove.conformance_sentence(result).endswith("0.005 is allowed; needs about 5,200 samples")
    assert "needs" not in prove.conformance_sentence(replace(result, status="failed"))


def test_attempts_begin_with_the_chosen_one() -> None:
    attempts = [Attempt("a", "failed", "killed"), Attempt("b", "chosen", size_bytes=10), Attempt("c", "not run")]
    assert [row[:2] for row in say.attempt_rows(attempts)] == [("chosen", "b"), ("failed", "a"), ("not run", "c")]


def test_steps_are_summed_up_where_several_were_accepted() -> None:
    one = Change("simplify", "accepted", "accepted", "", ORIGINAL, SIMPLE)
    two = Change("int8", "accepted", "accepted", "", SIMPLE, SMALL)
    rejected = Change("fp16", "rejected", "rejected", "no", SIMPLE)
    assert say.overall_text([one, rejected]) == ""
    assert say.overall_text([one, rejected, two]).startswith("2 steps in all: 102.6 MB → 25.9 MB (0.25×), nodes 162 → 260")


def test_warnings_are_told_once() -> None:
    change = Change(
        "int8", "skipped", "cannot run", "", ORIGINAL, preflight=Preflight(False, warnings=("a",)), warnings=("a", "b")
    )
    assert say.change_warnings(change) == ["a", "b"]


def test_many_nodes_are_counted_not_listed() -> None:
    nodes = tuple(KeptNode(f"node{index}", "Conv", "asked for", index) for index in range(40))
    change = Change("fp16", "accepted", "accepted", "", ORIGINAL, SIMPLE, kept_fp32=nodes)
    review = replace(ordinary_review(), changes=(change,))
    for text in (to_text(review), to_markdown(review)):
        assert "… and 28 more nodes" in text
        assert "node11" in text
        assert "node12" not in text


@pytest.mark.parametrize("write", [to_text, to_markdown])
def test_every_figure_of_a_change_is_told(write: object) -> None:
    assert callable(write)
    text = " ".join(write(optimized_review()).split())
    for said in (
        *("static int8 (QDQ)", "94 % of FLOPs are in Conv", "SQNR 27.4 dB", "over 100 inputs from the data", "top-5 accuracy"),
        *("54 QuantizeLinear, 162 DequantizeLinear, 3 % of node time", "/fc/Gemm", "the worst of all", "quantize_static"),
        *("calibrated on 32 samples only", "SIGSEGV", "at least 30 dB needed", "onnxslim is missing", "nothing to do"),
        *("smaller but slower", "5.47×", "needs about 5,200 samples", "out/resnet50.int8.onnx", "opset raised"),
        *("size: 50,000,000 bytes at most", "verdict: fail", "cold start of 300.5 ms at most", "normalize of data"),
    ):
        assert said in text or prose(said) in text, said


def test_a_contract_that_promises_nothing_says_so() -> None:
    review = replace(ordinary_review(), contract=Contract(runtime=replace(contract().runtime, name="", devices=(), opsets={})))
    assert "Contract" in to_text(review)
    assert contract_entries(contract())[0] == ("name", "resnet50")


def test_facts_of_an_empty_model_are_no_division_by_zero() -> None:
    nothing = ModelFacts(0, 0, 0)
    change = Change("simplify", "accepted", "accepted", "", nothing, nothing)
    assert "0 B → 0 B" in to_text(replace(ordinary_review(), changes=(change,)))


@pytest.mark.parametrize("write", [to_text, to_markdown])
def test_of_an_embedded_contract_only_its_presence_is_told(write: object) -> None:
    assert callable(write)
    review = ordinary_review()
    artifact = replace(review.artifact, metadata={CONTRACT_KEY: '{"contract":1,"name":"long"}', "license": "MIT"})
    text = write(replace(review, artifact=artifact))
    assert "embedded; --write-contract shows it" in text
    assert '"long"' not in text
    assert "MIT" in text
