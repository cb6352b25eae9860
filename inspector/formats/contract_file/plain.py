"""A contract as plain values in the record's order, without what is as it is by default."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from typing import Any

from inspector.records.contract import Contract


def plain_values(contract: Contract) -> dict[str, Any]:
    """Return the contract as dict, list and scalars: the version of the format first, then its parts in order."""
    return {"contract": contract.contract, **{key: value for key, value in _record(contract).items() if key != "contract"}}


def _record(record: object) -> dict[str, Any]:
    values = {}
    for field in fields(record):  # type: ignore[arg-type]
        value = getattr(record, field.name)
        if not _is_default(field, value):
            values[field.name] = _plain(value)
    return values


def _is_default(field: Field[Any], value: object) -> bool:
    if field.default is not MISSING:
        return value is field.default or (type(value) is type(field.default) and value == field.default)
    return field.default_factory is not MISSING and value == field.default_factory()


def _plain(value: object) -> Any:
    if is_dataclass(value):
        return _record(value)
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return value
