"""What --apply and the options that belong to it accept, and the one line that refuses all else."""

from __future__ import annotations

import pytest

from inspector.cli.options import Options, parse
from inspector.errors import EXIT_USAGE, UsageError


def refused(*arguments: str) -> str:
    with pytest.raises(UsageError) as caught:
        parse([*arguments])
    assert caught.value.exit_code == EXIT_USAGE
    assert caught.value.hint
    assert str(caught.value).isprintable()
    return str(caught.value)


def test_without_apply_there_is_nothing_to_optimize() -> None:
    assert parse(["m.onnx", "--report"]).optimization is None


def test_steps_stay_in_the_order_they_were_named_in_and_ask_for_a_report() -> None:
    options: Options = parse(["m.onnx", "--apply", "simplify, int8-dynamic,fp16"])
    assert options.optimization is not None
    assert options.optimization.steps == ("simplify", "int8-dynamic", "fp16")
    assert options.wants_report


def test_what_is_not_said_is_left_to_the_program() -> None:
    wanted = parse(["m", "--apply", "int8"]).optimization
    assert wanted is not None
    assert (wanted.output, wanted.data, wanted.allow, wanted.keep_fp32) == (None, None, frozenset(), ())
    assert (wanted.budget_seconds, wanted.threads, wanted.memory_bytes, wanted.seed) == (None, None, None, None)


def test_everything_that_was_said_is_there() -> None:
    wanted = parse(
        [
            *("m", "--apply", "int8", "--output", "o.onnx", "--data", "d.npz", "--allow", "opset,growth"),
            *("--allow", "io-dtype", "--keep-fp32", "a,b", "--keep-fp32", "#12", "--budget", "5m", "--threads", "4"),
            *("--memory", "6GiB", "--seed", "0"),
        ]
    ).optimization
    assert wanted is not None
    assert (wanted.output, wanted.data) == ("o.onnx", "d.npz")
    assert wanted.allow == {"opset", "growth", "io-dtype"}
    assert wanted.keep_fp32 == ("a,b", "#12")
    assert (wanted.budget_seconds, wanted.threads, wanted.memory_bytes, wanted.seed) == (300, 4, 6 * 1024**3, 0)


@pytest.mark.parametrize(
    ("text", "seconds"), [("60s", 60), ("5m", 300), ("1h", 3600), ("1.5m", 90), ("0.5s", 0.5), ("168h", 7 * 24 * 3600)]
)
def test_times(text: str, seconds: float) -> None:
    assert parse(["m", "--apply", "fp16", "--budget", text]).optimization.budget_seconds == seconds  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("4GiB", 4 << 30),
        ("4G", 4 << 30),
        ("4gb", 4 * 10**9),
        ("800MB", 800 * 10**6),
        ("1.5GiB", 3 << 29),
        ("268435456", 256 << 20),
        ("300000KiB", 300_000 * 1024),
    ],
)
def test_sizes(text: str, size: int) -> None:
    assert parse(["m", "--apply", "fp16", "--memory", text]).optimization.memory_bytes == size  # type: ignore[union-attr]


HOSTILE = ["", "0", "-1", "abc", "1e9s", "5 m", "m", "nan", "inf", "٣s", "9" * 5000, "1_0s", "0x10", "+5m", "5ms", "5x"]


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("option", ["--budget", "--memory", "--threads", "--seed"])
def test_quantities_that_make_no_sense_are_refused(option: str, text: str) -> None:
    if option == "--seed" and text == "0":
        return
    assert "is not a" in refused("m", "--apply", "fp16", f"{option}={text}")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["--apply", "simplfy"],
            "--apply: there is no optimizer simplfy (there are simplify, fp16, int8, int8-dynamic, warmstart, prune, to-onnx, "
            "to-litert, slim)",
        ),
        (["--apply", "fp16,simplify,fp16"], "--apply: fp16 is named twice"),
        (["--apply", ""], "--apply: there is no optimizer (empty)"),
        (["--apply", "fp16,"], "--apply: there is no optimizer (empty)"),
        (["--apply", "fp16", "--allow", "everything"], "--allow: there is no everything (there are io-dtype, static-dims"),
        (["--apply", "fp16", "--output", ""], "an empty --output, --data, --keep-fp32 or --keep-signature"),
        (["--apply", "fp16", "--data", ""], "an empty --output, --data, --keep-fp32 or --keep-signature"),
        (["--apply", "fp16", "--keep-fp32", ""], "an empty --output, --data, --keep-fp32 or --keep-signature"),
        (["--apply", "fp16", "--output", "-"], "a model cannot go to standard output"),
        (["--apply", "fp16", "--threads", "1025"], "is not a whole number from 1 to 1024"),
        (["--apply", "fp16", "--budget", "169h"], "is not a time of up to a week"),
        (["--apply", "fp16", "--memory", "100MB"], "is not a size of at least 256MiB"),
        (["--apply", "fp16", "--memory", "2000T"], "is not a size of at least 256MiB"),
        (["--apply"], "expected one argument"),
    ],
)
def test_options_of_apply_that_make_no_sense_are_refused(arguments: list[str], message: str) -> None:
    assert message in refused("m", *arguments)


@pytest.mark.parametrize(
    "option",
    ["--output=o", "--data=d", "--allow=opset", "--keep-fp32=n", "--budget=5m", "--threads=2", "--memory=4G", "--seed=1"],
)
def test_what_belongs_to_apply_is_refused_in_reports_without_it(option: str) -> None:
    name = option.partition("=")[0]
    others = " or --bench" if name in ("--data", "--budget", "--threads", "--memory", "--seed") else ""
    assert refused("m", "--report", option) == f"{name} belongs to --apply{others} (--apply simplify {name} ...)"


def test_an_output_is_refused_without_steps() -> None:
    assert "--output belongs to --apply" in refused("m", "--output=o")


def test_without_steps_the_rest_is_for_the_workbench() -> None:
    options = parse(["m.onnx", "--data", "d.npz", "--allow", "opset"])
    assert not options.wants_report
    assert options.optimization is not None
    assert (options.optimization.steps, options.optimization.data) == ((), "d.npz")


def test_apply_needs_an_artifact() -> None:
    assert "a report needs an artifact" in refused("--apply", "fp16")


@pytest.mark.parametrize(
    ("arguments", "artifact", "contract_target", "wants_report"),
    [
        (["m", "--write-contract"], "m", "-", False),
        (["m", "--write-contract", "-"], "m", "-", False),
        (["m", "--write-contract", "c.yaml"], "m", "c.yaml", False),
        (["m", "--write-contract", "c.yaml", "--report"], "m", "c.yaml", True),
        (["m", "--write-contract", "--report", "r.md"], "m", "-", True),
        (["m", "--apply", "fp16", "--write-contract", "c.yaml"], "m", "c.yaml", True),
    ],
)
def test_where_the_contract_goes(arguments: list[str], artifact: str, contract_target: str, wants_report: bool) -> None:
    options = parse(arguments)
    assert (options.artifact, options.contract_target, options.wants_report) == (artifact, contract_target, wants_report)


def test_write_contract_and_no_other_artifact_means_of_that(tmp_path: object) -> None:
    options = parse(["--write-contract", __file__])
    assert (options.artifact, options.contract_target) == (__file__, "-")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--write-contract", "c.yaml"], "of which artifact shall c.yaml be the contract?"),
        (["--write-contract"], "a contract is of an artifact"),
        (["m", "--write-contract", "--report"], "cannot both go to standard output"),
        (["m", "--write-contract", "--format", "json"], "cannot both go to standard output"),
        (["m", "--write-contract", "--apply", "fp16"], "cannot both go to standard output"),
        (["m", "--contract", ""], "an empty path names nothing"),
        (["m", "--write-contract", ""], "an empty path names nothing"),
        (["--contract", "c.yaml"], "a report needs an artifact"),
    ],
)
def test_options_of_contracts_that_make_no_sense_are_refused(arguments: list[str], message: str) -> None:
    assert message in refused(*arguments)


def test_a_contract_to_hold_asks_for_a_report() -> None:
    options = parse(["m", "--contract", "c.yaml"])
    assert (options.contract, options.wants_report, options.prints_report) == ("c.yaml", True, True)
