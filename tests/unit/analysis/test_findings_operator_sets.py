"""Domains, versions and names."""

from __future__ import annotations

from dataclasses import replace

import pytest

from inspector.records.artifact import Artifact
from inspector.records.graph import Function
from inspector.records.runtime_support import RuntimeSupport
from tests.unit.analysis.findings_builders import computation, found, graph, node, only, rules, spec


def test_an_unknown_domain_is_one_finding_for_all_its_operators() -> None:
    nodes = [
        node("Foo", "x", "a", domain="com.acme"),
        node("Foo", "a", "b", domain="com.acme"),
        node("Bar", "b", "y", domain="com.acme"),
    ]
    finding = only("unknown-domain", computation(graph(nodes), opsets={"ai.onnx": 17, "com.acme": 1}))
    assert finding.severity == "high"
    assert finding.message.startswith("3 nodes use Foo, Bar of com.acme")


@pytest.mark.parametrize("domain", ["", "ai.onnx", "ai.onnx.ml", "ai.onnx.preview.training"])
def test_standard_domains_are_known(domain: str) -> None:
    subject = computation(graph([node("Foo", "x", "y", domain=domain)]), opsets={"ai.onnx": 17, domain or "ai.onnx": 1})
    assert "unknown-domain" not in rules(subject)


def test_the_domain_of_one_runtime_is_worth_a_note_only() -> None:
    subject = computation(graph([node("FusedConv", "x", "y", domain="com.microsoft")]), opsets={"com.microsoft": 1})
    assert [(finding.rule, finding.severity) for finding in found(subject)] == [("runtime-specific-domain", "info")]


def test_an_add_on_is_named() -> None:
    subject = computation(graph([node("BertTokenizer", "x", "y", domain="ai.onnx.contrib")]), opsets={"ai.onnx.contrib": 1})
    finding = only("unknown-domain", subject)
    assert finding.severity == "medium"
    assert "onnxruntime-extensions" in finding.hint


def test_functions_in_the_file_resolve_their_domain() -> None:
    body = graph([node("Relu", "a", "b")], "a", "b", path="function:local:f")
    subject = computation(
        graph([node("f", "x", "y", domain="local")]),
        functions=(Function("local", "f", "", body, opsets={"ai.onnx": 17}),),
        opsets={"ai.onnx": 17, "local": 1},
    )
    assert rules(subject) == []


def test_a_domain_without_an_operator_set() -> None:
    subject = computation(graph([node("Scaler", "x", "y", domain="ai.onnx.ml")]))
    assert only("undeclared-domain", subject).message == "1 node uses ai.onnx.ml, which the file imports no operator set for"


@pytest.mark.parametrize("key", ["", "ai.onnx"])
def test_both_spellings_of_the_standard_domain_are_one(key: str) -> None:
    assert rules(computation(graph([node("Relu", "x", "y", domain="ai.onnx")]), opsets={key: 17})) == []


def test_versions_newer_than_the_runtime() -> None:
    subject = computation(graph([node("Relu", "x", "y")]), opsets={"ai.onnx": 21}, ir_version=11)
    assert rules(subject) == ["ir-newer-than-runtime", "opset-newer-than-runtime"]
    message = only("opset-newer-than-runtime", subject).message
    assert message == "the model needs ai.onnx opset 21; Test Runtime 1.0 loads up to 20"


def test_the_newest_versions_the_runtime_loads_are_fine() -> None:
    assert rules(computation(graph([node("Relu", "x", "y")]), opsets={"ai.onnx": 20}, ir_version=10)) == []


def test_a_runtime_we_know_nothing_of_gives_no_findings() -> None:
    subject = computation(graph([node("Relu", "x", "y")]), opsets={"ai.onnx": 999}, ir_version=999)
    assert rules(subject, runtime=RuntimeSupport("Test Runtime", "")) == []


@pytest.mark.parametrize(("opset", "expected"), [(6, ["old-opset"]), (7, [])])
def test_very_old_operator_sets(opset: int, expected: list[str]) -> None:
    assert rules(computation(graph([node("Relu", "x", "y")]), opsets={"ai.onnx": opset})) == expected


def test_names_used_twice_and_names_left_out() -> None:
    nodes = [node("Relu", "x", "a", name="n"), node("Relu", "a", "b", name="n"), node("Relu", "b", "y", name="")]
    subject = computation(graph(nodes))
    assert only("duplicate-node-name", subject).message == "1 node bears a name that an earlier node has"
    assert only("unnamed-nodes", subject).message == "1 of 3 nodes has no name"


def test_training_modes() -> None:
    nodes = [
        node("Dropout", "x r t", "a"),
        node("Dropout", "a", "b"),
        node("BatchNormalization", "b", "y", attributes={"training_mode": 1}),
    ]
    main = graph(nodes, initializers="r t")
    subject = computation(main, small_values={("", "t"): (1,), ("", "r"): (0.5,)})
    assert only("training-mode", subject).message == "2 nodes run in training mode"
    assert only("dropout", subject).message == "1 Dropout node does nothing at inference"
    assert only("training-mode", computation(main, small_values={("", "t"): (0,)})).message == "1 node runs in training mode"


def test_training_info() -> None:
    trained = graph([node("Adam", "x", "y", domain="ai.onnx.preview.training")], path="training:0.algorithm")
    subject = computation(
        graph([node("Relu", "x", "y")]), training=(trained,), opsets={"ai.onnx": 17, "ai.onnx.preview.training": 1}
    )
    assert rules(subject) == ["training-info"]


def test_inputs_that_promise_too_little() -> None:
    subject = computation(graph([node("Add", "a b", "y")], "a:float32[?,3,?] b:float32"))
    assert only("unnamed-dynamic-dimension", subject).message == "2 dimensions of 1 input have neither lengths nor names"
    assert only("input-without-shape", subject).place == "input b"


def test_named_dimensions_and_sequences_are_fine() -> None:
    main = graph([node("SequenceAt", "a b", "y")], "a:float32[batch,3] b:sequence(float32)")
    assert rules(computation(main)) == []


def test_shapes_are_missed_only_after_inference() -> None:
    main = graph([node("Foo", "x", "t"), node("Relu", "t", "y")])
    assert rules(computation(main)) == []
    assert only("missing-shape", computation(main, inferred=True)).message == "1 of 2 nodes gives tensors of unknown shape"


@pytest.mark.parametrize(("ir_version", "severity"), [(3, "info"), (7, "low")])
def test_initializers_that_are_inputs(ir_version: int, severity: str) -> None:
    main = graph([node("Add", "x w", "y")], "x w", initializers="w")
    finding = only("initializer-shadows-input", computation(main, ir_version=ir_version))
    assert finding.severity == severity
    assert finding.tensor == "w"


def test_no_contract() -> None:
    subject = computation(graph([node("Relu", "x", "y")]), artifact=Artifact("m.onnx", "onnx", 1), producer="", version=None)
    assert "no producer, no model version:" in only("no-contract", subject).message


def test_spec_of_the_builders() -> None:
    assert spec("x:int64[a,2,?]").shape == ("a", 2, None)
    assert spec("x:int64").shape is None
    assert spec("x:int64[]").shape == ()


def test_a_shape_that_nobody_needs_is_not_missed() -> None:
    main = graph([node("Dropout", "x", "t mask"), node("SequenceConstruct", "t", "s"), node("SequenceAt", "s i", "y")], "x i")
    known = replace(main, values={**main.values, "t": spec("t:float32[1]"), "y": spec("y:float32[1]")})
    assert "missing-shape" not in rules(computation(known, inferred=True))
