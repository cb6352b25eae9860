"""Compare contents in the layers of an image beside other work."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from inspector.errors import InspectorError
from inspector.isolation.limits import CancelToken
from inspector.records.event import Event, Finished, Progress, Warned
from inspector.report.figures import plural

if TYPE_CHECKING:
    from inspector.records.image import Entry, Image

Keys = Mapping[tuple[int, int], str]
"""By index of the layer and offset in it: what equal contents of one size share and others do not."""

Groups = Sequence[Sequence[tuple[int, "Entry"]]]
"""Contents of one size, each with the index of its layer."""

_TICK_SECONDS: Final = 0.1


class Comparison:
    """Compares entries of an image in a thread of its own, from start() on; what that takes is made ready before."""

    def __init__(self, image: Image) -> None:
        from inspector.formats.image.content_keys import stand_by

        self._image = image
        self._token = CancelToken()
        self._keys: Keys = {}
        self._progress: Progress | None = None
        self._error: Exception | None = None
        self._wanted = 0
        self._thread: threading.Thread | None = None
        self._standby = stand_by(image)

    def start(self, groups: Groups) -> None:
        """Begin to compare the contents of each group, all of which have one size."""
        self._wanted += sum(map(len, groups))
        if groups:
            from inspector.formats.image.content_keys import content_keys

            events = content_keys(self._image, groups, self._token, self._standby)
            next(events)  # works out what there is to do, for which a thread would have to wait until this one rests
            self._thread = threading.Thread(target=self._run, args=(events,), name="comparing", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """Give up soon; returns at once."""
        self._token.cancel()
        if self._standby is not None:
            self._standby.close()

    def events(self, rest: Callable[[Keys], Groups], cancel: CancelToken | None = None) -> Iterator[Event[Keys]]:
        """Say how far it is until it is over; what cannot be read is warned of, and its entries have no key.

        rest says what is to be compared besides, once there are keys of what start() was given.
        """
        yield from self._wait(cancel)
        more = rest(self._keys) if self._error is None else ()
        if more:
            self.start(more)
            yield from self._wait(cancel)
        if isinstance(self._error, InspectorError):
            yield Warned(self._error.message, self._error.hint)
        elif self._error is not None:
            raise self._error
        elif len(self._keys) < self._wanted:
            count = plural(self._wanted - len(self._keys), "content")
            yield Warned(f"{count} could not be read to compare them", "the archive is damaged, or was changed meanwhile")
        yield Finished(self._keys)

    def _wait(self, cancel: CancelToken | None) -> Iterator[Progress]:
        while self._thread is not None and self._thread.is_alive():
            self._thread.join(_TICK_SECONDS)
            if cancel is not None and cancel.cancelled:
                self.stop()
            if self._progress is not None:
                yield self._progress

    def _run(self, events: Iterator[Event[Keys]]) -> None:
        try:
            for event in events:
                if isinstance(event, Finished):
                    self._keys = {**self._keys, **event.result}
                elif isinstance(event, Progress):
                    self._progress = event
        except Exception as error:
            self._error = error
