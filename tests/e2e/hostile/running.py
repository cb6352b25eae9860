"""The command run on a hostile artifact within limits, and what must be true of every answer."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
from dataclasses import dataclass
from pathlib import Path

from tests.warm_children.process import is_fresh, run_command

PROJECT = Path(__file__).parents[3]

COMMAND = [sys.executable, "-m", "inspector"]
SECONDS = 60
ADDRESS_SPACE = 6 << 30
PEAK = 1 << 30
_LIMITED = ["/bin/sh", "-c", f'ulimit -v {ADDRESS_SPACE >> 10}; ulimit -t {SECONDS}; ulimit -c 0; exec "$@"', "limited"]

_MEASURED = """
import resource, subprocess, sys
code = subprocess.call(sys.argv[2:])
with open(sys.argv[1], "w") as file:
    file.write(str(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss))
sys.exit(code if code >= 0 else 128 - code)
"""
"""A small process in between: a process counts the memory of the one it was forked from as its own peak."""

FORBIDDEN = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\ud800-\udfff]")
"""Every control character but the newline, and characters that are not seen or turn text around."""


@dataclass(frozen=True)
class Outcome:
    """What one run of the command came to."""

    code: int
    stdout: str
    stderr: str
    peak_bytes: int


def run(folder: Path, path: Path, *options: str) -> Outcome:
    """Run the command on a path in a folder of its own, within limits; in a process forked off one that has imported it."""
    state = folder / "state"
    state.mkdir(exist_ok=True)
    environment = {**os.environ, "XDG_STATE_HOME": str(state), "PYTHONPATH": str(PROJECT)}
    if is_fresh():
        return _run_fresh(state, [*options, "--", os.fspath(path)], environment)
    limits = {"RLIMIT_AS": ADDRESS_SPACE, "RLIMIT_CPU": SECONDS, "RLIMIT_CORE": 0}
    with (state / "stdout").open("w+b") as out, (state / "stderr").open("w+b") as err:
        given = [*options, "--", os.fspath(path)]
        code, peak = run_command(given, state, environment, out.fileno(), err.fileno(), limits, SECONDS)
        assert code is not None, f"the command did not end within {SECONDS} s"
        out.seek(0)
        err.seek(0)
        return Outcome(code if code >= 0 else 128 - code, out.read().decode(), err.read().decode(), peak)


def _run_fresh(state: Path, arguments: list[str], environment: dict[str, str]) -> Outcome:
    """Run the command in a new process."""
    with (state / "stdout").open("w+b") as out, (state / "stderr").open("w+b") as err:
        peak = state / "peak"
        peak.unlink(missing_ok=True)
        process = subprocess.Popen(
            [sys.executable, "-I", "-S", "-c", _MEASURED, peak, *_LIMITED, *COMMAND, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
            cwd=state,
            start_new_session=True,
            env=environment,
        )
        alarm = threading.Timer(SECONDS, os.killpg, (process.pid, signal.SIGKILL))
        alarm.start()
        process.wait()
        alarm.cancel()
        out.seek(0)
        err.seek(0)
        assert peak.exists(), f"the command did not end within {SECONDS} s"
        return Outcome(process.returncode, out.read().decode(), err.read().decode(), int(peak.read_text()) * 1024)


def check(outcome: Outcome, name: str) -> None:
    """Hold an outcome to what is true of all: no crash, no foreign characters, one line where refused, bounded memory."""
    assert outcome.code in (0, 3), outcome.stderr
    assert not FORBIDDEN.search(outcome.stdout), repr(FORBIDDEN.search(outcome.stdout))
    assert not FORBIDDEN.search(outcome.stderr), repr(outcome.stderr)
    assert outcome.peak_bytes < PEAK
    if outcome.code == 3:
        assert outcome.stdout == ""
        assert outcome.stderr.count("\n") == 1
        assert outcome.stderr.startswith("modelpack-tui: error: ")
        assert name[:60] in outcome.stderr
        assert len(outcome.stderr) < 2000


def rules_of(outcome: Outcome) -> dict[str, str]:
    """Return the findings of a JSON report: message by rule."""
    return {finding["rule"]: finding["message"] for finding in json.loads(outcome.stdout)["findings"]}
