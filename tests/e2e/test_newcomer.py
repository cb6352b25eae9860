"""Somebody who knows nothing of the tool, in a real terminal: the heaviest block, fp16, its proof and a report.

Every key that is pressed is one that the screen before it tells of. The screens are kept beside this file, figures that
differ from run to run masked; UPDATE_GOLDEN=1 makes them anew.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
CAPTURES = Path(__file__).parent / "newcomer_captures"
SAMPLE = Path("sample_models", "digits_cnn.onnx")
SECONDS = 60

needs_tmux = pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is not installed")


class Tmux:
    """A terminal of 80 columns and 24 rows in which the installed command runs as `make demo` runs it."""

    def __init__(self, folder: Path) -> None:
        self._socket = str(folder / "tmux")
        shutil.copytree(REPOSITORY / "sample_models", folder / "sample_models", ignore=shutil.ignore_patterns("*.tar", "*.py"))
        command = f"{sys.executable} -m inspector {SAMPLE}"
        variables = {"XDG_STATE_HOME": str(folder / "state"), "PYTHONPATH": str(REPOSITORY), "LC_ALL": "C.UTF-8"}
        given = [part for name, value in variables.items() for part in ("-e", f"{name}={value}")]
        size = ["-x", "80", "-y", "24", "-c", str(folder)]
        self._tmux("-f", "/dev/null", "new-session", "-d", "-s", "demo", *size, *given, command)

    def _tmux(self, *arguments: str) -> str:
        environment = {name: value for name, value in os.environ.items() if name not in ("TMUX", "NO_COLOR")}
        environment |= {"LC_ALL": "C.UTF-8", "TERM": "xterm-256color"}
        done = subprocess.run(
            ["tmux", "-S", self._socket, *arguments], capture_output=True, env=environment, timeout=30, check=True
        )
        return done.stdout.decode()

    def screen(self) -> str:
        """Return what is on the screen."""
        return self._tmux("capture-pane", "-p", "-t", "demo")

    def wait_for(self, *wanted: str) -> str:
        """Return the first screen that has all these texts."""
        deadline = time.monotonic() + SECONDS
        while not all(text in (screen := self.screen()) for text in wanted):
            assert time.monotonic() < deadline, f"{wanted} never appeared on\n{screen}"
            time.sleep(0.1)
        return screen

    def settled(self, *wanted: str) -> str:
        """Return the screen that has all these texts once it no longer changes."""
        before, screen = "", self.wait_for(*wanted)
        deadline = time.monotonic() + SECONDS
        while screen != before:
            assert time.monotonic() < deadline, f"it never settled:\n{screen}"
            time.sleep(0.4)
            before, screen = screen, self.screen()
        return screen

    def press(self, key: str, told: str) -> None:
        """Press a key that the screen tells of, in these words."""
        screen = self.wait_for(told)
        assert told in screen
        self._tmux("send-keys", "-t", "demo", key)

    def close(self) -> None:
        """End the terminal and what runs in it."""
        subprocess.run(["tmux", "-S", self._socket, "kill-server"], capture_output=True, timeout=30, check=False)


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Tmux]:
    opened = Tmux(tmp_path)
    yield opened
    opened.close()


@needs_tmux
def test_a_stranger_gets_from_the_demo_to_a_report(terminal: Tmux, tmp_path: Path) -> None:
    overview = terminal.settled("% of the FLOPs are in", "H shows it", "q quit")
    _keep("1-overview", overview)
    heaviest = re.search(r"FLOPs are in (\S+)", overview)
    assert heaviest is not None

    terminal.press("H", "H shows it")
    _keep("2-heaviest", terminal.settled(f"▸ {heaviest[1]}", "█████", "7 Optimize"))

    terminal.press("7", "7 Optimize")
    terminal.wait_for("fp16, fp32 islands")
    terminal.press("Down", "▌ [ ]  simplify")
    _keep("3-steps", terminal.settled("▌ [ ]  fp16", "↵ run", "floats of half the size"))

    terminal.press("Enter", "↵ run")
    proof = terminal.settled("beside the original, over 16 inputs", "w writes a report")
    _keep("4-proof", proof, "steps|results|step: fp16|proof|beside the original|w report")

    terminal.press("w", "w writes a report")
    _keep("5-report", terminal.settled("digits_cnn-review.html", "↵ writes", "what fp16 came to, with the proof"))
    terminal.press("Enter", "↵ writes")
    terminal.wait_for("Written: digits_cnn-review.html")

    terminal.press("w", "w writes a report")
    terminal.wait_for("picks the format")
    for _ in "html":
        terminal.press("BSpace", ".json")
    terminal.press("json", ".json")
    terminal.wait_for("digits_cnn-review.json")
    terminal.press("Enter", "↵ writes")
    terminal.wait_for("Written: digits_cnn-review.json")
    terminal.press("q", "q quit")
    _check_reports(tmp_path)


def _check_reports(folder: Path) -> None:
    review = json.loads((folder / "digits_cnn-review.json").read_bytes())
    (change,) = review["changes"]
    assert change["optimizer"] == "fp16"
    assert change["parity"]["inputs"] == 16
    assert change["parity"]["outputs"][0]["sqnr_db"] > 30
    page = (folder / "digits_cnn-review.html").read_text()
    assert page.lstrip().lower().startswith("<!doctype html")
    assert "fp16" in page
    assert f"{change['parity']['outputs'][0]['sqnr_db']:.1f}" in page


def _keep(name: str, screen: str, lines: str = "") -> None:
    """Compare a screen with the one that is kept, what differs from run to run masked.

    lines says which lines to compare, where others depend on how fast the machine is; empty: all.
    """
    masked = "\n".join(line.rstrip() for line in _masked(screen).splitlines()).rstrip() + "\n"
    kept = CAPTURES / f"{name}.txt"
    if os.environ.get("UPDATE_GOLDEN"):
        CAPTURES.mkdir(exist_ok=True)
        kept.write_text(masked)
    wanted, seen = ([line for line in text.splitlines() if re.search(lines, line)] for text in (kept.read_text(), masked))
    assert seen == wanted, f"{name} has changed: UPDATE_GOLDEN=1 keeps it as it is"


def _masked(screen: str) -> str:
    """Blank out times, ratios and sizes of what was made, each to as many cells as it had."""
    screen = re.sub(r"\d+\.\d+(?= s\b|×| dB)", lambda found: "#" * len(found[0]), screen)
    return re.sub(r"[▁▂▃▄▅▆▇](?=$|\n)", " ", screen, flags=re.MULTILINE)
