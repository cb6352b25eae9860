"""Which contents in the layers of an image are the same: compared where they lie plainly, digested where they do not."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

from inspector.errors import UnreadableArtifact
from inspector.formats.image.content_comparison import ComparisonRequest, compare_groups, unpacked
from inspector.formats.image.layer_hashes import hash_entries
from inspector.formats.image.layer_places import is_plain, place_of
from inspector.isolation import failure
from inspector.isolation.child import run_child
from inspector.isolation.limits import GIB, CancelToken, Limits
from inspector.isolation.standby import StandbyChild
from inspector.records.event import Event, Finished, Progress, Started
from inspector.records.image import Entry, Image

Keys = Mapping[tuple[int, int], str]
"""By layer index and offset: a text that equal contents of one size share and others do not."""

_CHILD: Final = "inspector.formats.image.content_comparison:compare_groups"
_AT_ONCE: Final = 64 << 20
"""Bytes up to which starting a child takes longer than comparing."""
_LARGE: Final = 256 << 20
"""Bytes of plain layers from which on they are likely to hold as much to compare."""
_SLOWEST: Final = 20_000_000
"""Bytes a second that comparing is given time for."""

Group = Sequence[tuple[int, Entry]]
"""Contents of one size, each with the index of its layer."""

_Place = tuple[int, int]


def stand_by(image: Image) -> StandbyChild | None:
    """Start the process that content_keys() will take for an image with much to compare; None where it hardly will."""
    places = [place for layer in image.layers if (place := place_of(layer)) is not None and is_plain(place)]
    return StandbyChild(_CHILD) if sum(place.stretch.length for place in places) > _LARGE else None


def content_keys(
    image: Image,
    groups: Sequence[Group],
    cancel: CancelToken | None = None,
    standby: StandbyChild | None = None,
) -> Iterator[Event[Keys]]:
    """Tell the contents of each group apart, all of which have one size; yield progress and at last a key for each.

    What there is to do is worked out before the first event. Contents that lie in plain layers are compared, in a process of
    their own where it is much; others are digested, and where both meet, the whole group is. What cannot be read is left out.
    Raises ChildFailed when cancelled.
    """
    plain, others = _sorted_out(image, groups)
    request = _request(image, plain)
    yield Started("comparing contents")
    keys: dict[_Place, str] = {}
    for event in _compared(request, plain, cancel, standby):
        if isinstance(event, Finished):
            keys.update(event.result)
        else:
            yield event
    if others:
        for digested in hash_entries(image, others, cancel):
            if isinstance(digested, Finished):
                keys.update(digested.result)
            elif isinstance(digested, Progress):
                yield digested
    yield Finished(keys)


def _sorted_out(image: Image, groups: Sequence[Group]) -> tuple[list[Group], dict[int, list[Entry]]]:
    """Return the groups to compare, less what lies past the end of its layer, and what to digest, by layer."""
    places = {layer.index: place for layer in image.layers if (place := place_of(layer)) is not None}
    ends = {index: place.stretch.length for index, place in places.items() if is_plain(place)}
    compared: list[Group] = []
    others: dict[int, list[Entry]] = {}
    for group in groups:
        if any(index not in ends or entry.sha256 or entry.sparse for index, entry in group):
            for index, entry in group:
                others.setdefault(index, []).append(entry)
        elif within := [one for one in group if one[1].offset + one[1].size <= ends[one[0]]]:
            compared.append(within)
    return compared, others


def _compared(
    request: ComparisonRequest, groups: Sequence[Group], cancel: CancelToken | None, standby: StandbyChild | None
) -> Iterator[Progress | Finished[dict[_Place, str]]]:
    firsts: Sequence[int] = ()
    total = sum(group[0][1].size * len(group) for group in groups)
    if total <= _AT_ONCE:
        with contextlib.suppress(UnreadableArtifact):
            firsts = unpacked(compare_groups(request, _stop_where(cancel)))
    else:
        limits = Limits(memory_bytes=2 * GIB, wall_seconds=60 + total / _SLOWEST)
        for event in run_child(_CHILD, request, bytes, limits, cancel, title="comparing contents", standby=standby):
            if isinstance(event, Progress):
                yield event
            else:
                firsts = unpacked(event.result)
    yield Finished(_keys(groups, firsts))


def _keys(groups: Sequence[Group], firsts: Sequence[int]) -> dict[_Place, str]:
    keys: dict[_Place, str] = {}
    begin = 0
    for group in groups:
        names: dict[int, str] = {}
        for (index, entry), first in zip(group, firsts[begin : begin + len(group)], strict=False):
            if first >= 0:
                name = names.get(first)
                if name is None:
                    leader, content = group[first]
                    name = names[first] = f"{leader}:{content.offset}"
                keys[index, entry.offset] = name
        begin += len(group)
    return keys


def _stop_where(cancel: CancelToken | None) -> Callable[[int, int, str], None]:
    """Return what is told of progress, and raises ChildFailed once it is cancelled."""

    def told(*_: object) -> None:
        if cancel is not None and cancel.cancelled:
            raise failure.cancelled("comparing contents")

    return told


def _request(image: Image, groups: Sequence[Group]) -> ComparisonRequest:
    files: dict[bytes, int] = {}
    file_of: dict[int, int] = {}
    start_of: dict[int, int] = {}
    for index in {index for group in groups for index, _ in group}:
        place = place_of(image.layers[index])
        assert place is not None, "groups hold what lies in plain layers"
        file_of[index], start_of[index] = files.setdefault(place.path, len(files)), place.stretch.offset
    numbers = [
        number
        for group in groups
        for index, entry in group
        for number in (file_of[index], start_of[index] + entry.offset, entry.size)
    ]
    return ComparisonRequest.packed(tuple(files), map(len, groups), numbers)
