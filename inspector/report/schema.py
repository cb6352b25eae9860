"""Derives the JSON Schema of a review from the records; `python -m inspector.report.schema` rewrites the shipped file."""

from __future__ import annotations

import ast
import dataclasses
import inspect
import json
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any, get_args, get_type_hints

import msgspec

from inspector.records.review import SCHEMA_VERSION, Review
from inspector.report.schema_file import SCHEMA_FILE

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def build_schema() -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of what to_json writes, described with the records' own docstrings."""
    derived = msgspec.json.schema(Review)
    definitions: dict[str, Any] = derived["$defs"]
    for name, record in _records(Review, {}).items():
        _describe(definitions[name], record)
    review = definitions["Review"]
    review["properties"]["schema"] = {"description": "Version of this schema.", "const": SCHEMA_VERSION}
    review["required"] = ["schema", *review["required"]]
    return {"$schema": DIALECT, "title": "modelpack-tui review", **derived}


def derived_text() -> str:
    """Return the schema as the package ships it: indented JSON with a final line feed."""
    return json.dumps(build_schema(), indent=2, ensure_ascii=False) + "\n"


def _describe(definition: dict[str, Any], record: type) -> None:
    definition["description"] = inspect.cleandoc(record.__doc__ or "")
    for field, text in _field_docs(record).items():
        definition["properties"][field] = {"description": text, **definition["properties"][field]}


def _records(record: type, found: dict[str, type]) -> dict[str, type]:
    """Return every dataclass that record refers to, by name, itself included."""
    found[record.__name__] = record
    for hint in get_type_hints(record).values():
        for part in _parts(hint):
            if dataclasses.is_dataclass(part) and isinstance(part, type) and part.__name__ not in found:
                _records(part, found)
    return found


def _parts(hint: object) -> list[object]:
    return [hint, *(part for argument in get_args(hint) for part in _parts(argument))]


def _field_docs(record: type) -> dict[str, str]:
    """Return the docstring that follows each field in the source of a record."""
    body = ast.parse(inspect.getsource(record)).body[0]
    statements = body.body if isinstance(body, ast.ClassDef) else []
    docs = {}
    for field, after in pairwise(statements):
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name) and isinstance(after, ast.Expr):
            docs[field.target.id] = " ".join(str(ast.literal_eval(after.value)).split())
    return docs


def main() -> None:
    """Write the schema to the file that the package ships."""
    target = Path(__file__).with_name(SCHEMA_FILE)
    target.write_text(derived_text(), encoding="utf-8")
    sys.stderr.write(f"wrote {target.name}\n")


if __name__ == "__main__":
    main()
