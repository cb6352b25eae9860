"""Gates: what passes, what fails and in which words, and what a contract puts in their place."""

from __future__ import annotations

from dataclasses import replace

import pytest

from inspector.records.contract import Tolerances
from inspector.records.optimization import OptimizerName
from inspector.records.parity import Gate, OutputParity, Parity
from inspector.verify.gates import check_gates, default_gates, failure

GOOD = OutputParity(
    "y",
    "float32",
    1000,
    max_absolute=1e-5,
    mean_absolute=1e-6,
    max_relative=1e-3,
    mean_relative=1e-6,
    max_scaled=1e-5,
    mean_scaled=1e-6,
    cosine=0.9999999,
    sqnr_db=110.0,
    top1_agreement=1.0,
    decided_top1_agreement=1.0,
    decided_rows=100,
    scale=1.0,
)
OPTIMIZERS: tuple[OptimizerName, ...] = ("simplify", "fp16", "int8", "int8-dynamic")


def verdict(optimizer: OptimizerName, *outputs: OutputParity, data: bool = True, tolerances: Tolerances | None = None) -> str:
    parity = Parity(outputs, 8, "data" if data else "synthetic")
    gates = default_gates(optimizer, parity.source, tolerances)
    return failure(check_gates(parity, gates), parity)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_nearly_equal_outputs_pass_everywhere(optimizer: OptimizerName) -> None:
    assert verdict(optimizer, GOOD, GOOD) == ""
    assert verdict(optimizer, replace(GOOD, sqnr_db=None, max_absolute=0.0, max_scaled=0.0)) == ""
    assert all(gate.reason for gate in default_gates(optimizer, "data"))


@pytest.mark.parametrize(
    ("optimizer", "changed", "sentence"),
    [
        ("simplify", {"max_scaled": 2e-3}, 'output "y": largest difference over scale 0.002, at most 0.001 needed'),
        ("simplify", {"cosine": 0.99998}, 'output "y": lowest cosine 0.99998, at least 0.99999 needed'),
        ("fp16", {"sqnr_db": 29.99}, 'output "y": SQNR 29.99 dB, at least 30.00 dB needed'),
        ("fp16", {"cosine": 0.99}, 'output "y": lowest cosine 0.99, at least 0.999 needed'),
        ("fp16", {"max_scaled": 0.5}, 'output "y": largest difference over scale 0.5, at most 0.1 needed'),
        ("fp16", {"nonfinite_mismatches": 3}, "3 of 1,000 elements became NaN or infinite, or ceased to be so"),
        ("int8", {"sqnr_db": 12.34}, 'output "y": SQNR 12.3 dB, at least 15.0 dB needed'),
        ("int8", {"cosine": 0.9}, 'output "y": lowest cosine 0.9, at least 0.98 needed'),
        ("int8-dynamic", {"decided_top1_agreement": 0.9}, "top-1 agreement where decided 0.9, at least 0.95 needed"),
        ("int8", {"problem": "it is missing"}, 'output "y" cannot be compared: it is missing'),
    ],
)
def test_failures_name_output_figure_and_threshold(optimizer: OptimizerName, changed: dict[str, float], sentence: str) -> None:
    bad = replace(GOOD, **changed)  # type: ignore[arg-type]
    said = verdict(optimizer, replace(GOOD, output="x"), bad)
    assert said.endswith(sentence)
    assert '"y"' in said


def test_honest_half_precision_passes_and_broken_one_does_not() -> None:
    """Figures measured on conversions of real models: the text recognizer's holds, the detector's and basic-pitch's do not."""
    recognizer = replace(GOOD, max_scaled=0.0231, mean_scaled=8e-7, cosine=0.99994, sqnr_db=46.5, decided_top1_agreement=0.9984)
    detector = replace(GOOD, max_scaled=1.0, mean_scaled=0.158, cosine=0.0426, sqnr_db=-4.8, decided_top1_agreement=0.02)
    pitch = replace(GOOD, max_scaled=0.317, mean_scaled=0.0034, cosine=0.990585, sqnr_db=22.7, decided_top1_agreement=0.957)
    assert verdict("fp16", replace(recognizer, decided_rows=640)) == ""
    assert verdict("fp16", detector) != ""
    assert verdict("fp16", pitch) != ""


def test_half_is_the_mean_error_of_a_detector_that_loads() -> None:
    assert verdict("fp16", replace(GOOD, mean_scaled=0.5, max_scaled=1.0, sqnr_db=0.1, cosine=0.5), data=False)


def test_winners_count_on_real_inputs_only() -> None:
    turned = replace(GOOD, sqnr_db=25.0, cosine=0.99, max_scaled=0.2, decided_top1_agreement=0.5)
    assert verdict("int8", turned, data=False) == ""
    assert "top-1" in verdict("int8", turned, data=True)


def test_one_winner_of_many_may_turn_by_chance() -> None:
    one_of_64 = replace(GOOD, decided_top1_agreement=63 / 64, decided_rows=64)
    assert verdict("fp16", one_of_64) == ""
    assert "top-1" in verdict("fp16", replace(one_of_64, decided_top1_agreement=62 / 64))
    assert "top-1" in verdict("fp16", replace(one_of_64, decided_top1_agreement=7 / 8, decided_rows=8))


def test_outputs_that_are_zero_for_any_purpose_do_not_fail_on_noise() -> None:
    faint = replace(GOOD, scale=1e-7, max_absolute=5e-8, max_scaled=0.5, cosine=0.3, sqnr_db=3.0, decided_top1_agreement=0.1)
    for optimizer in OPTIMIZERS:
        assert verdict(optimizer, faint) == ""
    assert verdict("fp16", replace(faint, max_absolute=1e-3)) != ""
    assert verdict("fp16", replace(faint, scale=1e-4, max_absolute=5e-5)) != ""


def test_indices_must_be_the_same_and_pixels_close() -> None:
    figures = {"cosine": 0.5, "sqnr_db": 1.0, "max_scaled": 0.9, "decided_top1_agreement": None, "decided_rows": None}
    indices = replace(GOOD, dtype="int64", exact_share=0.9995, **figures)  # type: ignore[arg-type]
    assert verdict("simplify", indices) == verdict("int8", indices) == ""
    assert "share of equal elements 0.9, at least 0.99" in verdict("fp16", replace(indices, exact_share=0.9))
    pixels = replace(GOOD, dtype="uint8", exact_share=0.4, sqnr_db=45.0, cosine=0.9999, max_scaled=0.01)
    assert verdict("int8", pixels) == verdict("fp16", pixels) == ""
    assert "cosine" in verdict("fp16", replace(pixels, cosine=0.5))


def test_a_contract_overrides_defaults() -> None:
    rough = replace(GOOD, cosine=0.95, sqnr_db=10.0, max_scaled=0.4, max_absolute=0.4, top1_agreement=0.9)
    loose = Tolerances(max_absolute=0.5, min_cosine=0.9, min_sqnr_db=9.0, min_top1_agreement=0.85)
    for optimizer in OPTIMIZERS:
        assert verdict(optimizer, rough)
        assert verdict(optimizer, rough, tolerances=loose) == ""
        assert "SQNR" in verdict(optimizer, rough, tolerances=replace(loose, min_sqnr_db=12.0))
        assert "largest difference 0.4" in verdict(optimizer, rough, tolerances=replace(loose, max_absolute=0.3))
        assert "top-1 agreement 0.9," in verdict(optimizer, rough, tolerances=replace(loose, min_top1_agreement=0.95))
    assert default_gates("fp16", "data", Tolerances()) == default_gates("fp16", "data")
    gates = default_gates("int8", "synthetic", Tolerances(min_cosine=0.9))
    assert [gate for gate in gates if gate.figure == "cosine"] == [Gate("cosine", "at least", 0.9, "the contract says so")]


def test_every_gate_is_held_against_its_worst_output() -> None:
    outputs = tuple(replace(GOOD, output=name, sqnr_db=db) for name, db in (("a", 50.0), ("b", 20.0), ("c", None)))
    parity = Parity(outputs, 8, "synthetic")
    (check,) = [one for one in check_gates(parity, default_gates("fp16", "synthetic")) if one.gate.figure == "sqnr_db"]
    assert (check.output, check.observed, check.passed) == ("b", 20.0, False)


def test_nothing_compared_is_no_proof() -> None:
    parity = Parity((), 0, "data")
    assert (
        failure(check_gates(parity, default_gates("fp16", "data")), parity) == "there were no inputs to compare its outputs on"
    )
