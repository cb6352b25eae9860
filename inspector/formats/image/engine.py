"""Images on a container engine: Docker's or podman's, wherever DOCKER_HOST, a context or a socket leads."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from typing import Any, Final

from inspector.engines import failures as engine_failures
from inspector.engines.connection import Engine, engines
from inspector.engines.stream import Listener
from inspector.errors import UnreadableArtifact, UsageError
from inspector.formats.clean_text import TextCleaner, one_line
from inspector.formats.image.engine_assembly import Assembly
from inspector.formats.image.engine_contents import copy_engine_entry, read_engine_entry
from inspector.formats.image.engine_description import EngineAnswer, describe
from inspector.formats.image.engine_export import Export
from inspector.formats.image.platforms import parse_platform
from inspector.formats.image.tar_header import LayerProblem
from inspector.isolation.limits import CancelToken
from inspector.records.artifact import EngineReference
from inspector.records.event import Event, Finished, Partial, Progress, Started
from inspector.records.image import Image

__all__ = ["copy_engine_entry", "engine_images", "read_engine", "read_engine_entry"]

_PREPARING: Final = "waiting for the engine to put the image together"


def read_engine(
    reference: EngineReference, platform: str | None = None, cancel: CancelToken | None = None
) -> Iterator[Event[Image]]:
    """Yield the image as the engine describes it at once, then with each layer that its export brings, at last all of it.

    Progress counts bytes of the export. Raises UnreadableArtifact (no engine, no such image), UsageError for another platform,
    ChildFailed when cancelled.
    """
    label = f"{reference}: " if reference.explicit else ""
    wanted = parse_platform(platform) if platform else None
    with engines(label) as found:
        engine, answer = _ask(reference, found, label)
        image = describe(reference, answer)
        there = image.platform
        if wanted is not None and there and not parse_platform(there).serves(wanted):
            raise UsageError(f"{label}the engine has it for {there}, not for {wanted}", f"pull it with --platform {wanted}")
        yield Partial(image)
        yield from _with_layers(engine, Assembly(image, reference, answer), label, cancel or CancelToken())


def engine_images() -> tuple[tuple[str, int], ...]:
    """Return name and bytes of every image on the engines that answer, sorted by name; nothing where none does."""
    try:
        with engines("") as found:
            return tuple(sorted({image for engine in found for image in _listed(engine)}))
    except UnreadableArtifact:
        return ()


def _ask(reference: EngineReference, found: Sequence[Engine], label: str) -> tuple[Engine, EngineAnswer]:
    """Return the first engine that has the image, with what it says of it."""
    import docker
    import requests

    for engine in found:
        client: Any = engine.client
        try:
            inspected = client.inspect_image(reference.name)
            history = client.history(reference.name)
        except docker.errors.NotFound:
            continue
        except docker.errors.APIError as error:
            raise engine_failures.refused(label, engine, error.explanation or error) from None
        except (requests.RequestException, OSError, ValueError) as error:
            raise engine_failures.broken(label, engine, error) from None
        return engine, EngineAnswer(
            inspected if isinstance(inspected, dict) else {},
            history if isinstance(history, list) else [],
            engine.title,
            engine.place.host,
        )
    known = [name for engine in found for name, _ in _listed(engine)]
    raise engine_failures.no_such_image(label, reference.name, found, known)


def _with_layers(engine: Engine, assembly: Assembly, label: str, cancel: CancelToken) -> Iterator[Event[Image]]:
    identity = assembly.image.artifact.metadata["image ID"]
    total = assembly.image.artifact.size_bytes
    export = Export(engine, identity, label)
    title = f"reading {one_line(assembly.image.artifact.path)}"
    problem = ""
    yield Started(_PREPARING)
    try:
        with closing(Listener(export.items).listen(cancel, title)) as items:
            for item in items:
                received = export.received
                yield Progress(received, max(total, received), "bytes" if received else _PREPARING)
                if item is not None and assembly.take(item):
                    yield Partial(assembly.image)
                if assembly.complete:
                    break
    except LayerProblem as error:
        problem = str(error)
    yield Finished(assembly.finish(problem, export.notes()))


def _listed(engine: Engine) -> Iterator[tuple[str, int]]:
    import docker
    import requests

    try:
        images: Any = engine.client.images()
    except (docker.errors.DockerException, requests.RequestException, OSError, ValueError):
        return
    cleaner = TextCleaner()
    for image in images if isinstance(images, list) else []:
        names = image.get("RepoTags") if isinstance(image, dict) else None
        for name in names if isinstance(names, list) else []:
            if isinstance(name, str) and name != "<none>:<none>":
                size = image.get("Size")
                yield cleaner.clean(name), size if isinstance(size, int) else 0
