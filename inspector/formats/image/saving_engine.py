"""Saves a written image into an engine: under a name of our own first, and under the one wanted once it has all of it."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any, Final

from inspector.engines.connection import Engine, engines
from inspector.engines.loading import load_archive
from inspector.engines.stream import Listener, Stopped
from inspector.errors import OperationFailed, UnreadableArtifact
from inspector.formats.clean_text import one_line
from inspector.formats.image.digests import sha256_of
from inspector.formats.image.saving_archive import SavedFile, tar_pieces
from inspector.formats.image.writing_config import to_json
from inspector.formats.image.written import loadable_of
from inspector.isolation.limits import CancelToken
from inspector.isolation.private_folder import PrivateFolder
from inspector.records.event import Progress, Started, Steps
from inspector.records.loadable_image import LoadableImage
from inspector.records.written_image import WrittenImage

_OURS: Final = "localhost/modelpack-tui-saving"
_SECONDS: Final = 3600.0
_PATIENCE_SECONDS: Final = 10.0
"""How long a load that is not wanted any more has to end, so that what came of it can be removed."""

_HINT: Final = "see what the engine logged, and try again"


def save_to_engine(written: WrittenImage, name: str, cancel: CancelToken) -> Steps[None]:
    """Load a written image into the engine that DOCKER_HOST names, as name, which has a tag.

    Raises OperationFailed where no engine answers or it does not take the image, ChildFailed when cancelled; the engine is
    then as it was.
    """
    label = f"docker://{name}"
    packed = PrivateFolder(Path(written.layers[0].path).parent)
    try:
        image = yield from loadable_of(written, label, packed.path, cancel)
        with engines(f"{label}: ") as found:
            yield from _saved(found[0], image, name, cancel)
    except UnreadableArtifact as error:
        raise OperationFailed(error.message, error.hint) from None
    finally:
        packed.close()


def _saved(engine: Engine, image: LoadableImage, name: str, cancel: CancelToken) -> Steps[None]:
    load = _Load(engine, image, f"{_OURS}:{os.urandom(8).hex()}")
    title = f"sending {image.title} to {engine.title}"
    yield Started(title)
    try:
        with closing(Listener(load.run).listen(cancel, title)) as ticks:
            for _ in ticks:
                yield Progress(min(load.sent, load.total), load.total, "bytes")
        _check(engine, image, load.name)
        _name(engine, load.name, name)
    finally:
        load.undo()


def _check(engine: Engine, image: LoadableImage, name: str) -> None:
    """Raise OperationFailed unless the engine has these very layers under the name."""
    client: Any = engine.client
    said = _asked(engine, image.title, lambda: client.inspect_image(name))
    wanted = json.loads(image.config)["rootfs"]["diff_ids"]
    if (said.get("RootFS") or {}).get("Layers") != wanted:
        raise OperationFailed(f"{image.title}: {engine.title} made another image of it", _HINT)


def _name(engine: Engine, ours: str, name: str) -> None:
    repository, _, tag = name.rpartition(":")
    _asked(engine, f"docker://{name}", lambda: engine.client.tag(ours, repository, tag, force=True))


def _asked(engine: Engine, label: str, call: Any) -> Any:
    try:
        return call()
    except _failures() as error:
        raise OperationFailed(f"{label}: {engine.title} refuses: {one_line(error)}", _HINT) from None


def _failures() -> tuple[type[Exception], ...]:
    import docker
    import requests

    return docker.errors.DockerException, requests.RequestException, OSError, ValueError


class _Load:
    """One image on its way into an engine, under a name of ours."""

    def __init__(self, engine: Engine, image: LoadableImage, name: str) -> None:
        self.name = name
        self.sent = 0
        self._engine = engine
        self._files = _archive_of(image, name)
        self._title = image.title
        self._ended = threading.Event()
        self._is_sent = False
        self.total = sum(file.size for file in self._files)

    def run(self, stop: threading.Event) -> Iterator[None]:
        """Send it and wait for the answer; raises OperationFailed."""
        try:
            problem = load_archive(self._engine, self._pieces(stop), _SECONDS)
        except (Stopped, OperationFailed):
            raise
        except _failures() as error:
            if stop.is_set():
                raise Stopped from None
            reason = f"{self._title}: {self._engine.title} stopped answering: {one_line(error)}"
            raise OperationFailed(reason, _HINT) from None
        finally:
            self._ended.set()
        if problem:
            raise OperationFailed(f"{self._title}: {self._engine.title} does not take the image: {problem}", _HINT)
        yield None

    def undo(self) -> None:
        """Remove the name of ours, and with it the image unless it has another."""
        if not self._is_sent:
            return  # the engine has no whole archive, and makes nothing of it
        self._ended.wait(_PATIENCE_SECONDS)
        with suppress(*_failures()):
            self._engine.client.remove_image(self.name)

    def _pieces(self, stop: threading.Event) -> Iterator[bytes]:
        for piece in tar_pieces(self._files):
            if stop.is_set():
                raise Stopped
            self.sent += len(piece)
            if piece:  # an empty one would end the request
                yield piece
        self._is_sent = True


def _archive_of(image: LoadableImage, name: str) -> list[SavedFile]:
    """Return the files of an archive that every engine takes."""
    config = f"{sha256_of(image.config).partition(':')[2]}.json"
    layers = [f"{number}.tar" for number in range(len(image.layers))]
    manifest = to_json([{"Config": config, "RepoTags": [name], "Layers": layers}])
    blobs = [
        SavedFile(layer, b"", os.fsencode(blob.path), blob.length) for layer, blob in zip(layers, image.layers, strict=True)
    ]
    return [SavedFile("manifest.json", manifest), SavedFile(config, image.config), *blobs]
