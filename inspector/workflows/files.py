"""Which files an artifact is made of."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Final

from inspector.records.artifact import Computation
from inspector.records.image import Image
from inspector.records.image_inspection import ImageInspection
from inspector.records.opened import Opened

if TYPE_CHECKING:
    from inspector.records.saved_model import SavedModelFacts

_MOST_BLOBS: Final = 100_000


def files_of(opened: Opened) -> list[Path]:
    """Return the path that was opened and every file that belongs to the artifact, whether it is there or not."""
    if isinstance(opened, ImageInspection):
        return _files_of_image(opened.image)
    return _files_of_model(opened.computation)


def _files_of_image(image: Image) -> list[Path]:
    """Return the archive, or all that lies in an OCI layout's folder; an engine's image is made of no file."""
    if image.source == "engine":
        return []
    path = Path(image.artifact.path)
    return [path, *islice(path.rglob("*"), _MOST_BLOBS)] if path.is_dir() else [path]


def _files_of_model(computation: Computation) -> list[Path]:
    definition = Path(computation.definition_path)
    folder = definition.resolve().parent
    named = [folder / file.location for file in computation.external_files]
    facts = computation.saved_model
    if facts is not None:
        named += [definition, *(folder / name for name in _named_beside(facts))]
        named += [folder.parent / version.folder / name for version in facts.versions for name in _DEFINITIONS]
    return [Path(computation.artifact.path), *named]


_DEFINITIONS = ("saved_model.pb", "saved_model.pbtxt")


def _named_beside(facts: SavedModelFacts) -> Iterator[str]:
    """Yield what lies in a SavedModel's folder beside its definition and the data files, relative to it."""
    yield "fingerprint.pb"
    if facts.checkpoint is not None:
        yield f"{facts.checkpoint.prefix}.index"
    yield from (asset.path for one in facts.tag_sets for asset in one.assets if asset.contained and asset.path)
    yield from (extra.path for extra in facts.extra_assets)
