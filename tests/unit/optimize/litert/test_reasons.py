"""The converter's pages become one line: which operator, which signature, what to do."""

from __future__ import annotations

from inspector.optimize.litert.reasons import conversion_reason, missing_operators

PLACE = (
    'loc(callsite(fused["StringJoin:", "StringJoin@__inference_call_3"] at callsite(fused["PartitionedCall:", '
    '"PartitionedCall@__inference_wrapper_9"] at fused["PartitionedCall:", "PartitionedCall"])))'
)
SELECT = f"""Could not translate MLIR to FlatBuffer.
<unknown>:0: error: {PLACE}: 'tf.StringJoin' op is neither a custom op nor a flex op
<unknown>:0: error: failed while converting: 'main':
Some ops are not supported by the native TFLite runtime, you can enable TF kernels fallback using TF Select.
TF Select ops: StringJoin, Add
Details:
\ttf.StringJoin(tensor<!tf_type.string>) -> (tensor<!tf_type.string>) : {{device = ""}}
"""
ILLEGAL = (
    f"<unknown>:0: error: {PLACE}: failed to legalize operation 'tf.TensorSliceDataset' that was explicitly marked illegal"
)


def test_operators_are_named_once_each() -> None:
    assert missing_operators(RuntimeError(SELECT)) == ("Add", "StringJoin")
    assert missing_operators(RuntimeError(ILLEGAL)) == ("TensorSliceDataset",)
    assert missing_operators(RuntimeError("something else")) == ()


def test_what_litert_lacks_is_said_with_the_signature_that_needs_it() -> None:
    said = conversion_reason(RuntimeError(SELECT), ["main"])
    assert said == 'signature "main" needs Add, StringJoin: LiteRT has no builtin operator for them'


def test_a_place_is_left_out_of_other_errors() -> None:
    said = conversion_reason(RuntimeError(f"{PLACE}: \x1b[31mthe end\nof it"), [])
    assert said == "the converter refused it: the end of it"


def test_custom_operators_strings_and_int16_have_their_own_words() -> None:
    unknown = RuntimeError("Op type not registered 'Acme\x07Op' in binary running on host. Make sure …")
    assert conversion_reason(unknown, []) == "it needs the custom operator AcmeOp, which TensorFlow does not know"
    assert "takes no strings" in conversion_reason(ValueError("basic_string::_M_create"), ["words"])
    wide = RuntimeError("Quantization to 16x8-bit not yet supported for op: 'NEG'.\n" * 9)
    assert conversion_reason(wide, ["main"]) == "LiteRT has no int16 form of NEG"


def test_however_much_is_said_it_is_one_short_line() -> None:
    said = conversion_reason(RuntimeError("word\n" * 100_000), ["a", "b", "c", "d"])
    assert "\n" not in said
    assert len(said) <= 300
