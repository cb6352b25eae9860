"""What an image's start and health check name: programs, files, modules; scripts that were read are followed."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Sequence
from typing import Final

from inspector.analysis.image.elf import script_interpreter
from inspector.analysis.image.packages_text import decoded
from inspector.analysis.image.slim.owners import final_of
from inspector.analysis.image.stored import Stored
from inspector.analysis.image.symlinks import Symlinks, inside_root
from inspector.records.image import ImageConfig
from inspector.records.image_inspection import ImageInspection

DEFAULT_PATH: Final = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_SHELL: Final = re.compile(r"(?:.*/)?(?:sh|bash|ash|dash|zsh|busybox)")
_SHELL_SWITCH: Final = re.compile(r"-[a-z]*c")
_BETWEEN_COMMANDS: Final = re.compile(r"[;&|()`{}\n]+|\$\(")
_LEADING: Final = re.compile(r"exec|if|then|else|elif|do|while|until|!|\w+=\S*|\[{1,2}")
_WRAPPERS: Final = frozenset(
    ("env", "sudo", "gosu", "su-exec", "tini", "dumb-init", "catatonit", "nohup", "nice", "ionice", "time", "timeout",
     "setsid", "xargs", "stdbuf", "chroot", "command", "sh", "bash")
)  # fmt: skip
"""Programs whose arguments are a command."""
_PLAIN: Final = re.compile(r"[\w./+-]+")
_ABSOLUTE: Final = re.compile(r"/[\w./+@%-]+")
_MODULE: Final = re.compile(r"(?:^|\s)-m\s+([\w.]+)")
_LONGEST: Final = 64 << 10
_MOST_NAMES: Final = 10_000
_MOST_HOPS: Final = 4


class Named:
    """Collects what is named, and finds it in the final file system."""

    def __init__(self, inspection: ImageInspection, commands: Sequence[Sequence[str]] = ()) -> None:
        """Look through entrypoint, command, health check, environment, and commands that it is started or exercised with."""
        self._config: ImageConfig = inspection.image.config
        self._final = final_of(inspection)
        self._stored = Stored(inspection.image.layers, self._final)
        self._symlinks = Symlinks(self._final.entries)
        environment = dict(self._config.environment)
        self._search = [self.absolute(folder or ".") for folder in environment.get("PATH", DEFAULT_PATH).split(":")[:64]]
        self.paths: set[str] = set()
        """Paths that are named, symlinks and what they lead to both."""
        self.modules: set[str] = set()
        """Modules that an interpreter is told to run, such as uvicorn."""
        self._names: set[str] = set()
        self._take_command((*self._config.entrypoint, *self._config.command))
        self._take_command(health_command(self._config))
        for words in commands:
            self._take_command(words)
        for name, value in self._config.environment:
            if name != "PATH":
                self._take_files(value)

    def absolute(self, path: str) -> str:
        """Return a path inside the root, a relative one from the working folder on."""
        return inside_root(path if path.startswith("/") else f"{self._config.working_dir or '/'}/{path}")

    def find(self, program: str) -> str | None:
        """Return the path of a program as the kernel or a shell looks it up, symlinks not followed; None: it is not there."""
        if "/" in program:
            path = self.absolute(program)
            return path if self._symlinks.follow(path) is not None else None
        candidates = (f"{folder}/{program}" if folder else program for folder in self._search)
        return next((path for path in candidates if self._symlinks.follow(path) is not None), None)

    def real(self, path: str) -> str | None:
        """Return where a path leads, all symlinks followed; None where nothing is there."""
        real = self._symlinks.real(path)
        return real if real in self._final.entries else None

    def _take_command(self, words: Sequence[str], hops: int = 0) -> None:
        if not words:
            return
        self._take_program(words[0], hops)
        self.modules.update(words[at + 1] for at, word in enumerate(words[:-1]) if word == "-m")
        for before, word in zip(("", *words), words[1:], strict=False):
            if " " in word or (_SHELL.fullmatch(words[0]) and _SHELL_SWITCH.fullmatch(before)):
                self._take_line(word, hops)
            else:
                self._take_program(word, hops)

    def _take_line(self, text: str, hops: int) -> None:
        """Take what stands where a shell expects a command, and every absolute path."""
        text = text[:_LONGEST]
        for command in _BETWEEN_COMMANDS.split(text):
            for word in _programs_in(command.split()):
                self._take_program(word, hops)
        self.modules.update(_MODULE.findall(text))
        self._take_files(text)

    def _take_files(self, text: str) -> None:
        for path in _ABSOLUTE.findall(text[:_LONGEST]):
            placed = self._symlinks.follow(inside_root(path))
            if placed is not None and placed.content.kind == "file":
                self._note(inside_root(path))

    def _take_program(self, name: str, hops: int) -> None:
        if name in self._names or len(self._names) > _MOST_NAMES or len(name) > 4096:
            return
        self._names.add(name)
        path = self.find(name)
        if path is None and "/" not in name:
            beside = self.absolute(name)
            path = beside if beside in self._final.entries else None
        placed = None if path is None else self._symlinks.follow(path)
        if path is None or placed is None or placed.content.kind != "file":
            return
        self._note(path)
        head = self._stored.head_of(placed)
        interpreter = script_interpreter(head)
        if interpreter and hops < _MOST_HOPS:
            for word in (part for words in interpreter for part in words.split()):
                self._take_program(word, hops + 1)
        if hops < _MOST_HOPS and (interpreter or path.endswith(".sh")):
            for line in _lines(decoded(self._stored.whole_of(placed) or b"")):
                self._take_line(line, hops + 1)

    def _note(self, path: str) -> None:
        real = self.real(path)
        self.paths.update(one for one in (path, real) if one is not None)


def _programs_in(words: Sequence[str]) -> Iterator[str]:
    """Yield the words of a simple command that may be programs: the first, and all after one that runs others."""
    is_wrapped = False
    for word in (part.strip("'\"") for part in words):
        if _LEADING.fullmatch(word) or not word:
            continue
        if _PLAIN.fullmatch(word):
            yield word
        is_wrapped = is_wrapped or word.rpartition("/")[2] in _WRAPPERS
        if not is_wrapped:
            return


def health_command(config: ImageConfig) -> tuple[str, ...]:
    """Return the words of the health check's command; nothing where there is none."""
    test = config.healthcheck.test if config.healthcheck is not None else ()
    if test[:1] == ("CMD",):
        return test[1:]
    return ("/bin/sh", "-c", *test[1:2]) if test[:1] == ("CMD-SHELL",) else ()


def first_command(words: Sequence[str]) -> str:
    """Return the program that a command is about: of a shell's line the first one in it; empty where that is not plain."""
    if len(words) > 2 and _SHELL.fullmatch(words[0]) and _SHELL_SWITCH.fullmatch(words[1]):
        try:
            inner = shlex.split(words[2][:_LONGEST])
        except ValueError:
            return ""
        return next((word for word in inner if word != "exec" and not re.match(r"\w+=", word)), "")
    return words[0] if words else ""


def _lines(text: str) -> Iterator[str]:
    """Yield the lines of a script without its comments."""
    for line in text[:_LONGEST].splitlines():
        if not line.lstrip().startswith("#"):
            yield line.strip()
