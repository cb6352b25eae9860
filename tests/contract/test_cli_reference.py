"""What the documents say about the command line is what the parser accepts."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from inspector.cli.help_text import HELP
from inspector.cli.options import build_parser, parse
from inspector.errors import (
    EXIT_CHECK_FAILED,
    EXIT_INTERRUPTED,
    EXIT_OK,
    EXIT_OPERATION_FAILED,
    EXIT_OUR_BUG,
    EXIT_UNREADABLE,
    EXIT_USAGE,
)

PROJECT = Path(__file__).parents[2]
README = (PROJECT / "README.md").read_text(encoding="utf-8")
PRINTED = {"--schema", "--version", "--help"}

EXAMPLES = [
    re.split(r"\s{2,}|\s+[|#]\s", line.removeprefix("modelpack-tui "))[0]
    for line in README.splitlines()
    if line.startswith("modelpack-tui ")
]


def options_in(text: str) -> set[str]:
    return set(re.findall(r"(?<![\w-])--[a-z][-a-z]*", text))


def accepted() -> set[str]:
    return {string for action in build_parser()._actions for string in action.option_strings if string.startswith("--")}


def test_the_readme_shows_how_the_command_is_used() -> None:
    assert len(EXAMPLES) >= 4


@pytest.mark.parametrize("example", EXAMPLES)
def test_every_command_of_the_readme_is_accepted(example: str) -> None:
    arguments = shlex.split(example)
    if not PRINTED & set(arguments):
        options = parse(arguments)
        assert options.artifact is not None or (options.bench is not None and options.bench.replay)
    assert options_in(example) <= accepted()


def test_the_options_that_the_readme_explains_exist() -> None:
    spans = re.findall(r"`(--[a-z][-a-z]*)`|`modelpack-tui ([^`]*)`", README)
    assert options_in(" ".join(" ".join(span) for span in spans)) <= accepted()


def test_the_help_gives_every_exit_code_its_meaning() -> None:
    codes = {EXIT_OK, EXIT_CHECK_FAILED, EXIT_USAGE, EXIT_UNREADABLE, EXIT_OPERATION_FAILED, EXIT_INTERRUPTED, EXIT_OUR_BUG}
    told = HELP[HELP.index("exit codes") :]
    assert {int(code) for code in re.findall(r"(?<!\w)\d+(?= )", told)} == codes
