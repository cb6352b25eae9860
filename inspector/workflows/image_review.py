"""The part of a review about a container image: layers, waste, leftovers, packages, models inside, what a pull moves."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from heapq import nlargest
from itertools import islice
from typing import Final

from inspector.analysis.image.findings.secret_names import is_secret_variable
from inspector.records.file_system import FileSystem
from inspector.records.image import HistoryStep, ImageConfig, Layer
from inspector.records.image_contents import InsideArtifact, Packages
from inspector.records.image_inspection import ImageInspection
from inspector.records.image_review import (
    ConfigReview,
    ImageReview,
    LayerReview,
    LeftoverReview,
    LeftoversReview,
    SizedPath,
    StepReview,
)
from inspector.records.image_waste import LayerWaste, Leftovers, Waste

LAYERS: Final = 1_000
PACKAGES: Final = 2_000
PATHS: Final = 20
WASTED: Final = 100
LARGEST: Final = 50
ARTIFACTS: Final = 1_000
STEPS: Final = 1_000
MANIFESTS: Final = 200
BLOBS: Final = 1_000
PAIRS: Final = 500

_NOTHING_WASTED: Final = Waste(0, 0, 0)
_ASSIGNED: Final = re.compile(r"""\b([A-Za-z_]\w*)=("[^"]*"|'[^']*'|[^\s"']+)""")
_URL_LOGIN: Final = re.compile(r"(://[^/\s:@]*:)[^/\s@]+(?=@)")
_WORD: Final = re.compile(r"\S+")
_REDACTED: Final = "[left out]"


def image_review(inspection: ImageInspection) -> ImageReview:
    """Return what a review says of an image."""
    image, waste = inspection.image, inspection.waste or _NOTHING_WASTED
    packages = inspection.packages or Packages()
    config, blobs = image.config, image.blobs[:BLOBS]
    return ImageReview(
        source=image.source,
        layers=tuple(_layers(image.layers[:LAYERS], waste)),
        file_count=inspection.file_system.file_count if inspection.file_system else 0,
        shipped_bytes=waste.shipped_bytes,
        final_bytes=waste.final_bytes,
        reclaimable_bytes=waste.reclaimable_bytes,
        waste=waste.by_cause,
        leftovers=_leftovers(inspection.leftovers or Leftovers()),
        packages=tuple(replace(one, place=rooted(one.place)) for one in packages.packages[:PACKAGES]),
        artifacts=tuple(map(_artifact, inspection.models[:ARTIFACTS])),
        complete=image.complete and not any(layer.problem for layer in image.layers),
        references=image.references[:MANIFESTS],
        platform=image.platform,
        digest=image.digest,
        layer_count=len(image.layers),
        size_bytes=_total(layer.size_bytes for layer in image.layers),
        compressed_bytes=_total(layer.compressed_bytes for layer in image.layers),
        reclaimable_compressed_bytes=waste.compressed_bytes,
        wasted_files=tuple(replace(one, path=rooted(one.path)) for one in waste.files[:WASTED]),
        wasted_file_count=len(waste.files),
        package_count=len(packages.packages),
        package_bytes=sum(one.bytes for one in packages.packages),
        unowned_bytes=packages.unowned_bytes,
        unowned_files=packages.unowned_files,
        unowned_largest=tuple(SizedPath(rooted(path), size) for path, size in packages.unowned_largest[:LARGEST]),
        largest_files=tuple(_largest(inspection.file_system)) if inspection.file_system else (),
        artifact_count=len(inspection.models),
        pull_costs=inspection.pull_costs,
        config=_config(config),
        history=tuple(map(_step, image.history[:STEPS])),
        history_count=len(image.history),
        manifests=tuple(replace(one, references=one.references[:PATHS]) for one in image.manifests[:MANIFESTS]),
        manifest_count=len(image.manifests),
        artifact_type=image.artifact_type,
        blobs=tuple(replace(blob, place=None) for blob in blobs),
        blob_count=len(image.blobs),
    )


def rooted(path: str) -> str:
    """Return a path of the file system as a container sees it."""
    return f"/{path}"


def redacted(text: str) -> str:
    """Return an instruction, or the value of a variable, without what looks like a secret: reports get shared."""
    without_values = _ASSIGNED.sub(_without_value, _URL_LOGIN.sub(rf"\1{_REDACTED}", text))
    return _WORD.sub(lambda word: _REDACTED if is_secret_variable("", word[0]) else word[0], without_values)


def _without_value(assigned: re.Match[str]) -> str:
    name, value = assigned.groups()
    return f"{name}={_REDACTED}" if is_secret_variable(name, value) else assigned[0]


def _layers(layers: Iterable[Layer], waste: Waste) -> Iterator[LayerReview]:
    by_layer = {one.layer: one for one in waste.by_layer}
    for layer in layers:
        share = by_layer.get(layer.index, LayerWaste(layer.index, 0, 0, 0, 0))
        yield LayerReview(
            digest=layer.digest,
            size_bytes=layer.size_bytes,
            compressed_bytes=layer.compressed_bytes,
            created_by=redacted(layer.created_by),
            diff_id=layer.diff_id,
            media_type=layer.media_type,
            compression=layer.compression,
            created=layer.created,
            entry_count=None if layer.entries is None else len(layer.entries),
            shipped_bytes=share.shipped_bytes,
            final_bytes=share.final_bytes,
            reclaimable_bytes=share.reclaimable_bytes,
            caused_bytes=share.caused_bytes,
            verification=layer.verification,
            problem=layer.problem,
        )


def _leftovers(leftovers: Leftovers) -> LeftoversReview:
    kinds = tuple(
        LeftoverReview(one.kind, one.bytes, one.files, tuple(map(rooted, one.paths[:PATHS])), one.note)
        for one in leftovers.by_kind
    )
    return LeftoversReview(leftovers.union_bytes, kinds, leftovers.union_files)


def _artifact(one: InsideArtifact) -> InsideArtifact:
    return one if one.digest else replace(one, path=rooted(one.path))


def _largest(final: FileSystem) -> Iterator[SizedPath]:
    sizes = ((placed.content.size, path) for path, placed in final.entries.items() if placed.entry.kind == "file")
    return (SizedPath(rooted(path), size) for size, path in nlargest(LARGEST, sizes) if size)


def _total(sizes: Iterable[int | None]) -> int | None:
    total = 0
    for size in sizes:
        if size is None:
            return None
        total += size
    return total


def _config(config: ImageConfig) -> ConfigReview:
    return ConfigReview(
        user=config.user,
        environment=dict(_environment(config.environment[:PAIRS])),
        entrypoint=tuple(map(redacted, config.entrypoint[:PAIRS])),
        command=tuple(map(redacted, config.command[:PAIRS])),
        working_dir=config.working_dir,
        ports=config.ports[:PAIRS],
        volumes=config.volumes[:PAIRS],
        labels=_first(config.labels),
        healthcheck=config.healthcheck,
        created=config.created,
        digest=config.digest,
    )


def _environment(pairs: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    for name, value in pairs:
        yield name, _REDACTED if is_secret_variable(name, value) else redacted(value)


def _first(labels: Mapping[str, str]) -> dict[str, str]:
    return dict(islice(labels.items(), PAIRS))


def _step(step: HistoryStep) -> StepReview:
    return StepReview(redacted(step.created_by), step.created, step.layer)
