"""Sums of products with symbolic factors: building, evaluating and writing them as formulas."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from math import prod
from typing import Final

from inspector.analysis.cost.dimension import is_compound, parse, symbols_of, value_of
from inspector.records.cost import Bindings, Product

Factor = int | str
Factors = tuple[Factor, ...]
Sum = tuple[Product, ...]
Monomial = tuple[str, ...]
"""The symbolic factors of a product, sorted; () for a plain number."""

NumberText = Callable[[int], str]

_SUPERSCRIPTS: Final = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
_BEYOND_UNITS: Final = 10**24
_UNITS: Final = ((10**18, "E"), (10**15, "P"), (10**12, "T"), (10**9, "G"), (10**6, "M"), (10**3, "K"))


def product(factors: Iterable[Factor]) -> Product:
    """Return the product in factor form, without ones, and with the numbers inside "8*floor(h/2)" as factors of their own."""
    flat: list[Factor] = []
    for factor in factors:
        if isinstance(factor, str):
            flat.extend(_split_number(factor))
        elif factor != 1:
            flat.append(factor)
    return Product(tuple(flat))


@lru_cache(maxsize=4096)
def _split_number(text: str) -> Factors:
    number, star, rest = text.partition("*")
    if star and number.isdecimal() and len(number) < 19 and parse(rest) is not None and not is_compound(rest):
        return (int(number), rest)
    return (text,)


def evaluate(terms: Iterable[Product], bindings: Bindings) -> int | None:
    """Return the value of a sum of products at the bindings, or None where a symbol in it is not bound."""
    total = 0
    for term in terms:
        value = 1
        for factor in term.factors:
            length = factor if isinstance(factor, int) else value_of(factor, bindings)
            if length is None:
                return None
            value *= length
        total += value
    return total


def symbols(terms: Iterable[Product]) -> frozenset[str]:
    """Return every symbol that the sum depends on, those inside formulas such as "seq + 1" included."""
    texts = {factor for term in terms for factor in term.factors if isinstance(factor, str)}
    return frozenset().union(*map(symbols_of, texts))


def scaled(terms: Iterable[Product], *factors: Factor) -> Sum:
    """Return the sum multiplied by further factors, written in front."""
    return tuple(Product((*factors, *term.factors)) for term in terms)


def formula(terms: Iterable[Product]) -> str:
    """Return the sum as text with equal factors grouped as powers, in the order they came: "2·batch·768²"."""
    texts = [text for text in map(_product_text, terms) if text != "0"]
    return " + ".join(texts) or "0"


def collect(terms: Iterable[Product]) -> dict[Monomial, int]:
    """Return the sum as a polynomial: for each product of symbols its exact integer coefficient."""
    polynomial: dict[Monomial, int] = {}
    for term in terms:
        symbolic = tuple(sorted(factor for factor in term.factors if isinstance(factor, str)))
        coefficient = prod(factor for factor in term.factors if isinstance(factor, int))
        polynomial[symbolic] = polynomial.get(symbolic, 0) + coefficient
    return polynomial


def polynomial_formula(polynomial: Mapping[Monomial, int], bindings: Bindings | None = None, *, limit: int = 0) -> str:
    """Return an exact polynomial as text, largest term first: "8178368512·batch + 98304·batch·seq²".

    Terms are ordered by their value at the bindings; with a limit, the smallest beyond it are only counted.
    """
    return _polynomial_text(polynomial, bindings, _exact_count, limit)


def short_formula(polynomial: Mapping[Monomial, int], bindings: Bindings | None = None, *, limit: int = 4) -> str:
    """Return a polynomial for a person, rounded to three digits: "8.18 G·batch + 98.3 K·batch·seq²"."""
    return _polynomial_text(polynomial, bindings, short_count, limit)


def short_count(value: int) -> str:
    """Return a count rounded to three significant digits with a decimal unit: 8178368512 is "8.18 G"."""
    if value >= _BEYOND_UNITS:
        return f"over {_BEYOND_UNITS // 10**18} E"
    for size, unit in _UNITS:
        if value >= size - size // 2000:
            scaled_value = value / size
            digits = 2 if scaled_value < 9.995 else 1 if scaled_value < 99.95 else 0
            text = f"{scaled_value:.{digits}f}"
            return f"{text.rstrip('0').rstrip('.') if '.' in text else text} {unit}"
    return str(value)


def _exact_count(value: int) -> str:
    return str(value) if value < _BEYOND_UNITS else short_count(value)


def _product_text(term: Product) -> str:
    powers = Counter(factor for factor in term.factors if factor != 1)
    if 0 in powers:
        return "0"
    return "·".join(_power_text(factor, count) for factor, count in powers.items()) or "1"


def _power_text(factor: Factor, exponent: int) -> str:
    text = _exact_count(factor) if isinstance(factor, int) else f"({factor})" if is_compound(factor) else factor
    return text if exponent == 1 else text + str(exponent).translate(_SUPERSCRIPTS)


def _polynomial_text(polynomial: Mapping[Monomial, int], bindings: Bindings | None, number: NumberText, limit: int) -> str:
    def size(item: tuple[Monomial, int]) -> int:
        return evaluate((Product((item[1], *item[0])),), bindings or {}) or item[1]

    terms = sorted((item for item in polynomial.items() if item[1]), key=size, reverse=True)
    shown = terms if not limit or len(terms) <= limit + 1 else terms[:limit]
    texts = ["·".join((*_coefficient(count, monomial, number), *_symbol_texts(monomial))) for monomial, count in shown]
    if len(shown) < len(terms):
        texts.append(f"{len(terms) - len(shown)} smaller terms")
    return " + ".join(texts) or "0"


def _coefficient(count: int, monomial: Monomial, number: NumberText) -> tuple[str, ...]:
    return () if count == 1 and monomial else (number(count),)


def _symbol_texts(monomial: Monomial) -> list[str]:
    return [_power_text(symbol, exponent) for symbol, exponent in Counter(monomial).items()]
