"""What starts a container: entrypoint, command and health check, found as the engine and the shell find them.

Sources: docker's Dockerfile reference (ENTRYPOINT, CMD, HEALTHCHECK); execve(2) on interpreters of scripts.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from inspector.analysis.image.elf import script_interpreter
from inspector.analysis.image.slim.commands import DEFAULT_PATH, health_command
from inspector.analysis.image.slim.keeping import Keeping
from inspector.records.slimming import KeepReason

_SHELLS: Final = frozenset(("sh", "bash", "dash", "ash", "zsh"))
_SEPARATORS: Final = frozenset(("|", "||", "&&", ";", "&", "(", ")", "{", "}", "!", "if", "then", "else", "do", "exec", "time"))
_MOST_WORDS: Final = 1000
_LONGEST: Final = 1 << 16
_MOST_INTERPRETERS: Final = 4
"""Interpreters of interpreters that Linux follows."""


class StartUp:
    """Keeps programs and what runs them."""

    def __init__(self, keeping: Keeping) -> None:
        self._keeping = keeping
        self._scene = keeping.scene
        self._folder = keeping.scene.config.working_dir or "/"
        path = keeping.scene.environment.get("PATH") or DEFAULT_PATH
        self._path = [folder for folder in path.split(":")[:100] if folder]

    def keep_commands(self) -> None:
        """Keep what the configuration has run."""
        config = self._scene.config
        self._keep_command((*config.entrypoint, *config.command))
        self._keep_command(health_command(config))

    def keep_interpreters(self, path: str, reason: KeepReason = "start-up") -> None:
        """Keep what runs the script at a path, and what runs that."""
        for _ in range(_MOST_INTERPRETERS):
            words = script_interpreter(self._scene.head(path)) if self._scene.kind(path) == "file" else ()
            if not words or not words[0]:
                return
            path = self._keeping.keep_name(words[0], reason)
            if words[0].endswith("/env"):
                path = self._keep_program(_after_env(words[1:])) or path
            if not path:
                return

    def _keep_command(self, words: Sequence[str]) -> None:
        words = words[:_MOST_WORDS]
        for position, word in enumerate(words):
            if position == 0:
                self._keep_program(word)
            elif word and len(word) < _LONGEST:
                self._keep_argument(word)
        if words and words[0].rpartition("/")[2] in _SHELLS:
            text = next((word for word in words[1:] if not word.startswith("-")), "")
            for command in _commands(text):
                self._keep_program(command[0])
                for word in command[1:]:
                    self._keep_argument(word)

    def _keep_program(self, word: str) -> str:
        """Keep the program that a word names, and return its path."""
        path = next((found for found in map(self._scene.real, self._places(word)) if self._scene.kind(found) == "file"), "")
        if path:
            self._keeping.keep(path, "start-up")
            self.keep_interpreters(path)
        return path

    def _places(self, word: str) -> Iterator[str]:
        if "/" in word:
            yield word if word.startswith("/") else f"{self._folder}/{word}"
        elif word:
            yield from (f"{folder}/{word}" for folder in self._path)

    def _keep_argument(self, word: str) -> None:
        """Keep the file that a word names, if it does, such as the script that Python is to run."""
        path = self._scene.real(word if word.startswith("/") else f"{self._folder}/{word}")
        if self._scene.kind(path) == "file":
            self._keeping.keep(path, "start-up")
            self.keep_interpreters(path)


def _after_env(words: Sequence[str]) -> str:
    """Return the program that env(1) is to run."""
    rest = " ".join(words).split()
    return next((word for word in rest if not word.startswith("-") and "=" not in word), "")


def _commands(text: str) -> Iterable[Sequence[str]]:
    """Return the simple commands of a line of shell, words without quotes; only what is plainly one."""
    lexer = shlex.shlex(text[:_LONGEST], posix=True, punctuation_chars=True)
    lexer.commenters = ""
    commands: list[list[str]] = [[]]
    try:
        for count, word in enumerate(lexer):
            if word in _SEPARATORS or set(word) <= set("();<>|&"):
                commands.append([])
            elif commands[-1] or "=" not in word:
                commands[-1].append(word)
            if count > _MOST_WORDS:
                break
    except ValueError:  # a quote that never ends
        pass
    return [command for command in commands if command]
