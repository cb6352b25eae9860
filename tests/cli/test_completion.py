from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from inspector.cli.completion import explanations
from inspector.cli.options import SHELLS, build_parser

Command = Callable[..., tuple[int, str, str]]

_ASK = """
source "$1"; shift
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMP_LINE="$*"; COMP_POINT=${#COMP_LINE}
_shtab_modelpack_tui
printf '%s\\n' "${COMPREPLY[@]}"
"""


@pytest.fixture
def bash(command: Command, tmp_path: Path) -> Callable[..., list[str]]:
    """Return what asks bash what it would complete the last word to."""
    code, script, err = command("--completion", "bash")
    assert (code, err) == (0, "")
    (tmp_path / "script").write_text(script)

    def ask(*words: str) -> list[str]:
        arguments = ["bash", "--norc", "-c", _ASK, "ask", str(tmp_path / "script"), "modelpack-tui", *words]
        done = subprocess.run(arguments, capture_output=True, text=True, cwd=tmp_path, timeout=20, check=True)
        assert done.stderr == ""
        return done.stdout.split()

    return ask


def test_options_are_completed(bash: Callable[..., list[str]]) -> None:
    every = {option for action in build_parser()._actions for option in action.option_strings if option.startswith("--")}
    assert set(bash("--")) == every
    assert bash("--fail") == ["--fail-if"]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("--format", "s"), ["sarif"]),
        (("--apply", "to"), ["to-onnx", "to-litert"]),
        (("--completion", "z"), ["zsh"]),
        (("--slim-level", ""), ["flatten", "clean", "trace"]),
        (("--fail-if", "latency.p99"), ["latency.p99", "latency.p99.9"]),
    ],
)
def test_words_are_completed(bash: Callable[..., list[str]], words: tuple[str, ...], expected: list[str]) -> None:
    assert bash(*words) == expected


@pytest.mark.parametrize("words", [("mo",), ("--report", "mo"), ("--compare", "mo"), ("other.onnx", "mo")])
def test_files_are_completed(bash: Callable[..., list[str]], tmp_path: Path, words: tuple[str, ...]) -> None:
    (tmp_path / "model.onnx").write_bytes(b"")
    assert bash(*words) == ["model.onnx"]


@pytest.mark.parametrize("shell", SHELLS)
def test_every_shell_takes_its_script(command: Command, shell: str, tmp_path: Path) -> None:
    code, script, _ = command("--completion", shell)
    assert code == 0
    assert all(option in script for option in ("fail-if", "slim-level", "to-litert"))
    if shutil.which(shell):
        (tmp_path / "script").write_text(script)
        subprocess.run([shell, "-n", str(tmp_path / "script")], check=True, timeout=20)


def test_other_shells_are_told_of(command: Command) -> None:
    code, _, err = command("--completion", "cmd")
    assert code == 2
    assert "bash" in err


def test_every_option_has_a_word_of_explanation() -> None:
    every = {option for action in build_parser()._actions for option in action.option_strings if option.startswith("--")}
    said = explanations()
    assert set(said) == every
    assert all(10 <= len(text) <= 72 for text in said.values()), said
