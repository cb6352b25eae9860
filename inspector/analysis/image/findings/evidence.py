"""What every rule about an image looks at, gathered once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from inspector.analysis.image.stored import Stored
from inspector.analysis.image.symlinks import Symlinks
from inspector.records.file_system import FileSystem
from inspector.records.image import Image
from inspector.records.image_contents import InsideArtifact, Packages
from inspector.records.image_waste import Leftover, LeftoverKind, Leftovers, Waste


@dataclass(frozen=True)
class ImageEvidence:
    """An image, what was understood of it, and indexes that several rules share."""

    image: Image
    final: FileSystem
    waste: Waste
    leftovers: Leftovers
    packages: Packages
    models: tuple[InsideArtifact, ...]

    @cached_property
    def is_runnable(self) -> bool:
        """Whether this is an image to make containers from, and no artifact that uses the same storage."""
        return not self.image.artifact_type and (bool(self.image.layers) or not self.image.blobs)

    @cached_property
    def is_windows(self) -> bool:
        """Whether containers run on Windows, where users, modes and programs are others."""
        return self.image.platform.startswith("windows")

    @cached_property
    def is_whole(self) -> bool:
        """Whether every layer was read to its end, so that what is not there is missing."""
        return self.image.complete and not any(layer.problem for layer in self.image.layers)

    @cached_property
    def stored(self) -> Stored:
        """Contents and first bytes that layers keep."""
        return Stored(self.image.layers, self.final)

    @cached_property
    def symlinks(self) -> Symlinks:
        """Where paths of the final file system lead."""
        return Symlinks(self.final.entries)

    def leftover(self, kind: LeftoverKind) -> Leftover | None:
        """Return the leftovers of one kind."""
        return next((leftover for leftover in self.leftovers.by_kind if leftover.kind == kind), None)
