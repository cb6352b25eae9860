from __future__ import annotations

import re
from pathlib import Path

import pytest

from inspector.cli.help_text import HELP, asks_for_help
from inspector.cli.options import build_parser, parse
from inspector.cli.quantities import LARGEST
from inspector.cli.report_options import ReportTarget
from inspector.errors import EXIT_USAGE, UsageError


def test_an_artifact_alone_opens_the_workbench() -> None:
    options = parse(["model.onnx"])
    assert (options.artifact, options.wants_report, options.batch, options.dimensions) == ("model.onnx", False, 1, {})


@pytest.mark.parametrize(
    ("arguments", "artifact", "target", "report_format"),
    [
        (["m.onnx", "--report"], "m.onnx", "-", "text"),
        (["m.onnx", "--report", "-"], "m.onnx", "-", "text"),
        (["--report", "m.onnx"], "m.onnx", "-", "text"),
        (["--report", "out.json", "m.onnx"], "m.onnx", "out.json", "json"),
        (["m.onnx", "--report", "out.json"], "m.onnx", "out.json", "json"),
        (["m.onnx", "--report=OUT.MD"], "m.onnx", "OUT.MD", "md"),
        (["m.onnx", "--report", "out.txt"], "m.onnx", "out.txt", "text"),
        (["m.onnx", "--report", "out"], "m.onnx", "out", "text"),
        (["m.onnx", "--report", "out.txt", "--format", "json"], "m.onnx", "out.txt", "json"),
        (["m.onnx", "--report", "out.html", "--format", "md"], "m.onnx", "out.html", "md"),
        (["m.onnx", "--format", "json"], "m.onnx", "-", "json"),
        (["m.onnx", "--digest"], "m.onnx", "-", "text"),
        (["--report", "--", "-m.onnx"], "-m.onnx", "-", "text"),
    ],
)
def test_where_the_report_goes_and_in_which_format(
    arguments: list[str], artifact: str, target: str, report_format: str
) -> None:
    options = parse(arguments)
    assert options.wants_report
    assert (options.artifact, options.reports) == (artifact, (ReportTarget(target, report_format),))


@pytest.mark.parametrize(
    ("arguments", "reports"),
    [
        (["--report", "a.md", "--report", "b.json"], [("a.md", "md"), ("b.json", "json")]),
        (
            ["--report", "a.sarif", "--report", "b.xml", "--report", "c.HTML"],
            [("a.sarif", "sarif"), ("b.xml", "junit"), ("c.HTML", "html")],
        ),
        (["--report", "a.sarif.json", "--report", "b.junit.xml"], [("a.sarif.json", "sarif"), ("b.junit.xml", "junit")]),
        (["--report", "a.md", "--report"], [("a.md", "md"), ("-", "text")]),
        (["--report", "a.md", "--report", "-", "--format", "json"], [("a.md", "md"), ("-", "json")]),
    ],
)
def test_several_reports_of_one_run(arguments: list[str], reports: list[tuple[str, str]]) -> None:
    options = parse(["m.onnx", *arguments])
    assert options.reports == tuple(ReportTarget(*report) for report in reports)
    assert options.prints_report == ("-" in [path for path, _ in reports])


@pytest.mark.parametrize(
    "arguments",
    [
        ["a", "b", "--", "-c"],
        ["a", "--report", "r.md", "b", "--", "-c"],
        ["--batch", "2", "a", "--report=r.md", "b", "--digest", "--", "-c"],
    ],
)
def test_artifacts_before_between_and_after_the_options(arguments: list[str]) -> None:
    options = parse(arguments)
    assert (options.artifact, options.artifacts) == ("a", ("a", "b", "-c"))


def test_the_artifact_among_several_reports() -> None:
    options = parse(["--report", "m.onnx", "--report", "a.md"])
    assert (options.artifact, options.reports) == ("m.onnx", (ReportTarget("a.md", "md"),))


def test_an_existing_file_named_like_a_report_is_an_artifact(tmp_path: Path) -> None:
    review = tmp_path / "review.json"
    review.write_text("{}")
    assert parse(["--report", str(review)]).artifact == str(review)


def test_batch_and_dimensions() -> None:
    options = parse(["m", "--batch", "008", "--dim", "sequence=128", "--dim", "a=b=2", "--dim", "sequence=128"])
    assert options.batch == 8
    assert options.dimensions == {"sequence": 128, "a=b": 2}


HOSTILE_NUMBERS = [
    "0",
    "00",
    "-1",
    "abc",
    "1e9",
    "1.5",
    "",
    " 1",
    "+1",
    "1_000",
    "٣",
    "²",
    "0x10",
    "nan",
    str(LARGEST + 1),
    "9" * 5000,
]


@pytest.mark.parametrize("number", HOSTILE_NUMBERS)
@pytest.mark.parametrize("option", ["--batch", "--dim"])
def test_lengths_that_make_no_sense_are_refused(option: str, number: str) -> None:
    value = number if option == "--batch" else f"sequence={number}"
    with pytest.raises(UsageError, match=r"is not a whole number from 1 to|expected one argument") as caught:
        parse(["m", option, value])
    assert caught.value.exit_code == EXIT_USAGE


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["m", "--dim", "sequence"], "'sequence' is not NAME=N"),
        (["m", "--dim", "=3"], "'=3' is not NAME=N"),
        (["m", "--dim", "s=1", "--dim", "s=2"], "given as 1 and as 2"),
        (["m", "--dim"], "expected one argument"),
        (["m", "--format", "pdf"], "invalid choice: 'pdf'"),
        (["m", "--report", "out.pdf"], "there are .txt .md .json .html"),
        (["m", "--report", "a.md", "--report", "a.md"], "both be written to a.md"),
        (["m", "--report", "--report"], "both be written to standard output"),
        (["m", "--report", "a.md", "--report", "b.json", "--format", "md"], "does not say for which of 2 reports"),
        (["--report", "a.md", "--report", "b.json"], "modelpack-tui ARTIFACT --report a.md"),
        (["m", "--report", "a.md", "--report", ""], "an empty path"),
        (["m", "--report", "out.onnx"], "no report format has the suffix of out.onnx"),
        (["--report", "missing.json"], "modelpack-tui ARTIFACT --report missing.json"),
        (["--report"], "a report needs an artifact"),
        (["--digest"], "a report needs an artifact"),
        ([""], "an empty path"),
        (["m", "--report", ""], "an empty path"),
        (["m", "n", "--bogus"], "unrecognized arguments: --bogus"),
        (["m", "n", ""], "an empty path"),
        (["m", "--jobs", "0"], "0"),
        (["m", "--jobs", "two"], "two"),
        (["--bogus"], "unrecognized arguments: --bogus"),
        (["m", "--bat", "3"], "unrecognized arguments"),
        (["m", "--digest=yes"], "ignored explicit argument 'yes'"),
    ],
)
def test_options_that_make_no_sense_are_refused(arguments: list[str], message: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse(arguments)
    assert message in str(caught.value)
    assert caught.value.hint or "…" in message


def test_the_help_names_every_option_and_no_other() -> None:
    accepted = {string for action in build_parser()._actions for string in action.option_strings}
    explained = set(re.findall(r"^  (?:-h, )?(-[-\w]+)", HELP, re.MULTILINE)) | {"-h"}
    assert explained == accepted


def test_every_example_of_the_help_is_accepted() -> None:
    examples = re.findall(r"^  modelpack-tui (.*?)(?:  .*| \|.*)?$", HELP, re.MULTILINE)
    assert len(examples) >= 5
    for example in examples:
        assert parse(example.split()).artifact in ("model.onnx", "saved_model/", "image.tar", "docker://name:tag")


@pytest.mark.parametrize("arguments", [["i.tar", "--platform", "linux/arm64/v8"], ["--platform=linux/arm64/v8", "i.tar"]])
def test_the_platform_is_handed_on_as_it_was_typed(arguments: list[str]) -> None:
    assert parse(arguments).platform == "linux/arm64/v8"
    assert parse(["i.tar"]).platform is None


def test_the_help_fits_a_terminal() -> None:
    assert max(map(len, HELP.splitlines())) <= 80


@pytest.mark.parametrize(("arguments", "asks"), [(["-h"], True), (["m", "--help"], True), (["--", "-h"], False), ([], False)])
def test_help_is_asked_for_before_the_double_dash(arguments: list[str], asks: bool) -> None:
    assert asks_for_help(arguments) is asks
