"""Where a SavedModel lies: its folder and the file that defines it, whichever of them was named."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from inspector.errors import UnreadableArtifact
from inspector.formats.clean_text import one_line
from inspector.formats.saved_model.serving_folder import DEFINITIONS, is_serving_folder, served_folder


@dataclass(frozen=True, slots=True)
class Location:
    """The SavedModel that a path names; serving is the folder of versions it was picked from, None without one."""

    folder: Path
    definition: str
    serving: Path | None = None

    @property
    def file(self) -> Path:
        """The file that defines it."""
        return self.folder / self.definition


def locate(path: Path) -> Location:
    """Return the SavedModel at path: a folder, its definition itself, or a folder of numbered versions.

    Raises UnreadableArtifact if there is none.
    """
    try:
        if not path.is_dir():
            return Location(path.parent, path.name)
        serving = path if is_serving_folder(path) else None
        folder = served_folder(path) if serving is not None else path
        for name in DEFINITIONS:
            if (folder / name).exists():
                return Location(folder, name, serving)
    except (OSError, ValueError) as error:
        raise UnreadableArtifact(f"{one_line(path)}: {one_line(error)}", "check the path") from None
    raise UnreadableArtifact(f"{one_line(path)}: is a folder without a saved_model.pb", "name a SavedModel folder")
