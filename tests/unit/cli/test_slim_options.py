"""--apply slim and its options: what is accepted, and what is refused in one line before any work begins."""

from __future__ import annotations

import pytest

from inspector.cli.options import parse
from inspector.cli.slim_options import MOST_REPEATED
from inspector.errors import UsageError

SLIM = ("image.tar", "--apply", "slim")


def test_without_more_every_level_runs_and_nothing_is_written() -> None:
    options = parse(SLIM)
    assert options.slim is not None
    assert (options.slim.levels, options.slim.named) == (("flatten", "clean", "trace"), False)
    assert (options.slim.compression, options.slim.output) == ("gzip", None)
    assert (options.optimization, options.bench, options.wants_report) == (None, None, True)


def test_levels_are_applied_in_order_however_they_are_named() -> None:
    options = parse([*SLIM, "--slim-level", "trace,flatten"])
    assert options.slim is not None
    assert (options.slim.levels, options.slim.named) == (("flatten", "trace"), True)


def test_what_is_repeated_is_taken_together() -> None:
    options = parse(
        [
            *(*SLIM, "--slim-keep", "tests", "--slim-keep", "package:torch", "--slim-drop", "/opt/[x]/**"),
            *("--exercise", "python -c 'print(1)'", "--exercise", "load.http", "--layer-compression", "zstd"),
            *("--budget", "5m", "--memory", "2GiB", "--seed", "7", "--output", "docker://small:1"),
        ]
    )
    slim = options.slim
    assert slim is not None
    assert (slim.keep, slim.drop) == (("tests", "package:torch"), ("/opt/[x]/**",))
    assert slim.exercises == ("python -c 'print(1)'", "load.http")
    assert (slim.compression, slim.output) == ("zstd", "docker://small:1")
    assert (slim.budget_seconds, slim.memory_bytes, slim.seed) == (300.0, 2 << 30, 7)


def test_how_the_image_starts_needs_no_bench() -> None:
    options = parse([*SLIM, "--image-command", "serve --port 80", "--ready", "log:up", "--bandwidth", "8Mbit/s"])
    assert options.bench is not None
    assert not options.bench.wanted
    start = options.bench.plan().image
    assert (start.command, start.ready, start.bytes_per_second) == (("serve", "--port", "80"), "log:up", 1_000_000)


def test_with_bench_there_is_a_plan() -> None:
    options = parse([*SLIM, "--bench", "--cache", "warm", "--budget", "30s"])
    assert options.slim is not None
    assert options.bench is not None
    assert options.bench.wanted
    assert (options.bench.plan().caches, options.bench.plan().budget_seconds) == (("warm",), 30.0)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--apply", "slim,fp16"], "slim is for images and fp16 for ONNX models"),
        (["--apply", "simplify,slim"], "slim is for images and simplify for ONNX models"),
        (["--apply", "slim,slim"], "slim is named twice"),
        (["--apply", "slim,nosuch"], "there is no optimizer nosuch"),
        (["--slim-level", "clean"], "--slim-level belongs to --apply slim"),
        (["--slim-keep", "tests"], "--slim-keep belongs to --apply slim"),
        (["--apply", "fp16", "--slim-drop", "tests"], "--slim-drop belongs to --apply slim"),
        (["--report", "--exercise", "true"], "--exercise belongs to --apply slim"),
        (["--bench", "--layer-compression", "zstd"], "--layer-compression belongs to --apply slim"),
        (["--apply", "slim", "--slim-level", "squash"], "there is no squash among flatten, clean, trace"),
        (["--apply", "slim", "--slim-level", "clean,clean"], "names something twice"),
        (["--apply", "slim", "--slim-level", ""], "there is no (empty) among"),
        (["--apply", "slim", "--slim-keep", " "], "an empty --slim-keep names nothing"),
        (["--apply", "slim", "--slim-drop", ""], "an empty --slim-drop names nothing"),
        (["--apply", "slim", "--exercise", "\t"], "an empty --exercise names nothing"),
        (["--apply", "slim", "--output", ""], "an empty --output or --data names nothing"),
        (["--apply", "slim", "--output", "-"], "an image cannot go to standard output"),
        (["--apply", "slim", "--layer-compression", "xz"], "invalid choice"),
        (["--apply", "slim", "--allow", "growth"], "--allow is about ONNX models"),
        (["--apply", "slim", "--keep-fp32", "n"], "--keep-fp32 is about ONNX models"),
        (["--apply", "slim", "--threads", "2"], "--threads is about sessions of a model"),
        (["--apply", "slim", "--cpus", "0.5"], "--cpus belongs to --bench"),
        (["--apply", "slim", "--compare", "other.tar"], "--compare belongs to --bench"),
        (["--apply", "slim", "--replay", "r.json"], "says what the plan of a review says already"),
        (["--apply", "slim", "--budget", "soon"], "is not a time"),
        (["--apply", "slim", "--memory", "1"], "is not a size"),
        (["--apply", "slim", "--ready", "ftp://x"], "is none of http://"),
        (["--apply", "slim", "--image-command", "'"], "cannot be split into words"),
    ],
)
def test_what_makes_no_sense_is_one_line(arguments: list[str], message: str) -> None:
    with pytest.raises(UsageError) as raised:
        parse(["image.tar", *arguments])
    assert message in str(raised.value)
    assert "\n" not in str(raised.value)


def test_patterns_without_end_are_refused() -> None:
    with pytest.raises(UsageError, match="is given 257 times"):
        parse([*SLIM, *(argument for index in range(MOST_REPEATED + 1) for argument in ("--slim-keep", f"/p{index}"))])


def test_slim_needs_an_artifact() -> None:
    with pytest.raises(UsageError, match="a report needs an artifact"):
        parse(["--apply", "slim"])
