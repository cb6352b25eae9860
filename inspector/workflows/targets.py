"""Tell what an artifact that a user names is: a path, or an image on a container engine."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Final

from inspector.errors import UnreadableArtifact, UsageError
from inspector.records.artifact import EngineReference
from inspector.report.visible import visible

if TYPE_CHECKING:
    from inspector.records.opened import Target

SCHEME: Final = "docker://"

_FILE_SUFFIXES: Final = (
    *(".onnx", ".ort", ".pb", ".pbtxt", ".tflite", ".h5", ".keras", ".pt", ".pth", ".safetensors", ".gguf", ".bin", ".data"),
    *(".tar", ".gz", ".tgz", ".zst", ".tzst", ".bz2", ".xz", ".zip", ".json", ".yaml", ".yml", ".txt", ".md", ".html", ".npz"),
)
"""What ends in one of these is a path, even where nothing is there."""

_COMPONENT: Final = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_HOST: Final = r"(?:[a-zA-Z0-9](?:[a-zA-Z0-9.-]*[a-zA-Z0-9])?|\[[0-9a-fA-F:]+\])(?::[0-9]+)?"
_REFERENCE: Final = re.compile(
    rf"(?:sha256:)?[0-9a-f]{{64}}|(?:{_HOST}/)?{_COMPONENT}(?:/{_COMPONENT})*(?::[\w][\w.-]{{0,127}})?(?:@sha256:[0-9a-f]{{64}})?",
    re.ASCII,
)
"""Names of images, after the grammar of the distribution project's reference package."""


def target_of(text: str) -> Target:
    """Return the target that text names: docker://name:tag, an existing path, a name an engine may know, or any other path.

    Raises UsageError where docker:// is not followed by the name of an image.
    """
    if text.startswith(SCHEME):
        name = text.removeprefix(SCHEME)
        if not _REFERENCE.fullmatch(name):
            raise UsageError(f"{visible(text)} names no image", "write docker://name:tag")
        return EngineReference(name)
    if os.path.lexists(text) or not _may_be_reference(text):
        return Path(text)
    return EngineReference(text, explicit=False)


def title_of(target: Target) -> str:
    """Return the last part of what was named, for a line about work on it."""
    return target.name or str(target)


def neither(reference: EngineReference, error: UnreadableArtifact) -> UnreadableArtifact:
    """Return the error for a bare name that is neither a file here nor an image there."""
    if reference.explicit:
        return error
    hint = error.hint or "name a file or folder, or docker://name:tag"
    return UnreadableArtifact(f"{reference.name}: no such file or folder, and {error.message}", hint)


def _may_be_reference(text: str) -> bool:
    if text.startswith(("/", "./", "../", "~")) or text.lower().endswith(_FILE_SUFFIXES):
        return False
    return _REFERENCE.fullmatch(text) is not None
