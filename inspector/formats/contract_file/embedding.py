"""A contract as JSON in one line, to be embedded in what is written, and back."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from inspector.errors import UsageError
from inspector.formats.contract_file.bounds import LARGEST, BadText
from inspector.formats.contract_file.plain import plain_values

if TYPE_CHECKING:
    from pathlib import Path

    from inspector.records.contract import Contract

_METADATA: Final = 14 * 8 + 2
_ROOM: Final = 1024
"""What the key and the lengths take beside the contract."""


def to_json(contract: Contract) -> str:
    """Return the contract as JSON in ASCII on one line; parts that are as they are by default are left out."""
    return json.dumps(plain_values(contract), ensure_ascii=True, separators=(",", ":"), allow_nan=False)


def from_json(text: str, label: str = "embedded contract") -> Contract:
    """Return the contract that to_json wrote; UsageError in one line, the place named, where the text is none."""
    from inspector.formats.contract_file.json_values import parse_json
    from inspector.formats.contract_file.read import checked_contract

    try:
        if len(text) > LARGEST:
            raise BadText(f"is longer than {LARGEST:,} characters", "a contract is a few kilobytes")
        return checked_contract(parse_json(text))
    except BadText as error:
        raise UsageError(f"{label}: {error.message}", error.hint) from None


def embedded_contract(path: Path) -> Contract | None:
    """Return the contract in the metadata of the ONNX file at path, None where there is none.

    Read as the file holds it, since what the reader of models keeps of metadata is cleaned and clipped. UsageError as
    from_json; UnreadableArtifact where the file is no protobuf message.
    """
    from inspector.formats.clean_text import one_line

    raw = _embedded_text(path)
    if raw is None:
        return None
    return from_json(raw.decode("utf-8", "surrogateescape"), f"{one_line(path)}: embedded contract")


def _embedded_text(path: Path) -> bytes | None:
    """Return the last value of the property, as protobuf reads a map."""
    from google.protobuf.message import DecodeError

    from inspector.formats.onnx.open_file import open_source
    from inspector.formats.onnx.schema import PairMessage
    from inspector.formats.onnx.wire import fields
    from inspector.records.contract import CONTRACT_KEY

    found: bytes | None = None
    with open_source(path) as source:
        for tag, _, start, end in fields(source, 0, source.size):
            if tag == _METADATA and end - start <= LARGEST + _ROOM:
                try:
                    pair = PairMessage.FromString(source.read(start, end - start))
                except DecodeError:
                    continue
                found = bytes(pair.value) if pair.key == CONTRACT_KEY.encode() else found
    return found
