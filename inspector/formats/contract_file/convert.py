"""Plain values as a contract: no key but those that exist, every value of its type, text that is safe to show."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from functools import cache
from math import isfinite
from types import UnionType
from typing import Final, get_args, get_type_hints

from inspector.formats.clean_text import escape, one_line
from inspector.formats.contract_file.bounds import BadText
from inspector.records.contract import Contract

_TYPE_NAMES: Final = {
    "str": "text",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "array": "a list",
    "object": "a mapping",
    "null": "nothing",
}
_EXPECTED: Final = re.compile(r"Expected `([^`]*)`(?:, got `([^`]*)`)?")
_CHOICE: Final = re.compile(r"Invalid enum value (.*)", re.DOTALL)
_MISSING: Final = re.compile(r"Object missing required field `([^`]*)`")
_PROSE: Final = frozenset({"description", "recipe"})
"""Fields whose text may be written on several lines."""


def to_contract(values: object) -> Contract:
    """Return the contract that plain values make; raises BadText, the path of the value named (inputs[0].shape)."""
    import msgspec

    if values is None:
        raise BadText("is empty", "modelpack-tui MODEL --write-contract FILE writes one to begin with")
    plain = _checked(values, Contract, "")
    try:
        return msgspec.convert(plain, Contract)
    except msgspec.ValidationError as error:
        raise _explained(str(error)) from None


def _checked(value: object, hint: object, path: str) -> object:
    """Return the value with text cleaned and empty fields left out; raises BadText for an unknown key or no finite number."""
    if isinstance(value, dict):
        record = _record_of(hint)
        return _checked_record(value, record, path) if record else _checked_mapping(value, path)
    if isinstance(value, list):
        item = next((get_args(part)[0] for part in _alternatives(hint) if get_args(part)), None)
        return [_checked(part, item, f"{path}[{index}]") for index, part in enumerate(value)]
    if isinstance(value, float) and not isfinite(value):
        raise BadText(f"{path}: is no finite number", "leave it out where there is no bound")
    if isinstance(value, int) and not isinstance(value, bool) and not -(2**63) <= value < 2**63:
        raise BadText(f"{path}: is a number beyond 64 bits")
    return _safe(value) if isinstance(value, str) else value


def _checked_record(values: Mapping[str, object], record: type, path: str) -> dict[str, object]:
    hints = _hints(record)
    for key in values:
        if key not in hints:
            raise BadText(f"{_join(path, _safe(one_line(key)))}: there is no such field", _nearest(key, list(hints)))
    given = {key: _unwrapped(value) if key in _PROSE else value for key, value in values.items() if value is not None}
    return {key: _checked(value, hints[key], _join(path, key)) for key, value in given.items()}


def _checked_mapping(values: Mapping[str, object], path: str) -> dict[str, object]:
    return {_safe(key): _checked(value, None, _join(path, _safe(one_line(key)))) for key, value in values.items()}


def _unwrapped(value: object) -> object:
    """Return prose that was written on several lines as one."""
    if isinstance(value, list):
        return [_unwrapped(part) for part in value]
    return " ".join(value.split()) if isinstance(value, str) and "\n" in value else value


def _safe(text: str) -> str:
    """Return text with what must not be shown as escapes, as names of the model itself are cleaned; all other text as it is."""
    plain = text.replace("\\", "")
    return text if escape(plain) == plain else escape(text)


def _join(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key


def _nearest(key: str, known: list[str]) -> str:
    from difflib import get_close_matches

    near = get_close_matches(key.lower(), known, 1, 0.5)
    return f"did you mean {near[0]}?" if near else f"there are {', '.join(known)}"


@cache
def _hints(record: type) -> dict[str, object]:
    hints = get_type_hints(record)
    return {field.name: hints[field.name] for field in fields(record)}


def _alternatives(hint: object) -> tuple[object, ...]:
    """Return the members of a union, or the type itself."""
    return get_args(hint) if isinstance(hint, UnionType) else (hint,)


def _record_of(hint: object) -> type | None:
    """Return the record that a mapping of that type makes, if any."""
    return next((part for part in _alternatives(hint) if isinstance(part, type) and is_dataclass(part)), None)


def _explained(message: str) -> BadText:
    """Return msgspec's message in words of the file's reader: the path first, then what was expected there."""
    what, _, place = message.partition(" - at `")
    path = place.rstrip("`").removeprefix("key in ").removeprefix("$").removeprefix(".").replace("[...]", "") or "the contract"
    for pattern, words in _WORDINGS:
        if match := pattern.match(what):
            text, hint = words(match)
            return BadText(f"{path}: {text}", hint)
    return BadText(f"{path}: {one_line(what)}")


def _expected_words(match: re.Match[str]) -> tuple[str, str]:
    expected = " or ".join(_TYPE_NAMES.get(name.strip(), name.strip()) for name in match[1].split("|"))
    found = f", found {_TYPE_NAMES.get(match[2], match[2])}" if match[2] else ""
    quotes = "put it in quotes" if match[1].startswith("str") and match[2] in ("int", "float", "bool") else ""
    return f"expected {expected}{found}", quotes


def _choice_words(match: re.Match[str]) -> tuple[str, str]:
    from inspector.records.contract import Metric

    return f"there is no {one_line(match[1])}", f"there are {', '.join(get_args(Metric))}"


_WORDINGS: Final[tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], tuple[str, str]]], ...]] = (
    (_EXPECTED, _expected_words),
    (_CHOICE, _choice_words),
    (_MISSING, lambda match: (f"lacks {match[1]}", "")),
)
