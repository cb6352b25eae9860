"""Formulas: text, values, polynomials, and the arithmetic inside dimension names."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector.analysis.cost.dimension import is_compound, parse, symbols_of, value_of
from inspector.analysis.cost.expression import (
    collect,
    evaluate,
    formula,
    polynomial_formula,
    product,
    scaled,
    short_count,
    short_formula,
    symbols,
)
from inspector.records.cost import Product

SYMBOLS = ("batch", "seq", "h")


@pytest.mark.parametrize(
    ("factors", "text"),
    [
        ((2, "batch", 768, 768), "2·batch·768²"),
        (("seq", "seq", 12), "seq²·12"),
        ((), "1"),
        ((1, 1), "1"),
        ((2, 0, "batch"), "0"),
        ((2, "seq + 1"), "2·(seq + 1)"),
        ((2, "floor(h/2)"), "2·floor(h/2)"),
        ((3,) * 12, "3¹²"),
        (("[batch, 3]",), "[batch, 3]"),
    ],
)
def test_product_as_text(factors: tuple[int | str, ...], text: str) -> None:
    assert formula((Product(factors),)) == text


def test_sum_as_text() -> None:
    assert formula((Product((2, "batch")), Product((0,)), Product(("seq", "seq")))) == "2·batch + seq²"
    assert formula(()) == "0"


def test_evaluate_needs_every_symbol() -> None:
    terms = (Product((2, "batch", 768, 768)), Product(("seq + 1",)))
    assert evaluate(terms, {"batch": 2, "seq": 4}) == 2 * 2 * 768 * 768 + 5
    assert evaluate(terms, {"batch": 2}) is None
    assert evaluate((), {}) == 0
    assert symbols(terms) == {"batch", "seq"}


def test_scaled_multiplies_every_term() -> None:
    assert scaled((Product((2,)), Product(("n",))), 3, "t") == (Product((3, "t", 2)), Product((3, "t", "n")))


def test_product_takes_numbers_out_of_lengths() -> None:
    assert product((1, "8*floor(h/32)", 3, "batch")) == Product((8, "floor(h/32)", 3, "batch"))
    assert product(("8*h + 1",)) == Product(("8*h + 1",))


@given(
    st.lists(st.lists(st.one_of(st.integers(0, 50), st.sampled_from(SYMBOLS)), max_size=5).map(tuple).map(Product), max_size=6),
    st.fixed_dictionaries({symbol: st.integers(0, 9) for symbol in SYMBOLS}),
)
def test_polynomial_has_the_value_of_the_sum(terms: list[Product], bindings: dict[str, int]) -> None:
    polynomial = collect(terms)
    collected = [Product((count, *monomial)) for monomial, count in polynomial.items()]
    assert evaluate(collected, bindings) == evaluate(terms, bindings)


def test_short_formula_orders_by_value_and_counts_the_rest() -> None:
    polynomial = {("batch",): 8_178_368_512, ("batch", "seq", "seq"): 98_304, (): 5}
    assert short_formula(polynomial, {"batch": 1, "seq": 1}) == "8.18 G·batch + 98.3 K·batch·seq² + 5"
    assert short_formula(polynomial, {"batch": 1, "seq": 1000}) == "98.3 K·batch·seq² + 8.18 G·batch + 5"
    assert short_formula(polynomial, limit=1) == "8.18 G·batch + 2 smaller terms"
    assert polynomial_formula(polynomial) == "8178368512·batch + 98304·batch·seq² + 5"
    assert short_formula({("batch",): 1}) == "batch"
    assert short_formula({}) == "0"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (999, "999"),
        (1000, "1 K"),
        (9408, "9.41 K"),
        (118_013_952, "118 M"),
        (999_400, "999 K"),
        (999_999, "1 M"),
        (10**30, "over 1000000 E"),
    ],
)
def test_short_count(value: int, text: str) -> None:
    assert short_count(value) == text


def test_counts_beyond_all_units_stay_short() -> None:
    assert len(formula((Product((2**63,) * 3 + (2**40_000,)),))) < 80
    assert len(short_formula({(): 2**40_000})) < 40


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("past + seq", 11),
        ("floor(h/2)", 3),
        ("ceil(h/2)", 4),
        ("2*seq", 8),
        ("-(-seq)", 4),
        ("seq - 5", 0),
        ("seq**2 + 1", 17),
        ("seq^2", 16),
        ("(h + 2) // 2 % 3", 1),
        ("max(h, seq)", 7),
        ("0.5*seq", 2),
        ("seq/2", 2),
        ("ceil(log2(h))", 3),
    ],
)
def test_arithmetic_in_a_dimension(text: str, value: int) -> None:
    assert value_of(text, {"past": 7, "seq": 4, "h": 7}) == value


@pytest.mark.parametrize("text", ["batch-size", "batch.size", "a/b", "p2o.DynamicDimension.0", "x:0[2]", "größe", "_n"])
def test_names_with_punctuation_are_symbols(text: str) -> None:
    assert symbols_of(text) == {text}
    assert not is_compound(text)
    assert value_of(text, {text: 3}) == 3


@pytest.mark.parametrize(
    "text",
    [
        "",
        "?",
        "[batch, 3]",
        "a b",
        "2 +",
        "(a",
        "a)",
        "f(a)",
        "__import__('os').system('x')",
        "(" * 30 + "a" + ")" * 30,
        "-" * 40 + "a",
        "a + " * 200 + "a",
        "\x1b]52;c;\x07",
    ],
)
def test_anything_else_is_one_opaque_symbol(text: str) -> None:
    assert parse(text) is None
    assert symbols_of(text) == {text}
    assert value_of(text, {}) is None
    assert value_of(text, {text: 5}) == 5


@pytest.mark.parametrize("text", ["9**9**9**9", "a**999", "a/0", "a % 0", "log2(0*a)", "sqrt(0 - a)", "2.5**0.5**a"])
def test_arithmetic_without_a_value_is_unknown_not_an_error(text: str) -> None:
    assert value_of(text, {"a": 7}) in (None, 2, 1)


@given(st.text(max_size=40), st.dictionaries(st.text(max_size=5), st.integers(0, 100), max_size=3))
def test_no_text_breaks_the_reader(text: str, bindings: dict[str, int]) -> None:
    value = value_of(text, bindings)
    assert value is None or value >= 0


_expressions = st.recursive(
    st.one_of(st.integers(0, 30).map(str), st.sampled_from(("a", "b"))),
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(("+", "-", "*", "//")), inner).map(lambda part: f"({part[0]} {part[1]} {part[2]})"),
        st.tuples(st.sampled_from(("max", "min")), inner, inner).map(lambda part: f"{part[0]}({part[1]}, {part[2]})"),
    ),
    max_leaves=8,
)


@given(_expressions, st.integers(0, 20), st.integers(0, 20))
def test_values_are_those_of_python(text: str, a: int, b: int) -> None:
    try:
        expected = max(0, eval(text, {"a": a, "b": b, "max": max, "min": min}))
    except ZeroDivisionError:
        expected = None
    assert value_of(text, {"a": a, "b": b}) == expected
