"""Findings about what a container runs: whether the program is there, can be executed, and has what it needs to start."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Sequence
from itertools import dropwhile
from typing import Final

from inspector.analysis.findings.wording import short
from inspector.analysis.image.elf import foreign_program, parse_elf, script_interpreter
from inspector.analysis.image.findings.evidence import ImageEvidence
from inspector.analysis.image.findings.wording import about
from inspector.analysis.image.packages_text import plain
from inspector.analysis.image.symlinks import inside_root
from inspector.records.file_system import Placed
from inspector.records.finding import Finding

_DEFAULT_PATH: Final = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_SHELLS: Final = frozenset(("sh", "bash", "ash", "dash", "busybox"))
_INITS: Final = frozenset(("tini", "dumb-init", "catatonit"))
_PYTHON_SWITCH: Final = re.compile(r"-[uOBEsISbqv]+")
_PYTHON: Final = re.compile(r"(?:python|pypy)\d*(?:\.\d+)?")
_PLAIN_WORD: Final = re.compile(r"[\w./+-]+")
_ASSIGNMENT: Final = re.compile(r"\w+=\S*")
_BUILT_IN: Final = re.compile(
    r"exec|cd|echo|export|set|source|\.|eval|exit|if|while|for|until|case|function|time|trap|ulimit|umask|true|false|test|\[{1,2}"
    r"|[{(]|printf|read|wait|sleep|command|type"
)
_MOST_HOPS: Final = 4


def findings(evidence: ImageEvidence) -> Iterator[Finding]:
    """Yield what keeps the container's program from starting; nothing where layers could not be read."""
    config = evidence.image.config
    words = (*config.entrypoint, *config.command)
    if not words or not evidence.is_whole:
        return
    problem = _Start(evidence).problem(words)
    if problem:
        yield about("entrypoint-missing", problem, place="config Entrypoint" if config.entrypoint else "config Cmd")


class _Start:
    """Follows a command line the way a kernel and a shell do, as far as files tell."""

    def __init__(self, evidence: ImageEvidence) -> None:
        config = evidence.image.config
        self._evidence = evidence
        self._folder = config.working_dir or "/"
        self._path = dict(config.environment).get("PATH", _DEFAULT_PATH)
        self._volumes = tuple(inside_root(volume) for volume in config.volumes)

    def problem(self, words: Sequence[str]) -> str:
        """Return what keeps the command from starting, or an empty text."""
        found = self._program_problem(words[0])
        if found:
            return found
        name = words[0].rpartition("/")[2]
        if name in _SHELLS and len(words) > 2 and words[1] in ("-c", "-ec", "-lc"):
            return self._shell_problem(words[2])
        if name in _INITS:
            rest = list(dropwhile(_is_option, words[1:]))
            return self._program_problem(rest[0]) if rest else ""
        if _PYTHON.fullmatch(name):
            rest = list(dropwhile(_PYTHON_SWITCH.fullmatch, words[1:]))
            return self._script_problem(rest[0]) if rest and rest[0].endswith(".py") else ""
        return ""

    def _shell_problem(self, line: str) -> str:
        """Look at the first command of a shell's line, where it is written plainly."""
        try:
            words = shlex.split(line[:4096])
        except ValueError:
            return ""
        while words and (words[0] == "exec" or _ASSIGNMENT.fullmatch(words[0])):
            words = words[1:]
        first = words[0].rstrip(";") if words else ""
        if not _PLAIN_WORD.fullmatch(first) or _BUILT_IN.fullmatch(first):
            return ""
        return self._program_problem(first)

    def _script_problem(self, script: str) -> str:
        path = self._absolute(script)
        return "" if self._is_there(path) else f"the script {_said(script)} is not there"

    def _program_problem(self, program: str, hops: int = 0) -> str:
        path = self._find(program)
        if path is None:
            where = "is not there" if "/" in program else "is in no folder of PATH"
            return f"the program {_said(program)} {where}"
        place = self._evidence.symlinks.follow(path)
        if place is None:
            return "" if self._is_covered(path) else f"the program {_said(program)} is a symlink that leads nowhere"
        if place.content.kind != "file":
            return f"the program {_said(program)} is a {place.content.kind.replace('_', ' ')}"
        if not place.entry.mode & 0o111:
            return f"the program {_said(program)} may not be executed (mode {place.entry.mode:04o})"
        return self._loading_problem(program, place, hops)

    def _loading_problem(self, program: str, place: Placed, hops: int) -> str:
        head = self._evidence.stored.head_of(place)
        words = script_interpreter(head)
        if words and hops < _MOST_HOPS:
            return self._interpreter_problem(program, words, hops)
        if foreign_program(head):
            return f"the program {_said(program)} is {foreign_program(head)}"
        elf = parse_elf(head)
        if elf is not None and elf.loader and not self._is_there(inside_root(elf.loader)):
            return f"the program {_said(program)} needs the loader {_said(elf.loader)}, which is not there"
        return ""

    def _interpreter_problem(self, program: str, words: Sequence[str], hops: int) -> str:
        interpreter = words[0]
        if interpreter.endswith("\r") or words[-1].endswith("\r"):
            return f"the first line of {_said(program)} ends as on Windows (CRLF), so its interpreter is not found"
        if not interpreter:
            return ""
        wanted = words[1].split() if len(words) > 1 and interpreter.endswith("/env") else []
        for name in (interpreter, *(word for word in wanted[:1] if not word.startswith("-") and "=" not in word)):
            if name.startswith("/") or name in wanted:
                problem = self._program_problem(name, hops + 1)
                if problem:
                    return f"{_said(program)} is a script, and {problem}"
        return ""

    def _find(self, program: str) -> str | None:
        """Return the path, inside the root, of a program as an engine looks it up."""
        if "/" in program:
            path = self._absolute(program)
            return path if self._is_there(path) or self._is_link(path) else None
        folders = (self._absolute(folder or ".") for folder in self._path.split(":")[:64])
        candidates = (f"{folder}/{program}" if folder else program for folder in folders)
        return next((path for path in candidates if self._is_there(path)), None)

    def _absolute(self, path: str) -> str:
        return inside_root(path if path.startswith("/") else f"{self._folder}/{path}")

    def _is_there(self, path: str) -> bool:
        return self._evidence.symlinks.follow(path) is not None or self._is_covered(path)

    def _is_link(self, path: str) -> bool:
        place = self._evidence.final.entries.get(path)
        return place is not None and place.entry.kind == "symlink"

    def _is_covered(self, path: str) -> bool:
        """Tell whether a volume lies over the path, so that the container may well have what the image has not."""
        return any(path == volume or path.startswith(f"{volume}/") for volume in self._volumes)


def _is_option(word: str) -> bool:
    return word.startswith("-")


def _said(name: str) -> str:
    return short(plain(name))
