"""What a session is asked for by the command line, and what counts as not done."""

from __future__ import annotations

from pathlib import Path

import pytest

from inspector.cli.options import parse
from inspector.cli.slim_command import is_unfulfilled
from inspector.cli.slim_options import SlimOptions
from inspector.cli.slim_request import files_beside, plan_of, slim_request
from inspector.errors import UsageError
from inspector.records.benchmark import ImageStart
from inspector.records.slimming import SlimLevel, Slimming, SlimRequest, SlimStep, SlimVerdict
from inspector.records.written_image import ImageBytes

SIZE = ImageBytes(10, 5, 1, 1)


def asked(*arguments: object) -> tuple[SlimRequest, list[Path]]:
    options = parse(["image.tar", "--apply", "slim", *map(str, arguments)])
    assert options.slim is not None
    request = slim_request(options, options.slim)
    return request, files_beside(request, options)


def wanted(*arguments: str) -> SlimOptions:
    slim = parse(["image.tar", "--apply", "slim", *arguments]).slim
    assert slim is not None
    return slim


def test_what_nobody_says_is_as_the_record_has_it() -> None:
    assert asked() == (SlimRequest(), [])


def test_everything_that_is_said_is_in_the_request(tmp_path: Path) -> None:
    terms, data, load = tmp_path / "terms.yaml", tmp_path / "x.npz", tmp_path / "load.http"
    terms.write_text("contract: 1\nname: mine\ntolerances: {max_absolute: 0.5}\n")
    data.write_bytes(b"PK")
    load.write_text("GET http://localhost:8080/health\n")
    request, read = asked(
        *("--slim-level", "flatten,trace", "--slim-keep", "tests", "--slim-drop", "/opt/**", "--layer-compression", "zstd"),
        *("--exercise", load, "--exercise", "contract:http://localhost:8080/infer", "--exercise", "python -c 'print(1)'"),
        *("--contract", terms, "--data", data, "--budget", "90s", "--memory", "1GiB", "--seed", "3"),
        *("--image-command", "serve -v", "--ready", "log:up"),
    )
    assert (request.levels, request.keep, request.drop) == (("flatten", "trace"), ("tests",), ("/opt/**",))
    assert [one.kind for one in request.exercises] == ["http", "contract", "command"]
    assert request.exercises[2].command == ("python", "-c", "print(1)")
    assert request.contract is not None
    assert request.contract.tolerances.max_absolute == 0.5
    assert (request.contract_folder, request.data) == (str(tmp_path), str(data))
    assert (request.compression, request.budget_seconds, request.memory_bytes, request.seed) == ("zstd", 90.0, 1 << 30, 3)
    assert request.start == ImageStart(("serve", "-v"), "log:up")
    assert read == [terms, data, load]


def test_a_plan_is_there_where_bench_is_asked_for() -> None:
    plain = parse(["image.tar", "--apply", "slim", "--ready", "exit"])
    assert plan_of(plain) is None
    plan = plan_of(parse(["image.tar", "--apply", "slim", "--ready", "exit", "--bench", "--cache", "cold"]))
    assert plan is not None
    assert (plan.caches, plan.image.ready) == (("cold",), "exit")
    with pytest.raises(UsageError, match="against what becomes of it"):
        plan_of(parse(["image.tar", "--apply", "slim", "--bench", "--compare", "b.tar"]))


def step(level: SlimLevel, verdict: SlimVerdict) -> SlimStep:
    accepted = verdict in ("proven", "not proven")
    status = "accepted" if accepted else "rejected" if verdict == "rejected" else "skipped"
    return SlimStep(level, status, verdict, "", SIZE, SIZE if accepted else None)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("steps", "arguments", "unfulfilled"),
    [
        ((("flatten", "proven"), ("clean", "not proven")), (), False),
        ((("flatten", "proven"), ("clean", "rejected")), (), True),
        ((("flatten", "proven"), ("trace", "cannot run")), (), False),
        ((("flatten", "proven"), ("trace", "cannot run")), ("--slim-level", "flatten,trace"), True),
        ((("flatten", "cannot run"),), (), True),
        ((("flatten", "nothing to do"), ("trace", "cannot run")), (), False),
        ((("flatten", "nothing to do"),), ("--output", "out.tar"), True),
        ((("flatten", "nothing to do"), ("clean", "proven")), ("--output", "out.tar"), False),
    ],
)
def test_what_was_asked_for_and_not_done_counts(
    steps: tuple[tuple[SlimLevel, SlimVerdict], ...], arguments: tuple[str, ...], unfulfilled: bool
) -> None:
    slimming = Slimming("image.tar", SIZE, tuple(step(level, verdict) for level, verdict in steps))
    assert is_unfulfilled(slimming, wanted(*arguments)) is unfulfilled
