"""The index of a run as JSON."""

from __future__ import annotations

import msgspec

from inspector.records.index import Index
from inspector.report.json import record_json


def index_json(index: Index) -> bytes:
    """Return the index as indented UTF-8 JSON, written as reviews are: schema first, nothing in it that drives a terminal."""
    return record_json(index)


def from_index_json(data: bytes) -> Index:
    """Return the index that index_json wrote; msgspec.ValidationError says where other JSON does not fit."""
    return msgspec.json.decode(data, type=Index)
