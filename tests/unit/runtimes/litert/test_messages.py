"""What LiteRT says, as it says it, becomes one line that names the operator."""

from __future__ import annotations

import pytest

from inspector.runtimes.litert.messages import is_want_of_memory, refusal

CUSTOM = (
    "Encountered unresolved custom op: Svd.\nSee instructions: https://www.tensorflow.org/lite/guide/ops_custom "
    "Node number 0 (Svd) failed to prepare."
)
SELECT = (
    "Select TensorFlow op(s), included in the given model, is(are) not supported by this interpreter. Make sure you apply/link "
    "the Flex delegate before inference. For the Android, it can be resolved by adding \"org.tensorflow\" dependency. See "
    "instructions: https://www.tensorflow.org/lite/guide/ops_selectNode number 3 (FlexComplex) failed to prepare."
)  # fmt: skip
CONV = "tflite/kernels/conv.cc:356 input->dims->size != 4 (5 != 4)Node number 54 (CONV_2D) failed to prepare."


@pytest.mark.parametrize(
    ("said", "line"),
    [
        (CUSTOM, "it has the custom operator Svd, which LiteRT does not know"),
        (SELECT, "it has Select TensorFlow operators, which LiteRT does not run here: FlexComplex"),
        (CONV, "node 54 (CONV_2D): input->dims->size != 4 (5 != 4)"),
        (CONV + CONV.replace("54", "63"), "node 54 (CONV_2D): input->dims->size != 4 (5 != 4)"),
        ("gather index out of boundsNode number 0 (GATHER) failed to invoke.", "node 0 (GATHER): gather index out of bounds"),
        ("Node number 2 (WHILE) failed to invoke.", "node 2 (WHILE)"),
        (
            "Didn't find op for builtin opcode 'CONV_2D' version '99'. An older version of this builtin might be "
            "supported. Are you using an old TFLite binary with a newer model?\nRegistration failed.\n",
            "this LiteRT has no operator CONV_2D in version 99",
        ),
        ("Encountered unresolved custom op: a\x1b[31mb\u202e.", "it has the custom operator ab, which LiteRT does not know"),
        ("", "ValueError"),
    ],
)
def test_what_it_says_is_one_line(said: str, line: str) -> None:
    found = refusal(ValueError(said))
    assert found.text == line
    assert "\n" not in found.hint


def test_what_it_had_said_before_is_left_out() -> None:
    assert refusal(RuntimeError(CONV + "gather index out of boundsNode number 0 (GATHER) failed to invoke."), CONV).text == (
        "node 0 (GATHER): gather index out of bounds"
    )


def test_what_no_feed_could_mend_is_told_from_what_one_could() -> None:
    assert [refusal(RuntimeError(one)).at_once for one in (CUSTOM, SELECT, CONV)] == [True, True, False]
    assert all(refusal(RuntimeError(one)).hint for one in (CUSTOM, SELECT))


def test_want_of_memory_is_known() -> None:
    assert is_want_of_memory(RuntimeError("std::bad_alloc"))
    assert not is_want_of_memory(RuntimeError(CONV))
