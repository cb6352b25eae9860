"""What a hostile SavedModel is made by, and what the command must answer to it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.e2e.hostile_saved_models import protos
from tests.e2e.hostile_saved_models.table import PAIRS, VALUES, table

Change = Callable[[Path], object]
"""Changes a sound SavedModel in its folder."""


@dataclass(frozen=True)
class Case:
    """One hostile SavedModel, and what is asked of the command.

    refused: it must end in exit 3 with `says` in its one line. finds: rules that must be found. told: whether a reading must
    have at least one finding that is no mere note. Otherwise either answer will do, cleanly given.
    """

    name: str
    change: Change
    opened: str = "model"
    refused: bool = False
    says: str = ""
    finds: tuple[str, ...] = ()
    told: bool = False
    sound: bool = False

    def make(self, folder: Path) -> Path:
        """Make it in an empty folder and return the path to open."""
        sound_model(folder / "model")
        self.change(folder / "model")
        return folder / self.opened


def sound_model(folder: Path) -> None:
    """Write y = x @ w with its checkpoint."""
    (folder / "variables").mkdir(parents=True)
    (folder / "saved_model.pb").write_bytes(protos.small())
    (folder / "variables" / "variables.index").write_bytes(table(PAIRS))
    (folder / "variables" / "variables.data-00000-of-00001").write_bytes(VALUES)


def definition(data: bytes) -> Change:
    """Return what puts these bytes into saved_model.pb."""
    return lambda folder: (folder / "saved_model.pb").write_bytes(data)


def index(data: bytes) -> Change:
    """Return what puts these bytes into variables.index."""
    return lambda folder: (folder / "variables" / "variables.index").write_bytes(data)


def in_place_of(name: str, make: Callable[[Path], object]) -> Change:
    """Return what makes something else in place of a file."""

    def change(folder: Path) -> None:
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.unlink(missing_ok=True)
        make(path)

    return change
