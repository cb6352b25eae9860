"""Compare contents in the layers of an image beside other work."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from inspector.errors import InspectorError
from inspector.isolation.limits import CancelToken
from inspector.records.event import Event, Finished, Progress, Warned
from inspector.report.figures import plural

if TYPE_CHECKING:
    from inspector.records.image import Entry, Image

Keys = Mapping[tuple[int, int], str]
"""By index of the layer and offset in it: what equal contents of one size share and others do not."""

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

    def start(self, wanted: Mapping[int, Sequence[Entry]]) -> None:
        """Begin to compare the wanted entries, by layer."""
        self._wanted = sum(map(len, wanted.values()))
        if any(wanted.values()):
            self._thread = threading.Thread(target=self._run, args=(wanted,), name="comparing", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """Give up soon; returns at once."""
        self._token.cancel()
        if self._standby is not None:
            self._standby.close()

    def events(self, cancel: CancelToken | None = None) -> Iterator[Event[Keys]]:
        """Say how far it is until it is over; what cannot be read is warned of, and its entries have no key."""
        while self._thread is not None and self._thread.is_alive():
            self._thread.join(_TICK_SECONDS)
            if cancel is not None and cancel.cancelled:
                self.stop()
            if self._progress is not None:
                yield self._progress
        if isinstance(self._error, InspectorError):
            yield Warned(self._error.message, self._error.hint)
        elif self._error is not None:
            raise self._error
        elif len(self._keys) < self._wanted:
            count = plural(self._wanted - len(self._keys), "content")
            yield Warned(f"{count} could not be read to compare them", "the archive is damaged, or was changed meanwhile")
        yield Finished(self._keys)

    def _run(self, wanted: Mapping[int, Sequence[Entry]]) -> None:
        from inspector.formats.image.content_keys import content_keys

        try:
            for event in content_keys(self._image, wanted, self._token, self._standby):
                if isinstance(event, Finished):
                    self._keys = event.result
                elif isinstance(event, Progress):
                    self._progress = event
        except Exception as error:
            self._error = error
