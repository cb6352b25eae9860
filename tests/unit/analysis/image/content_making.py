"""Short ways to write layers with contents, and everything analysis makes of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from inspector.analysis.image.file_system import merge
from inspector.analysis.image.findings import find
from inspector.analysis.image.leftovers import find_leftovers
from inspector.analysis.image.models import find_models
from inspector.analysis.image.packages import find_packages
from inspector.analysis.image.waste import find_waste
from inspector.records.artifact import Artifact
from inspector.records.file_system import FileSystem
from inspector.records.finding import Finding
from inspector.records.image import Entry, Image, ImageConfig, Layer
from inspector.records.image_contents import Packages
from inspector.records.image_waste import Leftover, LeftoverKind, Leftovers

Content = bytes | int | Entry
"""A file's whole content, or its size alone, or the entry itself."""


def layer(files: Mapping[str, Content], index: int = 0, **more: object) -> Layer:
    """Return a layer of files (mode 0644), contents kept whole and heads of 64 bytes where they are given."""
    entries = []
    for position, (path, content) in enumerate(files.items()):
        if isinstance(content, Entry):
            entries.append(replace(content, offset=1024 * position if content.kind == "file" else -1))
        else:
            size = content if isinstance(content, int) else len(content)
            entries.append(Entry(path, "file", size, offset=1024 * position, stored=size))
    kept = {path: content for path, content in files.items() if isinstance(content, bytes)}
    heads = {path: content[:64] for path, content in kept.items()}
    return Layer(index, entries=tuple(entries), contents=kept, heads=heads, **more)  # type: ignore[arg-type]


def image_of(*layers: Layer, platform: str = "linux/amd64", **config: object) -> Image:
    """Return an image with these layers, renumbered base first."""
    numbered = tuple(replace(one, index=index) for index, one in enumerate(layers))
    artifact = Artifact("image.tar", "image", 1)
    return Image(artifact, "OCI archive", ImageConfig(**config), numbered, platform=platform)  # type: ignore[arg-type]


def packages_of(files: Mapping[str, Content]) -> Packages:
    """Return the packages of a file system of one layer."""
    layers = (layer(files),)
    return find_packages(layers, merge(layers))


def packages_in(image: Image, final: FileSystem) -> Packages:
    """Return the packages of an image."""
    return find_packages(image.layers, final)


def leftovers_of(image: Image, keys: Mapping[tuple[int, int], str] | None = None) -> Leftovers:
    """Return the leftovers of an image."""
    final = merge(image.layers)
    return find_leftovers(image, final, find_packages(image.layers, final), keys or {})


def kind(leftovers: Leftovers, wanted: LeftoverKind) -> Leftover | None:
    """Return the leftovers of one kind."""
    return next((one for one in leftovers.by_kind if one.kind == wanted), None)


def findings_of(image: Image, final: FileSystem | None = None) -> tuple[Finding, ...]:
    """Return the findings of an image."""
    final = final or merge(image.layers)
    packages = find_packages(image.layers, final)
    leftovers = find_leftovers(image, final, packages)
    models = find_models(image.layers, final, image.blobs)
    return find(image, final, find_waste(image.layers, final), leftovers, packages, models)


def by_rule(image: Image, rule: str) -> list[Finding]:
    """Return the findings of one rule."""
    return [finding for finding in findings_of(image) if finding.rule == rule]
