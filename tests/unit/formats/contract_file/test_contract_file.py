"""Contracts come back from YAML and JSON as they were written, and the schema describes them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from inspector.errors import UsageError
from inspector.formats.contract_file import contract_text, from_json, read_contract, to_json
from inspector.formats.contract_file.embedding import embedded_contract
from inspector.formats.contract_file.plain import plain_values
from inspector.formats.contract_file.schema import build_schema, derived_text, schema_text
from inspector.records.contract import (
    CONTRACT_KEY,
    ArtifactLimits,
    ConformanceTerms,
    Contract,
    PreprocessingStep,
    Provenance,
    RuntimeRequirements,
    TensorPromise,
    Tolerances,
    ValueRange,
)
from tests.builders import save, small_cnn

DIGITS = Contract(
    name="digits",
    inputs=(TensorPromise("image", "float32", ("batch", 1, 28, None), ValueRange(0.0, 1.0), "gray, 0 is black"),),
    outputs=(TensorPromise("probabilities", "float32", ("batch", 10)), TensorPromise("label", "int64", ())),
    preprocessing=(PreprocessingStep("resize", "image", "bilinear", {"size": (28, 28), "scale": 1 / 255, "crop": True}),),
    provenance=Provenance("digits.onnx", "a" * 64, "pytorch 2.13", "1.10", ("simplify: onnxsim 0.8.1",), {"onnx": "1.23.2"}),
    runtime=RuntimeRequirements("onnxruntime", "1.22", {"ai.onnx": 17, "com.microsoft": 1}, 8, ("cpu", "cuda")),
    conformance=ConformanceTerms("top_k", "labelled.npz", "y", "probabilities", 3, 0.01, 0.9, 200),
    tolerances=Tolerances(max_absolute=1e-3, min_cosine=0.999),
    limits=ArtifactLimits(size_bytes=1_000_000, latency_ms=2.5),
)

CONFUSING = (
    "yes",
    "no",
    "on",
    "null",
    "~",
    "true",
    "5e-3",
    "0x1f",
    "0o17",
    "1_000",
    "12:30",
    "1.10",
    "2026-01-01",
    "*a",
    "&a",
    "!t",
)
CONFUSING += (
    "",
    " x ",
    "a: b",
    "a #b",
    "- a",
    "[a]",
    "{a}",
    "'",
    '"',
    "\\x1b",
    "é",
    "中",
    "%",
    "@",
    "`",
    "|",
    ">",
    "=",
    "<<",
    ".nan",
)


def written(folder: Path, contract: Contract) -> Path:
    path = folder / "contract.yaml"
    path.write_text(contract_text(contract), encoding="utf-8")
    return path


@pytest.mark.parametrize("contract", [DIGITS, Contract(), Contract(conformance=ConformanceTerms())])
def test_yaml_comes_back_as_it_was(tmp_path: Path, contract: Contract) -> None:
    assert read_contract(written(tmp_path, contract)) == contract


@pytest.mark.parametrize("contract", [DIGITS, Contract()])
def test_json_comes_back_as_it_was(tmp_path: Path, contract: Contract) -> None:
    assert from_json(to_json(contract)) == contract
    path = tmp_path / "contract.json"
    path.write_text(to_json(contract))
    assert read_contract(path) == contract


@pytest.mark.parametrize("text", CONFUSING)
def test_text_that_looks_like_something_else_stays_text(tmp_path: Path, text: str) -> None:
    contract = Contract(
        name=text,
        inputs=(TensorPromise(text, "float32", (text or "n", 3), description=text),),
        provenance=Provenance(recipe=(text, "x"), tools={text or "tool": text}),
    )
    assert read_contract(written(tmp_path, contract)) == contract


names = st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z", "M")), min_size=1, max_size=12)
dims = st.none() | names | st.integers(0, 2**40)
numbers = st.floats(-1e30, 1e30)


@settings(max_examples=60, deadline=None)
@given(
    name=names, shape=st.none() | st.lists(dims, max_size=4).map(tuple), low=numbers, parameters=st.dictionaries(names, numbers)
)
def test_any_contract_comes_back(
    name: str, shape: tuple[int | str | None, ...] | None, low: float, parameters: dict[str, float]
) -> None:
    promise = TensorPromise(name, "int8", shape, ValueRange(low, None))
    contract = Contract(name, (promise,), preprocessing=(PreprocessingStep("scale", parameters=parameters),))
    assert from_json(to_json(contract)) == contract
    from inspector.formats.contract_file.read import checked_contract
    from inspector.formats.contract_file.yaml_values import parse_yaml

    assert checked_contract(parse_yaml(contract_text(contract))) == contract


def test_the_text_keeps_the_order_of_fields_explains_them_and_leaves_empty_parts_out() -> None:
    text = contract_text(DIGITS)
    keys = list(yaml.safe_load(text))
    assert keys == ["contract", "name", *(key for key in plain_values(DIGITS) if key not in ("contract", "name"))]
    assert "# In order. shape:" in text
    assert "  shape: [batch, 1, 28, null]\n" in text
    assert list(yaml.safe_load(contract_text(Contract()))) == ["contract"]


def test_a_contract_that_was_derived_shows_what_could_be_added() -> None:
    comments = [line for line in contract_text(Contract()).splitlines() if line.startswith("#   ")]
    for comment in comments:
        added = yaml.safe_load(comment.removeprefix("#   "))
        jsonschema.validate({"contract": 1, **added}, build_schema())
    assert len(comments) == 2


def test_the_schema_that_is_shipped_is_the_one_that_is_derived() -> None:
    assert schema_text() == derived_text(), "run python -m inspector.formats.contract_file.schema"


def test_the_schema_accepts_what_is_written_and_nothing_unknown() -> None:
    schema = build_schema()
    for contract in (DIGITS, Contract()):
        jsonschema.validate(plain_values(contract), schema)
        jsonschema.validate(yaml.safe_load(contract_text(contract)), schema)
    for wrong in ({"contract": 2}, {}, {"contract": 1, "input": []}, {"contract": 1, "limits": {"size": 1}}):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(wrong, schema)


def test_the_schema_says_what_every_record_and_field_with_a_docstring_is() -> None:
    definitions = build_schema()["$defs"]
    assert all(definition["description"] for definition in definitions.values())
    assert definitions["ConformanceTerms"]["properties"]["k"]["description"] == "For top_k."


def model_with(properties: list[tuple[str, str]], path: Path) -> Path:
    model = small_cnn()
    for key, value in properties:
        model.metadata_props.add(key=key, value=value)
    return save(model, path)


def test_an_embedded_contract_is_read_whole_however_long_it_is(tmp_path: Path) -> None:
    long = replace(DIGITS, provenance=Provenance(recipe=tuple(f"step {index} \\x1b é" for index in range(2000))))
    path = model_with([(CONTRACT_KEY, "{}"), (CONTRACT_KEY, to_json(long)), ("other", "x")], tmp_path / "model.onnx")
    assert len(to_json(long)) > 10_000
    assert embedded_contract(path) == long


def test_a_model_without_a_contract_has_none(tmp_path: Path) -> None:
    assert embedded_contract(model_with([("other", "{}")], tmp_path / "model.onnx")) is None


def test_a_broken_embedded_contract_is_refused_in_one_line(tmp_path: Path) -> None:
    path = model_with([(CONTRACT_KEY, "{\x1b")], tmp_path / "model.onnx")
    with pytest.raises(UsageError, match=r"model\.onnx: embedded contract: line 1") as raised:
        embedded_contract(path)
    assert str(raised.value).isprintable()
