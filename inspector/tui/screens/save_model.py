"""The dialog that asks where to write the model that the steps came to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from inspector.errors import InspectorError
from inspector.isolation.limits import CancelToken
from inspector.records.event import Event
from inspector.records.optimization import Change, Optimization, OptimizationRequest
from inspector.records.publishing import PublishedVersion, PublishRequest
from inspector.report.figures import bytes_text, plural
from inspector.tui.candidates import is_openable_folder
from inspector.tui.screens.path_screen import PathScreen
from inspector.tui.widgets.optimize.becoming import format_of

if TYPE_CHECKING:
    from inspector.records.artifact import Format
    from inspector.records.runnable import Runnable
    from inspector.workflows.optimization.session import OptimizationSession

_SUFFIXES: dict[Format, str] = {"onnx": ".onnx", "tflite": ".tflite", "saved_model": ""}
_DONE = {"prune": "pruned", "simplify": "simplified", "to-onnx": "", "to-litert": ""}
"""How a step is said in the name of what was made of a SavedModel; by its own name where it is not here."""
_MOST_NAMED = 3
_VERSIONED = (
    " A path that ends in a number, such as serving/2, becomes that version of a serving folder, with warm-up requests."
)


@dataclass(frozen=True, slots=True)
class Written:
    """What the session's steps are after writing, one of which knows where, and what to say of it."""

    changes: tuple[Change, ...]
    said: str


class SaveModelScreen(PathScreen[Written]):
    """Writes the model with its contract; never over the input, over another file only when asked twice.

    A SavedModel at a path that ends in a number becomes that version of a serving folder.
    """

    TITLE_TEXT = "save the optimized model"
    DOES = "writes"

    def __init__(self, session: OptimizationSession) -> None:
        super().__init__(proposed_name(session))
        self._session = session
        self._format = format_of(session.current)
        self._agreed: Path | None = None
        suffix = _SUFFIXES.get(self._format, "")
        self.SUFFIXES = (suffix,) if suffix else ("/",)
        self.PLACEHOLDER = f"model-optimized{suffix}"

    def explain(self) -> str:
        """Return what is written."""
        steps = ", ".join(change.optimizer for change in self._session.changes if change.status == "accepted")
        size = bytes_text(self._session.current.facts.size_bytes)
        inside = "a folder, with the contract" if self._format == "saved_model" else "with the contract inside"
        more = _VERSIONED if self._format == "saved_model" else self._beside()
        return f"{size} after {steps}, {inside}. It is read back before it counts as written.{more}"

    def _beside(self) -> str:
        """Return which files come beside the one that is named: signatures of an ONNX model have one each."""
        others = [call.signature for call in self._file_calls[1:]]
        if not others:
            return ""
        named = ", ".join(others[:_MOST_NAMED])
        more = f" and {len(others) - _MOST_NAMED:,} more" if len(others) > _MOST_NAMED else ""
        return f" Beside it {plural(len(others), 'file')}, one a signature: {named}{more}."

    @property
    def _file_calls(self) -> Sequence[Runnable]:
        return self._session.current.calls if self._format == "onnx" else ()

    def _choose(self, path: str) -> None:
        """Say of a SavedModel that is there already what is wrong with it, rather than looking into it."""
        if self._format == "saved_model" and is_openable_folder(path):
            self.take(Path(path))
        else:
            super()._choose(path)

    def take(self, path: Path) -> None:
        """Write there, unless it must not be, or another file is there and nobody has agreed to lose it."""
        if self._format == "saved_model" and path.name.isdigit():
            self._publish(path)
            return
        refusal, there = self._refusal(path), [one.name for one in self._targets(path) if one.exists()]
        if refusal:
            self.complain(refusal)
        elif there and self._agreed != path:
            self._agreed = path
            self.ask(f"{', '.join(there)} {'is' if len(there) == 1 else 'are'} there already: Enter again replaces it.")
        else:
            self._write(path)

    def _targets(self, path: Path) -> list[Path]:
        """Return every path that would be written."""
        from inspector.workflows.optimization.saving import other_targets

        return [path, *(other_targets(self._session.current, path) if len(self._file_calls) > 1 else ())]

    def _refusal(self, path: Path) -> str:
        """Return why nothing may be written there, as far as that can be told at once."""
        if self._format == "saved_model":
            return f"{path.name} is there already: name a folder that is not" if path.exists() else ""
        from inspector.formats.onnx.save import check_target
        from inspector.workflows.files import files_of

        try:
            check_target(path, files_of(self._session.inspection))
        except InspectorError as error:
            return str(error)
        return ""

    def _write(self, path: Path) -> None:
        session = self._session

        def workflow(token: CancelToken) -> Iterator[Event[Optimization]]:
            return session.save(path, token)

        self.start(f"writing {path.name}", workflow)

    def _publish(self, path: Path) -> None:
        """Publish it as the version that the path ends in, unless clients of the version before would notice."""
        session = self._session
        request = publish_request(session.request, path)
        self.start(f"publishing version {path.name}", lambda token: session.publish(request, token))

    def done(self, result: object) -> None:
        """Give back what was written."""
        if isinstance(result, PublishedVersion):
            requests = plural(result.warm_up_requests, "warm-up request")
            said = ". ".join((f"Published, with its contract and {requests}: {result.path}", *result.notes))
            self.dismiss(Written(self._session.changes, said))
            return
        assert isinstance(result, Optimization)
        inside = "" if self._format == "saved_model" else " inside"
        more = len(next((one.files for one in reversed(result.changes) if one.output), ()))
        beside = f" and {plural(more, 'file')} beside it" if more else ""
        self.dismiss(Written(result.changes, f"Written, with its contract{inside}: {result.output}{beside}"))


def publish_request(request: OptimizationRequest, path: Path) -> PublishRequest:
    """Return the request to publish under a path that ends in a version's number, with the inputs steps are judged by."""
    return PublishRequest(
        str(path.parent),
        int(path.name),
        data=request.data,
        signature=request.signature,
        allow_drift="signature-drift" in request.settings.allow,
        lengths=request.lengths,
        settings=request.settings,
    )


def proposed_name(session: OptimizationSession) -> str:
    """Return a name in the working folder that says what was done: "model-simplify-int8.onnx", "classifier-pruned"."""
    original = Path(session.inspection.computation.artifact.path)
    steps = dict.fromkeys(change.optimizer for change in session.changes if change.status == "accepted")
    suffix = _SUFFIXES.get(format_of(session.current), "")
    if session.inspection.computation.saved_model is None:
        return "-".join([original.stem, *steps]) + suffix
    said = [_DONE.get(step, step) for step in steps]
    return "-".join([_folder_name(original), *filter(None, said)]) + suffix


def _folder_name(folder: Path) -> str:
    """Return the name of a SavedModel, that of its serving folder where it is a numbered version of one."""
    folder = folder.absolute() if folder.is_dir() else folder.absolute().parent
    return folder.parent.name if folder.name.isdigit() and folder.parent.name else folder.name
