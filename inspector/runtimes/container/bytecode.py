"""Bytecode of modules of an image, made by the image's own Python in a container of ours, without any network."""

from __future__ import annotations

import io
import os
import tarfile
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from inspector.engines.connection import Engine
from inspector.isolation.escaping import uncleaned
from inspector.records.benchmark import ImageStart
from inspector.runtimes.container import outcome
from inspector.runtimes.container.bytecode_frames import BytecodeFrames, CompiledSource
from inspector.runtimes.container.container_run import ContainerRun, Terms
from inspector.runtimes.container.ours import failures
from inspector.runtimes.container.output import Output
from inspector.runtimes.container.readiness import ExitZero
from inspector.runtimes.container.sending import LimitsRefused, NotStarted

_OPTIONS: Final = ("-S", "-s", "-B", "-W", "ignore")
_ENVIRONMENT: Final = {"PYTHONPATH": "", "PYTHONINSPECT": "", "PYTHONHASHSEED": "0"}
"""The rest of the image's holds, since it decides what bytecode is looked for: PYTHONOPTIMIZE, PYTHONPYCACHEPREFIX."""
_LAST_FRAMES: Final = 10.0
"""Seconds that the output of a container that has ended may take to arrive."""


@dataclass(frozen=True, slots=True)
class Compilation:
    """What was made, which sources were skipped and why, and why the rest was not even tried (empty: all were)."""

    made: tuple[CompiledSource, ...] = ()
    skipped: tuple[tuple[str, str], ...] = ()
    problem: str = ""


def compiled(
    engine: Engine,
    image: str,
    interpreter: str,
    sources: Sequence[str],
    labels: Mapping[str, str],
    deadline: float,
    stop: threading.Event,
    memory_bytes: int | None = None,
    own_limits: bool = False,
) -> Compilation:
    """Return bytecode of sources in an image that the engine has, as .pyc files that Python takes without looking at sources.

    interpreter and sources are cleaned paths relative to the root. labels mark the container as ours; deadline is on the
    monotonic clock. It runs as root, instead of the image's entrypoint. Whatever goes wrong is in the problem, and what was
    made until then is there. Raises Stopped where nobody waits any more; no container stays.
    """
    raw = tuple(sorted({b"/" + path for path in map(uncleaned, sources) if path and b"\0" not in path}))
    program = uncleaned(interpreter)
    if not raw or not program:
        return Compilation()
    try:
        command = (f"/{program.decode()}", *_OPTIONS, "-c", _maker())
    except UnicodeDecodeError:
        return Compilation(problem="the path of its Python is no text")
    terms = Terms(ImageStart(), ExitZero(), None, None, memory_bytes, deadline, deadline - time.monotonic(), labels)
    try:
        return _attempt(_Compiler(engine, image, terms, raw, command, own_limits), stop)
    except LimitsRefused as problem:
        if own_limits:
            return Compilation(problem=str(problem))
    return _attempt(_Compiler(engine, image, terms, raw, command, True), stop)


class _BytecodeOutput(Output):
    """Standard output is bytecode, standard error is words."""

    def __init__(self, frames: BytecodeFrames) -> None:
        super().__init__()
        self.problem = ""
        self._frames = frames

    @property
    def is_too_much(self) -> bool:
        """Whether what comes is not worth waiting for."""
        return bool(self.problem) or super().is_too_much

    def feed(self, stream: int, data: bytes) -> None:
        """Take in what one stream brought."""
        if stream == 1:
            return super().feed(stream, data)
        try:
            self._frames.feed(data)
        except ValueError as problem:
            self.problem = str(problem)
        return None


class _Compiler(ContainerRun):
    """The container, with the sources it is to compile listed in a file of its own."""

    def __init__(
        self, engine: Engine, image: str, terms: Terms, sources: tuple[bytes, ...], command: tuple[str, ...], own_limits: bool
    ) -> None:
        self.frames = BytecodeFrames(sources)
        self.output = _BytecodeOutput(self.frames)
        self._listing = f"/modelpack-tui-{os.urandom(8).hex()}"
        self._sources = sources
        start = ImageStart(command=(*command, self._listing))
        super().__init__(engine, image, replace(terms, start=start, make_output=lambda _: self.output), own_limits)
        self._files: Any = engine.client
        self._until, self._seconds = terms.deadline, round(terms.seconds)

    def bring_sources(self) -> None:
        """Put the list of sources into the container; raises NotStarted."""
        packed = io.BytesIO()
        listed = b"".join(path + b"\0" for path in self._sources)
        with tarfile.open(fileobj=packed, mode="w") as archive:
            member = tarfile.TarInfo(self._listing.lstrip("/"))
            member.size = len(listed)
            archive.addfile(member, io.BytesIO(listed))
        try:
            self._files.put_archive(self.name, "/", packed.getvalue())
        except failures() as error:
            raise NotStarted(outcome.refused(error, "take files into the container")) from None

    def failure(self, told: str) -> str:
        """Return why it made no more, before it is removed; told is what the engine, or who waits for it, has to say."""
        if self.watched is None:
            return told
        if self.watched.ended_at is not None:
            return self.end_told(self.watched, "before it was done")
        return f"it took longer than {self._seconds} s" if time.monotonic() > self._until else told

    def _settings(self) -> dict[str, Any]:
        return {**super()._settings(), "user": "0:0", "working_dir": "/", "environment": dict(_ENVIRONMENT)}


def _attempt(compiler: _Compiler, stop: threading.Event) -> Compilation:
    problem = ""
    try:
        compiler.create()
        compiler.bring_sources()
        compiler.start_and_wait(stop)
        if compiler.watched is not None:
            compiler.watched.output_ended.wait(_LAST_FRAMES)
    except LimitsRefused:
        raise
    except NotStarted as failed:
        problem = compiler.failure(str(failed))
    finally:
        compiler.remove()
    frames = compiler.frames
    problem = compiler.output.problem or problem or ("" if frames.is_done else "its output broke off")
    return Compilation(
        tuple(frames.made), tuple(frames.skipped), f"its Python made no more bytecode: {problem}" if problem else ""
    )


def _maker() -> str:
    return Path(__file__).with_name("bytecode_maker.py").read_text(encoding="utf-8")
