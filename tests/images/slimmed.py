"""Images slimmed and made to serve in tests, and broken on purpose: with a layer more that hides some of their files."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from inspector.isolation.limits import CancelToken, Limits
from inspector.records.benchmark import ImageStart
from inspector.records.event import Finished
from inspector.records.image_inspection import ImageInspection
from inspector.records.loadable_image import LayerBlob, LoadableImage
from inspector.records.serving import Served
from inspector.records.slimming import Slimming, SlimRequest
from inspector.runtimes.container.exercises import parse_exercise
from inspector.runtimes.container.serving import Server, serving
from inspector.workflows.inspect_image import inspect_image
from inspector.workflows.slimming.session import SlimSession
from tests.images.entries import Whiteout, build_layer
from tests.images.starting import result

LIMITS = Limits(1 << 30, 120)


def asking(files: Iterable[Path], ready: str, **more: object) -> SlimRequest:
    """Return a request whose exercises are files of requests; starts are not compared unless more says so."""
    exercises = tuple(parse_exercise(str(file)) for file in files)
    wanted = SlimRequest(exercises=exercises, start=ImageStart(ready=ready), compare_starts=False, sample_seconds=60)
    return replace(wanted, **more)  # type: ignore[arg-type]


def inspected(archive: Path) -> ImageInspection:
    """Return an image as it is opened."""
    *_, last = inspect_image(archive)
    assert isinstance(last, Finished)
    return last.result


def slimmed(archive: Path, request: SlimRequest, *targets: str) -> Slimming:
    """Slim an image, and save it to all targets where a level was accepted."""
    session = SlimSession(inspected(archive), request)
    try:
        found = _last(session.run(CancelToken()))
        for target in targets if any(step.status == "accepted" for step in found.steps) else ():
            found = _last(session.save(target, CancelToken()))
        return found
    finally:
        session.close()


def _last(events: Iterator[object]) -> Slimming:
    *_, last = events
    assert isinstance(last, Finished)
    found: Slimming = last.result
    return found


@contextmanager
def server(image: LoadableImage, request: SlimRequest) -> Iterator[Server]:
    """Give what makes an image serve."""
    with serving(image, request, LIMITS) as found:
        yield found


def served(image: LoadableImage, request: SlimRequest) -> Served:
    """Return what one container of an image did."""
    with server(image, request) as found:
        return result(found.run(CancelToken()))


def without(image: LoadableImage, paths: Sequence[str], folder: Path) -> LoadableImage:
    """Return the image with a layer on top that hides paths; their folders keep their attributes."""
    layer = build_layer({path: Whiteout() for path in paths})
    blob = folder / f"hidden-{layer.digest[-12:]}.tar"
    blob.write_bytes(layer.blob)
    config = json.loads(image.config)
    config["rootfs"]["diff_ids"].append(layer.diff_id)
    config.pop("history", None)
    added = LayerBlob(str(blob), 0, len(layer.blob), len(layer.blob))
    return replace(image, config=json.dumps(config).encode(), layers=(*image.layers, added))
