"""The dialog that asks for an exercise: what a container is made to do while it is watched, and when it is proven."""

from __future__ import annotations

from pathlib import Path

from textual.widgets import Input

from inspector.errors import InspectorError
from inspector.records.slimming import Exercise
from inspector.tui.screens.path_screen import PathScreen


class SlimExerciseScreen(PathScreen[Exercise]):
    """Takes a command, the path of a file of requests, or contract:URL; files are listed while one is typed."""

    TITLE_TEXT = "exercise"
    PLACEHOLDER = "predict.http · contract:http://localhost:8000/v2/models/m/infer · python check.py"
    SUFFIXES = (".http", ".rest")

    def __init__(self, text: str = "", *, contract: bool = False) -> None:
        super().__init__(text)
        self._has_contract = contract

    def explain(self) -> str:
        """Return what can be typed."""
        contract = "posts the contract's inputs" if self._has_contract else "needs a contract (c names one)"
        return (
            "What the container must be able to do: a file of HTTP requests (.http), a command that is run in it, or"
            f" contract:URL, which {contract}."
        )

    def on_input_submitted(self, message: Input.Submitted) -> None:
        """Take the row that was picked, or else the text as typed: it need not be a path."""
        message.stop()
        message.prevent_default()  # the base class takes every text for a path
        row, typed = self._table.row, message.value.strip()
        if self._picked and row is not None:
            self._choose(row.path)
        elif typed:
            self._parse(typed)

    def take(self, path: Path) -> None:
        """Take a file of requests."""
        self._parse(str(path))

    def _parse(self, text: str) -> None:
        from inspector.runtimes.container.exercises import parse_exercise

        try:
            self.dismiss(parse_exercise(text))
        except InspectorError as error:
            self.complain(str(error).removeprefix("--exercise "))

    def done(self, result: object) -> None:
        """Nothing is worked on here."""
