"""Findings about what a SavedModel lacks, carries too much of, or names wrongly."""

from __future__ import annotations

from typing import Any

import pytest

from inspector.analysis.tensorflow_operators import add_on_of, is_registered
from inspector.records.finding import Finding
from inspector.records.graph import Node, NodeRef
from inspector.records.saved_model import (
    AssetFacts,
    FunctionFacts,
    Handle,
    MetaGraphFacts,
    MissingCall,
    ServedVersion,
    VariableFacts,
    WarmUp,
)
from tests.unit.analysis.findings_builders import found, rules
from tests.unit.analysis.saved_model_making import (
    WARM_UP,
    computation,
    entry,
    function,
    graph,
    node,
    signature,
    variable,
)
from tests.unit.analysis.tensorflow_registry import registered_operators

PLACES = [("function:aside", 0, "left"), ("", 0, "then"), ("function:aside", 1, "right")]
SERVED = [entry("signature", "serving_default", graphs=[""])]


def findings_of(rule: str, **arguments: Any) -> list[Finding]:
    subject = computation(graph(""), entries=SERVED, **arguments)
    return [finding for finding in found(subject) if finding.rule == rule]


def test_a_clean_artifact_has_no_findings() -> None:
    assert rules(computation(graph(""), entries=SERVED)) == []


def test_onnx_rules_do_not_judge_tensorflow_graphs() -> None:
    loop = graph("", node("Merge", "x back", "a"), node("NextIteration", "a", "back"), node("NoOp", name="a"), outputs="gone")
    assert rules(computation(loop, entries=SERVED)) == []


class TestOperators:
    def custom(self, operator: str, *entries: Any) -> Finding:
        body = function("f", node("Relu", "x", "y"), node(operator, "y", "z"))
        subject = computation(graph("", node("PartitionedCall", name="c", calls={"f": "f"})), body, entries=entries)
        (finding,) = [finding for finding in found(subject) if finding.rule == "custom-operator"]
        return finding

    def test_an_unknown_operator_that_serving_reaches_is_high(self) -> None:
        finding = self.custom("AcmeOp", *SERVED)
        assert finding.severity == "high"
        assert "no stock TensorFlow registers, for serving (serving_default → f → AcmeOp)" in finding.message
        assert finding.node is not None
        assert (finding.node.graph, finding.node.index) == ("function:f", 1)

    def test_a_known_add_on_is_named(self) -> None:
        finding = self.custom("IO>KafkaReadableInit", *SERVED)
        assert (finding.severity, finding.hint) == ("medium", "ship tensorflow-io with the artifact")

    def test_one_that_nothing_runs_is_low(self) -> None:
        assert self.custom("AcmeOp").severity == "low"

    def test_functions_called_as_operators_are_no_custom_operators(self) -> None:
        main = graph("", node("helper", "x", "y", calls={"": "helper"}))
        assert rules(computation(main, function("helper", node("Relu", "x", "y")), entries=SERVED)) == []

    def test_circles_of_calls_are_told(self) -> None:
        facts = FunctionFacts("again", "function:again", 3, used_by=("signature",), cyclic=True)
        (finding,) = findings_of("recursive-function", functions=(facts,))
        assert finding.severity == "medium"
        assert "again" in finding.message

    def test_names_are_those_the_installed_tensorflow_registers(self) -> None:
        pytest.importorskip("tensorflow")
        _, names = registered_operators()
        assert len(names) > 1300
        assert [name for name in names if not is_registered(name)] == []

    def test_add_ons(self) -> None:
        assert add_on_of("Addons>GeluOp") == "tensorflow-addons"
        assert add_on_of("Conv2D") == ""
        assert not is_registered("# Operators")
        assert not is_registered("")


class TestMissingFunctions:
    def subject(self, caller: Node, *entries: Any, missing: str = "gone") -> Finding:
        body = function("f", node("Relu", "x", "y"), caller)
        main = graph("", node("PartitionedCall", name="c", calls={"f": "f"}))
        calls = (MissingCall(NodeRef("function:f", 1), missing),) if missing else ()
        subject = computation(main, body, entries=entries, facts={"missing_calls": calls})
        (finding,) = found(subject)
        return finding

    @pytest.mark.parametrize("operator", ["PartitionedCall", "StatefulPartitionedCall", "If", "While"])
    def test_one_that_a_signature_reaches_is_high(self, operator: str) -> None:
        finding = self.subject(node(operator, "y", "z"), *SERVED)
        assert (finding.rule, finding.severity, finding.node) == ("function-missing", "high", NodeRef("function:f", 1))
        said = f"1 node calls gone, which the library does not hold, for serving (serving_default → f → {operator})"
        assert finding.message == said

    def test_one_that_loading_reaches_is_high(self) -> None:
        finding = self.subject(node("StatefulPartitionedCall"), entry("load", "init op", graphs=["f"]), *SERVED)
        assert finding.severity == "high"
        assert finding.message.endswith("when the artifact is loaded (init op → f → StatefulPartitionedCall)")

    @pytest.mark.parametrize("entries", [(), (entry("saver", "restore", graphs=["f"]),)])
    def test_one_that_serving_does_not_reach_is_low(self, entries: Any) -> None:
        assert self.subject(node("If"), *entries).severity == "low"

    @pytest.mark.parametrize("operator", ["__inference_gone_12", "gone"])
    def test_a_node_named_by_its_function_calls_one_too(self, operator: str) -> None:
        finding = self.subject(node(operator, "y", "z"), *SERVED, missing="")
        assert (finding.rule, finding.severity) == ("function-missing", "high")
        assert finding.message.startswith(f"1 node calls {operator}, ")

    def test_served_calls_and_others_are_told_apart(self) -> None:
        aside = function("aside", node("PartitionedCall"), node("PartitionedCall"))
        calls = tuple(MissingCall(NodeRef(path, index), name) for path, index, name in PLACES)
        main = graph("", node("If"))
        told = found(computation(main, aside, entries=SERVED, facts={"missing_calls": calls}))
        assert [(one.severity, one.message.partition(",")[0], len(one.nodes)) for one in told] == [
            ("high", "1 node calls then", 0),
            ("low", "2 nodes call left", 2),
        ]

    def test_a_gradient_may_name_an_operator(self) -> None:
        assert self.subject(node("SymbolicGradient"), *SERVED).rule == "function-missing"
        main = graph("", node("SymbolicGradient"))
        calls = (MissingCall(NodeRef("", 0), "MatMul"),)
        assert rules(computation(main, entries=SERVED, facts={"missing_calls": calls})) == []


class TestFiles:
    def test_assets_that_lead_out_are_high(self) -> None:
        asset = AssetFacts("../x", "assets/../x", "a:0", contained=False, problem="a path that leaves the folder with '..'")
        (finding,) = findings_of("asset-escapes", assets=(asset,))
        assert finding.severity == "high"
        assert finding.place == "asset ../x"
        assert "1 asset names a path that leaves" in finding.message

    def test_missing_assets_are_high_and_extra_files_a_note(self) -> None:
        missing = AssetFacts("words.txt", "assets/words.txt", "a:0", problem="the file is not there")
        extra = AssetFacts("left.bin", "assets/left.bin", size_bytes=2_000, declared=False)
        (broken,) = findings_of("asset-missing", assets=(missing, extra))
        assert (broken.severity, broken.place) == ("high", "asset words.txt")
        (left,) = findings_of("unclaimed-asset", assets=(missing, extra))
        assert left.severity == "info"
        assert "1 file (2.0 KB)" in left.message

    def test_assets_of_two_tag_sets_count_once(self) -> None:
        missing = AssetFacts("words.txt", "assets/words.txt", "a:0", problem="the file is not there")
        tag_sets = tuple(MetaGraphFacts(tags, signatures=(signature("x"),), assets=(missing,)) for tags in (("serve",), ("a",)))
        (finding,) = findings_of("asset-missing", facts={"tag_sets": tag_sets})
        assert finding.message.startswith("1 asset ")

    def test_values_that_no_variable_claims_are_a_note(self) -> None:
        stray = VariableFacts("old/kernel", "old/kernel", "float32", (4, 4), 64, weight="old/kernel", declared=False)
        (finding,) = findings_of("unclaimed-variable", facts={"variables": (stray,)})
        assert (finding.severity, finding.tensor) == ("info", "old/kernel")

    def test_no_warm_up_is_low_and_a_malformed_one_medium(self) -> None:
        (absent,) = findings_of("no-warm-up", facts={"warm_up": None})
        assert absent.severity == "low"
        broken = WarmUp(WARM_UP.path, 9, 0, problem="request 1: the file ends inside a record")
        (malformed,) = findings_of("warm-up-malformed", facts={"warm_up": broken})
        assert malformed.severity == "medium"
        assert "request 1: the file ends" in malformed.message

    def test_warm_up_requests_for_a_signature_that_is_not_there(self) -> None:
        strange = WarmUp(WARM_UP.path, 9, 2, {"predict": 2}, ("", "serving_default", "embed"))
        (finding,) = findings_of("warm-up-malformed", facts={"warm_up": strange})
        assert finding.message.endswith("not there: embed")

    def test_versions_say_which_is_served_and_what_differs(self) -> None:
        versions = (
            ServedVersion(10, "10", 100, is_served=True),
            ServedVersion(2, "2", 90, differences=("serving_default: input x is missing",)),
            ServedVersion(1, "1", 80),
        )
        (finding,) = findings_of("several-versions", facts={"versions": versions})
        assert finding.severity == "low"
        assert finding.message.startswith(
            "a server picks version 10; it would leave 2, 1 alone; the signatures of 1 version differ"
        )
        same = (versions[0], versions[2])
        assert [one.severity for one in findings_of("several-versions", facts={"versions": same})] == ["info"]
        assert findings_of("several-versions", facts={"versions": versions[:1]}) == []

    def test_a_served_version_that_cannot_be_read_is_high(self) -> None:
        versions = (ServedVersion(3, "3", 0, True, problem="holds no saved_model.pb"), ServedVersion(2, "2", 90))
        (finding,) = findings_of("served-version-unreadable", facts={"versions": versions})
        assert finding.severity == "high"
        assert "picks version 3, which cannot be read (holds no saved_model.pb); shown is 2" in finding.message


class TestServing:
    def test_open_dimensions_beside_the_first_are_low(self) -> None:
        (finding,) = findings_of("dynamic-dimension", signatures=(signature("x:float32[?,?,3]", "y:float32[?,4]", "z:string"),))
        assert finding.severity == "low"
        assert finding.message == (
            "signature inputs leave 1 dimension beside the first without length or name and 1 input without a shape"
        )
        assert finding.tensor == "serving_default: x"
        assert findings_of("dynamic-dimension", signatures=(signature("x:float32[?,4]", "s:float32[]"),)) == []

    @pytest.mark.parametrize(
        ("meta", "severity", "words"),
        [
            ({"signatures": ()}, "medium", "there is no signature"),
            ({"signatures": (signature("x", name="__saved_model_init_op"),)}, "medium", "there is no signature"),
            ({"tags": ("train",)}, "medium", "no tag set has the tag serve, which servers load; there is train"),
            ({"signatures": (signature("x:float32[?]", name="embed"),)}, "low", "every request must name one of embed"),
        ],
    )
    def test_what_a_server_cannot_call_is_said(self, meta: dict[str, Any], severity: str, words: str) -> None:
        (finding,) = findings_of("no-serving-signature", **meta)
        assert finding.severity == severity
        assert words in finding.message

    def test_tag_sets_for_no_server_are_low(self) -> None:
        tag_sets = (
            MetaGraphFacts(("serve",), is_main=True, signatures=(signature("x"),)),
            MetaGraphFacts(("train",), node_count=1200),
        )
        (finding,) = findings_of("training-tag-set", facts={"tag_sets": tag_sets})
        assert (finding.severity, finding.message) == ("low", "1 tag set with 1,200 nodes is for no server")

    def test_training_baggage_is_told_with_its_bytes(self) -> None:
        kernel = VariableFacts("kernel", "k", "float32", (1000,), 4000, weight="kernel")
        slot = VariableFacts("Adam/kernel/m", "m", "float32", (1000,), 4000, weight="m", role="optimizer", slot="m")
        counter = VariableFacts("save_counter", "c", "int64", (), 8, weight="c", role="training")
        step = FunctionFacts("step", "function:step", 30, training=True)
        (finding,) = findings_of("training-baggage", facts={"variables": (kernel, slot, counter)}, functions=(step,))
        assert finding.severity == "medium"
        assert "2 variables of training (4.0 KB of 8.0 KB, 1 of the optimizer)" in finding.message
        assert "1 function that only training runs (30 nodes)" in finding.message
        assert finding.tensor == "Adam/kernel/m"
        (small,) = findings_of("training-baggage", facts={"variables": (kernel, counter)})
        assert small.severity == "low"
        assert findings_of("training-baggage", facts={"variables": (kernel,)}) == []

    def test_a_variable_that_serving_reads_is_no_baggage_whatever_it_is_filed_under(self) -> None:
        shared = VariableFacts(
            "kernel", "optimizer/_trainable_variables/0", "float32", (9,), 36, role="optimizer", handles=(Handle("", "kernel"),)
        )
        assert findings_of("training-baggage", facts={"variables": (shared,)}) == []

    def test_weights_of_the_saver_and_of_training_are_not_judged(self) -> None:
        wide = [variable(name, 4000, dtype="float64") for name in ("kernel", "slot")]
        facts = tuple(
            VariableFacts(name, name, "float64", (4000,), 32_000, weight=name, role=role)  # type: ignore[arg-type]
            for name, role in (("kernel", "parameter"), ("slot", "optimizer"))
        )
        (finding,) = findings_of("fp64-weights", weights=wide, facts={"variables": facts})
        assert finding.message == "1 weight (32.0 KB) is stored as float64"
