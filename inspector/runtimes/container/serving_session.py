"""What all containers of one image share while it is served: engine, the copy it was sent, marks, what is left to do."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial

from inspector.engines.connection import Engine
from inspector.isolation.limits import Limits
from inspector.records.loadable_image import LoadableImage
from inspector.records.slimming import SlimRequest
from inspector.runtimes.container.marked_copy import marked_copy
from inspector.runtimes.container.ours import our_labels, remove_image, remove_marked
from inspector.runtimes.container.sending import Unpacked, send_copy
from inspector.runtimes.container.serving_plan import ServingPlan


@dataclass(slots=True)
class ServingSession:
    """One image on one engine; own_limits: containers get this process's limits, since the engine may not raise them."""

    engine: Engine
    image: LoadableImage
    request: SlimRequest
    limits: Limits
    plan: ServingPlan
    labels: Mapping[str, str] = field(default_factory=our_labels)
    own_limits: bool = False
    _unpacked: Unpacked | None = None
    _undone: list[Callable[[], bool]] = field(default_factory=list)

    @property
    def memory_bytes(self) -> int | None:
        """The limit of a container: the smaller one of the user's and the work's."""
        bounds = [bound for bound in (self.request.memory_bytes, self.limits.memory_bytes) if bound]
        return min(bounds, default=None)

    def copy(self, stop: threading.Event, deadline: float) -> Unpacked:
        """Return the copy that the engine has, sent once; raises as send_copy() does."""
        if self._unpacked is None:
            copy = marked_copy(self.image, self.labels)
            self._undone.append(partial(remove_image, self.engine.client, copy.name))
            self._unpacked = send_copy(self.engine.client, copy, stop, deadline)
        return self._unpacked

    def has_command(self) -> bool:
        """Whether there is something that a container runs when nobody says what."""
        if self.request.start.command:
            return True
        config = (self._unpacked.inspected if self._unpacked is not None else {}).get("Config") or {}
        return bool(config.get("Entrypoint") or config.get("Cmd"))

    def leave(self, removals: Iterable[Callable[[], bool]]) -> None:
        """Take note of what could not be removed yet."""
        self._undone += removals

    def close(self) -> None:
        """Remove everything, also what an engine has finished only after nobody waited for it any more."""
        for removal in reversed(self._undone):
            removal()
        remove_marked(self.engine.client, self.labels)
