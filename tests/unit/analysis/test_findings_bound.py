"""What a model is bound to: as text in its metadata, and as findings."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as some

from inspector.analysis.binding import binding_in, to_text
from inspector.records.artifact import Computation
from inspector.records.contract import BOUND_KEY, Binding
from inspector.records.runtime_support import RuntimeSupport
from tests.unit.analysis.findings_builders import computation, graph, node, only, rules

HERE = ("x86_64", "avx", "avx2", "fma")
RUNTIME = RuntimeSupport("ONNX Runtime", "1.32.0", processor=HERE)


def bound(text: str, domain: str = "") -> Computation:
    subject = computation(graph([node("Conv", "x w", "y", domain=domain)]), opsets={"ai.onnx": 17, domain or "ai.onnx": 1})
    return replace(subject, artifact=replace(subject.artifact, metadata={BOUND_KEY: text} if text else {"a": "b"}))


RELEASES = ("onnxruntime 1.32.0", "onnxruntime-gpu 1.33.0.dev20261101")


@given(some.sampled_from(RELEASES), some.lists(some.sampled_from(HERE), max_size=20))
def test_what_is_written_is_read_back(runtime: str, processor: list[str]) -> None:
    binding = Binding(runtime, tuple(processor))
    assert binding_in({BOUND_KEY: to_text(binding)}) == binding


@pytest.mark.parametrize(
    "text", ["", "onnxruntime", "1.32.0", "onnxruntime 1.32.0 on ", "onnxruntime 1.32.0 on \x1b[2J", "x" * 10_000, "a 1\nb 2"]
)
def test_text_that_nobody_wrote_is_no_binding(text: str) -> None:
    assert binding_in({BOUND_KEY: text}) is None


def test_a_model_that_is_bound_to_nothing_has_no_finding() -> None:
    assert not {"processor-bound", "runtime-bound", "bound-elsewhere"} & set(rules(bound(""), runtime=RUNTIME))


def test_a_model_of_this_processor_and_this_release() -> None:
    subject = bound("onnxruntime 1.32.0 on x86_64 avx avx2 fma", "com.microsoft.nchwc")
    finding = only("processor-bound", subject, runtime=RUNTIME)
    assert finding.severity == "medium"
    assert finding.message.startswith(
        "bound to onnxruntime 1.32.0 on x86_64 with avx, avx2, fma, which this machine is: 1 node"
    )
    assert finding.node is not None


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("onnxruntime 1.31.0 on x86_64 avx avx2 fma", "ONNX Runtime 1.32.0 is installed"),
        ("onnxruntime 1.32.0 on x86_64 avx avx2 fma avx512f", "this processor is x86_64 with avx, avx2, fma"),
        ("onnxruntime 1.32.0 on aarch64 asimd", "this processor is x86_64"),
        ("onnxruntime 1.31.0", "ONNX Runtime 1.32.0 is installed"),
    ],
)
def test_another_machine_is_noticed(text: str, told: str) -> None:
    finding = only("bound-elsewhere", bound(text, "com.microsoft.nchwc"), runtime=RUNTIME)
    assert finding.severity == "high"
    assert told in finding.message
    assert only("bound-elsewhere", bound(text), runtime=RUNTIME).message == finding.message


def test_a_machine_that_does_not_tell_is_no_other_one() -> None:
    silent = RuntimeSupport("ONNX Runtime", "")
    assert "bound-elsewhere" not in rules(bound("onnxruntime 1.31.0 on x86_64 avx", "com.microsoft.nchwc"), runtime=silent)


def test_a_layout_that_nothing_in_the_file_tells_of() -> None:
    finding = only("processor-bound", bound("", "com.microsoft.nchwc"), runtime=RUNTIME)
    assert finding.message == "1 node takes tensors in a processor's own layout; nothing in the file says which processor's"


def test_a_model_of_this_release_on_any_processor() -> None:
    assert only("runtime-bound", bound("onnxruntime 1.32.0"), runtime=RUNTIME).severity == "low"
