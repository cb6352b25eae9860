"""JSON as plain values: repeated keys are refused, depth and number of values are bounded."""

from __future__ import annotations

import json
from typing import NoReturn

from inspector.formats.clean_text import one_line
from inspector.formats.contract_file.bounds import DEEPEST, MOST_VALUES, BadText


def parse_json(text: str) -> object:
    """Return the value in the text as None, bool, int, float, str, list and dict. Raises BadText."""
    try:
        value: object = json.loads(text, object_pairs_hook=_mapping, parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:
        raise BadText(f"line {error.lineno:,}: {one_line(error.msg)}", "it is no JSON") from None
    except RecursionError:
        raise BadText(_too_deep()) from None
    except ValueError as error:
        raise BadText(f"cannot be read as JSON: {one_line(error)}") from None
    _check_bounds(value)
    return value


def _mapping(pairs: list[tuple[str, object]]) -> dict[str, object]:
    items: dict[str, object] = {}
    for key, value in pairs:
        if key in items:
            raise BadText(f"{one_line(key)} is given twice", "give it once")
        items[key] = value
    return items


def _refuse_constant(name: str) -> NoReturn:
    raise BadText(f"{name} is no number of JSON")


def _check_bounds(value: object) -> None:
    level, depth, count = [value], 0, 0
    while level:
        count += len(level)
        if depth > DEEPEST:
            raise BadText(_too_deep())
        if count > MOST_VALUES:
            raise BadText(f"holds more than {MOST_VALUES:,} values")
        lists = [part for part in level if isinstance(part, list)]
        mappings = [part for part in level if isinstance(part, dict)]
        level = [item for part in lists for item in part] + [item for part in mappings for item in part.values()]
        depth += 1


def _too_deep() -> str:
    return f"lists and mappings are nested more than {DEEPEST} deep"
