"""Reads the text of a dimension ("batch", "past + seq", "floor(x/2)") without eval: a symbol or integer arithmetic."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from math import ceil, floor, log2, sqrt
from typing import Final

Number = int | float
Values = Mapping[str, int]
Evaluator = Callable[[Values], Number]

MAXIMUM_TEXT: Final = 400
MAXIMUM_DEPTH: Final = 24
MAXIMUM_EXPONENT: Final = 16

# A hyphen or slash directly between letters belongs to a name ("batch-size"); next to a space, digit or parenthesis it is
# an operator ("seq - 1", "floor(x/2)"). Dots, colons and an index belong to names too ("DynamicDimension.0", "x:0[2]").
_NAME: Final = r"[^\W\d]\w*(?:[-/][^\W\d]\w*|[.:]\w+)*(?:\[\d+\])?"
_TOKEN: Final = re.compile(rf"\s*(?:\d+(?:\.\d+)?|{_NAME}|\*\*|//|[-+*/%^(),])")

_FUNCTIONS: Final[Mapping[str, Callable[..., Number]]] = {
    "floor": floor,
    "ceil": ceil,
    "ceiling": ceil,
    "sqrt": sqrt,
    "log2": log2,
    "abs": abs,
    "max": max,
    "min": min,
    "floordiv": lambda a, b: a // b,
    "mod": lambda a, b: a % b,
}


class NotArithmeticError(ValueError):
    """The text is no arithmetic expression."""


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """A parsed dimension: the symbols it depends on and what gives its value once they are bound.

    is_compound tells whether it needs parentheses inside a product.
    """

    symbols: frozenset[str]
    evaluator: Evaluator
    is_compound: bool


@lru_cache(maxsize=8192)
def parse(text: str) -> Arithmetic | None:
    """Return the arithmetic in a dimension's text, or None where the text is one opaque symbol of its own."""
    if len(text) > MAXIMUM_TEXT:
        return None
    try:
        return _Parser(text).parse()
    except NotArithmeticError:
        return None


def symbols_of(text: str) -> frozenset[str]:
    """Return the symbols that must be bound before the dimension has a value."""
    arithmetic = parse(text)
    return frozenset((text,)) if arithmetic is None else arithmetic.symbols


def is_compound(text: str) -> bool:
    """Tell whether the text needs parentheses inside a product."""
    arithmetic = parse(text)
    return arithmetic is not None and arithmetic.is_compound


def value_of(text: str, bindings: Values) -> int | None:
    """Return the length a dimension has at the bindings (never below 0), or None where a symbol is not bound."""
    bound = bindings.get(text)
    if bound is not None:
        return bound
    arithmetic = parse(text)
    if arithmetic is None or not all(symbol in bindings for symbol in arithmetic.symbols):
        return None
    try:
        return max(0, floor(arithmetic.evaluator(bindings)))
    except (ArithmeticError, ValueError, TypeError):
        return None


def _power(base: Number, exponent: Number) -> Number:
    if abs(exponent) > MAXIMUM_EXPONENT or abs(base) > 2**64:
        raise OverflowError
    result: Number = base**exponent
    return result


def _divide(dividend: Number, divisor: Number) -> Number:
    if isinstance(dividend, int) and isinstance(divisor, int) and divisor and dividend % divisor == 0:
        return dividend // divisor
    return dividend / divisor


_OPERATORS: Final[Mapping[str, Callable[[Number, Number], Number]]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": _divide,
    "//": lambda a, b: a // b,
    "%": lambda a, b: a % b,
    "^": _power,
    "**": _power,
}
_LEVELS: Final = (frozenset("+-"), frozenset(("*", "/", "//", "%")))


class _Parser:
    """Recursive descent over sums, products, powers, signs, calls and parentheses."""

    def __init__(self, text: str) -> None:
        self.tokens = _tokens(text)
        self.position = 0
        self.depth = 0
        self.symbols: set[str] = set()
        self.is_compound = False

    def parse(self) -> Arithmetic:
        evaluator = self._level(0)
        if self.position != len(self.tokens):
            raise NotArithmeticError
        return Arithmetic(frozenset(self.symbols), evaluator, self.is_compound)

    def _peek(self) -> str:
        return self.tokens[self.position] if self.position < len(self.tokens) else ""

    def _take(self) -> str:
        token = self._peek()
        self.position += 1
        return token

    def _expect(self, lexeme: str) -> None:
        if self._take() != lexeme:
            raise NotArithmeticError

    def _level(self, level: int) -> Evaluator:
        if level == len(_LEVELS):
            return self._signed()
        left = self._level(level + 1)
        while self._peek() in _LEVELS[level]:
            self._note_operator()
            left = _binary(_OPERATORS[self._take()], left, self._level(level + 1))
        return left

    def _signed(self) -> Evaluator:
        if self._peek() != "-":
            return self._powered()
        self._note_operator()
        self._take()
        self._descend()
        operand = self._signed()
        self.depth -= 1
        return lambda values: -operand(values)

    def _powered(self) -> Evaluator:
        base = self._atom()
        if self._peek() not in ("^", "**"):
            return base
        self._note_operator()
        self._take()
        self._descend()
        exponent = self._signed()
        self.depth -= 1
        return _binary(_power, base, exponent)

    def _atom(self) -> Evaluator:
        lexeme = self._take()
        if lexeme == "(":
            return self._parenthesized()
        if lexeme[:1].isdecimal():
            number: Number = float(lexeme) if "." in lexeme else int(lexeme)
            return lambda _: number
        if not lexeme or not (lexeme[0].isalpha() or lexeme[0] == "_"):
            raise NotArithmeticError
        if self._peek() == "(":
            return self._call(lexeme)
        self.symbols.add(lexeme)
        return lambda values: values[lexeme]

    def _parenthesized(self) -> Evaluator:
        self._descend()
        inside = self._level(0)
        self._expect(")")
        self.depth -= 1
        return inside

    def _call(self, name: str) -> Evaluator:
        function = _FUNCTIONS.get(name.lower())
        if function is None:
            raise NotArithmeticError
        self._expect("(")
        self._descend()
        arguments = [self._level(0)]
        while self._peek() == ",":
            self._take()
            arguments.append(self._level(0))
        self._expect(")")
        self.depth -= 1
        return lambda values: function(*(argument(values) for argument in arguments))

    def _note_operator(self) -> None:
        self.is_compound = self.is_compound or self.depth == 0

    def _descend(self) -> None:
        self.depth += 1
        if self.depth > MAXIMUM_DEPTH:
            raise NotArithmeticError


def _binary(operation: Callable[[Number, Number], Number], left: Evaluator, right: Evaluator) -> Evaluator:
    return lambda values: operation(left(values), right(values))


def _tokens(text: str) -> list[str]:
    tokens = []
    position, end = 0, len(text.rstrip())
    while position < end:
        match = _TOKEN.match(text, position)
        if match is None:
            raise NotArithmeticError
        tokens.append(match.group().strip())
        position = match.end()
    return tokens
