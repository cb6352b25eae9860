"""Begin to open an artifact before there is a screen for it, so that one that cannot be read never costs the terminal."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final

from inspector.isolation.limits import CancelToken
from inspector.records.event import Event, Partial, Progress

if TYPE_CHECKING:
    from inspector.records.opened import Opened, Target

READ_AHEAD_BYTES: Final = 1 << 20
"""Artifacts up to this size are read at once; of larger ones only the kind is made sure of, so that a screen comes first."""


class Opening:
    """An inspection under way in a thread of its own; its events can be followed from the first, once, by another thread.

    Until somebody follows, it does no more than settle() waits for: work beside the start of a screen would slow that down.
    """

    def __init__(
        self, target: Target, batch: int = 1, settings: Mapping[str, int] | None = None, platform: str | None = None
    ) -> None:
        self.target = target
        self.platform = platform
        self._token = CancelToken()
        self._changed = threading.Condition()
        self._events: list[Event[Opened]] = []
        self._error: Exception | None = None
        self._settled = False
        self._followed = False
        self._over = False
        arguments = (target, batch, settings or {}, platform)
        threading.Thread(target=self._run, args=arguments, name="opening", daemon=True).start()

    def settle(self, seconds: float) -> None:
        """Wait until the artifact is read, or known to be of a kind that can be; raise what kept it from that.

        Waits so many seconds at most.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._over or self._settled, seconds)
            if self._error is not None:
                raise self._error

    def events(self) -> Iterator[Event[Opened]]:
        """Give the events so far and those to come; raises InspectorError as inspect() does."""
        with self._changed:
            self._followed = True
            self._changed.notify_all()
        position = 0
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._over or len(self._events) > position)  # noqa: B023
                fresh, error = self._events[position:], self._error
                over = self._over
            yield from fresh
            position += len(fresh)
            if over:
                if error is not None:
                    raise error
                return

    def cancel(self) -> None:
        """Ask for the work to stop; returns at once."""
        self._token.cancel()

    def _run(self, target: Target, batch: int, settings: Mapping[str, int], platform: str | None) -> None:
        try:
            if isinstance(target, Path) and _is_large(target):
                self._wait_for_follower()
            from inspector.workflows.inspect import inspect

            for event in inspect(target, batch, settings, platform, self._token):
                self._tell(event)
                if isinstance(event, Progress | Partial):
                    self._wait_for_follower()
        except Exception as error:
            self._error = error
        with self._changed:
            self._over = True
            self._changed.notify_all()

    def _wait_for_follower(self) -> None:
        with self._changed:
            self._settled = True
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._followed)

    def _tell(self, event: Event[Opened]) -> None:
        with self._changed:
            self._events.append(event)
            self._changed.notify_all()


def _is_large(path: Path) -> bool:
    """Return whether reading is left for later; raises UnreadableArtifact for what no reader takes.

    Images are none of these: their layers are listed without being read.
    """
    from inspector.formats.detect import detect

    kind = detect(path)
    if kind not in ("onnx", "saved_model"):
        return False
    file = path / "saved_model.pb" if kind == "saved_model" and path.is_dir() else path
    try:
        return file.stat().st_size > READ_AHEAD_BYTES
    except OSError:
        return False
