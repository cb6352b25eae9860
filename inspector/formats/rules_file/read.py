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
from inspector.formats.rules_file.key_lines import Key, KeyLines
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
    shared = path.name == SHARED
    if shared:
        values = values.get(TABLE[0], {}).get(TABLE[1], {}) if isinstance(values.get(TABLE[0], {}), dict) else {}
    return _Reader(source, KeyLines(text, TABLE if shared else ())).contents(values, path)


class _Reader:
    """Turns plain values into rules; knows the line of each for what is wrong."""

    def __init__(self, source: str, lines: KeyLines) -> None:
        self._source = source
        self._lines = lines

    def contents(self, values: object, path: Path) -> RulesFile:
        table = self._table(values, _KEYS, "the file", ())
        baseline = self._text(table, ("baseline",))
        unknown = table.get("allow-unknown", False)
        if not isinstance(unknown, bool):
            self._refuse(("allow-unknown",), f"allow-unknown is {_kind(unknown)}", "true or false")
        return RulesFile(
            self._source,
            tuple(self._rule(one, ("fail-if", place)) for place, one in enumerate(self._list(table, "fail-if"))),
            tuple(self._allowed(table.get("allow", {}))),
            tuple(self._ignore(one, ("ignore", place)) for place, one in enumerate(self._list(table, "ignore"))),
            str(path.parent / baseline) if baseline else "",
            unknown,
        )

    def _rule(self, value: object, key: Key) -> WrittenRule:
        if isinstance(value, str):
            return WrittenRule(value, "", self._lines.line(key, value))
        table = self._table(value, _RULE_KEYS, "a rule of fail-if", key)
        text = self._text(table, (*key, "rule"), required="a rule of fail-if")
        return WrittenRule(text, self._text(table, (*key, "reason")), self._lines.line((*key, "rule"), text))

    def _allowed(self, value: object) -> Iterator[WrittenRule]:
        if not isinstance(value, dict):
            self._refuse(("allow",), f"allow is {_kind(value)}", 'a table, such as [allow] size_bytes = "+2%"')
        pairs = list(_flat(value, ("allow",)))
        if len(pairs) > MOST:
            self._refuse(("allow",), f"allow holds more than {MOST} figures")
        for key, delta in pairs:
            name = one_line(".".join(key[1:]))
            if not isinstance(delta, str):
                self._refuse(key, f"allow {name} is {_kind(delta)}", 'text, such as "+2%"')
            yield WrittenRule(delta, f"allowed: {one_line(delta)}", self._lines.line(key, key[-1]), name)

    def _ignore(self, value: object, key: Key) -> Ignore:
        table = self._table(value, _IGNORE_KEYS, "[[ignore]]", key)
        rule = self._text(table, (*key, "rule"), required="[[ignore]]")
        reason = self._text(table, (*key, "reason"), required="[[ignore]]")
        if not reason.strip():
            self._refuse((*key, "reason"), f"[[ignore]] of {one_line(rule)} has no reason", "say why it may stay")
        place = self._text(table, (*key, "place")) or "*"
        return Ignore(rule, one_line(reason), place, self._severity(table, key), self._until(table, key), self._source)

    def _severity(self, table: Mapping[str, Any], key: Key) -> Severity | None:
        severity = self._text(table, (*key, "severity"))
        if severity and severity not in SEVERITIES:
            self._refuse((*key, "severity"), f"there is no severity {one_line(severity)}", _near(severity, SEVERITIES))
        return severity if severity else None

    def _until(self, table: Mapping[str, Any], key: Key) -> str:
        until = table.get("until", "")
        if type(until) is date:
            return until.isoformat()
        try:
            return date.fromisoformat(until).isoformat() if until != "" else ""
        except (TypeError, ValueError):
            self._refuse((*key, "until"), f"until is {one_line(until)}, which is no date", "such as 2026-12-31")

    def _table(self, value: object, known: tuple[str, ...], what: str, key: Key) -> Mapping[str, Any]:
        if not isinstance(value, dict):
            self._refuse(key, f"{what} is {_kind(value)}", f"a table with {', '.join(known)}")
        for name in value:
            if name not in known:
                self._refuse((*key, name), f"{what} has no key {one_line(name)}", _near(name, known))
        return cast("Mapping[str, Any]", value)

    def _list(self, table: Mapping[str, Any], name: str) -> list[object]:
        value = table.get(name, [])
        if not isinstance(value, list):
            self._refuse((name,), f"{name} is {_kind(value)}", f"a list, even of one: {_EXAMPLES[name]}")
        if len(value) > MOST:
            self._refuse((name,), f"{name} holds more than {MOST}")
        return value

    def _text(self, table: Mapping[str, Any], key: Key, required: str = "") -> str:
        name = str(key[-1])
        if name not in table:
            if required:
                self._refuse(key[:-1], f"{required} lacks {name}", f'{name} = "…"')
            return ""
        value = table[name]
        if not isinstance(value, str):
            self._refuse(key, f"{name} is {_kind(value)}", "text in quotes")
        if len(value) > LONGEST:
            self._refuse(key, f"{name} is longer than {LONGEST:,} characters")
        return value

    def _refuse(self, key: Key, message: str, hint: str = "") -> NoReturn:
        name = str(key[-1]) if key and isinstance(key[-1], str) else ""
        line = self._lines.line(key, name)
        raise UsageError(f"{self._source}:{line}: {message}" if line else f"{self._source}: {message}", hint)


_EXAMPLES: Final = {"fail-if": 'fail-if = ["size_bytes > 300MB"]', "ignore": "[[ignore]]"}


def _flat(values: Mapping[str, object], above: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], object]]:
    """Yield keys of nested tables as one: latency.median is a table of a table in TOML."""
    for name, value in values.items():
        if isinstance(value, dict):
            yield from _flat(value, (*above, name))
        else:
            yield (*above, name), value


def _near(key: str, known: tuple[str, ...]) -> str:
    near = get_close_matches(key.lower().replace("_", "-"), known, 1, 0.5)
    return f"did you mean {near[0]}?" if near else f"there are {', '.join(known)}"


def _kind(value: object) -> str:
    names = {str: "text", bool: "true or false", int: "a number", float: "a number", list: "a list", dict: "a table"}
    return names.get(type(value), "a date or time")
