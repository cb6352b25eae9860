"""Arithmetic on lengths that may be symbols: numbers stay numbers, symbols become formulas such as "floor((h + 1)/2)"."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from math import prod
from typing import Final

from inspector.analysis.cost.dimension import is_compound, parse
from inspector.records.tensor import Dim, Shape

LONGEST_FORMULA: Final = 120
"""A formula grows with every layer of a network; from here on the length counts as unknown."""


def plus(length: Dim, other: Dim) -> Dim:
    """Return the sum of two lengths."""
    if isinstance(length, int) and isinstance(other, int):
        return length + other
    if length == 0 or other == 0:
        return other if length == 0 else length
    if isinstance(length, str) and isinstance(other, int):
        known = _Floored.of(length)
        return _formula(_Floored(known.base, known.offset + other * known.divisor, known.divisor).text(), known.base)
    return _formula(f"{length} + {other}", length, other)


def times(lengths: Iterable[Dim]) -> Dim:
    """Return the product of lengths."""
    factors = tuple(lengths)
    number = prod(length for length in factors if isinstance(length, int))
    symbols = [length for length in factors if not isinstance(length, int)]
    if None in symbols or (number == 0 or not symbols):
        return None if None in symbols else number
    if len(symbols) == 1 and number == 1:
        return symbols[0]
    texts = [*([str(number)] if number != 1 else []), *(_operand(str(symbol)) for symbol in symbols)]
    return _formula("*".join(texts), *symbols)


def quotient(length: Dim, divisor: int) -> Dim:
    """Return the length divided by a number, rounded down."""
    if not isinstance(length, str) or divisor <= 1:
        return length // divisor if isinstance(length, int) and divisor else length
    known = _Floored.of(length)
    return _formula(_Floored(known.base, known.offset, known.divisor * divisor).text(), known.base)


def rounded_up_quotient(length: Dim, divisor: int) -> Dim:
    """Return the length divided by a number, rounded up."""
    return quotient(plus(length, divisor - 1), divisor)


def windows(length: Dim, span: int, stride: int, padding: int, *, round_up: bool = False) -> Dim:
    """Return how many windows of a span fit a padded length: floor((length + padding - span) / stride) + 1."""
    if stride < 1:
        return None
    surplus = plus(length, padding - span + stride)
    return rounded_up_quotient(surplus, stride) if round_up else quotient(surplus, stride)


def broadcast(shapes: Sequence[Shape]) -> Shape:
    """Return the shape that numpy's broadcasting gives; of two lengths that are not equal, the better known one.

    Right wherever the file is, unless a symbol stands for 1: a number other than 1 decides, a symbol beside an unknown length
    is what that must equal, and of two symbols, which then must be equal too, the shorter is taken.
    """
    if len(set(shapes)) == 1:
        return shapes[0]
    result: list[Dim] = []
    for shape in shapes:
        result[:0] = [1] * (len(shape) - len(result))
        offset = len(result) - len(shape)
        for axis, dim in enumerate(shape):
            result[offset + axis] = _broadcast(result[offset + axis], dim)
    return tuple(result)


def _broadcast(length: Dim, other: Dim) -> Dim:
    if length == other or other == 1:
        return length
    if length == 1:
        return other
    numbers = [dim for dim in (length, other) if isinstance(dim, int)]
    if numbers:
        return numbers[0] if len(numbers) == 1 else None
    return min(length, other, key=len) if isinstance(length, str) and isinstance(other, str) else length or other


@dataclass(frozen=True, slots=True)
class _Floored:
    """floor((base + offset) / divisor): what padding, strides and windows make of a symbol, however many follow each other.

    floor((floor((b + x) / m) + y) / n) is floor((b + x + y·m) / (m·n)), so one formula of this form is enough.
    """

    base: str
    offset: int
    divisor: int

    @classmethod
    def of(cls, text: str) -> _Floored:
        """Read a length in this form; any other is a base of its own."""
        quotient_match = _QUOTIENT.fullmatch(text)
        if quotient_match is not None and parse(quotient_match["inside"]) is not None:
            return replace(cls.of(quotient_match["inside"].strip("()")), divisor=int(quotient_match["divisor"]))
        sum_match = _SUM.fullmatch(text)
        if sum_match is not None and parse(sum_match["base"]) is not None:
            return cls(sum_match["base"], int(sum_match["sign"] + sum_match["offset"]), 1)
        return cls(text, 0, 1)

    def text(self) -> str:
        """Return the formula."""
        inside = self.base
        if self.offset:
            inside = f"{self.base} {'-' if self.offset < 0 else '+'} {abs(self.offset)}"
        return inside if self.divisor == 1 else f"floor({_operand(inside)}/{self.divisor})"


_QUOTIENT: Final = re.compile(r"floor\((?P<inside>.+)/(?P<divisor>\d+)\)")
_SUM: Final = re.compile(r"(?P<base>.+) (?P<sign>[+-]) (?P<offset>\d+)")


def _operand(text: str) -> str:
    return f"({text})" if is_compound(text) else text


def _formula(text: str, *operands: Dim) -> Dim:
    if len(text) > LONGEST_FORMULA or any(isinstance(dim, str) and parse(dim) is None for dim in operands):
        return None
    return None if None in operands else text
