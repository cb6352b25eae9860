"""Scripts that complete the command line in a shell, made by shtab from the parser and what --help says of each option."""

from __future__ import annotations

import argparse
import re
import textwrap
from collections.abc import Mapping, Sequence
from typing import Final

from inspector.cli.bench_options import CACHES, KINDS
from inspector.cli.help_text import HELP
from inspector.cli.optimization_options import OPTIMIZERS, PERMISSIONS
from inspector.cli.slim_options import LEVELS

_FILES: Final = re.compile(r"FILE|PATH|ARTIFACT|OTHER|REVIEW|WHAT")
"""Names of values that are, or may be, files."""
_LONGEST: Final = 72
_OPTION: Final = re.compile(r"^  (?:-h, )?(--[-\w]+)[^\n]*\n?")


def completion_script(parser: argparse.ArgumentParser, shell: str) -> str:
    """Return the script that completes what the parser takes in a shell: bash, zsh or fish."""
    import shtab

    explained = explanations()
    choices = _choices()
    for action in parser._actions:
        name = action.option_strings[-1] if action.option_strings else ""
        action.help = explained.get(name, "an ONNX file, a SavedModel, a .tflite file or an image" if not name else "")
        action.choices = choices.get(name, action.choices)
        if action.choices is None and isinstance(action.metavar, str) and _FILES.search(action.metavar):
            action.complete = shtab.FILE  # type: ignore[attr-defined]
    script: str = shtab.complete(parser, shell)
    return script if script.endswith("\n") else f"{script}\n"


def explanations() -> Mapping[str, str]:
    """Return the first words that --help says of each option, on one line."""
    found: dict[str, str] = {}
    for paragraph in re.split(r"\n(?=\S|  \S|\n)", HELP):
        match = _OPTION.match(f"{paragraph}\n")
        if match is None:
            continue
        words = " ".join(re.sub(r"^  (?:-h, )?--\S+(?: \[?[A-Z][^ ]*\]?)?", "", paragraph).split())
        found.setdefault(match[1], textwrap.shorten(words, _LONGEST, placeholder=" …"))
    return found


def _choices() -> Mapping[str, Sequence[str]]:
    """Return the words that options take which are joined by commas, or are looked up."""
    from inspector.verify.rules.figures import fixed_figures

    return {
        "--apply": (*OPTIMIZERS,),
        "--allow": PERMISSIONS,
        "--measure": tuple(KINDS),
        "--cache": tuple(CACHES),
        "--slim-level": LEVELS,
        "--fail-if": ("help", *(figure.name for figure in fixed_figures().values())),
    }
