"""The command as a process: its streams, signals and children."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from inspector import __version__
from inspector.report.schema_file import schema_text

COMMAND = [sys.executable, "-m", "inspector"]
INSTALLED = Path(sys.executable).with_name("modelpack-tui")


def run(*arguments: object, **options: object) -> subprocess.CompletedProcess[str]:
    settings = {"capture_output": True, "text": True, "timeout": 60, "stdin": subprocess.DEVNULL, **options}
    return subprocess.run([*COMMAND, *map(str, arguments)], **settings)  # type: ignore[call-overload,no-any-return]


@pytest.mark.parametrize("command", [[INSTALLED], COMMAND])
def test_it_is_the_same_command_however_it_is_started(command: list[str]) -> None:
    done = subprocess.run([*command, "--version"], capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, f"modelpack-tui {__version__}\n", "")


def test_the_schema_is_printed_as_it_is_shipped() -> None:
    done = run("--schema")
    assert (done.returncode, done.stdout, done.stderr) == (0, schema_text(), "")
    json.loads(done.stdout)


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["--schema"], ["{model}"], ["{model}", "--format", "json"]])
def test_a_reader_that_has_gone_away_is_no_error(model: Path, arguments: list[str]) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w") as stream:
        done = run(*(a.format(model=model) for a in arguments), capture_output=False, stdout=stream, stderr=subprocess.PIPE)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("arguments", [["--help"], ["--schema"], ["{model}"]])
def test_a_full_device_is_one_line(model: Path, arguments: list[str]) -> None:
    with Path("/dev/full").open("w") as stream:
        done = run(*(a.format(model=model) for a in arguments), capture_output=False, stdout=stream, stderr=subprocess.PIPE)
    assert done.returncode == 4
    assert done.stderr == "modelpack-tui: error: cannot write to standard output: No space left on device\n"


@pytest.mark.parametrize(("closed", "code"), [("<&-", 0), (">&-", 4), ("2>&-", 0), ("<&- 2>&-", 0)])
def test_closed_streams(model: Path, closed: str, code: int) -> None:
    done = subprocess.run(
        ["/bin/sh", "-c", f'"$0" -m inspector "$1" {closed}', sys.executable, model], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == code
    assert done.stdout.startswith("dense.onnx") == (code == 0)
    assert "Traceback" not in done.stderr


def test_an_encoding_without_our_signs_is_no_error(model: Path) -> None:
    done = run(model, env={**os.environ, "PYTHONIOENCODING": "ascii", "LC_ALL": "C"})
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.isascii()
    assert "dense.onnx   ONNX - opset 17 - " in done.stdout


SLEEPING = """
import sys
import inspector.workflows.shapes as shapes
from inspector.__main__ import run
from inspector.isolation.child import run_child

def sleep(computation):
    yield from run_child("tests.cli.sleeping_child:sleep", sys.argv[-1] + ".asleep", int)

shapes.with_shapes = sleep
sys.exit(run(sys.argv[1:]))
"""


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_an_interruption_ends_the_children_too(model: Path, tmp_path: Path, number: signal.Signals, code: int) -> None:
    target = tmp_path / "out.md"
    process = subprocess.Popen(
        [sys.executable, "-c", SLEEPING, model, "--report", target],
        cwd=Path(__file__).parents[2],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    wait_for(tmp_path / "out.md.asleep")
    children = psutil.Process(process.pid).children(recursive=True)
    assert children
    process.send_signal(number)
    out, err = process.communicate(timeout=20)
    assert (process.returncode, out, err) == (code, "", "")
    assert psutil.wait_procs(children, timeout=10)[1] == []
    assert not target.exists()


def wait_for(path: Path) -> None:
    """Wait until a file is there."""
    deadline = time.monotonic() + 30
    while not path.exists():
        assert time.monotonic() < deadline, f"{path.name} never came"
        time.sleep(0.02)
