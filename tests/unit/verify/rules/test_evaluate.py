"""What becomes of every kind of rule: it fails, it passes, and where nobody can tell it is unknown, which is neither."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from inspector.records.measurement import Comparison, Conditions
from inspector.records.review import Check, Review
from inspector.verify.rules.evaluate import evaluate
from inspector.verify.rules.figures import fixed_figures
from inspector.verify.rules.grammar import BadRule, parse_rule
from tests.golden.test_reports import REVIEWS
from tests.unit.verify.rules.gated_reviews import bare, earlier, image, latency, model, plain_image

Maker = Callable[[], Review]

DECIDED: list[tuple[Maker, str, str]] = [
    (bare, "size_bytes > 100MB", "size_bytes > 103MB"),
    (model, "size_bytes >= 25_900_400", "size_bytes > 25,900,400"),
    (model, "size_bytes > 0.2x", "size_bytes > 0.5x"),
    (bare, "weight_bytes > 90MiB", "weight_bytes > 98MiB"),
    (bare, "parameters > 25M", "parameters > 26M"),
    (model, "nodes > 259", "nodes > 2.2x"),
    (bare, "flops > 8.1G", "flops < 8G"),
    (bare, "activation_peak_bytes > 12MB", "activation_peak_bytes > 13MB"),
    (bare, "format != saved_model", "format == image"),
    (bare, "operators.Conv > 52", "operators.Conv > 53"),
    (bare, "operators.com.acme.Secret > 0", "operators.Loop > 0"),
    (bare, "opset.ai.onnx > 16", "opset.ai.onnx < 17"),
    (bare, "findings.high > 0", "findings.high > 1"),
    (bare, "findings.medium == 1", "findings.low != 0"),
    (bare, "findings.total > 2", "findings.total > 3"),
    (bare, "findings.unknown-domain > 0", "findings.trailing-bytes > 0"),
    (model, "checks.failed > 0", "checks.failed > 1"),
    (model, "checks.unknown > 0", "checks.passed < 1"),
    (model, "verdict == fail", "verdict == pass"),
    (model, "differences.weights > 0", "differences.weights > 1"),
    (model, "differences.total > 14", "differences.total < 15"),
    (model, "changes.accepted < 2", "changes.accepted > 1"),
    (model, "changes.rejected > 0", "changes.skipped > 1"),
    (model, "change.int8.size > 25MB", "change.int8.size > 0.26x"),
    (model, "change.int8.nodes > 259", "change.int8.nodes > 260"),
    (model, "change.int8.status != skipped", "change.int8.status == rejected"),
    (model, "change.fp16.verdict == rejected", "change.fp16.verdict == accepted"),
    (model, "change.int8.sqnr_db < 30", "change.int8.sqnr_db < 20dB"),
    (model, "change.int8.cosine < 0.999", "change.int8.cosine < 0.99"),
    (model, "change.int8.max_abs_error > 0.3", "change.int8.max_abs_error > 0.32"),
    (model, "change.int8.max_scaled_error > 2%", "change.int8.max_scaled_error > 0.1"),
    (model, "change.int8.top1_agreement < 99%", "change.int8.top1_agreement < 0.98"),
    (model, "change.int8.exact_share < 80%", "change.int8.exact_share < 0.5"),
    (model, "change.int8.accuracy_loss > 0.1%", "change.int8.accuracy_loss > 0.5%"),
    (model, "parity.sqnr_db < 30", "parity.sqnr_db < 20"),
    (model, "parity.cosine < 0.999", "parity.cosine < 0.9"),
    (model, "parity.max_abs_error > 0.3", "parity.max_abs_error > 1"),
    (model, "parity.max_scaled_error > 2%", "parity.max_scaled_error > 4%"),
    (model, "parity.top1_agreement < 99%", "parity.top1_agreement < 90%"),
    (model, "parity.exact_share < 80%", "parity.exact_share < 70%"),
    (model, "latency.median > 10ms", "latency.median > 11ms"),
    (model, "latency.median > 0.7x", "latency.median > 0.9x"),
    (model, "latency.p50 > 10ms", "latency.p50 > 0.02s"),
    (model, "latency.p90 > 10ms", "latency.p90 > 11ms"),
    (model, "latency.p95 > 10ms", "latency.p95 > 0.9x"),
    (model, "latency.p99 > 10_000us", "latency.p99 > 1.05x"),
    (model, "latency.p99.9 > 10ms", "latency.p99.9 > 0.95x"),
    (model, "latency.first > 30ms", "latency.first > 32ms"),
    (model, "latency.throughput < 96", "latency.throughput < 90/s"),
    (model, "cold_start.median > 400ms", "cold_start.median > 1.1x"),
    (model, "cold_start.session > 90ms", "cold_start.session > 0.7x"),
    (model, "cold_start.first_run > 18ms", "cold_start.first_run > 22ms"),
    (model, "warm_start.median > 1.1x", "warm_start.median > 1s"),
    (model, "warm_start.session > 90ms", "warm_start.session > 120ms"),
    (model, "rss_bytes > 399MB", "rss_bytes > 413MB"),
    (plain_image, "image.shipped_bytes > 1GB", "image.shipped_bytes > 1.1GB"),
    (plain_image, "image.final_bytes > 900MB", "image.final_bytes > 901MB"),
    (plain_image, "image.compressed_bytes > 400MB", "image.compressed_bytes > 412MB"),
    (image, "image.compressed_bytes > 0.04x", "image.compressed_bytes > 0.5x"),
    (plain_image, "image.reclaimable_bytes > 100MB", "image.reclaimable_bytes > 101MB"),
    (plain_image, "image.wasted_share > 9%", "image.wasted_share > 0.11"),
    (plain_image, "image.leftover_bytes > 300MB", "image.leftover_bytes > 400MB"),
    (plain_image, "image.layers > 3", "image.layers > 4"),
    (plain_image, "image.files > 24K", "image.files > 25K"),
    (plain_image, "image.packages > 2", "image.packages > 3"),
    (plain_image, "user == root", "user != root"),
    (plain_image, "package.onnxruntime > 0", "package.torch > 0"),
    (plain_image, "package.onnxruntime.version < 1.21", "package.onnxruntime.version > 1.22.0"),
    (plain_image, "package.onnxruntime.bytes > 48MB", "package.onnxruntime.bytes > 49MB"),
    (image, "slimming.trace.size > 100MB", "slimming.trace.size > 0.1x"),
    (image, "slimming.trace.compressed_bytes > 48MB", "slimming.trace.compressed_bytes > 49MB"),
    (image, "slimming.trace.files > 4000", "slimming.trace.files > 4200"),
    (image, "slimming.clean.verdict == rejected", "slimming.trace.verdict != proven"),
    (image, "size_bytes > 0.04x", "size_bytes > 130MB"),
]
"""A review, a rule that it breaks, and one that it keeps."""

UNDECIDED: list[tuple[Maker, str, str]] = [
    (bare, "size_bytes > 1.05x", "nothing that it was before"),
    (bare, "size_bytes > +1%", "--baseline REVIEW.json"),
    (bare, "latency.median > 5ms", "not measured: add --bench"),
    (bare, "latency.p99 > 1.05x", "nothing that it was before"),
    (bare, "cold_start.median > 1s", "add --bench"),
    (bare, "rss_bytes > 1GB", "add --bench"),
    (bare, "change.int8.size > 1MB", "int8 was not applied: add --apply int8"),
    (bare, "changes.rejected > 0", "no step was applied"),
    (bare, "parity.cosine < 0.9", "no step was accepted"),
    (bare, "checks.failed > 0", "no contract was asked for: add --contract FILE"),
    (bare, "differences.weights > 0", "nothing was compared: add --compare OTHER"),
    (bare, "image.layers > 3", "it is no container image"),
    (bare, "package.pip > 0", "it is no container image"),
    (bare, "user == root", "it is no container image"),
    (bare, "slimming.trace.size > 1GB", "trace was not applied"),
    (bare, "findings.new.high > 0", "there is no baseline: add --baseline"),
    (bare, "opset.com.microsoft > 1", "it imports no operator set com.microsoft; there are: ai.onnx, com.acme"),
    (bare, "operators.conv > 1", "there is no operator conv, there is Conv"),
    (bare, "flops > 9G", "covers 97% of computing nodes"),
    (model, "differences.files > 0", "unreadable"),
    (model, "differences.total > 20", "not compared: files"),
    (model, "change.fp16.size > 1MB", "fp16 gave nothing: too far off"),
    (model, "change.simplify.cosine < 1", "not measured after simplify"),
    (model, "change.int8.accuracy_loss > 0.3%", "the interval 0.2 % to 0.4 % contains the limit"),
    (model, "cold_start.median > 1.05x", "the interval 0.97 to 1.09 contains the limit"),
    (model, "latency.median > 10.5ms", "contains the limit"),
    (model, "cold_start.sesion > 1s", "there is no phase sesion; there are: session, first run"),
    (plain_image, "package.onxruntime.version < 2", "there is no package onxruntime, there is onnxruntime"),
    (plain_image, "nodes > 5", "it is no model"),
]
"""A review, a rule that nobody can decide on it, and what is said of that."""


def checked(review: Review, rule: str, baseline: Review | None = None) -> Check:
    """Return what becomes of one rule."""
    (check,) = evaluate(review, [parse_rule(rule, "--fail-if")], baseline)
    return check


@pytest.mark.parametrize(("make", "broken", "kept"), DECIDED, ids=[broken for _, broken, _ in DECIDED])
def test_a_rule_fails_where_it_holds_and_passes_where_it_does_not(make: Maker, broken: str, kept: str) -> None:
    failed, passed = checked(make(), broken), checked(make(), kept)
    assert (failed.status, failed.rule, failed.source) == ("failed", broken, "--fail-if")
    assert passed.status == "passed"
    assert failed.observed
    assert passed.observed


@pytest.mark.parametrize(("make", "rule", "said"), UNDECIDED, ids=[rule for _, rule, _ in UNDECIDED])
def test_what_is_not_known_is_unknown_and_says_why(make: Maker, rule: str, said: str) -> None:
    check = checked(make(), rule)
    assert check.status == "unknown"
    assert said in check.note


def kind(name: str) -> str:
    """Return a figure's name with those parts left open that many figures differ in alone."""
    name = re.sub(r"^change\.[^.]+\.", "change.*.", re.sub(r"^slimming\.[^.]+\.", "slimming.*.", name))
    name = re.sub(r"^differences\.(?!total).*", "differences.*", name)
    known = ("high", "medium", "low", "info", "total", "new")
    return "findings.*" if name.startswith("findings.") and name.split(".")[1] not in known else name


def test_every_kind_of_figure_is_among_these_tests() -> None:
    against_a_baseline = {"findings.new.high", "findings.new.medium", "findings.new.low", "findings.new.info"}
    against_a_baseline |= {"findings.new.total", "signatures.changed"}
    tested = {kind(re.split("[<>=!]", rule)[0].strip()) for _, *rules in DECIDED for rule in rules}
    assert {kind(name) for name in fixed_figures()} - tested - against_a_baseline == {"findings.info"}


BASELINE = [
    ("size_bytes < -10MB", "size_bytes > +1MB"),
    ("size_bytes < -70%", "size_bytes < -80%"),
    ("findings.new.high > 0", "findings.new.medium > 0"),
    ("findings.new.total == 1", "findings.new.low > 0"),
    ("findings.high > +0", "findings.info > +0"),
    ("signatures.changed > 0", "signatures.changed > 1"),
    ("latency.median > +5%", "latency.median > +20%"),
    ("latency.p99 > 1.05x", "latency.p99 > 1.2x"),
    ("latency.median > +0.5ms", "latency.median > +2ms"),
    ("cold_start.median > +5%", "cold_start.median > +40%"),
    ("nodes > +2", "nodes > +200"),
]


@pytest.mark.parametrize(("broken", "kept"), BASELINE)
def test_rules_against_a_baseline_fail_and_pass(broken: str, kept: str) -> None:
    review = model()
    assert checked(review, broken, earlier()).status == "failed"
    assert checked(review, kept, earlier()).status == "passed"


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ("latency.median > +12%", "contains the limit"),
        ("warm_start.median > +5%", "not known in the baseline: not measured"),
        ("change.int8.size > +5%", "not known in the baseline: int8 was not applied"),
        ("latency.p99.9 > +5%", "not known in the baseline: needs"),
    ],
)
def test_what_a_baseline_does_not_have_is_unknown(rule: str, said: str) -> None:
    before = earlier()
    if "p99.9" in rule:
        before = replace(before, benchmarks=(latency("before", 0.9, 700),))
    check = checked(model(), rule, before)
    assert (check.status, said in check.note) == ("unknown", True), check


def test_too_few_samples_for_a_percentile_are_unknown_with_the_number_needed() -> None:
    review = replace(model(), benchmarks=(latency(samples=120),))
    check = checked(review, "latency.p99 > 5ms")
    assert (check.status, check.note) == ("unknown", "needs 662 samples, has 120")


def test_a_difference_within_the_noise_floor_is_not_claimed() -> None:
    within = Comparison("latency", 10, 11, 1.1, 1.06, 1.14, "no difference shown", 80, 0.8, 1.2, conditions=Conditions())
    review = replace(bare(), comparisons=(within,))
    assert checked(review, "latency.median > 1.05x").note.startswith("within the noise floor")
    assert checked(review, "latency.median > 1.2x").status == "passed"
    beyond = replace(review, comparisons=(replace(within, noise_low=0.99, noise_high=1.01),))
    assert checked(beyond, "latency.median > 1.05x").status == "failed"


def test_a_difference_between_times_within_the_noise_of_either_is_not_claimed() -> None:
    noisy = latency("before", 0.9, control_ms=tuple(1.2 * 0.9 * 10.5 for _ in range(5)))
    check = checked(model(), "latency.median > +5%", replace(earlier(), benchmarks=(noisy,)))
    assert (check.status, check.note.startswith("within the noise floor")) == ("unknown", True)


def test_the_worst_of_several_conditions_decides() -> None:
    batch = latency("before", conditions=Conditions(batch=8))
    review = replace(bare(), benchmarks=(latency("before", 0.5), batch))
    check = checked(review, "latency.median > 10ms")
    assert (check.status, check.observed) == ("failed", "10.5 ms (10.39 ms to 10.61 ms), batch 8; the worst of 2")
    assert checked(review, "latency.median > 20ms").observed.startswith("10.5 ms")


def test_load_and_quotas_are_no_part_of_latency_and_starts() -> None:
    loaded = latency("before", 9.0, conditions=Conditions(load=0.9))
    assert checked(replace(bare(), benchmarks=(loaded,)), "latency.median > 1ms").status == "unknown"


def test_equal_outputs_have_any_sqnr() -> None:
    review = model()
    equal = replace(review.changes[0].parity.outputs[0], sqnr_db=None, max_absolute=0.0)  # type: ignore[union-attr]
    parity = replace(review.changes[0].parity, outputs=(equal,))  # type: ignore[type-var]
    check = checked(replace(review, changes=(replace(review.changes[0], parity=parity),)), "parity.sqnr_db < 100")
    assert (check.status, check.observed) == ("passed", "infinite, int8, output logits")


def test_an_output_that_cannot_be_compared_is_unknown() -> None:
    review = model()
    broken = replace(review.changes[0].parity.outputs[0], problem="another shape")  # type: ignore[union-attr]
    parity = replace(review.changes[0].parity, outputs=(broken,))  # type: ignore[type-var]
    check = checked(replace(review, changes=(replace(review.changes[0], parity=parity),)), "parity.cosine < 0.9")
    assert (check.status, check.note) == ("unknown", "output logits: another shape")


def test_packages_that_a_cut_list_may_hold_are_unknown() -> None:
    review = plain_image()
    assert review.image is not None
    cut = replace(review, image=replace(review.image, package_count=4_000))
    assert checked(cut, "package.pip > 0").status == "unknown"
    assert checked(cut, "package.libc6 > 0").status == "failed"


@pytest.mark.parametrize("version", ["1.22.0+cu12", "2026.01~rc1", "unknown"])
def test_versions_in_no_order_are_unknown(version: str) -> None:
    review = plain_image()
    assert review.image is not None
    packages = (replace(review.image.packages[0], version=version),)
    changed = replace(review, image=replace(review.image, packages=packages, package_count=1))
    number = re.split("[+~]", version)[0]
    assert checked(changed, f"package.onnxruntime.version < {number}-2").status == "unknown"
    assert checked(changed, f"package.onnxruntime.version == {number}-2").status == "passed"


def test_the_reason_of_a_rule_stands_beside_it() -> None:
    rule = parse_rule("findings.high > 0", "modelpack.toml", "we ship no known holes")
    (check,) = evaluate(bare(), [rule])
    assert (check.note, check.source) == ("we ship no known holes", "modelpack.toml")


NUMBERS = st.sampled_from(
    ["0", "1", "1.5x", "+5%", "-10%", "+1", "300MB", "5%", "20ms", "10T", "pass", "fail", "1.2.3", "root"]
)
OPEN = [
    "operators.X",
    "opset.ai.onnx",
    "cold_start.session",
    "warm_start.x",
    "package.a",
    "package.a.version",
    "package.a.bytes",
]
MAKERS = [*REVIEWS.values(), model, image, plain_image, earlier]


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_no_rule_raises_on_any_review(data: st.DataObject) -> None:
    names = st.sampled_from([*(name for name in fixed_figures() if kind(name) != "findings.*"), *OPEN])
    operator = st.sampled_from([">", ">=", "<", "<=", "==", "!="])
    text = f"{data.draw(names)} {data.draw(operator)} {data.draw(NUMBERS)}"
    try:
        rule = parse_rule(text)
    except BadRule:
        return
    review, baseline = data.draw(st.sampled_from(MAKERS))(), data.draw(st.sampled_from([None, *MAKERS]))
    (check,) = evaluate(review, [rule], baseline() if baseline is not None else None)
    assert check.status in ("passed", "failed", "unknown")
    assert check.observed or check.note
