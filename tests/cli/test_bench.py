"""--bench on the command line: what is reported, and with which exit code it ends; nothing is stood in for."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import jsonschema
import onnx
import psutil
import pytest
from onnx import TensorProto, helper

from inspector.report.schema_file import schema_text
from tests.cli.models import dense_model

Command = Callable[..., tuple[int, str, str]]

SHORT = ("--bench", "--budget", "2s", "--device", "cpu")

LONG = ("--bench", "--budget", "600s", "--device", "cpu", "--measure", "latency", "--batch", "16384")


def measured(command: Command, tmp_path: Path, *arguments: object, code: int = 0) -> dict:
    report = tmp_path / "review.json"
    found, out, err = command(*arguments, "--report", report)
    assert (found or 0, out) == (code, ""), err
    review = json.loads(report.read_text())
    jsonschema.validate(review, json.loads(schema_text()))
    return review


def kinds(review: dict) -> list[tuple[str, str | None]]:
    return [(run["kind"], run["conditions"]["cache"]) for run in review["benchmarks"]]


def test_a_model_is_started_cold_and_warm_and_run(command: Command, model: Path, tmp_path: Path) -> None:
    review = measured(command, tmp_path, model, *SHORT)
    assert kinds(review) == [("cold_start", "cold"), ("cold_start", "warm"), ("latency", None)]
    assert review["plan"]["budget_seconds"] == 2.0
    for run in review["benchmarks"]:
        assert (run["subject"], run["device"], run["status"]) == ("before", "cpu", "measured")
        assert run["low_ms"] <= run["median_ms"] <= run["high_ms"]
    cold, _, latency = review["benchmarks"]
    assert list(cold["phases"]) == ["spawn", "interpreter", "imports", "read", "session", "first run", "warm-up"]
    assert len(cold["starts"]) == cold["samples"] + cold["failures"], [start["failure"] for start in cold["starts"]]
    assert cold["samples"] > cold["failures"], cold["note"]
    assert all(start["resident_before"] is not None for start in cold["starts"])
    assert len(latency["times_ms"]) == latency["samples"]
    assert review["environment"]["machine"]["usable_cores"] >= 1
    assert review["startup"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["models", "review.json"]


def test_what_was_asked_for_is_what_is_measured(command: Command, model: Path, tmp_path: Path) -> None:
    asked = ["--measure", "latency", "--batch", "1,4", "--threads", "1,2", "--load", "50%", "--budget", "6s"]
    review = measured(command, tmp_path, model, *SHORT[:1], *asked)
    conditions = [run["conditions"] for run in review["benchmarks"]]
    assert [(one["threads"], one["batch"], one["load"]) for one in conditions] == [
        (threads, batch, load) for threads in (1, 2) for batch in (1, 4) for load in (None, 0.5)
    ]


def test_two_models_are_measured_side_by_side(command: Command, model: Path, tmp_path: Path) -> None:
    other = dense_model(tmp_path / "other.onnx")
    review = measured(command, tmp_path, model, *SHORT, "--compare", other, "--measure", "latency")
    assert [run["subject"] for run in review["benchmarks"]] == ["before", "after"]
    (comparison,) = review["comparisons"]
    assert comparison["pairs"] > 5
    assert comparison["noise_low"] <= comparison["noise_high"]
    assert comparison["verdict"] in ("no difference shown", "faster", "slower")


def test_steps_are_measured_before_and_after(command: Command, tmp_path: Path) -> None:
    sample = Path(__file__).parents[2] / "sample_models" / "digits_transformer.onnx"
    review = measured(command, tmp_path, sample, "--apply", "simplify", *SHORT, "--measure", "latency")
    assert review["changes"][0]["status"] == "accepted"
    assert [run["subject"] for run in review["benchmarks"]] == ["before", "after"]
    assert [one["conditions"]["batch"] for one in review["comparisons"]] == [1]


def test_a_review_is_done_again_and_compared(command: Command, model: Path, tmp_path: Path) -> None:
    first = measured(command, tmp_path, model, *SHORT, "--measure", "latency", "--seed", "5")
    saved = tmp_path / "first.json"
    (tmp_path / "review.json").rename(saved)
    again = measured(command, tmp_path, "--replay", saved)
    assert again["plan"] == first["plan"]
    assert [one["note"] for one in again["comparisons"]] == [
        "measured at different times, not interleaved: what changed on the machine is in it"
    ]
    assert again["comparisons"][0]["before_ms"] == first["benchmarks"][0]["median_ms"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is no review of this version"),
        (b"{", "is no review of this version"),
        (b"[" * 100_000, "is no review of this version"),
        (b'{"schema": 1}', "is no review of this version"),
        (b"\xff\xfe", "is no review of this version"),
    ],
)
def test_what_is_no_review_is_not_done_again(command: Command, tmp_path: Path, content: bytes, message: str) -> None:
    file = tmp_path / "review.json"
    file.write_bytes(content)
    code, out, err = command("--replay", file, "--report")
    assert (code, out) == (2, "")
    assert message in err
    assert err.count("\n") == 1


def test_a_review_without_a_measurement_is_not_done_again(command: Command, model: Path, tmp_path: Path) -> None:
    report = tmp_path / "plain.json"
    assert command(model, "--report", report)[0] in (0, None)
    code, _, err = command("--replay", report)
    assert code == 2
    assert "holds no measurement to do again" in err


def test_limits_of_a_contract_are_decided_by_what_was_measured(command: Command, model: Path, tmp_path: Path) -> None:
    terms = tmp_path / "terms.yaml"
    terms.write_text("contract: 1\nlimits: {latency_ms: 0.000001, cold_start_ms: 3600000}\n")
    review = measured(command, tmp_path, model, *SHORT, "--contract", terms, code=1)
    statuses = {check["rule"].partition(":")[0]: check["status"] for check in review["checks"]}
    assert (statuses["latency"], statuses["cold start"]) == ("failed", "passed")
    assert review["verdict"] == "fail"


def test_a_device_that_is_not_there_is_one_line(command: Command, model: Path) -> None:
    code, out, err = command(model, "--bench", "--device", "cuda")
    if code in (0, None):
        pytest.skip("this machine has a CUDA device")
    assert (code, out) == (2, "")
    assert err.startswith("modelpack-tui: error: --device cuda: ")
    assert err.count("\n") == 1


def test_models_of_other_signatures_are_not_compared(command: Command, model: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.onnx"
    described = [helper.make_tensor_value_info(name, TensorProto.INT64, [1, 2]) for name in ("x", "y")]
    graph = helper.make_graph([helper.make_node("Identity", ["x"], ["y"])], "g", described[:1], described[1:])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), other)
    code, _, err = command(model, *SHORT, "--compare", other)
    assert code == 2
    assert "has another signature: input x is int64, not float32" in err


def test_a_model_that_no_runtime_runs_is_one_line(command: Command, tmp_path: Path) -> None:
    described = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, 2]) for name in ("x", "y")]
    node = helper.make_node("Secret", ["x"], ["y"], "secret", domain="com.acme")
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("com.acme", 1)]
    path = tmp_path / "m.onnx"
    onnx.save(helper.make_model(helper.make_graph([node], "g", described[:1], described[1:]), opset_imports=opsets), path)
    code, out, err = command(path, *SHORT)
    assert (code, out) == (4, "")
    assert err.count("\n") == 1


def test_one_sample_only_is_said(command: Command, model: Path, tmp_path: Path) -> None:
    review = measured(command, tmp_path, model, "--bench", "--measure", "cold-start", "--cache", "warm", "--budget", "0.001s")
    (run,) = review["benchmarks"]
    assert run["samples"] >= 1
    if run["samples"] == 1:
        assert "one sample only: it shows no spread" in run["notes"]


def started(*arguments: object) -> subprocess.Popen[str]:
    asked = [sys.executable, "-m", "inspector", *map(str, arguments)]
    return subprocess.Popen(asked, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def busy_child(process: subprocess.Popen[str], cpu_seconds: float) -> psutil.Process:
    """Wait until a child has worked for so long, and return it."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        for child in psutil.Process(process.pid).children(recursive=True):
            with contextlib.suppress(psutil.Error):
                if child.cpu_times().user > cpu_seconds:
                    return child
        time.sleep(0.05)
    raise AssertionError(f"no child worked: {process.communicate()}")


def test_a_child_that_dies_leaves_what_it_had_measured(model: Path, tmp_path: Path) -> None:
    report = tmp_path / "review.json"
    process = started(model, *LONG, "--report", report)
    busy_child(process, 5).kill()
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (4, ""), err
    assert err.count("\n") == 1
    (run,) = json.loads(report.read_text())["benchmarks"]
    assert (run["status"], run["samples"] > 0) == ("cut short", True)
    assert "killed" in run["note"]


def test_no_room_for_inputs_is_one_line(model: Path, tmp_path: Path) -> None:
    full = tmp_path / "full"
    full.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=32k", "tmpfs", full], capture_output=True, text=True)
    if mounted.returncode:
        pytest.skip(f"no small file system can be mounted: {mounted.stderr.strip()}")
    try:
        done = subprocess.run(
            [sys.executable, "-m", "inspector", model, *SHORT],
            capture_output=True,
            text=True,
            env={**os.environ, "TMPDIR": str(full)},
            timeout=60,
        )
    finally:
        subprocess.run(["umount", "-l", full], check=True)
    assert (done.returncode, done.stdout) == (4, "")
    assert done.stderr.count("\n") == 1


def test_what_was_measured_before_an_interrupt_is_reported(model: Path, tmp_path: Path) -> None:
    report = tmp_path / "review.json"
    process = started(model, *LONG, "--report", report)
    child = busy_child(process, 5)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert (process.returncode, out) == (130, ""), err
    review = json.loads(report.read_text())
    (run,) = review["benchmarks"]
    assert run["samples"] > 0
    assert any("interrupted" in warning for warning in review["warnings"])
    assert not child.is_running()
