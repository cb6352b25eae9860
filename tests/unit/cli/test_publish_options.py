"""--version N and what belongs to it: what is accepted, and what is refused in one line before any work begins."""

from __future__ import annotations

import pytest

from inspector import __version__
from inspector.cli.options import parse
from inspector.cli.publish_options import DEFAULT_WARM_UP, LARGEST_VERSION, MOST_WARM_UP
from inspector.cli.report_options import ReportTarget
from inspector.errors import UsageError
from inspector.formats.saved_model import publish_places, warmup
from inspector.records import publishing

AS_IT_IS = ("model", "--output", "serving", "--version", "4")


def refused(*arguments: str) -> str:
    with pytest.raises(UsageError) as raised:
        parse(list(arguments))
    assert "\n" not in str(raised.value)
    return str(raised.value)


def test_a_saved_model_is_published_as_it_is() -> None:
    options = parse(AS_IT_IS)
    wanted = options.publishing
    assert wanted is not None
    assert (wanted.serving, wanted.version, wanted.warm_up, wanted.allow_drift) == ("serving", 4, DEFAULT_WARM_UP, False)
    assert (options.optimization, options.bench, options.slim, options.wants_report) == (None, None, None, False)


def test_everything_that_belongs_to_it_is_taken() -> None:
    options = parse(
        [
            *("model", "--output", "serving", "--version", "next", "--warm-up", "0", "--data", "d.npz", "--signature", "embed"),
            *("--allow", "signature-drift", "--seed", "7", "--memory", "2GiB", "--report", "r.json"),
        ]
    )
    wanted = options.publishing
    assert wanted is not None
    assert (wanted.version, wanted.warm_up, wanted.data, wanted.signature) == (None, 0, "d.npz", "embed")
    assert (wanted.allow_drift, wanted.seed, wanted.memory_bytes) == (True, 7, 2 << 30)
    assert options.reports == (ReportTarget("r.json", "json"),)


def test_what_steps_make_is_published_with_the_same_options() -> None:
    options = parse([*AS_IT_IS, "--apply", "simplify", "--budget", "5m", "--allow", "signature-drift,growth"])
    assert options.publishing is not None
    assert options.optimization is not None
    assert (options.publishing.version, options.publishing.allow_drift) == (4, True)
    assert (options.optimization.steps, options.optimization.output) == (("simplify",), "serving")


def test_without_a_number_it_prints_the_version_of_the_program(capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in (["--version"], ["model", "--version"]):
        with pytest.raises(SystemExit) as raised:
            parse(arguments)
        assert raised.value.code in (0, None)
    assert capsys.readouterr().out == f"modelpack-tui {__version__}\n" * 2


@pytest.mark.parametrize(
    "text", ["0", "04", "00", "+4", "-4", "4.0", "1e3", "٤", "", " 4", "latest", str(2**63), "9" * 400, "model/"]
)
def test_what_is_no_version_is_refused(text: str) -> None:
    assert "is no version to publish" in refused("model", "--output", "serving", f"--version={text}")


def test_the_largest_version_is_one() -> None:
    options = parse(["model", "--output", "serving", "--version", str(LARGEST_VERSION)])
    assert options.publishing is not None
    assert options.publishing.version == LARGEST_VERSION


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["model", "--version", "4"], "--output says where"),
        (["--output", "serving", "--version", "4"], "which SavedModel shall be published?"),
        (["model", "--output", "", "--version", "4"], "--version needs a folder"),
        (["model", "--output", "-", "--version", "4"], "--version needs a folder"),
        (["model", "--warm-up", "8"], "--warm-up belongs to --version"),
        ([*AS_IT_IS, "--warm-up", "1001"], "'1001' is not a whole number from 0 to 1000"),
        ([*AS_IT_IS, "--warm-up", "-1"], "--warm-up"),
        ([*AS_IT_IS, "--data", ""], "--version needs a folder"),
        ([*AS_IT_IS, "--allow", "growth"], "--allow growth belongs to --apply"),
        ([*AS_IT_IS, "--keep-fp32", "node"], "--keep-fp32 belongs to --apply"),
        ([*AS_IT_IS, "--budget", "5m"], "--budget belongs to --apply"),
        ([*AS_IT_IS, "--bench"], "--version publishes, and --bench measures"),
        ([*AS_IT_IS, "--compare", "other"], "--version publishes, and --bench measures"),
        ([*AS_IT_IS, "--apply", "slim"], "--version publishes SavedModels"),
    ],
)
def test_what_makes_no_sense_is_refused(arguments: list[str], message: str) -> None:
    assert message in refused(*arguments)


def test_what_is_said_twice_to_start_fast_is_said_alike() -> None:
    assert publish_places.LARGEST_VERSION == LARGEST_VERSION
    assert warmup.MOST_REQUESTS == MOST_WARM_UP
    assert publishing.DEFAULT_WARM_UP == DEFAULT_WARM_UP
