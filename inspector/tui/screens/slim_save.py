"""The dialog that asks where to write the slimmed image."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from textual.widgets import Input

from inspector.errors import InspectorError
from inspector.records.image_inspection import ImageInspection
from inspector.records.slimming import Slimming, SlimStep
from inspector.report.figures import bytes_text
from inspector.tui.jobs import Workflow
from inspector.tui.screens.path_screen import PathScreen

_ENGINE = "docker://"


class SlimSaveScreen(PathScreen[Slimming]):
    """Writes the last accepted level; never over the input, over another file only when asked twice."""

    TITLE_TEXT = "save the slimmed image"
    DOES = "writes"
    PLACEHOLDER = "image-slim.tar"
    SUFFIXES = (".tar",)

    def __init__(self, saving: Callable[[str], Workflow], step: SlimStep, inspection: ImageInspection) -> None:
        """saving gives what writes to a target."""
        super().__init__(proposed_name(inspection, step))
        self._saving = saving
        self._step = step
        self._inspection = inspection
        self._agreed = ""

    def explain(self) -> str:
        """Return what is written, and what can be typed."""
        size = bytes_text(self._step.after.size_bytes) if self._step.after is not None else ""
        return (
            f"{self._step.level}, {size}, {self._step.verdict}. NAME.tar is an archive that docker load and OCI tools read,"
            f" any other name a folder (OCI layout), {_ENGINE}name:tag an image on the engine. It is read back before it"
            " counts as written."
        )

    def on_input_submitted(self, message: Input.Submitted) -> None:
        """Take the row that was picked, or else the text as typed: it need not be a path."""
        message.stop()
        message.prevent_default()  # the base class takes every text for a path
        row, typed = self._table.row, message.value.strip()
        if self._job is not None:
            return
        if self._picked and row is not None:
            self._choose(row.path)
        elif typed.startswith(_ENGINE):
            self._take_name(typed)
        elif typed:
            self._choose(str(Path(typed).expanduser()))

    def take(self, path: Path) -> None:
        """Write there, unless it must not be, or another file is there and nobody has agreed to lose it."""
        target = str(path)
        refusal = self._refusal(target)
        if refusal:
            self.complain(refusal)
        elif path.exists() and self._agreed != target:
            self._agreed = target
            self.ask(f"{path.name} is there already: Enter again replaces it.")
        else:
            self._write(target)

    def _take_name(self, target: str) -> None:
        """Write into the engine, unless it is the image that is read."""
        refusal = self._refusal(target)
        if refusal:
            self.complain(refusal)
        else:
            self._write(target)

    def _refusal(self, target: str) -> str:
        from inspector.formats.image.saving import check_image_target
        from inspector.workflows.files import files_of

        try:
            check_image_target(target, [*files_of(self._inspection), *self._names])
        except InspectorError as error:
            return str(error)
        return ""

    @property
    def _names(self) -> list[str]:
        """Names of the image that is read, where it is on an engine."""
        image = self._inspection.image
        names = (image.artifact.path.removeprefix(_ENGINE), *image.references) if image.source == "engine" else ()
        return [f"{_ENGINE}{name}" for name in names]

    def _write(self, target: str) -> None:
        self.start(f"writing {Path(target).name}", self._saving(target))

    def done(self, result: object) -> None:
        """Give back what was written."""
        assert isinstance(result, Slimming)
        self.dismiss(result)


def proposed_name(inspection: ImageInspection, step: SlimStep) -> str:
    """Return a name in the working folder that says what was done: "digits-trace.tar"."""
    name = inspection.image.artifact.path.removeprefix(_ENGINE).rstrip("/").rpartition("/")[2]
    for suffix in (".gz", ".zst", ".zstd", ".tgz", ".tar"):
        name = name.removesuffix(suffix)
    stem = name.replace(":", "-").replace("@", "-") or "image"
    return f"{stem}-{step.level}.tar"
