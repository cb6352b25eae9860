"""Contracts on the command line: the one to hold an artifact against, and the one to write."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from inspector.cli import output
from inspector.cli.diagnostics import say_note
from inspector.cli.options import Options
from inspector.cli.report_options import STDOUT
from inspector.errors import UsageError
from inspector.workflows.output_file import write_file

if TYPE_CHECKING:
    from inspector.records.contract import Contract
    from inspector.records.opened import Target


def contract_to_keep(options: Options, artifact: Target) -> Contract | None:
    """Return the contract that the options name, None where they name none; UsageError where it, or the artifact, is none."""
    if options.contract is None:
        if options.contract_target is not None:
            check_has_contract(artifact)
        return None
    check_has_contract(artifact)
    from inspector.formats.contract_file import read_contract

    return read_contract(Path(options.contract))


def check_has_contract(artifact: Target) -> None:
    """Raise UsageError for what no contract is of: an image; UnreadableArtifact for what cannot be opened."""
    from inspector.workflows.inspect import kind_of

    if kind_of(artifact) == "image":
        raise UsageError(f"{artifact} is a container image: contracts are of models", "name an ONNX file or a SavedModel")


def write_contract(contract: Contract, options: Options, inputs: Iterable[Path]) -> None:
    """Write a contract where the options say: YAML, or JSON where the file is named so."""
    from inspector.formats.contract_file import contract_text, to_json

    target = options.contract_target or STDOUT
    if target == STDOUT:
        output.write_text(contract_text(contract))
        return
    text = f"{to_json(contract)}\n" if Path(target).suffix.lower() == ".json" else contract_text(contract)
    write_file(Path(target), text.encode(), inputs, "contract")
    say_note(f"wrote {target}")
