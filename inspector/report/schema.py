"""Derives the JSON Schema of a review from the records; `python -m inspector.report.schema` rewrites the shipped file."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import msgspec

from inspector.records.documentation import SCHEMA_DIALECT, describe
from inspector.records.review import SCHEMA_VERSION, Review
from inspector.report.schema_file import SCHEMA_FILE


def build_schema() -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of what to_json writes, described with the records' own docstrings."""
    derived = msgspec.json.schema(Review)
    definitions: dict[str, Any] = derived["$defs"]
    describe(definitions, Review)
    review = definitions["Review"]
    review["properties"]["schema"] = {"description": "Version of this schema.", "const": SCHEMA_VERSION}
    review["required"] = ["schema", *review["required"]]
    return {"$schema": SCHEMA_DIALECT, "title": "modelpack-tui review", **derived}


def derived_text() -> str:
    """Return the schema as the package ships it: indented JSON with a final line feed."""
    return json.dumps(build_schema(), indent=2, ensure_ascii=False) + "\n"


def main() -> None:
    """Write the schema to the file that the package ships."""
    target = Path(__file__).with_name(SCHEMA_FILE)
    target.write_text(derived_text(), encoding="utf-8")
    sys.stderr.write(f"wrote {target.name}\n")


if __name__ == "__main__":
    main()
