"""Passes over layers, two children at a time, while whoever asked goes on: compressed ones, and a share of large plain ones."""

from __future__ import annotations

import queue
import stat
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from inspector.errors import InspectorError
from inspector.formats.clean_text import one_line
from inspector.formats.image.layer_answer import Allowance, LayerPlace, PassRequest, RawLayer
from inspector.formats.image.layer_places import is_plain
from inspector.isolation import failure
from inspector.isolation.child import ChildFailed, run_child
from inspector.isolation.limits import GIB, CancelToken, Limits
from inspector.isolation.standby import StandbyChild
from inspector.records.event import Finished, Progress

_ENTRY: Final = "inspector.formats.image.layer_child:index_in_child"
_CHILDREN: Final = 2
_TICK_SECONDS: Final = 0.05
_MEMORY: Final = 4 * GIB
_SPARE_SECONDS: Final = 30.0
"""A child stops by itself when its time is up; what it has read until then must still be told."""

_LARGE: Final = 256 << 20
"""Bytes from which on starting a child takes less time than it saves."""

_SHARE: Final = 2 / 3
"""Of the bytes of plain layers, what a child walks: whoever asked makes the records of all of them, too."""

_IMAGE_SECONDS: Final = 1800.0
_BASE_SECONDS: Final = 120.0
_SLOWEST: Final = 10_000_000


@dataclass(slots=True)
class LayerPass:
    """One child's work: layers of one file, by their indices, read in one go."""

    places: list[LayerPlace]
    indices: list[int]
    done: int = 0
    answer: list[RawLayer] | None = None
    problem: str = ""
    is_over: bool = False


def stand_by(path: Path) -> StandbyChild | None:
    """Start the process that the first pass over an archive will take; None where that is hardly worth it."""
    try:
        found = path.stat()
    except (OSError, ValueError):
        return None
    return StandbyChild(_ENTRY) if stat.S_ISREG(found.st_mode) and found.st_size > _LARGE else None


def plan(places: Mapping[int, LayerPlace]) -> list[LayerPass]:
    """Return the passes that read these layers, by index: what share() gives of plain ones, and what decompresses the rest."""
    plain = {index: place for index, place in places.items() if is_plain(place)}
    shared = share(plain)
    return [*([shared] if shared is not None else []), *_decompressing({i: places[i] for i in places if i not in plain})]


def share(places: Mapping[int, LayerPlace]) -> LayerPass | None:
    """Return the pass over those plain layers of one file that a child walks beside whoever asked, if that gains much."""
    total = sum(place.stretch.length for place in places.values())
    if total <= _LARGE or len(places) < 2:
        return None
    left = total * _SHARE
    taken: dict[int, LayerPlace] = {}
    for index, place in sorted(places.items(), key=lambda item: -item[1].stretch.length):
        if place.stretch.length <= left and all(place.path == other.path for other in taken.values()):
            taken[index] = place
            left -= place.stretch.length
    return LayerPass([taken[index] for index in sorted(taken)], sorted(taken)) if taken else None


def _decompressing(places: Mapping[int, LayerPlace]) -> list[LayerPass]:
    """Return one pass for each compressed layer, or for all of a file that is wrapped as a whole.

    Layers that overlap, as no archive has them, are read in passes of their own.
    """
    passes: list[LayerPass] = []
    open_pass: dict[bytes, LayerPass] = {}
    for index, place in sorted(places.items(), key=lambda item: (item[1].wrapping != "none", item[1].stretch.offset, item[0])):
        if place.wrapping == "none":
            passes.append(LayerPass([place], [index]))
            continue
        current = open_pass.get(place.path)
        if current is None or place.stretch.offset < current.places[-1].stretch.offset + current.places[-1].stretch.length:
            current = open_pass[place.path] = LayerPass([], [])
            passes.append(current)
        current.places.append(place)
        current.indices.append(index)
    return sorted(passes, key=lambda one: min(one.indices))


class PassRunner:
    """Runs passes in the background, in order; leaving the with block ends them all."""

    def __init__(
        self,
        passes: Sequence[LayerPass],
        allowance: Allowance,
        cancel: CancelToken | None,
        standby: StandbyChild | None = None,
    ) -> None:
        self._allowance = allowance
        self._standby = standby
        self._cancel = cancel
        self._stop = CancelToken()
        self._waiting: queue.SimpleQueue[LayerPass] = queue.SimpleQueue()
        self._changed = threading.Event()
        self._lock = threading.Lock()
        self._left = allowance
        self._deadline = time.monotonic() + _IMAGE_SECONDS
        for one in passes:
            self._waiting.put(one)
        count = min(_CHILDREN, len(passes))
        self._threads = [threading.Thread(target=self._work, name="layer pass", daemon=True) for _ in range(count)]

    def __enter__(self) -> PassRunner:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.cancel()
        for thread in self._threads:
            thread.join()

    def wait(self, one: LayerPass) -> Iterator[None]:
        """Yield now and then until a pass is over; raises ChildFailed when cancelled."""
        while not one.is_over:
            if self._cancel is not None and self._cancel.cancelled:
                raise failure.cancelled("indexing the layers")
            self._changed.wait(_TICK_SECONDS)
            self._changed.clear()
            yield

    def _work(self) -> None:
        while not self._stop.cancelled:
            try:
                one = self._waiting.get_nowait()
            except queue.Empty:
                return
            try:
                self._run(one)
            except InspectorError as error:
                one.problem = error.message
            finally:
                one.is_over = True
                self._changed.set()

    def _run(self, one: LayerPass) -> None:
        """Have a child read the layers of one pass, within what those before it left of the allowance."""
        left, seconds = self._left, self._deadline - time.monotonic()
        if left.uncompressed_bytes <= 0:
            most = self._allowance.uncompressed_bytes
            raise ChildFailed("failed", f"was not read: the layers before it became more than {most:,} bytes")
        if left.entries <= 0 or left.text_bytes <= 0:
            most = self._allowance.entries
            raise ChildFailed("failed", f"was not read: the layers before it have all of the {most:,} entries that are read")
        if seconds <= 0:
            raise ChildFailed("failed", "was not read: the layers before it took too long")
        request = _request(one, left, seconds)
        limits = Limits(memory_bytes=_MEMORY, wall_seconds=request.allowance.seconds + _SPARE_SECONDS)
        name = one_line(Path(one.places[0].path.decode("utf-8", "surrogateescape")).name)
        title = f"indexing layer {one.indices[0]} of {name}"
        answers = run_child(_ENTRY, request, list[RawLayer], limits, self._stop, title=title, standby=self._standby)
        for event in answers:
            if isinstance(event, Progress):
                one.done = event.done
                self._changed.set()
            elif isinstance(event, Finished):
                one.answer = event.result
                one.done = sum(place.stretch.length for place in one.places)
                self._spend(one, event.result)

    def _spend(self, one: LayerPass, layers: Sequence[RawLayer]) -> None:
        """Take what layers took from what is left; heads and contents are counted where they are kept."""
        with self._lock:
            left = self._left
            for place, raw in zip(one.places, layers, strict=False):
                text = sum(len(entry.path) + len(entry.link) for entry in raw.entries)
                left = replace(
                    left,
                    entries=left.entries - len(raw.entries),
                    text_bytes=left.text_bytes - text,
                    uncompressed_bytes=left.uncompressed_bytes - (0 if is_plain(place) else raw.size_bytes),
                )
            self._left = left


def _request(one: LayerPass, left: Allowance, most_seconds: float) -> PassRequest:
    last = one.places[-1].stretch
    size = last.length if one.places[0].wrapping == "none" else last.offset + last.length
    seconds = min(left.seconds, most_seconds, _BASE_SECONDS + size / _SLOWEST)
    stretches = tuple(place.stretch for place in one.places)
    bounded = replace(left, seconds=seconds)
    return PassRequest(one.places[0].path, one.places[0].wrapping, stretches, bounded)
