"""What we say of a SavedModel against what TensorFlow says of it: its protobufs, its command, its checkpoint reader."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from inspector.__main__ import run
from inspector.formats.onnx.weight_bytes import read_range
from inspector.records.event import Finished
from inspector.records.inspection import Inspection
from inspector.records.saved_model import MetaGraphFacts, SavedModelFacts, SignatureTensor
from inspector.workflows.inspect import inspect
from tests.saved_models.session import SavedModels

INIT_OP = "__saved_model_init_op"

NAMES = [
    "basic_pitch",
    "digits_keras",
    "keras_export",
    "optimizer_slots",
    "tables_and_assets",
    "two_tag_sets",
    "as_text",
    "sharded",
    "sliced",
    "many_types",
    "nested",
    "default_values",
    "warm_up",
    "asset_table",
    "snappy_index",
    "plain_index",
]


def inspected(path: Path) -> Inspection:
    return next(event.result for event in inspect(path) if isinstance(event, Finished))


def facts_of(found: Inspection) -> SavedModelFacts:
    facts = found.computation.saved_model
    assert facts is not None
    return facts


def as_truth(tensors: tuple[SignatureTensor, ...]) -> dict[str, Any]:
    return {
        one.name: {"dtype": one.dtype, "shape": None if one.shape is None else lengths(one.shape), "tensor": one.tensor}
        for one in tensors
    }


def lengths(shape: tuple[int | str | None, ...]) -> list[int | None]:
    """Return the shape with None for every open dimension, whatever it was named."""
    return [dim if isinstance(dim, int) else None for dim in shape]


def without_defaults(tensors: dict[str, Any]) -> dict[str, Any]:
    return {name: {key: value for key, value in one.items() if key != "default"} for name, one in tensors.items()}


def of_tags(truth: dict[str, Any], one: MetaGraphFacts) -> dict[str, Any]:
    return next(said for said in truth["tag_sets"] if said["tags"] == list(one.tags))


def callable_ones(signatures: dict[str, Any]) -> dict[str, Any]:
    """Return the signatures without the init op, which TensorFlow keeps among them and nobody can call."""
    return {name: said for name, said in signatures.items() if name != INIT_OP}


@pytest.mark.parametrize("name", NAMES)
def test_tag_sets_and_signatures(name: str, saved_models: SavedModels) -> None:
    facts, truth = facts_of(inspected(saved_models.path(name))), saved_models.truth(name)
    assert sorted(one.tags for one in facts.tag_sets) == sorted(tuple(said["tags"]) for said in truth["tag_sets"])
    for one in facts.tag_sets:
        said = of_tags(truth, one)
        assert one.tensorflow_version == said["tensorflow_version"]
        assert one.stripped_default_attrs == said["stripped_default_attrs"]
        expected = callable_ones(said["signatures"])
        assert {signature.name: signature.method for signature in one.signatures} == {
            key: value["method"] for key, value in expected.items()
        }
        for signature in one.signatures:
            assert as_truth(signature.inputs) == without_defaults(expected[signature.name]["inputs"]), signature.name
            assert as_truth(signature.outputs) == without_defaults(expected[signature.name]["outputs"]), signature.name


def shown_by_us(one: SignatureTensor) -> dict[str, str]:
    """Return one tensor as `saved_model_cli show --all` words it."""
    enum = {"bfloat16": "DT_BFLOAT16", "float16": "DT_HALF", "float32": "DT_FLOAT", "float64": "DT_DOUBLE"}
    dtype = enum.get(one.dtype, f"DT_{one.dtype.upper()}" if one.dtype != "undefined" else "DT_INVALID")
    shape = "unknown_rank" if one.shape is None else f"({', '.join('-1' if d is None else str(d) for d in lengths(one.shape))})"
    return {"dtype": dtype, "shape": shape, "name": one.tensor}


@pytest.mark.parametrize("name", NAMES)
def test_signatures_are_those_that_the_command_of_tensorflow_shows(name: str, saved_models: SavedModels) -> None:
    facts = facts_of(inspected(saved_models.path(name)))
    ours = {
        ", ".join(one.tags): {
            signature.name: {
                "inputs": {tensor.name: shown_by_us(tensor) for tensor in signature.inputs},
                "outputs": {tensor.name: shown_by_us(tensor) for tensor in signature.outputs},
                "method": signature.method,
            }
            for signature in one.signatures
        }
        for one in facts.tag_sets
    }
    shown = saved_models.truth(name)["command_line"]
    assert ours == {tags: callable_ones(signatures) for tags, signatures in shown.items()}


@pytest.mark.parametrize("name", NAMES)
def test_the_init_op_is_what_runs_at_load(name: str, saved_models: SavedModels) -> None:
    found = inspected(saved_models.path(name))
    graphs = {graph.path: graph for graph in found.computation.roots()}
    for one in facts_of(found).tag_sets:
        init = of_tags(saved_models.truth(name), one)["signatures"].get(INIT_OP)
        loaded = {
            graphs[ref.graph].nodes[ref.index].name for entry in one.entries if entry.kind == "load" for ref in entry.nodes
        }
        if init is not None:
            assert init["outputs"][INIT_OP]["tensor"] in loaded


@pytest.mark.parametrize("name", NAMES)
def test_variables_are_those_of_the_checkpoint(name: str, saved_models: SavedModels) -> None:
    found = inspected(saved_models.path(name))
    truth = saved_models.truth(name)["variables"]
    stored = {one.key: one for one in facts_of(found).variables if one.stored}
    assert {one.weight for one in stored.values()} == {
        weight.name for weight in found.computation.weights if weight.carrier == "variable"
    }
    tensors = {key: said for key, said in truth.items() if key != "_CHECKPOINTABLE_OBJECT_GRAPH"}
    assert set(stored) == set(tensors)
    for key, said in tensors.items():
        ours = stored[key]
        assert (ours.dtype, list(ours.shape or ())) == (said["dtype"], said["shape"]), key
        if said["byte_count"] is not None:
            assert ours.byte_count == said["byte_count"], key


@pytest.mark.parametrize("name", NAMES)
def test_the_bytes_of_variables_lie_where_we_say(name: str, saved_models: SavedModels) -> None:
    found = inspected(saved_models.path(name))
    truth = saved_models.truth(name)["variables"]
    weights = {weight.name: weight for weight in found.computation.weights}
    checked = 0
    for variable in facts_of(found).variables:
        expected = truth[variable.key]["sha256"] if variable.stored else None
        if expected is not None and not variable.slices:
            weight = weights[variable.weight]
            assert hashlib.sha256(read_range(found.computation, weight, 0, weight.byte_count)).hexdigest() == expected, (
                variable.key
            )
            checked += 1
    assert checked or name in ("asset_table", "default_values", "sliced")


@pytest.mark.parametrize("name", NAMES)
def test_graphs_functions_and_objects(name: str, saved_models: SavedModels) -> None:
    found = inspected(saved_models.path(name))
    truth = saved_models.truth(name)
    graphs = {graph.path: graph for graph in found.computation.roots()}
    for one in facts_of(found).tag_sets:
        said = of_tags(truth, one)
        assert {function.name: function.node_count for function in one.functions} == said["functions"]
        assert one.node_count == said["node_count"]
        assert one.object_count == said["object_count"]
        paths = [*one.graphs, *(function.path for function in one.functions)]
        nodes = [node for path in paths if path in graphs for node in graphs[path].nodes]
        assert {node.operator for node in nodes} >= set(said["operators"])
        assert {asset.tensor: asset.filename for asset in one.assets if asset.declared} == said["assets"]


@pytest.mark.parametrize("name", NAMES)
def test_fingerprints(name: str, saved_models: SavedModels) -> None:
    ours = facts_of(inspected(saved_models.path(name))).fingerprint
    truth = saved_models.truth(name)["fingerprint"]
    assert (ours is None) == (truth is None)
    if ours is not None:
        assert {key: getattr(ours, key) for key in truth} == truth


def plain(tensors: list[dict[str, Any]], *keys: str) -> dict[str, Any]:
    """Return the tensors of a JSON report by name, with those facts and the shape."""
    return {
        one["name"]: {**{key: one[key] for key in keys}, "shape": None if one["shape"] is None else lengths(one["shape"])}
        for one in tensors
    }


def expected(tensors: dict[str, Any], *keys: str) -> dict[str, Any]:
    return {name: {key: one[key] for key in (*keys, "shape")} for name, one in tensors.items()}


@pytest.mark.parametrize("name", NAMES)
def test_the_json_report(name: str, saved_models: SavedModels, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    assert run([str(saved_models.path(name)), "--report", "-", "--format", "json"]) == 0
    report = json.loads(capfdbinary.readouterr().out)
    truth = saved_models.truth(name)
    assert report["artifact"]["format"] == "saved_model"
    ours = report["saved_model"]
    for one in ours["tag_sets"]:
        said = callable_ones(next(said for said in truth["tag_sets"] if said["tags"] == one["tags"])["signatures"])
        assert {signature["name"] for signature in one["signatures"]} == set(said)
        for side in ("inputs", "outputs"):
            for signature in one["signatures"]:
                assert plain(signature[side], "dtype", "tensor") == expected(said[signature["name"]][side], "dtype", "tensor")
            if one["is_main"]:
                for signature in report["signatures"]:
                    assert plain(signature[side], "dtype") == expected(said[signature["name"]][side], "dtype")
    stored = {one["key"]: one for one in ours["variables"] if one["stored"]}
    tensors = {key: said for key, said in truth["variables"].items() if key != "_CHECKPOINTABLE_OBJECT_GRAPH"}
    assert {key: (one["dtype"], one["shape"]) for key, one in stored.items()} == {
        key: (said["dtype"], said["shape"]) for key, said in tensors.items()
    }
    for key, said in tensors.items():
        assert said["byte_count"] in (None, stored[key]["byte_count"])
    if truth["fingerprint"] is not None:
        assert {key: int(ours["fingerprint"][key]) for key in truth["fingerprint"]} == truth["fingerprint"]


def test_default_values_of_signatures(saved_models: SavedModels) -> None:
    main = facts_of(inspected(saved_models.path("default_values"))).main
    signature = next(one for one in main.signatures if one.name == "serving_default")
    defaults = {one.name: one.default for one in signature.inputs}
    assert defaults["words"] is None
    assert defaults["separator"] is not None
    assert "and" in defaults["separator"]
    assert "\x1b" not in defaults["separator"]
    assert defaults["scale"] is not None
    assert "0.5" in defaults["scale"]
    assert "2" in defaults["scale"]


def test_slices_of_a_variable(saved_models: SavedModels) -> None:
    facts = facts_of(inspected(saved_models.path("sliced")))
    table = next(one for one in facts.variables if one.key.startswith("table/"))
    rows = [tuple(map(int, one.split(":")[0].split(","))) for one in table.slices]
    assert len(rows) > 4
    assert [start for start, _ in rows] == [0, *(start + length for start, length in rows)][:-1]
    assert sum(length for _, length in rows) == 300
    assert table.byte_count == 300 * 64 * 4
    assert facts.checkpoint is not None
    assert [shard.problem for shard in facts.checkpoint.shards] == [""] * 5


def test_each_shard_is_as_long_as_its_file(saved_models: SavedModels) -> None:
    path = saved_models.path("sharded")
    checkpoint = facts_of(inspected(path)).checkpoint
    assert checkpoint is not None
    assert checkpoint.shard_count == len(checkpoint.shards) == 4
    for shard in checkpoint.shards:
        assert shard.size_bytes == shard.needed_bytes == (path / shard.path).stat().st_size


def test_slots_belong_to_their_variables(saved_models: SavedModels) -> None:
    facts = facts_of(inspected(saved_models.path("optimizer_slots")))
    slots = {one.key: (one.slot, one.role) for one in facts.variables if ".OPTIMIZER_SLOT/" in one.key}
    assert slots == {
        f"{name}/.OPTIMIZER_SLOT/optimizer/{slot}/.ATTRIBUTES/VARIABLE_VALUE": (slot, "optimizer")
        for name in ("kernel", "bias")
        for slot in ("m", "v")
    }
    assert {one.slot_of for one in facts.variables if one.slot} == {
        one.name
        for one in facts.variables
        if one.key in ("kernel/.ATTRIBUTES/VARIABLE_VALUE", "bias/.ATTRIBUTES/VARIABLE_VALUE")
    }


def test_slots_of_a_training_tag_set_are_no_parameters(saved_models: SavedModels) -> None:
    found = inspected(saved_models.path("two_tag_sets"))
    assert {one.name: (one.role, one.slot_of) for one in facts_of(found).variables} == {
        "head/kernel": ("parameter", ""),
        "head/bias": ("parameter", ""),
        "head/kernel/Momentum": ("optimizer", "head/kernel"),
        "head/bias/Momentum": ("optimizer", "head/bias"),
    }
    assert "training-baggage" in {finding.rule for finding in found.findings}


def test_weights_that_keras_keeps_under_its_optimizer_are_parameters(saved_models: SavedModels) -> None:
    facts = facts_of(inspected(saved_models.path("digits_keras")))
    roles = {one.name: one.role for one in facts.variables}
    layers = {name: role for name, role in roles.items() if name.startswith("digits_keras/")}
    assert len(layers) == 19
    assert set(layers.values()) == {"parameter"}
    moments = {name: role for name, role in roles.items() if name.endswith(("_momentum", "_velocity"))}
    assert len(moments) == 2 * 13
    assert set(moments.values()) == {"optimizer"}


def test_tables_and_what_fills_them(saved_models: SavedModels) -> None:
    tables = facts_of(inspected(saved_models.path("tables_and_assets"))).main.tables
    assert {(table.key_dtype, table.value_dtype) for table in tables} == {("string", "int64"), ("int64", "string")}
    assert "assets/vocabulary.txt" in {table.source for table in tables}


def test_warm_up_requests(saved_models: SavedModels) -> None:
    found = inspected(saved_models.path("warm_up"))
    warm_up = facts_of(found).warm_up
    assert warm_up is not None
    assert (warm_up.request_count, dict(warm_up.kinds), warm_up.problem) == (3, {"predict": 3}, "")
    assert set(warm_up.signatures) == {"serving_default", "powers"}
    assert {extra.path for extra in facts_of(found).extra_assets} >= {"assets.extra/notes.txt"}
    assert not {"no-warm-up", "warm-up-malformed"} & {finding.rule for finding in found.findings}


def test_versions_of_a_serving_folder(saved_models: SavedModels) -> None:
    facts = facts_of(inspected(saved_models.path("versions")))
    assert [version.version for version in facts.versions] == [10, 2, 1]
    assert [version.is_served for version in facts.versions] == [True, False, False]
    truth = saved_models.truth("versions")["versions"]
    for version in facts.versions:
        said = truth[version.folder]["tag_sets"][0]["signatures"]
        for signature in version.signatures:
            assert as_truth(signature.inputs) == without_defaults(said[signature.name]["inputs"])
    assert not facts.versions[0].differences
    assert all(version.differences for version in facts.versions[1:])
