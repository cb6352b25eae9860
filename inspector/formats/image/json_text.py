"""JSON from strangers: bounded in size, depth and number of values, and seen through types that it need not have."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from inspector.errors import UnreadableArtifact
from inspector.formats.clean_text import TextCleaner
from inspector.formats.image.manifest_notes import ImageNotes

LARGEST_JSON: Final = 8 << 20
"""Bytes of one document."""

_MOST_VALUES: Final = 500_000
_LARGEST_INTEGER: Final = 1 << 62
_LONGEST_INTEGER: Final = 20
_HINT: Final = "the image is damaged, or no image: save or download it again"
_KINDS: Final[dict[type, str]] = {
    dict: "an object",
    list: "a list",
    str: "text",
    int: "a number",
    float: "a number",
    bool: "true or false",
    type(None): "null",
}


def parse_json(raw: bytes, label: str) -> object:
    """Return what a JSON document holds; raises UnreadableArtifact, with label naming it, where it is none or too large."""
    if len(raw) > LARGEST_JSON:
        raise UnreadableArtifact(f"{label}: is larger than {LARGEST_JSON >> 20} MiB", _HINT)
    if most_values(raw) > _MOST_VALUES:
        raise UnreadableArtifact(f"{label}: holds more than {_MOST_VALUES:,} values", _HINT)
    text = raw.decode("utf-8", "surrogateescape").removeprefix("\ufeff")
    try:
        found: object = json.loads(text, parse_int=_integer)
    except RecursionError:
        raise UnreadableArtifact(f"{label}: is nested too deep", _HINT) from None
    except ValueError:
        raise UnreadableArtifact(f"{label}: is no JSON", _HINT) from None
    return found


def most_values(raw: bytes) -> int:
    """Return how many values a document holds at most; what lies in texts counts, too."""
    return raw.count(b",") + raw.count(b"[") + raw.count(b"{")


def _integer(digits: str) -> int | float:
    return int(digits) if len(digits) <= _LONGEST_INTEGER else float(digits)


class JsonObject:
    """An object of a document, asked for values by type: null and absent give the default, another type also a finding.

    Names of members are taken as container engines take them: in any case, the last of several spellings counting.
    """

    def __init__(self, values: Mapping[str, object], place: str, cleaner: TextCleaner, notes: ImageNotes) -> None:
        """place names the document, and where in it this object is, in findings."""
        self.values = values
        self.place = place
        self.cleaner = cleaner
        self.notes = notes
        self._folded: dict[str, object] | None = None

    @classmethod
    def of(cls, value: object, place: str, cleaner: TextCleaner, notes: ImageNotes) -> JsonObject:
        """Return value as an object; an empty one, with a finding, where it is none."""
        if isinstance(value, dict):
            return cls(value, place, cleaner, notes)
        empty = cls({}, place, cleaner, notes)
        if value is not None:
            empty.note_type(value, "an object")
        return empty

    def __contains__(self, key: str) -> bool:
        return self._value(key) is not None

    def text(self, key: str) -> str:
        """Return a text, cleaned."""
        return self.cleaner.clean(self.raw_text(key))

    def raw_text(self, key: str) -> str:
        """Return a text as it is, for comparing; never to be shown."""
        value = self._value(key)
        if isinstance(value, str):
            return value
        self._note(key, value, "text")
        return ""

    def number(self, key: str) -> int | None:
        """Return a whole number between 0 and 2**62."""
        value = self._value(key)
        if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _LARGEST_INTEGER:
            return value
        self._note(key, value, "a size")
        return None

    def truth(self, key: str) -> bool:
        """Return true or false."""
        value = self._value(key)
        if not isinstance(value, bool):
            self._note(key, value, "true or false")
        return value is True

    def item(self, key: str) -> JsonObject:
        """Return an object."""
        return self.of(self._value(key), f"{self.place}: {key}", self.cleaner, self.notes)

    def length(self, key: str) -> int:
        """Return how many values a list has."""
        return len(self._list(key))

    def objects(self, key: str) -> Iterator[JsonObject]:
        """Yield the objects of a list."""
        for index, value in enumerate(self._list(key)):
            yield self.of(value, f"{self.place}: {key}[{index}]", self.cleaner, self.notes)

    def texts(self, key: str) -> tuple[str, ...]:
        """Return the texts of a list, cleaned; a single text is a list of one, as engines take it."""
        if isinstance(self._value(key), str):
            return (self.text(key),)
        return tuple(self.cleaner.clean(text) for text in self.raw_texts(key))

    def raw_texts(self, key: str) -> tuple[str, ...]:
        """Return the texts of a list as they are, for comparing; another value in it becomes an empty one."""
        values = self._list(key)
        for value in values:
            if not isinstance(value, str):
                self._note(key, value, "a list of texts")
        return tuple(value if isinstance(value, str) else "" for value in values)

    def keys(self, key: str) -> tuple[str, ...]:
        """Return the names in an object that is used as a set, cleaned."""
        return tuple(self.cleaner.clean(name) for name in self.item(key).values)

    def mapping(self, key: str) -> dict[str, str]:
        """Return an object of texts, cleaned."""
        inner = self.item(key)
        found = {}
        for name, value in inner.values.items():
            if not isinstance(value, str):
                inner._note(name, value, "text")
            found[self.cleaner.clean(name)] = self.cleaner.clean(value) if isinstance(value, str) else ""
        return found

    def note_type(self, value: object, expected: str) -> None:
        """Take note that this object is of another type."""
        self.notes.add("metadata-malformed", "medium", f"{self.place} is {_kind(value)} where {expected} belongs", self.place)

    def _value(self, key: str) -> Any:
        if self._folded is None:
            self._folded = self._fold()
        return self._folded.get(key.lower())

    def _fold(self) -> dict[str, object]:
        """Return the values by name in lower case; take note of names that differ in nothing else."""
        folded: dict[str, object] = {}
        for name, value in self.values.items():
            lower = name.lower()
            if lower in folded:
                message = f"{self.place}: {self.cleaner.clean(name)} is there in several spellings: the last one was read"
                hint = "engines take the last one, other programs may take another: do not trust it"
                self.notes.add("metadata-ambiguous", "high", message, self.place, hint)
            folded[lower] = value
        return folded

    def _list(self, key: str) -> list[Any]:
        value = self._value(key)
        if isinstance(value, list):
            return value
        self._note(key, value, "a list")
        return []

    def _note(self, key: str, value: object, expected: str) -> None:
        if value is not None:
            message = f"{self.place}: {self.cleaner.clean(key)} is {_kind(value)} where {expected} belongs"
            self.notes.add("metadata-malformed", "medium", message, self.place)


def _kind(value: object) -> str:
    return _KINDS.get(type(value), "something else")
