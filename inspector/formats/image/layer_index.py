"""The index of an image's layers: every entry of every layer, with the digests verified on the way where that is cheap."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Final

from inspector.errors import UnreadableArtifact
from inspector.formats.clean_text import TextCleaner, one_line
from inspector.formats.image.layer_answer import Allowance, LayerPlace, RawLayer
from inspector.formats.image.layer_digests import MISMATCH, BlobDigest, compare, mismatch_finding, verify_digests
from inspector.formats.image.layer_passes import LayerPass, PassRunner, plan
from inspector.formats.image.layer_places import is_plain, opened, place_of
from inspector.formats.image.layer_records import IndexedLayer, note_odd_names, to_records
from inspector.formats.image.layer_walk import walk_plain
from inspector.isolation import failure
from inspector.isolation.limits import CancelToken
from inspector.isolation.standby import StandbyChild
from inspector.records.event import Event, Finished, Partial, Progress, Started
from inspector.records.finding import Finding
from inspector.records.image import Image, Layer

__all__ = ["index_layers", "verify_digests"]

VERIFIED_BYTES: Final = 256 << 20
"""Plain layers of no more bytes than this in all are verified while they are indexed."""

_TITLE: Final = "indexing the layers"


def index_layers(
    image: Image,
    cancel: CancelToken | None = None,
    allowance: Allowance = Allowance(),  # noqa: B008 - frozen
    standby: StandbyChild | None = None,
) -> Iterator[Event[Image]]:
    """Yield progress in bytes, the image with one more layer indexed after each, and at last all of it.

    Base first, but for the plain layers that a child walks meanwhile where they are large: those come last. standby is what
    layer_passes.stand_by() gave. A layer that cannot be read keeps what was read and has a problem, which is a finding, too;
    it never raises for that. Raises ChildFailed when cancelled.
    """
    yield Started(_TITLE)
    run = _Run(image, allowance, cancel)
    passes = plan(run.places)
    by_index = {index: one for one in passes for index in one.indices}
    last = {index for index in by_index if is_plain(run.places[index])}
    with ThreadPoolExecutor(2, thread_name_prefix="digest") as pool, PassRunner(passes, allowance, cancel, standby) as runner:
        run.start_digests(pool)
        try:
            for layer in sorted(image.layers, key=lambda layer: layer.index in last):
                one = by_index.get(layer.index)
                if one is not None:
                    for _ in runner.wait(one):
                        yield run.progress(passes)
                run.index(layer, one)
                yield run.progress(passes)
                yield Partial(run.image())
        finally:
            run.stop.cancel()
    yield Finished(run.finished())


@dataclass(slots=True)
class _Run:
    """One image on its way to be indexed."""

    original: Image
    allowance: Allowance
    cancel: CancelToken | None
    stop: CancelToken = field(default_factory=CancelToken)
    cleaner: TextCleaner = field(init=False)
    places: dict[int, LayerPlace] = field(init=False)
    layers: list[Layer] = field(init=False)
    findings: list[Finding] = field(default_factory=list)
    digests: dict[int, BlobDigest] = field(default_factory=dict)
    plain_done: int = 0
    text_bytes: int = 0

    def __post_init__(self) -> None:
        self.cleaner = TextCleaner(one_line(self.original.artifact.path))
        missing = [layer for layer in self.original.layers if layer.entries is None]
        self.places = {layer.index: place for layer in missing if (place := place_of(layer)) is not None}
        self.layers = list(self.original.layers)

    def start_digests(self, pool: ThreadPoolExecutor) -> None:
        """Have plain layers digested meanwhile, where they are not too large."""
        plain = {index: place for index, place in self.places.items() if is_plain(place)}
        if sum(place.stretch.length for place in plain.values()) <= VERIFIED_BYTES:
            self.digests = {index: BlobDigest(place, pool, self.stop) for index, place in plain.items()}

    def progress(self, passes: list[LayerPass]) -> Progress:
        """Return how far it is, in bytes of layers as stored."""
        total = sum(place.stretch.length for place in self.places.values())
        done = self.plain_done + sum(one.done for one in passes)
        return Progress(min(done, total), total, "bytes")

    def image(self) -> Image:
        """Return the image with the layers indexed so far."""
        return replace(self.original, layers=tuple(self.layers), findings=(*self.original.findings, *self.findings))

    def finished(self) -> Image:
        """Return the image with everything that was noticed."""
        self.findings += note_odd_names(self.cleaner)
        return self.image()

    def index(self, layer: Layer, one: LayerPass | None) -> None:
        """Index one layer, or take over what its pass gave."""
        if self.cancel is not None and self.cancel.cancelled:
            raise failure.cancelled(_TITLE)
        place = self.places.get(layer.index)
        if layer.entries is not None:
            return
        if place is None:
            raw = RawLayer([], problem=layer.problem or "its blob is missing")
        elif one is not None:
            raw = _taken(one, layer.index)
        else:
            raw = self._walk(place)
        self._take(layer, raw, place)

    def _walk(self, place: LayerPlace) -> RawLayer:
        """Index a plain layer where it lies."""
        try:
            with opened(place) as descriptor:
                return walk_plain(descriptor, place.stretch, self._left(), self._tell)
        except UnreadableArtifact as error:
            return RawLayer([], problem=one_line(error))
        finally:
            self.plain_done += place.stretch.length

    def _take(self, layer: Layer, raw: RawLayer, place: LayerPlace | None) -> None:
        blob, uncompressed = raw.blob_sha256, raw.sha256
        if layer.index in self.digests:
            blob = uncompressed = self.digests[layer.index].result()
        label = f"layer {layer.index}"
        text = sum([len(entry[0]) + len(entry[7]) for entry in raw.entries])
        found = to_records(_within(raw, text, self._left()), self.cleaner, label)
        self.text_bytes += text
        indexed = _indexed(layer, found, place)
        verification = compare(layer, blob, uncompressed)
        if verification == "mismatch":
            indexed = replace(indexed, problem=indexed.problem or MISMATCH)
            self.findings.append(mismatch_finding(layer))
        self.layers[layer.index] = replace(indexed, verification=verification)
        self.findings += found.findings
        if found.problem and not layer.problem:
            hint = "what could be read is shown; fetch or save the image again"
            self.findings.append(Finding("layer-unreadable", "high", f"{label} {found.problem}", label, hint))

    def _left(self) -> Allowance:
        """Return what the layers so far leave to the next of what an image may have."""
        allowance = self.allowance
        done = [layer for layer in self.layers if layer.entries is not None]
        return replace(
            allowance,
            entries=max(0, allowance.entries - sum(len(layer.entries or ()) for layer in done)),
            content_bytes=max(0, allowance.content_bytes - sum(map(len, (d for one in done for d in one.contents.values())))),
            text_bytes=max(0, allowance.text_bytes - self.text_bytes),
            heads=max(0, allowance.heads - sum(len(layer.heads) for layer in done)),
        )

    def _tell(self, _: int) -> None:
        if self.cancel is not None and self.cancel.cancelled:
            raise failure.cancelled(_TITLE)


def _indexed(layer: Layer, found: IndexedLayer, place: LayerPlace | None) -> Layer:
    size = found.size_bytes if place is not None else layer.size_bytes
    return replace(
        layer,
        entries=found.entries,
        contents=found.contents,
        heads=found.heads,
        size_bytes=size,
        problem=layer.problem or found.problem,
    )


def _taken(one: LayerPass, index: int) -> RawLayer:
    """Return what a pass gave for one of its layers."""
    if one.answer is None or len(one.answer) != len(one.indices):
        return RawLayer([], problem=one.problem or "could not be read")
    return one.answer[one.indices.index(index)]


def _within(raw: RawLayer, text_bytes: int, left: Allowance) -> RawLayer:
    """Return what fits into what is left: children that ran side by side did not know of each other."""
    if text_bytes > left.text_bytes:
        return replace(raw, entries=[], problem=raw.problem or "has longer names than an image has left")
    if len(raw.entries) <= left.entries:
        return raw
    entries = raw.entries[: left.entries]
    problem = f"has more entries than the {left.entries:,} that an image has left"
    return replace(raw, entries=entries, problem=raw.problem or problem)
