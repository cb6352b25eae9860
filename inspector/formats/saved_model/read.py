"""A SavedModel read for its structure, without the values of its weights and without TensorFlow."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from inspector.errors import UnreadableArtifact
from inspector.formats.clean_text import TextCleaner
from inspector.formats.onnx.containment import Locator, link_of
from inspector.formats.onnx.open_file import open_source
from inspector.formats.onnx.wire import Source
from inspector.formats.saved_model.assembly import Assembly
from inspector.formats.saved_model.folder import Location, locate
from inspector.formats.saved_model.main_choice import main_of
from inspector.formats.saved_model.meta_graph import DefinitionReader
from inspector.formats.saved_model.serving_folder import VersionSummary, describe_versions
from inspector.formats.saved_model.signature_facts import plain_signatures
from inspector.formats.saved_model.text_proto import is_text, read_text_definition
from inspector.records.artifact import Artifact, Computation, LinkKind
from inspector.records.saved_model import ServedVersion

MOST_DESCRIBED: int = 50
"""Versions of a serving folder whose signatures are compared."""


def read(path: Path) -> Computation:
    """Return what the SavedModel at path computes: graphs, functions, signatures and every weight, but none of their values.

    path is its folder, its saved_model.pb or .pbtxt, or a serving folder of numbered versions, of which the one that a
    server picks is read and all are described. Raises UnreadableArtifact if it is none or cannot be read.
    """
    location = locate(path)
    with _opened(location) as source:
        before = _stamp(source)
        cleaner = TextCleaner(source.label)
        definition = DefinitionReader(source, cleaner)
        raw = definition.read()
        assembly = Assembly(source, cleaner, Locator(location.file.absolute()), location.folder, raw)
        assembly.note_definition(definition)
        if before != _stamp(source):
            assembly.note_change(location.definition)
        artifact = Artifact(str(path), "saved_model", _size(location, source), None, {}, _link(path, location))
        versions = _versions(location.serving) if location.serving is not None else ()
        return assembly.build(artifact, location, definition.schema_version, versions)


def summarize(folder: Path) -> VersionSummary:
    """Return what the SavedModel in a folder says of itself: signatures and version. Raises UnreadableArtifact."""
    with _opened(locate(folder)) as source:
        cleaner = TextCleaner(source.label)
        definition = DefinitionReader(source, cleaner)
        main = main_of(definition.read())
        signatures = plain_signatures(main, source, definition.nodes.constants, cleaner)
        return VersionSummary(signatures, main.tensorflow_version)


def _versions(serving: Path) -> tuple[ServedVersion, ...]:
    left = [MOST_DESCRIBED]

    def describe(folder: Path) -> VersionSummary:
        left[0] -= 1
        if left[0] < 0:
            raise UnreadableArtifact(f"not read: only the newest {MOST_DESCRIBED} versions are compared", "")
        return summarize(folder)

    return describe_versions(serving, describe)


@contextmanager
def _opened(location: Location) -> Iterator[Source]:
    if is_text(location.definition):
        yield read_text_definition(location.file)
        return
    with open_source(location.file) as source:
        if source.size == 0:
            raise UnreadableArtifact(f"{source.label}: is empty", "the download or export did not finish: repeat it")
        yield source


def _stamp(source: Source) -> tuple[int, int]:
    if source.fd < 0:
        return (0, 0)
    status = os.fstat(source.fd)
    return (status.st_size, status.st_mtime_ns)


def _link(path: Path, location: Location) -> LinkKind:
    """Return how the path leads to the definition; folders have more names than one by nature."""
    return link_of(path if path.is_symlink() else location.file)


def _size(location: Location, source: Source) -> int:
    return source.size if source.fd >= 0 else location.file.stat().st_size
