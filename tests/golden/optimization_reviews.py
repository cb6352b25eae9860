"""Reviews of what was made of a model, written by hand: one of ordinary steps, and one whose every text is hostile."""

from __future__ import annotations

from dataclasses import replace
from typing import get_args

from inspector.records.contract import (
    ArtifactLimits,
    ChangeKind,
    ConformanceTerms,
    Contract,
    ContractChange,
    PreprocessingStep,
    Provenance,
    RuntimeRequirements,
    TensorPromise,
    Tolerances,
    ValueRange,
)
from inspector.records.measurement import Comparison
from inspector.records.optimization import (
    Attempt,
    Autopsy,
    Change,
    ConversionNode,
    KeptNode,
    ModelFacts,
    NodeSensitivity,
    Preflight,
    SignatureProof,
)
from inspector.records.parity import ConformanceResult, Gate, GateCheck, GateFigure, OutputParity, Parity
from inspector.records.publishing import PublishedVersion
from inspector.records.review import Check, Review
from tests.golden.reviews import HOSTILE, ordinary_review

ORIGINAL = ModelFacts(102_640_473, 162, 40, 25_557_032, 102_228_128, 12, 7, "ab" * 32)
SIMPLE = ModelFacts(102_600_000, 122, 0, 25_557_032, 102_228_128, 12, 7, "cd" * 32)
SMALL = ModelFacts(25_900_400, 260, 0, 25_560_000, 25_700_000, 13, 8, "ef" * 32)

LOGITS = OutputParity(
    "logits",
    "float32",
    16_000,
    0.31,
    0.02,
    0.5,
    0.01,
    0.03,
    0.002,
    0.99871,
    27.4,
    0.984,
    1.0,
    900,
    0.0,
    scale=11.5,
    worst_input=3,
)
LABEL = OutputParity("label", "int64", 16, exact_share=0.9375)


def contract() -> Contract:
    """Return a contract that says something of every kind."""
    return Contract(
        name="resnet50",
        inputs=(TensorPromise("data", "float32", ("batch", 3, 224, 224), ValueRange(-2.2, 2.7), "RGB"),),
        outputs=(TensorPromise("logits", "float32", ("batch", 1000)), TensorPromise("label", "int64", (None,), ValueRange(0))),
        preprocessing=(PreprocessingStep("normalize", "data", "ImageNet", {"mean": (0.485, 0.456, 0.406), "scale": True}),),
        provenance=Provenance("resnet50.onnx", "ab" * 32, "pytorch", "2.1", ("simplify: onnxsim 0.8.1",), {"onnx": "1.23.2"}),
        runtime=RuntimeRequirements("onnxruntime", "1.22", {"ai.onnx": 13}, 8, ("cpu", "cuda")),
        conformance=ConformanceTerms("top_k", "data.npz", "y", "logits", 5, 0.01, 0.95, 500),
        tolerances=Tolerances(0.5, 0.99, 20.0, 0.98),
        limits=ArtifactLimits(50_000_000, 20, 300.5),
    )


def optimized_review() -> Review:
    """Return a review with a step of every verdict."""
    changes = (_simplified(), _rejected(), _quantized(), _slower(), _nothing(), _cannot())
    return replace(
        ordinary_review(),
        contract=contract(),
        changes=changes,
        comparisons=_quantized().comparisons,
        checks=(
            Check("size: 50,000,000 bytes at most", "passed", "25,900,400 bytes"),
            Check("latency: 20 ms at most", "unknown", "not measured: it takes a benchmark"),
            Check("operator set ai.onnx 12 at most", "failed", "ai.onnx 13"),
        ),
        verdict="fail",
    )


def _comparisons(session: float, latency: float) -> tuple[Comparison, ...]:
    verdicts = {True: "faster", False: "slower"}
    return (
        Comparison(
            "session_creation",
            240.0,
            240 * session,
            session,
            session - 0.1,
            session + 0.1,
            "no difference shown",
            12,
            0.97,
            1.04,
        ),
        Comparison(
            *("latency", 12.9, 12.9 * latency, latency, latency - 0.02, latency + 0.03),
            verdicts[latency < 1],  # type: ignore[arg-type]
            *(80, 0.99, 1.01),
            threads=2,
            note="first run apart",
        ),
    )


def _simplified() -> Change:
    equal = Parity(
        (replace(LOGITS, max_absolute=0.0, sqnr_db=None, cosine=1.0), replace(LABEL, exact_share=1.0)), 16, "synthetic", 0
    )
    return Change(
        "simplify",
        "accepted",
        "accepted",
        "",
        ORIGINAL,
        SIMPLE,
        choice="onnxsim and ONNX Runtime's basic optimization",
        recipe=("onnxsim 0.8.1: constants folded within 1 MiB",),
        parity=equal,
        confirmation=replace(equal, inputs=8, seed=1),
        gates=(GateCheck(Gate("max_scaled", "at most", 1e-3, "only the order of additions may change"), "logits", 0.0, True),),
        comparisons=_comparisons(0.98, 0.95),
        contract_changes=(ContractChange("shape", "output label", "[?]", "[batch]", True),),
        attempts=(
            Attempt(
                "onnxruntime basic", "passed", "larger than another one", 103_000_000, 130, seconds=2.0, peak_bytes=400_000_000
            ),
            Attempt("onnxsim", "chosen", "", 102_600_000, 122, worst_cosine=1.0, seconds=9.0, peak_bytes=900_000_000),
            Attempt("onnxslim", "not run", "the package onnxslim is missing"),
        ),
        seconds=31.4,
    )


def _rejected() -> Change:
    return Change(
        "fp16",
        "rejected",
        "rejected",
        "no candidate passed: onnxsim: it does not load: Type Error: Type (tensor(float16)) of output arg (x) of node (Cast_3)",
        SIMPLE,
        preflight=Preflight(True, choice="a ladder of converters", notes=("161 of 161 weights are float32",)),
        choice="a ladder of converters",
        attempts=(
            Attempt(
                "onnxruntime float16",
                "rejected",
                "output logits: SQNR 12.3 dB, at least 30 dB needed",
                51_000_000,
                128,
                12.3,
                0.94,
            ),
            Attempt("onnxconverter-common", "failed", "the child was killed by signal 11 (SIGSEGV)"),
        ),
        seconds=12.0,
    )


def _quantized() -> Change:
    parity = Parity((LABEL, LOGITS), 500, "data", device="cpu", seconds=14.0)
    return Change(
        "int8",
        "accepted",
        "accepted",
        "",
        SIMPLE,
        SMALL,
        output="out/resnet50.int8.onnx",
        choice="static int8 (QDQ)",
        preflight=Preflight(
            True,
            choice="static int8 (QDQ)",
            notes=("94 % of FLOPs are in Conv", "this CPU has AVX512-VNNI"),
            warnings=("calibrated on 32 samples only",),
        ),
        recipe=("onnxruntime 1.32.0 quantize_static: QDQ, per channel", "opset 12 raised to 13 by onnx 1.23.2"),
        parity=parity,
        confirmation=replace(parity, inputs=100),
        gates=(
            GateCheck(Gate("sqnr_db", "at least", 15.0, "8 bits give 20 to 40 dB"), "logits", 27.4, True),
            GateCheck(Gate("exact_share", "at least", 0.95, "an index may turn where two are close"), "label", 0.9375, False),
            GateCheck(Gate("new_nan", "at most", 0, ""), "", None, True),
        ),
        conformance=ConformanceResult(
            "top_k", "passed", 0.951, 0.948, 0.003, 0.0071, 0.01, 0.95, 4000, method="paired, Wilson"
        ),
        contract_changes=(
            ContractChange("opset raised", "operator set ai.onnx", "12", "13", True),
            ContractChange("IR version raised", "file format", "7", "8", True),
        ),
        comparisons=_comparisons(1.1, 0.54),
        autopsy=Autopsy(
            {"QuantizeLinear": 54, "DequantizeLinear": 162, "Cast": 0},
            0.034,
            (ConversionNode("/fc/QuantizeLinear", "QuantizeLinear", 0.12, 0.01), ConversionNode("", "Cast")),
            {"QLinearConv": 0.81, "MaxPool": 0.1, "QuantizeLinear": 0.02},
            "measured with ONNX Runtime's profiler",
        ),
        attempts=(
            Attempt("static int8, MinMax, 1 node in fp32", "chosen", "", 25_900_400, 260, 27.4, 0.9987, ("names made unique",)),
        ),
        kept_fp32=(KeptNode("/fc/Gemm", "Gemm", "the worst of all", 121, 9.1), KeptNode("", "Softmax", "asked for", 122)),
        sensitivity=(
            NodeSensitivity("/conv1/Conv", "Conv", 0, 24.0, 24.0),
            NodeSensitivity("", "Gemm", 121, 9.1, 8.5, True),
            NodeSensitivity("/odd", "Mul", 7, None, None),
        ),
        repairs=("names made unique",),
        warnings=("calibrated on 32 samples only", "one sample was left out"),
        seconds=95.2,
    )


def _slower() -> Change:
    underpowered = ConformanceResult("accuracy", "underpowered", 0.95, 0.94, 0.01, 0.04, 0.005, 0.95, 120, 5200)
    return replace(
        _quantized(),
        optimizer="int8-dynamic",
        verdict="smaller but slower",
        reason="5.47× the latency (5.20 to 5.70)",
        before=SMALL,
        after=replace(SMALL, size_bytes=25_000_000),
        output="",
        conformance=underpowered,
        comparisons=(
            *_comparisons(1.0, 5.47)[1:],
            Comparison("cold_start", 0, 0, 1, 1, 1, "not measured", 0, note="no time left"),
        ),
        gates=(),
        attempts=(),
        kept_fp32=(),
        sensitivity=(),
        autopsy=None,
        seconds=0.0,
    )


def _nothing() -> Change:
    preflight = Preflight(False, "every weight is int8 already", nothing_to_do=True)
    return Change("int8", "skipped", "nothing to do", preflight.reason, SMALL, preflight=preflight)


def _cannot() -> Change:
    return Change("fp16", "skipped", "cannot run", "the package onnxconverter-common is missing", SMALL)


def hostile_optimization_review() -> Review:
    """Return a review of changes in which every free text is hostile and every number is out of bounds."""
    texts = " ".join(HOSTILE)
    review = optimized_review()
    return replace(
        review,
        contract=_hostile_contract(),
        changes=tuple(_hostile_change(change, texts) for change in review.changes),
        comparisons=tuple(replace(one, note=texts, device=texts) for one in review.comparisons),
        checks=tuple(Check(text, "failed", text) for text in HOSTILE),
        published=PublishedVersion(texts, 2**62, 2**62, 2**70, 2**62, 2**62, HOSTILE, HOSTILE),
    )


def _hostile_contract() -> Contract:
    promises = tuple(TensorPromise(text, text, (text, 2**62, None), ValueRange(-1e308, 1e308), text) for text in HOSTILE)
    steps = tuple(PreprocessingStep(text, text, text, {text: text}) for text in HOSTILE)
    versions = dict(zip(HOSTILE, HOSTILE[::-1], strict=True))
    return Contract(
        HOSTILE[0],
        promises,
        promises[::-1],
        steps,
        Provenance(HOSTILE[1], HOSTILE[2], HOSTILE[3], HOSTILE[4], HOSTILE, versions),
        RuntimeRequirements(HOSTILE[5], HOSTILE[6], dict.fromkeys(HOSTILE, 2**62), 2**62, HOSTILE),
        ConformanceTerms(data=HOSTILE[0], labels=HOSTILE[1], output=HOSTILE[2]),
        Tolerances(1e308),
        ArtifactLimits(2**62, 1e308, 5e-324),
    )


def _hostile_change(change: Change, texts: str) -> Change:
    facts = ModelFacts(2**70, 2**70, 2**66, 2**99, 2**99, 2**62, 2**62, texts)
    kinds, figures = get_args(ChangeKind), get_args(GateFigure)
    parity = Parity(
        tuple(OutputParity(text, text, 2**60, 1e308, sqnr_db=-300.0, problem=text) for text in HOSTILE), 2**40, "data"
    )
    return replace(
        change,
        reason=texts,
        before=facts,
        after=facts,
        output=HOSTILE[0],
        choice=HOSTILE[1],
        preflight=Preflight(True, texts, False, texts, HOSTILE, HOSTILE),
        recipe=HOSTILE,
        parity=parity,
        confirmation=replace(parity, outputs=(replace(LOGITS, output=HOSTILE[3], nan_count=2**60),), device=HOSTILE[2]),
        gates=tuple(GateCheck(Gate(figures[0], "at most", 1e308, text), text, -1e308, False) for text in HOSTILE),
        conformance=ConformanceResult(texts, "failed", 1e308, -1e308, 1e308, 1e308, 0.5, 0.95, 2**60, 2**60, texts, texts),
        contract_changes=tuple(ContractChange(kinds[0], text, text, text) for text in HOSTILE),
        comparisons=(Comparison("latency", 1e308, 1e308, 1e308, 1e308, 1e308, "slower", 2**60, 0, 1e308, texts, 2**60, texts),),
        autopsy=Autopsy(
            dict.fromkeys(HOSTILE, 2**60), 0.5, (ConversionNode(texts, texts, 1e308, 1.0),), {HOSTILE[0]: 1}, texts
        ),
        attempts=tuple(
            Attempt(text, "failed", text, 2**70, 2**70, 1e308, repairs=(text,), peak_bytes=2**70) for text in HOSTILE
        ),
        kept_fp32=tuple(KeptNode(text, text, text, 2**40, -1e308) for text in HOSTILE),
        sensitivity=tuple(NodeSensitivity(text, text, 2**40, -1e308, 1e308) for text in HOSTILE),
        repairs=HOSTILE,
        warnings=HOSTILE,
        seconds=1e15,
        signatures=_hostile_proofs(texts),
        files=HOSTILE,
        runtime="litert",
    )


def _hostile_proofs(texts: str) -> tuple[SignatureProof, ...]:
    change = ContractChange("other", texts, texts, texts)
    gate = GateCheck(Gate("cosine", "at most", 1e308, texts), texts, -1e308, False)
    conformance = ConformanceResult(texts, "failed", 1e308, -1e308, 1e308, 1e308, 0.5, 0.95, 2**60, 2**60, texts, texts)
    parity = Parity((replace(LOGITS, output=texts, nan_count=2**60),), 2**40, "data", device=texts)
    everything = SignatureProof(texts, parity, (gate,), parity, conformance, (change,), texts, (texts,))
    return (everything, *(SignatureProof(text, reason=text) for text in HOSTILE))
