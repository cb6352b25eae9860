"""The dialogs that ask for what steps are judged by: a file of inputs, a contract."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from inspector.isolation.limits import CancelToken
from inspector.records.contract import Contract
from inspector.records.event import Event, Finished
from inspector.records.optimization import OptimizationRequest
from inspector.report.figures import plural
from inspector.tui.screens.path_screen import PathScreen
from inspector.tui.widgets.optimize.runner import data_note

if TYPE_CHECKING:
    from inspector.workflows.optimization.data_facts import DataFacts
    from inspector.workflows.optimization.session import OptimizationSession


def _lost(steps: int) -> str:
    return f" The {plural(steps, 'step')} so far, judged otherwise, will be forgotten." if steps else ""


@dataclass(frozen=True, slots=True)
class NamedData:
    """A file of inputs that fits the model."""

    path: str
    note: str
    """How many samples it holds, and whether with labels."""

    def of(self, request: OptimizationRequest) -> OptimizationRequest:
        """Return the request with this file."""
        return replace(request, data=self.path)


class NameDataScreen(PathScreen[NamedData]):
    """Reads the file as a step would before it takes it."""

    TITLE_TEXT = "inputs and labels"
    DOES = "reads it"
    PLACEHOLDER = "inputs.npz"
    SUFFIXES = (".npz",)

    def __init__(self, session: OptimizationSession, steps: int) -> None:
        super().__init__(session.request.data)
        self._session = session
        self._steps = steps

    def explain(self) -> str:
        """Return what the file holds."""
        return (
            f"An .npz with one array for each input{self._of_signature}, by name; the first axis counts samples. An array of"
            f" labels, if there is one, is what changes are held against.{_lost(self._steps)}"
        )

    @property
    def _of_signature(self) -> str:
        """Which signature the file is for, where there are several."""
        signatures = self._session.inspection.computation.signatures
        if len(signatures) < 2:
            return ""
        return f" of signature {self._session.request.signature or signatures[0].name}"

    def take(self, path: Path) -> None:
        """Read it beside the screen."""
        inspection, request = self._session.inspection, self._session.request

        def workflow(token: CancelToken) -> Iterator[Event[DataFacts]]:
            from inspector.workflows.optimization.data_facts import look_at_data

            return look_at_data(path, inspection, request, token)

        self.start(f"reading {path.name}", workflow)

    def done(self, result: object) -> None:
        """Give the file back with what it holds."""
        self.dismiss(NamedData(getattr(result, "path"), data_note(result)))  # type: ignore[arg-type]  # noqa: B009


@dataclass(frozen=True, slots=True)
class NamedContract:
    """A contract, and the folder that paths in it are relative to."""

    contract: Contract
    folder: str

    def of(self, request: OptimizationRequest) -> OptimizationRequest:
        """Return the request with this contract."""
        return replace(request, contract=self.contract, contract_folder=self.folder)


class NameContractScreen(PathScreen[NamedContract]):
    """Reads the contract before it takes it."""

    TITLE_TEXT = "contract"
    DOES = "reads it"
    PLACEHOLDER = "contract.yaml"
    SUFFIXES = (".yaml", ".yml", ".json")

    def __init__(self, request: OptimizationRequest, steps: int) -> None:
        super().__init__()
        self._request = request
        self._steps = steps

    def explain(self) -> str:
        """Return what the file holds."""
        return (
            "A YAML or JSON file of what must hold: signature, tolerances, the metric on labelled data and its margin."
            f" --write-contract derives one from a model.{_lost(self._steps)}"
        )

    def take(self, path: Path) -> None:
        """Read it beside the screen."""

        def workflow(_: CancelToken) -> Iterator[Event[NamedContract]]:
            from inspector.formats.contract_file import read_contract

            yield Finished(NamedContract(read_contract(path), str(path.absolute().parent)))

        self.start(f"reading {path.name}", workflow)

    def done(self, result: object) -> None:
        """Give it back."""
        assert isinstance(result, NamedContract)
        self.dismiss(result)
