"""Reviews of what was made of a SavedModel, written by hand: every kind of change, several signatures, other runtimes."""

from __future__ import annotations

from dataclasses import replace

from inspector.records.contract import (
    ConformanceTerms,
    Contract,
    ContractChange,
    Provenance,
    RuntimeRequirements,
    TensorPromise,
)
from inspector.records.measurement import Comparison
from inspector.records.optimization import Attempt, Change, ModelFacts, Preflight, SignatureProof
from inspector.records.parity import ConformanceResult, Gate, GateCheck, OutputParity, Parity
from inspector.records.publishing import PublishedVersion
from inspector.records.review import Review
from tests.golden.saved_model_reviews import served_review

ORIGINAL = ModelFacts(1_412_345, 1_329, 204, 117_000, 468_000, sha256="12" * 32)
PRUNED = ModelFacts(502_020, 611, 188, 117_000, 468_000, sha256="34" * 32)
AS_ONNX = ModelFacts(489_100, 96, 0, 117_000, 468_000, 18, 8, "56" * 32)
AS_LITERT = ModelFacts(130_400, 41, 0, 117_000, 121_000, sha256="78" * 32)

SCORES = OutputParity(
    "scores", "float32", 160, 2e-6, 4e-7, 3e-5, 1e-6, 2e-6, 4e-7, 0.99999998, 128.4, 1.0, 1.0, 16, 0.0, scale=1.0
)
LENGTHS = OutputParity("lengths", "int64", 16, exact_share=1.0)
REDUCED = replace(SCORES, max_absolute=0.021, cosine=0.99941, sqnr_db=29.7, top1_agreement=0.98)

OTHER_RUNTIME = "TensorFlow before, LiteRT after"
REMAPPED = ContractChange("other", "input words", "words", "serving_default_words:0 in the file", allowed=True)


def converted_review() -> Review:
    """Return a review of a SavedModel with two signatures, a step of every kind and verdict."""
    return replace(
        served_review(),
        contract=_contract(),
        changes=(_pruned(), _simplified(), _to_onnx(), _to_litert(), _int8(), _fp16(), _cannot()),
        published=PublishedVersion(
            "serving/4",
            4,
            7,
            503_344,
            16,
            3,
            ("serving_default: the output lengths is new",),
            ("version 5 is larger: servers go on with that one",),
        ),
    )


def _contract() -> Contract:
    return Contract(
        name="classifier",
        inputs=(TensorPromise("words_0", "string", (None, "length"), original_name="words"),),
        outputs=(TensorPromise("scores", "float32", (None, 10)),),
        provenance=Provenance("models/classifier", "12" * 32, "tensorflow", "2.21.0", ("to-litert",), {"tensorflow": "2.21.0"}),
        runtime=RuntimeRequirements("litert", "2.1"),
        conformance=ConformanceTerms("accuracy"),
    )


def _parity(*outputs: OutputParity, inputs: int = 16, seed: int = 0) -> Parity:
    return Parity(outputs, inputs, "synthetic", seed)


def _proof(name: str, *outputs: OutputParity) -> SignatureProof:
    return SignatureProof(
        name,
        _parity(*outputs),
        (GateCheck(Gate("max_scaled", "at most", 1e-3), outputs[0].output, outputs[0].max_scaled, True),),
        _parity(*outputs, inputs=8, seed=1),
    )


def _comparisons(load: float, latency: float, note: str = "") -> tuple[Comparison, ...]:
    faster = "faster" if latency < 1 else "slower"
    return (
        Comparison("session_creation", 412.0, 412 * load, load, load - 0.01, load + 0.02, "faster", 12, 0.95, 1.06, note=note),
        Comparison("latency", 0.41, 0.41 * latency, latency, latency - 0.04, latency + 0.05, faster, 64, 0.97, 1.04, note=note),
        Comparison("cold_start", 5_210, 431, 0.083, 0.08, 0.09, "faster", 6, 0.96, 1.05, note=note),
    )


def _pruned() -> Change:
    return Change(
        "prune",
        "accepted",
        "accepted",
        "",
        ORIGINAL,
        PRUNED,
        choice="a serving-only copy",
        preflight=Preflight(
            True,
            choice="a serving-only copy",
            notes=("12 functions are reached by nothing", "slots of Adam hold 936.0 KB"),
        ),
        recipe=("kept signatures serving_default, count", "dropped 12 functions, 718 nodes, 36 checkpoint entries"),
        parity=_parity(replace(SCORES, max_absolute=0.0, sqnr_db=None)),
        confirmation=_parity(replace(SCORES, max_absolute=0.0, sqnr_db=None), inputs=8, seed=1),
        comparisons=_comparisons(0.91, 0.99)[:2],
        repairs=("slot variables of Adam cleared: the original does not load in TensorFlow 2.21.0, this copy does",),
        signatures=(_proof("serving_default", replace(SCORES, max_absolute=0.0, sqnr_db=None)), _proof("count", LENGTHS)),
        runtime="tensorflow",
        seconds=31.0,
    )


def _simplified() -> Change:
    return Change(
        "simplify",
        "rejected",
        "rejected",
        "no candidate is smaller or faster: frozen: 1.02× the latency (0.98 to 1.07), 512.3 KB",
        PRUNED,
        attempts=(
            Attempt("frozen", "rejected", "no smaller and no faster", 512_300, 590, 128.4, seconds=14.0),
            Attempt("folded by Grappler", "failed", "signature count: node Bucketize is not supported", seconds=9.0),
        ),
        runtime="tensorflow",
        seconds=42.0,
    )


def _to_onnx() -> Change:
    return Change(
        "to-onnx",
        "accepted",
        "accepted",
        "",
        PRUNED,
        AS_ONNX,
        output="out/classifier.onnx",
        files=("out/classifier.count.onnx",),
        choice="tf2onnx, operator set 18",
        recipe=("tf2onnx 1.17.0: operator set 18, one file a signature",),
        parity=_parity(SCORES),
        confirmation=_parity(SCORES, inputs=8, seed=1),
        comparisons=_comparisons(0.02, 0.11, "TensorFlow before, ONNX Runtime after"),
        contract_changes=(ContractChange("shape", "output lengths", "[?]", "[batch]", True),),
        signatures=(
            _proof("serving_default", SCORES),
            replace(_proof("count", LENGTHS), contract_changes=(REMAPPED,), notes=("limit: 8, its default",)),
        ),
        runtime="onnxruntime",
        seconds=24.0,
    )


def _to_litert() -> Change:
    reason = 'signature "count": operator StaticRegexFullMatch has no place in LiteRT'
    return Change(
        "to-litert",
        "rejected",
        "rejected",
        reason,
        PRUNED,
        signatures=(_proof("serving_default", SCORES), SignatureProof("count", reason=reason)),
        runtime="litert",
        seconds=12.0,
    )


def _int8() -> Change:
    parity = Parity((REDUCED,), 400, "data")
    conformance = ConformanceResult("accuracy", "passed", 0.981, 0.979, 0.002, 0.0041, 0.005, 0.95, 1_800, method="paired")
    return Change(
        "int8",
        "accepted",
        "smaller but slower",
        "1.31× the latency (1.27 to 1.36)",
        PRUNED,
        AS_LITERT,
        output="out/classifier.tflite",
        choice="full int8, calibrated on 500 samples",
        recipe=("tf.lite.TFLiteConverter of TensorFlow 2.21.0: full int8, inputs and outputs stay float32",),
        parity=parity,
        confirmation=replace(parity, inputs=200),
        conformance=conformance,
        contract_changes=(REMAPPED,),
        comparisons=_comparisons(0.01, 1.31, OTHER_RUNTIME),
        signatures=(
            SignatureProof("serving_default", parity, (), replace(parity, inputs=200), conformance, (REMAPPED,)),
            SignatureProof(
                "count",
                _parity(replace(LENGTHS, exact_share=0.99)),
                (GateCheck(Gate("exact_share", "at least", 1.0), "lengths", 0.99, False),),
                reason="output lengths: 99 % equal, 100 % needed",
            ),
        ),
        runtime="litert",
        seconds=61.0,
    )


def _fp16() -> Change:
    return Change(
        "fp16",
        "accepted",
        "accepted",
        "",
        PRUNED,
        replace(AS_LITERT, size_bytes=251_000),
        output="out/classifier-fp16.tflite",
        parity=_parity(SCORES),
        comparisons=(replace(_comparisons(0.01, 0.9)[0], verdict="not measured", note="LiteRT could not be timed"),),
        signatures=(_proof("serving_default", SCORES),),
        runtime="litert",
    )


def _cannot() -> Change:
    preflight = Preflight(False, "TensorFlow is not installed: pip install 'modelpack-tui[tensorflow]'")
    return Change("int8-dynamic", "skipped", "cannot run", preflight.reason, PRUNED, preflight=preflight)
