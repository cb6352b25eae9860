"""Everything a front end needs to show an image: what was read, and what was understood of it."""

from __future__ import annotations

from dataclasses import dataclass

from inspector.records.file_system import FileSystem
from inspector.records.finding import Finding
from inspector.records.image import Image
from inspector.records.image_contents import InsideArtifact, Packages, PullCost
from inspector.records.image_waste import Leftovers, Waste


@dataclass(frozen=True, slots=True)
class ImageInspection:
    """An image with all that analysis found; what is None is not known yet, because layers are still being indexed."""

    image: Image
    file_system: FileSystem | None = None
    """That of the layers indexed so far; the final one once the image is complete."""
    waste: Waste | None = None
    leftovers: Leftovers | None = None
    packages: Packages | None = None
    models: tuple[InsideArtifact, ...] = ()
    pull_costs: tuple[PullCost, ...] = ()
    findings: tuple[Finding, ...] = ()
    """All findings, most severe first."""
