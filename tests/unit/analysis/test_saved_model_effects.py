"""Findings about operators that do more than compute: told apart by kind, ranked by what makes them run."""

from __future__ import annotations

import pytest

from inspector.analysis.findings.saved_model_effects import MOST_TOLD
from inspector.analysis.operator_effects import EFFECTS, effect_of
from inspector.analysis.tensorflow_operators import is_registered
from inspector.records.artifact import Computation
from inspector.records.finding import Finding, Severity
from inspector.records.graph import Graph, Node, NodeRef
from inspector.records.saved_model import AssetFacts, EntryKind, TableFacts
from tests.unit.analysis.findings_builders import found
from tests.unit.analysis.saved_model_making import AROUND, computation, entry, function, graph, node, signature

RULE = {
    "file read": "reads-files",
    "file write": "writes-files",
    "network": "uses-network",
    "python": "calls-python",
    "filesystem": "changes-file-system",
    "native code": "runs-native-code",
}
TARGET = "/etc/target"


def planted(operator: str) -> Node:
    """Return the operator with a target in the input or attribute that names it."""
    target = EFFECTS[operator].target
    if isinstance(target, str):
        text = f"file://{TARGET}" if operator in ("PrintV2", "DebugIdentity") else TARGET
        return node(operator, outputs="y", name="it", **{target: [text] if target == "debug_urls" else text})
    inputs = ["other"] * (target or 0) + (["name"] if target is not None else [])
    return node(operator, " ".join(inputs), "y", name="it")


def reached_by(kind: EntryKind, *nodes: Node, around: Graph | None = None, text: str = TARGET) -> Computation:
    """Return a computation in which an entry of that kind runs a function that calls another with the nodes."""
    inner = function("inner", node("Const", outputs="other"), node("Const", outputs="name"), *nodes)
    main = graph("", node("PartitionedCall", name="call", calls={"f": "inner"}))
    texts = {("function:inner", "name"): text, ("function:inner", "other"): "something else"}
    return computation(main, inner, around=around, texts=texts, entries=[entry(kind, "the entry", graphs=[""])])


def effects(subject: Computation) -> list[Finding]:
    return [finding for finding in found(subject) if finding.rule in RULE.values()]


def test_the_table_names_operators_that_exist() -> None:
    removed = {"GcsConfigureCredentials", "Rpc", "TryRpc", "TRTEngineOp"}
    assert {operator for operator in EFFECTS if not is_registered(operator)} <= removed
    assert len(EFFECTS) > 60


@pytest.mark.parametrize("operator", sorted(EFFECTS))
def test_each_operator_is_told_with_its_kind_path_and_target(operator: str) -> None:
    (finding,) = effects(reached_by("signature", planted(operator)))
    effect = EFFECTS[operator]
    assert (finding.rule, finding.severity) == (RULE[effect.kind], "medium")
    assert f"the entry → inner → {operator}" in finding.message
    assert finding.message.startswith(f"{operator} ")
    assert (TARGET in finding.message) is (effect.target is not None)
    assert finding.node == NodeRef("function:inner", 2)


@pytest.mark.parametrize(
    ("kind", "severity"), [("load", "high"), ("signature", "medium"), ("object", "low"), ("saver", "info")]
)
def test_what_makes_it_run_decides_how_bad_it_is(kind: EntryKind, severity: Severity) -> None:
    (finding,) = effects(reached_by(kind, planted("WriteFile")))
    assert finding.severity == severity


def test_what_nothing_runs_is_no_finding() -> None:
    forgotten = function("forgotten", planted("WriteFile"), planted("PyFunc"))
    subject = computation(graph(""), forgotten, entries=[entry("signature", "serving_default", graphs=[""])])
    assert effects(subject) == []


def test_saving_and_restoring_is_normal_for_the_saver_and_only_there() -> None:
    subject = reached_by("saver", planted("SaveV2"), planted("RestoreV2"), planted("MergeV2Checkpoints"))
    assert effects(subject) == []
    (normal,) = [finding for finding in found(subject) if finding.rule == "checkpoint-access"]
    assert normal.severity == "info"
    assert [one.index for one in normal.nodes] == [2, 3, 4]
    assert {finding.severity for finding in effects(reached_by("load", planted("SaveV2")))} == {"high"}


def test_a_cache_without_a_file_name_stays_in_memory() -> None:
    assert effects(reached_by("signature", planted("CacheDatasetV2"), text="")) == []


@pytest.mark.parametrize(
    "quiet",
    [
        node("PrintV2", "x", output_stream="stderr"),
        node("PrintV2", "x", output_stream="log(info)"),
        node("DebugIdentityV2", "x", "y", debug_urls=[]),
        node("DecodeProtoV2", "x", "y", descriptor_source="local://"),
        node("FixedUnigramCandidateSampler", "x", "y", vocab_file=""),
    ],
)
def test_what_attributes_switch_off_is_no_effect(quiet: Node) -> None:
    assert effect_of(quiet) is None
    assert effects(reached_by("signature", quiet)) == []


@pytest.mark.parametrize("target", ["gs://bucket/words", "s3://bucket/words", "https://host.example/words", "hdfs://n/words"])
def test_a_file_on_another_machine_is_network(target: str) -> None:
    (finding,) = effects(reached_by("signature", planted("ReadFile"), text=target))
    assert finding.rule == "uses-network"
    assert f"over the network when the entry is called: {target}" in finding.message


def test_a_debugger_elsewhere_is_network() -> None:
    watched = node("DebugIdentity", "x", "y", debug_urls=["grpc://host.example:6064"])
    (finding,) = effects(reached_by("signature", watched))
    assert finding.rule == "uses-network"


def test_a_name_passed_through_calls_and_copies_is_found() -> None:
    around = graph(
        AROUND,
        node("Const", outputs="secret"),
        node("Identity", "secret", "copy"),
        node("StatefulPartitionedCall", "serving_x copy", "y", name="call", calls={"f": "outer"}),
    )
    outer = function("outer", node("If", "c a b", "r", name="cond", calls={"then_branch": "inner"}), inputs="a b")
    inner = function(
        "inner", node("ReshapeLike", "p", "q"), node("Identity", "q2", "n"), node("ReadFile", "n", "c"), inputs="p q2"
    )
    subject = computation(
        graph(""),
        outer,
        inner,
        around=around,
        texts={(AROUND, "secret"): "/etc/passwd"},
        entries=[entry("signature", "serving_default", 2)],
    )
    (finding,) = effects(subject)
    assert "/etc/passwd (serving_default → outer → cond/then → ReadFile)" in finding.message


def test_parts_of_a_name_are_joined_in_order() -> None:
    main = graph(
        "",
        node("Const", outputs="a"),
        node("Const", outputs="b"),
        node("StringJoin", "a b", "joined"),
        node("WriteFile", "joined x", name="write"),
    )
    texts = {("", "a"): "/var/", ("", "b"): "spool"}
    (finding,) = effects(computation(main, texts=texts, entries=[entry("signature", "serving_default", graphs=[""])]))
    assert ": /var/, spool (" in finding.message


def test_a_name_that_the_request_chooses_is_said() -> None:
    main = graph("", node("ReadFile", "path", "c"), inputs="path:string[]")
    subject = computation(
        main, entries=[entry("signature", "serving_default", graphs=[""])], signatures=(signature("path:string[]"),)
    )
    (finding,) = effects(subject)
    assert "the request chooses which" in finding.message


def test_a_name_that_is_computed_is_said() -> None:
    main = graph("", node("AsText", "x", "path"), node("ReadFile", "path", "c"))
    (finding,) = effects(computation(main, entries=[entry("signature", "serving_default", graphs=[""])]))
    assert "which one is computed" in finding.message


def table(asset: AssetFacts | None, source: str = "") -> Computation:
    around = graph(
        AROUND,
        node("Const", outputs="asset"),
        node("HashTableV2", outputs="table"),
        node("InitializeTableFromTextFileV2", "table asset", name="init"),
    )
    facts = TableFacts("table", "HashTableV2", "string", "int64", NodeRef(AROUND, 1), NodeRef(AROUND, 2), source=source)
    return computation(
        graph(""),
        around=around,
        texts={(AROUND, "asset"): "/home/somebody/words.txt"},
        entries=[entry("load", "init op", 2)],
        assets=(asset,) if asset else (),
        tables=(facts,),
    )


def test_a_table_filled_from_an_asset_is_normal() -> None:
    assert effects(table(AssetFacts("words.txt", "assets/words.txt", "asset:0", 9))) == []
    assert effects(table(None, source="assets/words.txt")) == []


def test_a_table_filled_from_a_file_of_the_machine_is_not() -> None:
    (finding,) = effects(table(None))
    assert (finding.rule, finding.severity) == ("reads-files", "high")
    assert "/home/somebody/words.txt" in finding.message
    escaping = AssetFacts("../words.txt", "assets/../words.txt", "asset:0", None, False, "leads out")
    assert [finding.severity for finding in effects(table(escaping))] == ["high"]


def test_reading_an_asset_otherwise_is_worth_a_note() -> None:
    main = graph("", node("ReadFile", "asset", "text"))
    around = graph(AROUND, node("Const", outputs="asset"))
    subject = computation(
        main,
        around=around,
        graphs=("", AROUND),
        entries=[entry("signature", "serving_default", graphs=[""])],
        assets=(AssetFacts("words.txt", "assets/words.txt", "asset:0", 9),),
    )
    (finding,) = effects(subject)
    assert finding.severity == "info"
    assert "the asset words.txt" in finding.message


def test_hostile_amounts_give_few_and_bounded_findings() -> None:
    nodes = [node("WriteFile", "name x", name=f"w{i}" * 50) for i in range(5000)]
    findings = effects(reached_by("load", *nodes, text="/long" * 3000))
    assert len(findings) == MOST_TOLD + 1
    assert "4,980 more nodes of this kind: 4,980 WriteFile" in findings[-1].message
    assert all(len(finding.message) < 600 and len(finding.nodes) <= 1000 for finding in findings)


def test_names_in_a_circle_end() -> None:
    main = graph("", node("Identity", "b", "a"), node("Identity", "a", "b"), node("ReadFile", "a", "c"))
    assert len(effects(computation(main, entries=[entry("signature", "serving_default", graphs=[""])]))) == 1
