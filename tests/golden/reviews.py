"""Reviews written by hand, one of an ordinary model and one whose every text is hostile, for the reports to be held against."""

from __future__ import annotations

from dataclasses import replace

from inspector.records.artifact import Artifact, ByteRange, ExternalFile
from inspector.records.finding import Finding
from inspector.records.graph import NodeRef, Signature
from inspector.records.review import (
    Check,
    DtypeShare,
    Environment,
    Flops,
    GraphSummary,
    LargestWeight,
    OperatorUse,
    RepeatedBlock,
    Review,
    Tool,
)
from inspector.records.tensor import TensorSpec

ENVIRONMENT = Environment("A CPU", ("avx2", "avx512_vnni"), 2, 16_000_000_000, "Linux 6.1 x86_64", {"onnx": "1.23.2"})

HOSTILE = (
    "\x1b]52;c;UFdORUQ=\x07",
    "\x1b]0;owned\x07\x9b31m\x1b[2J",
    "a|b`c``d*e*_f_[link](http://evil.example)<img src=x onerror=alert(1)>",
    "line\nbreak\r\n# heading\n- item\n\n---",
    "\u202egnp.exe\u2066 zero\u200bwidth \udce9 @somebody #12 www.evil.example",
    "[bold red]markup[/] [/foo] [@click=app.quit]x[/]",
    "`" * 7 + "|" + "\\|" + "<!-- -->" + "&lt;$x^2$~~no~~",
)
"""Texts that drive terminals, Markdown, HTML or Textual where nobody takes care."""


def ordinary_review() -> Review:
    """Return what an image classifier with external weights gives."""
    return Review(
        tool=Tool("1.2.3"),
        environment=ENVIRONMENT,
        artifact=Artifact("models/resnet50.onnx", "onnx", 412_345, "ab" * 32, {"license": "Apache-2.0", "task": "classify"}),
        signatures=(
            Signature(
                "main",
                (TensorSpec("data", "float32", ("batch", 3, 224, 224)), TensorSpec("mask", "bool", None)),
                (TensorSpec("logits", "float32", ("batch", 1000)), TensorSpec("sequence", "int64", (None,))),
            ),
        ),
        graph=_graph(),
        external_files=_external_files(),
        findings=_findings(),
        warnings=("shape inference of resnet50.onnx was stopped: it took longer than 60 s",),
    )


def _graph() -> GraphSummary:
    return GraphSummary(
        node_count=122,
        nested_node_count=14,
        parameter_count=25_557_032,
        weight_bytes=102_228_128,
        flops=Flops(
            8_178_368_512,
            0.97,
            {"batch": 1},
            "8178368512·batch",
            {"NonMaxSuppression": 1, "com.acme.Secret": 3},
            4_087_136_256,
            ("height",),
            ("loop counted once",),
        ),
        opsets={"ai.onnx": 17, "com.acme": 1},
        operators=(
            OperatorUse("ai.onnx", "Conv", 53, 23_454_912, 8_174_272_512),
            OperatorUse("ai.onnx", "Relu", 49, 0, 0),
            OperatorUse("com.acme", "Secret", 3, 0, None),
            OperatorUse("ai.onnx", "Gemm", 1, 2_049_000, 4_096_000),
            *(OperatorUse("ai.onnx", f"Rare{index}", 1) for index in range(12)),
        ),
        weight_count=161,
        weights_by_dtype=(DtypeShare("float32", 25_557_000, 102_228_000), DtypeShare("int64", 32, 128)),
        largest_weights=(
            LargestWeight("fc.weight", "float32", (1000, 2048), 8_192_000, "initializer"),
            LargestWeight("layer4.2.conv2.weight", "float32", (512, 512, 3, 3), 9_437_184, "constant, node 7"),
        ),
        activation_peak_bytes=12_845_056,
        activation_peak_place="node 2 Conv /layer1/0/conv1",
        activation_covered=0.93,
        lanes=2,
        repeats=(RepeatedBlock("layer1.1 … layer1.2", 2, 20, ("block 2 adds with a constant",)),),
        function_count=1,
        ir_version=8,
        producer="pytorch 2.1",
    )


def _external_files() -> tuple[ExternalFile, ...]:
    return (
        ExternalFile("resnet50.bin", 102_228_128, True, "none", 161, 102_228_000, gaps=(ByteRange(0, 128),), sha256="cd" * 32),
        ExternalFile("../../etc/passwd", None, False, "symlink", 1, 64, 64, problem="lies outside the model's folder"),
    )


def _findings() -> tuple[Finding, ...]:
    node = NodeRef("", 17)
    return (
        Finding(
            "external-data-escapes", "high", "weight w lies outside the folder", "file ../../etc/passwd", "do not trust it"
        ),
        Finding(
            "unknown-domain",
            "medium",
            "operator com.acme.Secret has no known meaning",
            "node 17 Secret /x",
            "",
            node,
            "",
            (node,),
        ),
        Finding("no-metadata", "info", "nothing says what the inputs mean"),
    )


def hostile_review() -> Review:
    """Return a review in which every free text is hostile and every number is out of bounds."""
    ordinary, graph = ordinary_review(), _graph()
    texts = " ".join(HOSTILE)
    artifact = Artifact(f"dir\x1b[2J/{HOSTILE[0]}.onnx", "onnx", 2**70, texts, dict(zip(HOSTILE, HOSTILE[::-1], strict=True)))
    specs = tuple(TensorSpec(text, text, (text, 2**63, None, -1)) for text in HOSTILE)
    return replace(
        ordinary,
        tool=Tool(HOSTILE[1]),
        environment=replace(ENVIRONMENT, cpu=HOSTILE[2], platform=HOSTILE[4], versions={HOSTILE[3]: HOSTILE[6]}),
        artifact=artifact,
        signatures=tuple(Signature(text, () if index else specs, ()) for index, text in enumerate(HOSTILE)),
        graph=replace(
            graph,
            parameter_count=2**200,
            flops=Flops(10**40, 0.5, dict.fromkeys(HOSTILE, 2**64), texts, dict.fromkeys(HOSTILE, 3), 2**99, HOSTILE, HOSTILE),
            opsets=dict.fromkeys(HOSTILE, 1),
            operators=tuple(OperatorUse(text, text, 2**66, 2**66, 10**40) for text in HOSTILE),
            weights_by_dtype=tuple(DtypeShare(text, 10**20, 10**20) for text in HOSTILE),
            largest_weights=tuple(LargestWeight(text, text, (2**63, 2**63), 2**126, text) for text in HOSTILE),
            activation_peak_place=texts,
            repeats=tuple(RepeatedBlock(text, 2, 2, HOSTILE) for text in HOSTILE),
            producer=texts,
        ),
        external_files=tuple(ExternalFile(text, 1, False, "symlink", problem=text, sha256=text) for text in HOSTILE),
        findings=tuple(Finding(text, "high", text, text, text, NodeRef(text, 1), text) for text in HOSTILE),
        checks=tuple(Check(text, "failed", text) for text in HOSTILE),
        verdict="fail",
        warnings=HOSTILE,
    )
