"""What the docstrings of records say, for the JSON Schemas that are derived from them."""

from __future__ import annotations

import ast
import dataclasses
import inspect
from itertools import pairwise
from typing import Any, get_args, get_type_hints

SCHEMA_DIALECT = "https://json-schema.org/draft/2020-12/schema"


def describe(definitions: dict[str, Any], record: type) -> None:
    """Add to the definitions of a JSON Schema, by record name, what the docstrings of a record and all within it say."""
    for name, part in _records(record, {}).items():
        if name in definitions:
            _describe(definitions[name], part)


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
