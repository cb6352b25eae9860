"""The JSON Schema of a review as the package ships it; loads nothing, so that printing it is instant."""

from __future__ import annotations

SCHEMA_FILE = "review.schema.json"


def schema_path() -> str:
    """Return where the package keeps the schema."""
    return f"{__file__.rpartition('/')[0]}/{SCHEMA_FILE}"


def schema_text() -> str:
    """Return the schema as JSON text with a final line feed."""
    with open(schema_path(), encoding="utf-8") as file:  # noqa: PTH123  (pathlib costs more than the read)
        return file.read()
