"""The index of a run as JSON."""

from __future__ import annotations

from inspector.records.index import Index
from inspector.report.json import record_json


def index_json(index: Index) -> bytes:
    """Return the index as indented UTF-8 JSON, written as reviews are: schema first, nothing in it that drives a terminal."""
    return record_json(index)
