"""The dialog that asks where to write the model that the steps came to."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from inspector.errors import InspectorError
from inspector.isolation.limits import CancelToken
from inspector.records.event import Event
from inspector.records.optimization import Optimization
from inspector.report.figures import bytes_text
from inspector.tui.screens.path_screen import PathScreen

if TYPE_CHECKING:
    from inspector.workflows.optimization.session import OptimizationSession


class SaveModelScreen(PathScreen[Optimization]):
    """Writes the model with its contract inside; never over the input, over another file only when asked twice."""

    TITLE_TEXT = "save the optimized model"
    DOES = "writes"
    PLACEHOLDER = "model-optimized.onnx"
    SUFFIXES = (".onnx",)

    def __init__(self, session: OptimizationSession) -> None:
        super().__init__(proposed_name(session))
        self._session = session
        self._agreed: Path | None = None

    def explain(self) -> str:
        """Return what is written."""
        steps = ", ".join(change.optimizer for change in self._session.changes if change.status == "accepted")
        size = bytes_text(self._session.current.facts.size_bytes)
        return f"{size} after {steps}, with the contract inside. It is read back before it counts as written."

    def take(self, path: Path) -> None:
        """Write there, unless it must not be, or another file is there and nobody has agreed to lose it."""
        refusal = self._refusal(path)
        if refusal:
            self.complain(refusal)
        elif path.exists() and self._agreed != path:
            self._agreed = path
            self.ask(f"{path.name} is there already: Enter again replaces it.")
        else:
            self._write(path)

    def _refusal(self, path: Path) -> str:
        from inspector.formats.onnx.save import check_target

        computation = self._session.inspection.computation
        source = Path(computation.artifact.path)
        inputs = [source, *(source.parent / file.location for file in computation.external_files)]
        try:
            check_target(path, inputs)
        except InspectorError as error:
            return str(error)
        return ""

    def _write(self, path: Path) -> None:
        session = self._session

        def workflow(token: CancelToken) -> Iterator[Event[Optimization]]:
            return session.save(path, token)

        self.start(f"writing {path.name}", workflow)

    def done(self, result: object) -> None:
        """Give back what was written."""
        assert isinstance(result, Optimization)
        self.dismiss(result)


def proposed_name(session: OptimizationSession) -> str:
    """Return a name beside the working folder's other files that says what was done: "model-simplify-int8.onnx"."""
    stem = Path(session.inspection.computation.artifact.path).stem
    steps = dict.fromkeys(change.optimizer for change in session.changes if change.status == "accepted")
    return "-".join([stem, *steps]) + ".onnx"
