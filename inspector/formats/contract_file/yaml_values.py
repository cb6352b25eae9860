"""YAML as plain values, without anything of YAML that a contract has no use for.

Anchors and aliases (an alias to an alias can stand for gigabytes), tags and repeated keys are refused; depth and number of
values are bounded. Plain scalars are what YAML 1.2's core schema says they are (https://yaml.org/spec/1.2.2/#103-core-schema):
"no" and "on" are text, 5e-3 is a number, and a date is text.
"""

from __future__ import annotations

import re
from collections.abc import Hashable
from typing import TYPE_CHECKING, Final

from inspector.formats.clean_text import one_line
from inspector.formats.contract_file.bounds import DEEPEST, MOST_VALUES, BadText

if TYPE_CHECKING:
    from collections.abc import Iterator

    from yaml.events import Event, ScalarEvent

NULL: Final = re.compile(r"(?:~|null|Null|NULL|)\Z")
BOOLEAN: Final = re.compile(r"(?:true|True|TRUE|false|False|FALSE)\Z")
INTEGER: Final = re.compile(r"[-+]?[0-9]{1,400}\Z")
FLOAT: Final = re.compile(
    r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?\Z|[-+]?\.(?:inf|Inf|INF)\Z|\.(?:nan|NaN|NAN)\Z"
)


def parse_yaml(text: str) -> object:
    """Return the one document in the text as None, bool, int, float, str, list and dict. Raises BadText."""
    import yaml

    try:
        return _Builder(yaml.parse(text, Loader=yaml.SafeLoader)).document()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = _line(mark.line) if mark else "the text"
        raise BadText(f"{where}: {one_line(error.problem or error.context or 'is not understood')}", "it is no YAML") from None
    except yaml.reader.ReaderError as error:
        code = error.character if isinstance(error.character, int) else ord(error.character)
        raise BadText(f"holds a character that YAML forbids: U+{code:04X}", "write it as an escape in double quotes") from None
    except (ValueError, RecursionError) as error:
        raise BadText(f"cannot be read as YAML: {one_line(error)}") from None


class _Builder:
    """Builds values from parser events."""

    def __init__(self, events: Iterator[Event]) -> None:
        self._events = events
        self._count = 0

    def document(self) -> object:
        from yaml import events as kinds

        value: object = None
        documents = 0
        for event in self._events:
            if isinstance(event, kinds.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    raise BadText(f"{_line_of(event)}: a second document begins", "a contract is one document")
                value = self._value(next(self._events), 0)
        return value

    def _value(self, event: Event, depth: int) -> object:
        from yaml import events as kinds

        line = _line_of(event)
        self._check(event, line, depth)
        if isinstance(event, kinds.SequenceStartEvent):
            return self._sequence(depth)
        if isinstance(event, kinds.MappingStartEvent):
            return self._mapping(depth)
        assert isinstance(event, kinds.ScalarEvent)
        return _scalar(event)

    def _check(self, event: Event, line: str, depth: int) -> None:
        from yaml import events as kinds

        self._count += 1
        if isinstance(event, kinds.AliasEvent) or getattr(event, "anchor", None):
            raise BadText(f"{line}: anchors (&) and aliases (*) are not allowed", "write the value out, or put it in quotes")
        if getattr(event, "tag", None):
            raise BadText(f"{line}: tags (!) are not allowed", "leave the tag out, or put the value in quotes")
        if depth > DEEPEST:
            raise BadText(f"{line}: lists and mappings are nested more than {DEEPEST} deep")
        if self._count > MOST_VALUES:
            raise BadText(f"{line}: holds more than {MOST_VALUES:,} values")

    def _sequence(self, depth: int) -> list[object]:
        from yaml import events as kinds

        items = []
        while not isinstance(event := next(self._events), kinds.SequenceEndEvent):
            items.append(self._value(event, depth + 1))
        return items

    def _mapping(self, depth: int) -> dict[Hashable, object]:
        from yaml import events as kinds

        items: dict[Hashable, object] = {}
        while not isinstance(event := next(self._events), kinds.MappingEndEvent):
            line = _line_of(event)
            key = self._value(event, depth + 1)
            if isinstance(key, list | dict):
                raise BadText(f"{line}: a list or mapping cannot be a key", "write key: value")
            key = key if isinstance(key, str) else str(getattr(event, "value", key))
            if key in items:
                raise BadText(f"{line}: {one_line(key)} is given twice", "give it once")
            items[key] = self._value(next(self._events), depth + 1)
        return items


def _scalar(event: ScalarEvent) -> object:
    text: str = event.value
    if not event.implicit[0]:
        return text
    if NULL.match(text):
        return None
    if BOOLEAN.match(text):
        return text.lower() == "true"
    if INTEGER.match(text):
        return int(text)
    return _number(text) if FLOAT.match(text) else text


def _number(text: str) -> float:
    """Return the number; YAML writes infinity as .inf, and NaN as .nan."""
    word = text.lower().lstrip("+-").removeprefix(".")
    return float(f"-{word}" if text.startswith("-") else word) if word in ("inf", "nan") else float(text)


def _line_of(event: Event) -> str:
    return _line(event.start_mark.line if event.start_mark else 0)


def _line(index: int) -> str:
    return f"line {index + 1:,}"
