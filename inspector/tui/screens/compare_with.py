"""The dialog that asks what to measure side by side with what is open."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from inspector.errors import InspectorError
from inspector.isolation.limits import CancelToken
from inspector.records.event import Event, Partial
from inspector.tui.screens.path_screen import PathScreen

if TYPE_CHECKING:
    from inspector.records.opened import Opened, Target


class CompareWithScreen(PathScreen["Opened"]):
    """Reads the artifact before it takes it; one on an engine is named docker://name:tag."""

    TITLE_TEXT = "compare with"
    DOES = "reads it"
    PLACEHOLDER = "other.onnx"

    def explain(self) -> str:
        """Return what it is for."""
        return "Another artifact of the same kind and signature: both are measured side by side, in random order."

    def _choose(self, path: str) -> None:
        """Take a SavedModel or an OCI layout as what it is, though it is a folder."""
        if path.startswith("docker:/"):
            self._read(path if path.startswith("docker://") else path.replace("docker:/", "docker://", 1))
        elif any(Path(path, name).is_file() for name in ("saved_model.pb", "saved_model.pbtxt", "oci-layout")):
            self._read(path)
        else:
            super()._choose(path)

    def take(self, path: Path) -> None:
        """Read a file."""
        self._read(str(path))

    def _read(self, text: str) -> None:
        from inspector.workflows.targets import target_of, title_of

        try:
            target = target_of(text)
        except InspectorError as error:
            self.complain(str(error))
            return
        self.start(f"reading {title_of(target)}", lambda token: _opened(target, token))

    def done(self, result: object) -> None:
        """Give it back."""
        self.dismiss(result)  # type: ignore[arg-type]


def _opened(target: Target, token: CancelToken) -> Iterator[Event[Opened]]:
    """Read it; what is known of it in part is passed over."""
    from inspector.workflows.inspect import inspect

    return (event for event in inspect(target, cancel=token) if not isinstance(event, Partial))
