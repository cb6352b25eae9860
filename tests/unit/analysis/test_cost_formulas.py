"""Formulas against naive loops that do the operator's work and count every multiply-accumulate."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.analysis.costing import cost_of_operator, flops, multiply_accumulates, tensor

small = st.integers(1, 3)
lengths = st.integers(1, 4)


@settings(deadline=None, max_examples=60)
@given(
    rank=st.integers(1, 3),
    batch=small,
    groups=small,
    channels_each=small,
    filters_each=small,
    data=st.data(),
)
def test_convolution(rank: int, batch: int, groups: int, channels_each: int, filters_each: int, data: st.DataObject) -> None:
    kernel = [data.draw(small) for _ in range(rank)]
    output = [data.draw(lengths) for _ in range(rank)]
    count = 0
    for _sample, _group, _filter in product(range(batch), range(groups), range(filters_each)):
        for _position in product(*map(range, output)):
            for _channel, _tap in product(range(channels_each), product(*map(range, kernel))):
                count += 1
    cost = cost_of_operator(
        "Conv",
        [tensor("x", batch, groups * channels_each, *output), tensor("w", groups * filters_each, channels_each, *kernel)],
        [tensor("y", batch, groups * filters_each, *output)],
        group=groups,
    )
    assert multiply_accumulates(cost) == count
    assert flops(cost) == 2 * count


@settings(deadline=None, max_examples=40)
@given(batch=small, groups=small, channels_each=small, filters_each=small, data=st.data())
def test_transposed_convolution(batch: int, groups: int, channels_each: int, filters_each: int, data: st.DataObject) -> None:
    length, kernel, stride = data.draw(lengths), data.draw(small), data.draw(small)
    count = 0
    written = set()
    for sample, group, _channel, position in product(range(batch), range(groups), range(channels_each), range(length)):
        for filter_, tap in product(range(filters_each), range(kernel)):
            written.add((sample, group, filter_, position * stride + tap))
            count += 1
    cost = cost_of_operator(
        "ConvTranspose",
        [tensor("x", batch, groups * channels_each, length), tensor("w", groups * channels_each, filters_each, kernel)],
        [tensor("y", batch, groups * filters_each, max(position for *_, position in written) + 1)],
        group=groups,
        strides=(stride,),
    )
    assert multiply_accumulates(cost) == count


@settings(deadline=None, max_examples=60)
@given(st.data())
def test_matrix_product_broadcasts(data: st.DataObject) -> None:
    rows, inner, columns = data.draw(lengths), data.draw(lengths), data.draw(lengths)
    batch = [data.draw(small) for _ in range(data.draw(st.integers(0, 2)))]
    left = [1 if data.draw(st.booleans()) else length for length in batch]
    right = [
        length if other == 1 else data.draw(st.sampled_from((1, length))) for length, other in zip(batch, left, strict=True)
    ]
    right = right[data.draw(st.integers(0, len(right))) :]
    output = [max(pair) for pair in zip(left, [*([1] * (len(left) - len(right))), *right], strict=True)]
    count = sum(1 for _ in product(*map(range, output), range(rows), range(columns), range(inner)))
    cost = cost_of_operator(
        "MatMul", [tensor("a", *left, rows, inner), tensor("b", *right, inner, columns)], [tensor("y", *output, rows, columns)]
    )
    assert multiply_accumulates(cost) == count


@pytest.mark.parametrize(
    ("left", "right", "output", "count"),
    [((5,), (5,), (), 5), ((5,), (5, 3), (3,), 15), ((2, 5), (5,), (2,), 10)],
)
def test_matrix_product_of_vectors(left: tuple[int, ...], right: tuple[int, ...], output: tuple[int, ...], count: int) -> None:
    cost = cost_of_operator("MatMul", [tensor("a", *left), tensor("b", *right)], [tensor("y", *output)])
    assert multiply_accumulates(cost) == count


@pytest.mark.parametrize("transposed_left", [0, 1])
@pytest.mark.parametrize("transposed_right", [0, 1])
def test_general_matrix_product(transposed_left: int, transposed_right: int) -> None:
    rows, inner, columns = 2, 3, 5
    left = (inner, rows) if transposed_left else (rows, inner)
    right = (columns, inner) if transposed_right else (inner, columns)
    cost = cost_of_operator(
        "Gemm",
        [tensor("a", *left), tensor("b", *right), tensor("c", columns)],
        [tensor("y", rows, columns)],
        transA=transposed_left,
        transB=transposed_right,
        alpha=0.5,
    )
    assert multiply_accumulates(cost) == rows * inner * columns
    assert flops(cost) == 2 * rows * inner * columns + rows * columns  # alpha scales every result


EQUATIONS = (
    "ij,jk->ik",
    "bij,bjk->bik",
    "bhqd,bhkd->bhqk",
    "i,i->",
    "i,j->ij",
    "ij->ji",
    "ij->i",
    "ij,ij",
    "ii->i",
    "...ij,...jk->...ik",
    "b...d,dk->b...k",
    "ij,jk,kl->il",
)


@pytest.mark.parametrize("equation", EQUATIONS)
def test_einsum(equation: str) -> None:
    extents = dict(zip("bhqdkijl", (2, 3, 4, 2, 3, 5, 2, 4), strict=True))
    left, arrow, right = equation.partition("->")
    terms = left.split(",")
    shapes = []
    indexes: dict[str, int] = {}
    for term in terms:
        letters = [*term.replace("...", "*")]
        shape: list[int] = []
        for letter in letters:
            shape.extend((3, 2) if letter == "*" else (extents[letter],))
            indexes.update({"*0": 3, "*1": 2} if letter == "*" else {letter: extents[letter]})
        shapes.append(tensor(f"t{len(shapes)}", *shape))
    kept = set(right.replace("...", "")) if arrow else {letter for letter in left if left.count(letter) == 1}
    combinations = sum(1 for _ in product(*map(range, indexes.values())))
    summed = any(index not in kept for index in indexes if not index.startswith("*"))
    expected = combinations * (len(terms) - 1 + summed)
    cost = cost_of_operator("Einsum", shapes, [tensor("y")], equation=equation)
    assert flops(cost) == expected
    assert multiply_accumulates(cost) == (combinations if summed and len(terms) > 1 else 0)


@settings(deadline=None, max_examples=40)
@given(
    operator=st.sampled_from(("LSTM", "GRU", "RNN")),
    sequence=small,
    batch=small,
    features=small,
    hidden=small,
    directions=st.integers(1, 2),
)
def test_recurrent_layer(operator: str, sequence: int, batch: int, features: int, hidden: int, directions: int) -> None:
    gates = {"LSTM": 4, "GRU": 3, "RNN": 1}[operator]
    count = 0
    for _step, _sample, _direction, _gate, _unit in product(*map(range, (sequence, batch, directions, gates, hidden))):
        count += sum(1 for _ in range(features))  # one row of W times the input
        count += sum(1 for _ in range(hidden))  # one row of R times the state
    cost = cost_of_operator(
        operator,
        [
            tensor("x", sequence, batch, features),
            tensor("w", directions, gates * hidden, features),
            tensor("r", directions, gates * hidden, hidden),
        ],
        [tensor("y", sequence, directions, batch, hidden)],
    )
    assert multiply_accumulates(cost) == count
    arithmetic = {"LSTM": 18, "GRU": 14, "RNN": 1}[operator] * sequence * batch * directions * hidden
    assert flops(cost) == 2 * count + arithmetic
