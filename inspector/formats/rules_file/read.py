"""Reads a file of rules: no key but those that exist, every value of its type, the line named."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final, NoReturn, cast

from inspector.errors import UsageError
from inspector.formats.clean_text import one_line
from inspector.formats.rules_file.contents import RulesFile, WrittenRule
from inspector.formats.rules_file.find import SHARED, TABLE
from inspector.formats.rules_file.toml_values import BadToml, parse_toml, text_of
from inspector.records.finding import SEVERITIES, Severity
from inspector.records.gate import Ignore

MOST: Final = 500
"""Rules, exemptions or allowed deltas of one file."""

LONGEST: Final = 2_000
"""Characters of a reason or a place."""

_KEYS: Final = ("fail-if", "ignore", "baseline", "allow", "allow-unknown")
_RULE_KEYS: Final = ("rule", "reason")
_IGNORE_KEYS: Final = ("rule", "place", "severity", "reason", "until")


def read_rules(path: Path) -> RulesFile:
    """Return what the file at path says; UsageError in one line, file and line named, where that makes no sense."""
    text = text_of(path)
    source = one_line(path)
    try:
        values = parse_toml(text)
    except BadToml as error:
        raise UsageError(f"{source}: {error}", "it is no TOML that holds rules") from None
    if path.name == SHARED:
        values = values.get(TABLE[0], {}).get(TABLE[1], {}) if isinstance(values.get(TABLE[0], {}), dict) else {}
    reader = _Reader(source, text)
    return reader.contents(values, path)


class _Reader:
    """Turns plain values into rules; knows the text for the line of what is wrong."""

    def __init__(self, source: str, text: str) -> None:
        self._source = source
        self._lines = text.splitlines()

    def contents(self, values: object, path: Path) -> RulesFile:
        table = self._table(values, _KEYS, "the file")
        baseline = self._text(table, "baseline")
        unknown = table.get("allow-unknown", False)
        if not isinstance(unknown, bool):
            self._refuse("allow-unknown", f"allow-unknown is {_kind(unknown)}", "true or false")
        return RulesFile(
            self._source,
            tuple(self._rule(one) for one in self._list(table, "fail-if")),
            tuple(self._allowed(table.get("allow", {}))),
            tuple(self._ignore(one) for one in self._list(table, "ignore")),
            str(path.parent / baseline) if baseline else "",
            unknown,
        )

    def _rule(self, value: object) -> WrittenRule:
        if isinstance(value, str):
            return WrittenRule(value, "", self._line(value))
        table = self._table(value, _RULE_KEYS, "a rule of fail-if")
        text = self._text(table, "rule", required="a rule of fail-if")
        return WrittenRule(text, self._text(table, "reason"), self._line(text))

    def _allowed(self, value: object) -> Iterator[WrittenRule]:
        if not isinstance(value, dict):
            self._refuse("allow", f"allow is {_kind(value)}", 'a table, such as [allow] size_bytes = "+2%"')
        pairs = list(_flat(value, ""))
        if len(pairs) > MOST:
            self._refuse("allow", f"allow holds more than {MOST} figures")
        for name, delta in pairs:
            if not isinstance(delta, str):
                self._refuse(name, f"allow {one_line(name)} is {_kind(delta)}", 'text, such as "+2%"')
            yield WrittenRule(delta, f"allowed: {one_line(delta)}", self._line(name.rpartition(".")[2]), one_line(name))

    def _ignore(self, value: object) -> Ignore:
        table = self._table(value, _IGNORE_KEYS, "[[ignore]]")
        rule = self._text(table, "rule", required="[[ignore]]")
        reason = self._text(table, "reason", required="[[ignore]]")
        if not reason.strip():
            self._refuse(rule, f"[[ignore]] of {one_line(rule)} has no reason", "say why it may stay")
        place = self._text(table, "place") or "*"
        return Ignore(rule, one_line(reason), place, self._severity(table), self._until(table), self._source)

    def _severity(self, table: Mapping[str, Any]) -> Severity | None:
        severity = self._text(table, "severity")
        if severity and severity not in SEVERITIES:
            self._refuse(severity, f"there is no severity {one_line(severity)}", _near(severity, SEVERITIES))
        return severity if severity else None

    def _until(self, table: Mapping[str, Any]) -> str:
        until = table.get("until", "")
        if type(until) is date:
            return until.isoformat()
        try:
            return date.fromisoformat(until).isoformat() if until != "" else ""
        except (TypeError, ValueError):
            self._refuse(str(until), f"until is {one_line(until)}, which is no date", "such as 2026-12-31")

    def _table(self, value: object, known: tuple[str, ...], what: str) -> Mapping[str, Any]:
        if not isinstance(value, dict):
            self._refuse("", f"{what} is {_kind(value)}", f"a table with {', '.join(known)}")
        for key in value:
            if key not in known:
                self._refuse(key, f"{what} has no key {one_line(key)}", _near(key, known))
        return cast("Mapping[str, Any]", value)

    def _list(self, table: Mapping[str, Any], key: str) -> list[object]:
        value = table.get(key, [])
        if not isinstance(value, list):
            self._refuse(key, f"{key} is {_kind(value)}", f"a list, even of one: {_EXAMPLES[key]}")
        if len(value) > MOST:
            self._refuse(key, f"{key} holds more than {MOST}")
        return value

    def _text(self, table: Mapping[str, Any], key: str, required: str = "") -> str:
        if key not in table:
            if required:
                self._refuse("", f"{required} lacks {key}", f'{key} = "…"')
            return ""
        value = table[key]
        if not isinstance(value, str):
            self._refuse(key, f"{key} is {_kind(value)}", "text in quotes")
        if len(value) > LONGEST:
            self._refuse(key, f"{key} is longer than {LONGEST:,} characters")
        return value

    def _line(self, text: str) -> int:
        """Return the first line that holds the text, 0 where none does (written with escapes)."""
        return next((number for number, line in enumerate(self._lines, 1) if text and text in line), 0)

    def _refuse(self, near: str, message: str, hint: str = "") -> NoReturn:
        line = self._line(near)
        raise UsageError(f"{self._source}:{line}: {message}" if line else f"{self._source}: {message}", hint)


_EXAMPLES: Final = {"fail-if": 'fail-if = ["size_bytes > 300MB"]', "ignore": "[[ignore]]"}


def _flat(values: Mapping[str, object], prefix: str) -> Iterator[tuple[str, object]]:
    """Yield keys of nested tables as one name: latency.median is a table of a table in TOML."""
    for key, value in values.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def _near(key: str, known: tuple[str, ...]) -> str:
    near = get_close_matches(key.lower().replace("_", "-"), known, 1, 0.5)
    return f"did you mean {near[0]}?" if near else f"there are {', '.join(known)}"


def _kind(value: object) -> str:
    names = {str: "text", bool: "true or false", int: "a number", float: "a number", list: "a list", dict: "a table"}
    return names.get(type(value), "a date or time")
