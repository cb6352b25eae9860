"""Reads a contract from a file: YAML, or JSON."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from inspector.errors import InspectorError, UsageError
from inspector.formats.clean_text import one_line
from inspector.formats.contract_file.bounds import LARGEST, BadText
from inspector.records.contract import CONTRACT_VERSION

if TYPE_CHECKING:
    from inspector.records.contract import Contract

_BEGIN = "modelpack-tui MODEL --write-contract FILE writes one to begin with"


def read_contract(path: Path) -> Contract:
    """Return the contract in the file at path; UsageError in one line, the place named, where it is none or makes no sense."""
    label = one_line(path)
    text = _text_of(path, label)
    try:
        return parse_contract(text)
    except BadText as error:
        raise UsageError(f"{label}: {error.message}", error.hint) from None


def parse_contract(text: str) -> Contract:
    """Return the contract in YAML or JSON; raises BadText where there is none, or one that contradicts itself."""
    return checked_contract(_values(text))


def checked_contract(values: object) -> Contract:
    """Return the contract that plain values make; raises BadText where they make none, or one that contradicts itself."""
    from inspector.formats.contract_file.convert import to_contract
    from inspector.formats.contract_file.sense import contradictions

    _check_version(values)
    contract = to_contract(values)
    for message, hint in contradictions(contract):
        raise BadText(message, hint)
    return contract


def _check_version(values: object) -> None:
    """Look at the version before anything else: another one may well have other fields."""
    if not isinstance(values, dict):
        return
    if "contract" not in values:
        raise BadText("contract: is missing", f"a contract begins with the version of its format: contract: {CONTRACT_VERSION}")
    version = values["contract"]
    if isinstance(version, int) and not isinstance(version, bool) and version != CONTRACT_VERSION:
        raise BadText(
            f"contract: version {one_line(version)} of the format is not known",
            f"this program knows version {CONTRACT_VERSION}",
        )


def _text_of(path: Path, label: str) -> str:
    from inspector.formats.onnx.open_file import open_regular

    try:
        descriptor = open_regular(path)
    except InspectorError as error:
        raise UsageError(error.message.replace("not a model file", "not a contract"), _BEGIN) from None
    try:
        with os.fdopen(descriptor, "rb") as file:
            data = file.read(LARGEST + 1)
    except OSError as error:
        raise UsageError(f"{label}: {error.strerror}", "check the disk") from None
    if len(data) > LARGEST:
        raise UsageError(f"{label}: is larger than {LARGEST:,} bytes", "a contract is a few kilobytes")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageError(f"{label}: is not UTF-8 at byte {error.start:,}", "save it as UTF-8 text") from None


def _values(text: str) -> object:
    """Return the plain values of text in JSON, where it is that, or in YAML, where mappings may begin with { as well."""
    if text.lstrip().startswith("{"):
        from inspector.formats.contract_file.json_values import parse_json

        try:
            return parse_json(text)
        except BadText as error:
            if error.hint != "it is no JSON":
                raise
    from inspector.formats.contract_file.yaml_values import parse_yaml

    return parse_yaml(text)
