"""Open a container image: its layers at once, the files in them as they get indexed, then what all that means."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from inspector.errors import UnreadableArtifact
from inspector.records.artifact import EngineReference
from inspector.records.event import Event, Finished, Partial, Started
from inspector.records.image_inspection import ImageInspection
from inspector.workflows.collector import collector_paused
from inspector.workflows.loading import loading_meanwhile
from inspector.workflows.targets import neither, title_of

if TYPE_CHECKING:
    from inspector.isolation.limits import CancelToken
    from inspector.records.image import Image
    from inspector.records.opened import Target

_ANALYSIS: Final = tuple(
    f"inspector.analysis.image.{name}" for name in ("duplicates", "file_system", "models", "packages", "leftovers", "findings")
)
"""What finding out needs that follows reading."""

_SHARE_OF_TIME: Final = 0.1
"""Most of the time that may go into file systems of layers indexed so far, each of which the next one replaces."""


def inspect_image(
    target: Target, platform: str | None = None, cancel: CancelToken | None = None
) -> Iterator[Event[ImageInspection]]:
    """Read and analyze an image: a Partial with layers but no files first, Partials with the files so far, then the rest.

    Raises UnreadableArtifact, and UsageError where there is no image for the platform.
    """
    yield Started(f"reading {title_of(target)}")
    image: Image | None = None
    so_far = _SoFar()
    for event in _indexed(target, platform, cancel):
        if isinstance(event, Partial):
            yield Partial(so_far.inspection(event.result))
        elif isinstance(event, Finished):
            image = event.result
        else:
            yield event
    assert image is not None, "reading an image ended without a result"
    from inspector.workflows.analyse_image import analyse_image_in_steps

    yield from analyse_image_in_steps(image, cancel)


def examine_image(target: Target, platform: str | None = None, everything: bool = False) -> Iterator[Event[ImageInspection]]:
    """Read and analyze an image without showing anything before it is known; everything: verify every digest, too.

    Raises as inspect_image() does.
    """
    yield Started(f"reading {title_of(target)}")
    image: Image | None = None
    for event in loading_meanwhile(_indexed(target, platform, None), *_ANALYSIS):
        if isinstance(event, Finished):
            image = event.result
        elif not isinstance(event, Partial):
            yield event
    assert image is not None, "reading an image ended without a result"
    if everything:
        from inspector.workflows.verify_image import verified

        for step in verified(image):
            if isinstance(step, Finished):
                image = step.result
            elif not isinstance(step, Partial):
                yield step
    from inspector.workflows.analyse_image import analyse_image_in_steps

    for last in analyse_image_in_steps(image):
        if not isinstance(last, Partial):
            yield last


def _indexed(target: Target, platform: str | None, cancel: CancelToken | None) -> Iterator[Event[Image]]:
    """Read the image and list the entries of its layers; the first event of note is a Partial with its structure."""
    if isinstance(target, EngineReference):
        yield from _from_engine(target, platform, cancel)
        return
    from inspector.formats.image.layer_passes import stand_by

    standby = stand_by(target)
    try:
        from inspector.formats.image.layer_index import index_layers
        from inspector.formats.image.read import read

        image = read(target, platform, cancel)
        yield Partial(image)
        with collector_paused():
            yield from index_layers(image, cancel, standby=standby)
    finally:
        if standby is not None:
            standby.close()


def _from_engine(reference: EngineReference, platform: str | None, cancel: CancelToken | None) -> Iterator[Event[Image]]:
    from inspector.formats.image.engine import read_engine

    met = False
    try:
        for event in read_engine(reference, platform, cancel):
            met = met or isinstance(event, Partial)
            yield event
    except UnreadableArtifact as error:
        raise error if met else neither(reference, error) from None


class _SoFar:
    """Makes file systems of the layers indexed so far, as long as that takes little of the time."""

    def __init__(self) -> None:
        self._start = time.monotonic()
        self._spent = 0.0
        self._last: ImageInspection | None = None

    def inspection(self, image: Image) -> ImageInspection:
        """Return the image with the files known by now, or known when there last was time to put them together.

        Engines send layers in an order of their own: those that did not come yet count as empty.
        """
        now = time.monotonic()
        shown = self._last.file_system if self._last else None
        is_any_known = any(layer.entries is not None for layer in image.layers)
        if is_any_known and self._spent <= _SHARE_OF_TIME * (now - self._start):
            from inspector.analysis.image.file_system import merge

            with collector_paused():
                shown = merge(image.layers)
            self._spent += time.monotonic() - now
        self._last = ImageInspection(image, shown, findings=image.findings)
        return self._last
