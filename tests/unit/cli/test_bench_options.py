"""--bench and what belongs to it: what plan it amounts to, and what is refused in one line."""

from __future__ import annotations

import pytest

from inspector.cli.options import parse
from inspector.errors import EXIT_USAGE, UsageError
from inspector.records.benchmark import BenchPlan, ImageStart


def plan_of(*arguments: str) -> BenchPlan:
    bench = parse(["m", *arguments]).bench
    assert bench is not None
    return bench.plan()


def refused(*arguments: str) -> str:
    with pytest.raises(UsageError) as caught:
        parse(list(arguments))
    assert caught.value.exit_code == EXIT_USAGE
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_bench_alone_is_the_default_plan() -> None:
    options = parse(["m", "--bench"])
    assert options.wants_report
    assert options.bench is not None
    assert options.bench.wanted
    assert options.bench.plan() == BenchPlan()


def test_everything_that_can_be_chosen_is_in_the_plan() -> None:
    chosen = ["--bench", "--measure", "latency,cold-start", "--device", "cpu", "--batch", "1,8", "--threads", "1,2"]
    chosen += ["--cache", "warm", "--cpus", "1,0.5,0.25", "--load", "50%,0.7", "--budget", "2m", "--memory", "1GiB"]
    chosen += ["--seed", "7", "--data", "x.npz", "--signature", "predict"]
    assert plan_of(*chosen) == BenchPlan(
        kinds=("latency", "cold_start"),
        device="cpu",
        batches=(1, 8),
        threads=(1, 2),
        caches=("warm",),
        cpus=(1.0, 0.5, 0.25),
        loads=(0.5, 0.7),
        budget_seconds=120.0,
        memory_bytes=1 << 30,
        seed=7,
        data="x.npz",
        signature="predict",
    )


def test_how_an_image_is_started_is_in_the_plan() -> None:
    image = plan_of("--bench", "--image-command", "serve --port '80 80'", "--ready", "log:up", "--bandwidth", "100Mbit/s").image
    assert image == ImageStart(("serve", "--port", "80 80"), "log:up", 12_500_000)


def test_costs_are_evaluated_at_the_first_batch_size() -> None:
    assert parse(["m", "--bench", "--batch", "8,1"]).batch == 8


def test_without_bench_a_plan_goes_to_the_workbench_alone() -> None:
    options = parse(["m", "--batch", "1,8"])
    assert options.bench is not None
    assert (options.bench.wanted, options.wants_report) == (False, False)
    assert parse(["m", "--batch", "8"]).bench is None


def test_what_steps_and_benchmarks_share_goes_to_both() -> None:
    options = parse(["m", "--apply", "int8", "--bench", "--threads", "2,1", "--seed", "3", "--data", "d.npz"])
    assert options.bench is not None
    assert options.optimization is not None
    assert (options.optimization.threads, options.optimization.seed, options.optimization.data) == (2, 3, "d.npz")
    assert options.bench.plan().threads == (2, 1)


def test_what_they_share_is_no_step_of_its_own() -> None:
    assert parse(["m", "--bench", "--data", "d.npz", "--budget", "5s"]).optimization is None


def test_a_replay_needs_no_artifact() -> None:
    options = parse(["--replay", "review.json"])
    assert options.artifact is None
    assert options.bench is not None
    assert (options.bench.replay, options.bench.wanted, options.wants_report) == ("review.json", True, True)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["m", "--report", "--device", "cpu"], "--device belongs to --bench"),
        (["m", "--apply", "fp16", "--cpus", "1"], "--cpus belongs to --bench"),
        (["m", "--report", "--batch", "1,8"], "several values of --batch belong to --bench"),
        (["m", "--report", "--seed", "1"], "--seed belongs to --apply or --bench"),
        (["m", "--bench", "--keep-fp32", "x"], "--keep-fp32 belongs to --apply"),
        (["--bench"], "a report needs an artifact"),
        (["m", "--bench", "--compare", ""], "names nothing"),
        (["m", "--bench", "--device", "tpu"], "invalid choice: 'tpu'"),
        (["m", "--bench", "--batch", "1,1"], "names something twice"),
        (["m", "--bench", "--batch", "1,"], "'' is not a whole number"),
        (["m", "--bench", "--batch", ",".join(map(str, range(1, 99)))], "more than 16 values"),
        (["m", "--bench", "--cpus", "0"], "not a number above 0"),
        (["m", "--bench", "--cpus", "nan"], "not a number above 0"),
        (["m", "--bench", "--cpus", "0.5s"], "not a number above 0"),
        (["m", "--bench", "--load", "1.5"], "not a number above 0 up to 0.99"),
        (["m", "--bench", "--load", "120%"], "not a number above 0 up to 0.99"),
        (["m", "--bench", "--measure", "speed"], "there is no speed among cold-start, latency"),
        (["m", "--bench", "--cache", ""], "there is no (empty) among cold, warm"),
        (["m", "--bench", "--ready", "soon"], "is none of http://HOST:PORT/PATH, log:TEXT and exit"),
        (["m", "--bench", "--ready", "http://"], "is none of"),
        (["m", "--bench", "--ready", "http://h:99999/"], "is none of"),
        (["m", "--bench", "--ready", "log:"], "is none of"),
        (["m", "--bench", "--image-command", "a 'b"], "cannot be split into words"),
        (["m", "--bench", "--bandwidth", "fast"], "is not a rate"),
        (["m", "--bench", "--bandwidth", "1bit/s"], "is not a rate"),
        (["m", "--bench", "--budget", "soon"], "is not a time"),
        (["--replay", "r.json", "--batch", "8"], "--batch says what the plan of a review says already"),
        (["--replay", "r.json", "--compare", "n"], "--compare says what the plan"),
        (["--replay", ""], "names nothing"),
    ],
)
def test_options_of_bench_that_make_no_sense_are_refused(arguments: list[str], message: str) -> None:
    assert message in refused(*arguments)
