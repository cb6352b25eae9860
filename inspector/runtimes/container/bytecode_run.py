"""Making bytecode as part of serving an image: with the copy that the engine has already."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence

from inspector.errors import InspectorError
from inspector.isolation.plain_line import plain_line
from inspector.runtimes.container.bytecode import Compilation, compiled
from inspector.runtimes.container.sending import NotStarted
from inspector.runtimes.container.serving_session import ServingSession


class BytecodeRun:
    """Runs in a thread of its own: engines answer when they like. over is set once its container is gone."""

    def __init__(self, session: ServingSession, interpreter: str, sources: Sequence[str], deadline: float) -> None:
        self.over = threading.Event()
        self._session = session
        self._interpreter = interpreter
        self._sources = sources
        self._deadline = deadline

    def results(self, stop: threading.Event) -> Iterator[Compilation]:
        """Yield what was made, whatever became of the rest. Raises Stopped."""
        try:
            yield self._made(stop)
        finally:
            self.over.set()

    def _made(self, stop: threading.Event) -> Compilation:
        session = self._session
        try:
            image = session.copy(stop, self._deadline).name
        except NotStarted as problem:
            return Compilation(problem=str(problem))
        except InspectorError as error:
            return Compilation(problem=plain_line(error.message))
        return compiled(
            session.engine,
            image,
            self._interpreter,
            self._sources,
            session.labels,
            self._deadline,
            stop,
            session.memory_bytes,
            session.own_limits,
        )
