"""The dialog that asks where to write a report of everything that is known and was done; the suffix picks the format."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from inspector.errors import InspectorError
from inspector.isolation.limits import CancelToken
from inspector.records.event import Event
from inspector.tui.screens.path_screen import PathScreen

if TYPE_CHECKING:
    from inspector.workflows.session_review import WrittenReport

Writing = Callable[[Path, CancelToken], Iterator[Event["WrittenReport"]]]
"""Writes the report to a path: a workflow of workflows/session_review.py."""

_FORMATS = ".html .md .txt .json .sarif .xml"


class WriteReportScreen(PathScreen["WrittenReport"]):
    """Gives what was written; another file there is replaced only when asked twice, an input never."""

    TITLE_TEXT = "write a report"
    DOES = "writes"
    SUFFIXES = tuple(f".{end}" for end in ("html", "htm", "md", "txt", "json", "sarif", "xml"))

    def __init__(self, name: str, holds: str, writing: Writing, inputs: Callable[[], list[Path]]) -> None:
        """name is proposed; holds says what the report will tell of; inputs are files that must stay what they are."""
        super().__init__(name)
        self.PLACEHOLDER = name
        self._holds = holds
        self._writing = writing
        self._inputs = inputs
        self._agreed: Path | None = None

    def explain(self) -> str:
        """Return what is written."""
        return f"{self._holds} The suffix picks the format: {_FORMATS}."

    def take(self, path: Path) -> None:
        """Write there, unless it must not be, or a file is there and nobody has agreed to lose it."""
        refusal = self._refusal(path)
        if refusal:
            self.complain(refusal)
        elif path.exists() and self._agreed != path:
            self._agreed = path
            self.ask(f"{path.name} is there already: Enter again replaces it.")
        else:
            self.start(f"writing {path.name}", lambda token: self._writing(path, token))

    def _refusal(self, path: Path) -> str:
        from inspector.workflows.output_file import check_target
        from inspector.workflows.reporting import format_of

        try:
            format_of(str(path))
            check_target(path, self._inputs())
        except InspectorError as error:
            return f"{error.message}: {error.hint}" if error.hint else error.message
        return ""

    def done(self, result: object) -> None:
        """Give back what was written."""
        self.dismiss(result)  # type: ignore[arg-type]
