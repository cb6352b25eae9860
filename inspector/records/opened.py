"""What can be opened, and what opening it gives: every kind of artifact in one type."""

from __future__ import annotations

from pathlib import Path
from typing import TypeAlias

from inspector.records.artifact import Artifact, EngineReference
from inspector.records.image_inspection import ImageInspection
from inspector.records.inspection import Inspection

Target: TypeAlias = Path | EngineReference
"""What the user names: a file or folder, or an image on an engine."""

Opened: TypeAlias = Inspection | ImageInspection
"""What inspecting a target gives."""


def artifact_of(opened: Opened) -> Artifact:
    """Return the artifact that was opened."""
    return opened.image.artifact if isinstance(opened, ImageInspection) else opened.computation.artifact
