"""What clients of a version would notice of another one."""

from __future__ import annotations

from dataclasses import replace

import pytest

from inspector.errors import EXIT_CHECK_FAILED
from inspector.formats.saved_model.signature_drift import SignatureDrift, drift_of
from inspector.records.saved_model import SignatureFacts, SignatureTensor
from inspector.records.tensor import Shape

X, Y = SignatureTensor("x", "float32", (None, 4)), SignatureTensor("y", "float32", (None, 3))
PREDICT = SignatureFacts("serving_default", "tensorflow/serving/predict", (X,), (Y,))


def with_input(*inputs: SignatureTensor) -> SignatureFacts:
    return replace(PREDICT, inputs=inputs)


def of_shape(shape: Shape | None) -> SignatureFacts:
    return with_input(replace(X, shape=shape))


def test_the_same_signatures_do_not_drift() -> None:
    assert drift_of([PREDICT], [PREDICT]) == ((), ())


@pytest.mark.parametrize(
    ("now", "before", "breaking"),
    [
        ([], [PREDICT], "signature serving_default is gone"),
        ([with_input()], [PREDICT], "input x is gone"),
        ([replace(PREDICT, outputs=())], [PREDICT], "output y is gone"),
        ([with_input(X, replace(X, name="z"))], [PREDICT], "input z is new (float32[?,4])"),
        ([replace(PREDICT, outputs=(Y, replace(Y, name="z")))], [PREDICT], "output z is new (float32[?,3])"),
        ([with_input(replace(X, dtype="float16"))], [PREDICT], "input x was float32[?,4] and is float16[?,4]"),
        ([with_input(replace(X, encoding="coo_sparse"))], [PREDICT], "and is coo_sparse float32[?,4]"),
        ([of_shape((1, 4))], [PREDICT], "input x was float32[?,4] and is float32[1,4]"),
        ([of_shape((None, 8))], [PREDICT], "input x was float32[?,4] and is float32[?,8]"),
        ([of_shape((None, None, 4))], [PREDICT], "input x was float32[?,4] and is float32[?,?,4]"),
        ([PREDICT], [of_shape(None)], "input x was float32 of any shape and is float32[?,4]"),
        ([replace(PREDICT, outputs=(replace(Y, shape=(8, 3)),))], [PREDICT], "output y was float32[?,3] and is float32[8,3]"),
        ([PREDICT], [with_input(replace(X, default="1.0"))], "input x has no default value any more"),
        ([replace(PREDICT, method="")], [PREDICT], "its method was tensorflow/serving/predict and is none"),
    ],
)
def test_what_clients_would_notice_is_told(now: list[SignatureFacts], before: list[SignatureFacts], breaking: str) -> None:
    drift = drift_of(now, before)
    assert len(drift.breaking) == 1
    assert breaking in drift.breaking[0]
    assert "serving_default" in drift.breaking[0]
    assert drift.harmless == ()


@pytest.mark.parametrize(
    ("now", "before", "harmless"),
    [
        ([PREDICT, replace(PREDICT, name="embed")], [PREDICT], "signature embed is new"),
        ([PREDICT], [of_shape((1, 4))], "input x was float32[1,4] and is float32[?,4]"),
        ([of_shape(None)], [PREDICT], "input x was float32[?,4] and is float32 of any shape"),
        ([with_input(replace(X, default="2.0"))], [with_input(replace(X, default="1.0"))], "has another default value"),
        ([with_input(replace(X, default="2.0"))], [PREDICT], "has another default value"),
    ],
)
def test_what_clients_would_not_notice_is_told_apart(
    now: list[SignatureFacts], before: list[SignatureFacts], harmless: str
) -> None:
    drift = drift_of(now, before)
    assert drift.breaking == ()
    assert len(drift.harmless) == 1
    assert harmless in drift.harmless[0]


def test_drift_is_a_check_that_failed() -> None:
    assert SignatureDrift("so").exit_code == EXIT_CHECK_FAILED
