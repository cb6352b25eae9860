"""Digests of what lies beside a SavedModel's definition and shards: index, fingerprint, Keras metadata, assets."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Final

from inspector.errors import OperationFailed
from inspector.formats.clean_text import TextCleaner, one_line
from inspector.formats.onnx.containment import MISSING, Located, Locator
from inspector.formats.onnx.digests import digest as digest_named
from inspector.formats.onnx.digests import digest_file
from inspector.formats.saved_model.assets import ASSETS, EXTRA_ASSETS, files_below
from inspector.records.artifact import Computation
from inspector.records.event import Event, Finished, Progress, Warned
from inspector.records.saved_model import FileDigest

_BESIDE: Final = ("variables/variables.index", "fingerprint.pb", "keras_metadata.pb")


def digest(computation: Computation) -> Iterator[Event[Computation]]:
    """Yield progress in bytes, and at last the computation with the sha256 of every file of the SavedModel.

    Links that lead out of the folder are not followed: such a file is listed with what forbids to open it; one that cannot be
    read is warned of as well. Raises OperationFailed if the definition itself cannot be read.
    """
    facts = computation.saved_model
    assert facts is not None
    locator, cleaner = Locator(Path(computation.definition_path)), TextCleaner()
    found = dict(_locate(locator, Path(facts.folder)))
    more_bytes = sum(one.size_bytes or 0 for one in found.values())
    done = total = 0
    for event in digest_named(computation, more_bytes):
        if isinstance(event, Progress):
            done, total = event.done, event.total or 0
        if isinstance(event, Finished):
            computation = event.result
        else:
            yield event
    digests = []
    for location, one in found.items():
        shown = cleaner.clean(location)
        sha256, problem = None, one.problem
        if not problem:
            try:
                sha256, _ = yield from digest_file(locator.open(location), done, total, shown)
            except OperationFailed as error:
                problem = "it could not be read"
                yield Warned(one_line(error.message), error.hint)
        done += one.size_bytes or 0
        digests.append(FileDigest(shown, one.size_bytes, sha256, problem))
    yield Finished(replace(computation, saved_model=replace(facts, digests=tuple(digests))))


def _locate(locator: Locator, folder: Path) -> Iterator[tuple[str, Located]]:
    """Yield the location of each file that is there, with where it leads; nothing is opened."""
    below = [location for part in (ASSETS, EXTRA_ASSETS) for location in sorted(one for one, _ in files_below(folder, part))]
    for location in (*_BESIDE, *below):
        one = locator.locate(location)
        if one.problem != MISSING:
            yield location, one
