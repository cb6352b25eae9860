"""Rules as people write them: FIGURE OPERATOR LIMIT, under which a review fails."""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import Final

from inspector.errors import InspectorError
from inspector.records.gate import Rule
from inspector.verify.rules.figures import figure_named, fixed_figures, nearest_figure
from inspector.verify.rules.limits import BadLimit, parse_limit
from inspector.verify.rules.reading import Figure

OPERATORS: Final = (">", ">=", "<", "<=", "==", "!=")
LONGEST: Final = 300
"""Characters of a rule."""

_PARTS: Final = re.compile(r"([^<>=!≤≥≠]*)([<>=!≤≥≠]+)(.*)\Z", re.DOTALL)
_MEANT: Final = {"=": "==", "=>": ">=", "=<": "<=", "<>": "!=", "≤": "<=", "≥": ">=", "≠": "!=", "===": "==", "!==": "!="}
_VERSION: Final = re.compile(r"[0-9A-Za-z][0-9A-Za-z.+~:_-]{0,60}\Z")
_HELP: Final = "--fail-if help lists what rules can look at"


class BadRule(InspectorError):
    """What is wrong with a rule, and the nearest one that would do."""


def parse_rule(text: str, source: str = "", reason: str = "") -> Rule:
    """Return the rule; raises BadRule for what is none, with the nearest figure, operator or unit there is."""
    if len(text) > LONGEST:
        raise BadRule(f"a rule is longer than {LONGEST} characters", "one rule is FIGURE OPERATOR LIMIT")
    text = " ".join(text.split())
    if not text.isprintable():
        raise BadRule("a rule holds characters that do not print", "one rule is FIGURE OPERATOR LIMIT")
    match = _PARTS.match(text)
    if match is None or not match[1].strip() or not match[3].strip():
        raise BadRule(f"'{text}' is no rule", _shape_hint(text))
    figure = _figure(match[1].strip(), text)
    operator = _operator(match[2], text)
    return _rule(text, figure, operator, match[3].strip(), source, reason)


def known_figure(name: str, text: str = "") -> Figure:
    """Return the figure of that name; raises BadRule with the nearest one, text being the rule it stands in."""
    return _figure(name, text or name)


def _figure(name: str, text: str) -> Figure:
    figure = figure_named(name)
    if figure is not None:
        return figure
    near = nearest_figure(name)
    where = f"'{text}': " if text != name else ""
    raise BadRule(f"{where}there is no figure {name}", f"did you mean {near}?" if near else _HELP)


def _operator(symbol: str, text: str) -> str:
    if symbol in OPERATORS:
        return symbol
    meant = _MEANT.get(symbol, "")
    raise BadRule(
        f"'{text}': there is no operator {symbol}", f"did you mean {meant}?" if meant else f"there are {' '.join(OPERATORS)}"
    )


def _rule(text: str, figure: Figure, operator: str, limit: str, source: str, reason: str) -> Rule:
    if figure.unit == "word":
        return Rule(text, figure.name, operator, 0.0, False, source, reason, word=_word(text, figure, operator, limit))
    if figure.unit == "version":
        if _VERSION.match(limit) is None:
            raise BadRule(f"'{text}': {limit} is no version", "such as 1.26.4")
        return Rule(text, figure.name, operator, 0.0, False, source, reason, word=limit)
    try:
        found = parse_limit(limit, figure.unit)
    except BadLimit as error:
        raise BadRule(f"'{text}': {error.message}", error.hint) from None
    return Rule(
        *(text, figure.name, operator, found.value, found.relative, source, reason),
        against_baseline=found.against_baseline,
        added=found.added,
    )


def _word(text: str, figure: Figure, operator: str, limit: str) -> str:
    if operator not in ("==", "!="):
        raise BadRule(f"'{text}': {figure.name} is a word, which is never more or less", "use == or !=")
    word = limit.strip("'\"")
    if figure.words and word not in figure.words:
        near = get_close_matches(word, figure.words, 1, 0.5)
        hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(figure.words)}"
        raise BadRule(f"'{text}': {figure.name} is never {word}", hint)
    return word


def _shape_hint(text: str) -> str:
    """Return what to write instead: of a figure alone, how a rule about it looks."""
    first = text.split(" ")[0] if text else ""
    name = first if figure_named(first) else nearest_figure(first) if first else ""
    figure = figure_named(name) if name else None
    if figure is None:
        return f"a rule is FIGURE OPERATOR LIMIT, such as 'size_bytes > 300MB'; {_HELP}"
    from inspector.verify.rules.limits import example

    if figure.unit in ("word", "version"):
        return f"such as '{name} != {(figure.words or ('1.2.3',))[0]}'"
    return f"such as '{name} > {example(figure.unit).partition(',')[0]}'"


def all_figures() -> list[Figure]:
    """Return the figures whose names are fixed, in the order of the catalogue."""
    return list(fixed_figures().values())
