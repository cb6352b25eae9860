from __future__ import annotations

import json
import math
from dataclasses import replace
from typing import Any

import jsonschema
import msgspec
import pytest

from inspector.records.review import Flops, Review
from inspector.report.json import LARGEST_INTEGER, from_json, to_json
from inspector.report.schema import derived_text
from inspector.report.schema_file import schema_text
from tests.golden.image_reviews import artifact_review, engine_review, hostile_image_review, image_review
from tests.golden.optimization_reviews import hostile_optimization_review, optimized_review
from tests.golden.reviews import hostile_review, ordinary_review
from tests.golden.saved_model_reviews import hostile_saved_model_review, served_review

SCHEMA: dict[str, Any] = json.loads(schema_text())
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)

REVIEWS = [
    ordinary_review(),
    hostile_review(),
    served_review(),
    hostile_saved_model_review(),
    image_review(),
    engine_review(),
    artifact_review(),
    hostile_image_review(),
    optimized_review(),
    hostile_optimization_review(),
    Review(ordinary_review().tool, ordinary_review().environment, ordinary_review().artifact),
]

NAMES = ["ordinary", "hostile", "served", "hostile_saved_model", "image", "engine", "artifact", "hostile_image"]
NAMES += ["optimized", "hostile_optimization", "bare"]


def strict(data: bytes) -> Any:
    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is not JSON")

    return json.loads(data, parse_constant=refuse)


def test_a_review_comes_back_as_it_was() -> None:
    assert from_json(to_json(ordinary_review())) == ordinary_review()


def test_a_review_of_an_image_comes_back_as_it_was() -> None:
    assert from_json(to_json(image_review())) == image_review()


def test_an_image_keeps_the_keys_of_the_stable_core() -> None:
    image = strict(to_json(image_review()))["image"]
    assert list(image)[:9] == [
        *("source", "layers", "file_count", "shipped_bytes", "final_bytes", "reclaimable_bytes", "waste", "leftovers"),
        "packages",
    ]
    assert {"digest", "size_bytes", "compressed_bytes", "created_by"} <= set(image["layers"][0])
    assert {"cause", "bytes", "files"} <= set(image["waste"][0])
    assert {"kind", "bytes", "files"} <= set(image["leftovers"]["by_kind"][0])
    assert image["leftovers"]["union_bytes"] == 400_000_000
    assert {"name", "version", "bytes"} <= set(image["packages"][0])
    assert image["artifacts"][0] | {"path": "/models/digits.onnx", "format": "onnx"} == image["artifacts"][0]


def test_the_keys_of_the_stable_core_lead() -> None:
    keys = list(strict(to_json(ordinary_review())))
    assert keys[:6] == ["schema", "tool", "environment", "artifact", "signatures", "graph"]


@pytest.mark.parametrize("review", REVIEWS, ids=NAMES)
def test_reports_keep_to_the_schema(review: Review) -> None:
    VALIDATOR.validate(strict(to_json(review)))


@pytest.mark.parametrize("review", REVIEWS, ids=NAMES)
def test_every_character_prints(review: Review) -> None:
    assert all(line.isprintable() for line in to_json(review).decode().split("\n"))


def test_escapes_mean_what_was_there() -> None:
    metadata = {"key\x1b": "\x9b\u202e\U000e0001 \x7f é 重"}
    review = replace(ordinary_review(), artifact=replace(ordinary_review().artifact, metadata=metadata))
    assert strict(to_json(review))["artifact"]["metadata"] == metadata


def test_names_that_are_no_unicode_are_made_visible() -> None:
    review = replace(ordinary_review(), artifact=replace(ordinary_review().artifact, path="caf\udce9.onnx"))
    assert strict(to_json(review))["artifact"]["path"] == "caf\\udce9.onnx"


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_what_is_no_number_is_null(number: float) -> None:
    graph = ordinary_review().graph
    assert graph is not None
    review = replace(ordinary_review(), graph=replace(graph, flops=Flops(1, number)))
    assert strict(to_json(review))["graph"]["flops"]["covered"] is None


def test_integers_stay_within_64_bits() -> None:
    assert strict(to_json(hostile_review()))["artifact"]["size_bytes"] == LARGEST_INTEGER


def test_the_shipped_schema_is_the_one_the_records_give() -> None:
    assert derived_text() == schema_text(), "run: python -m inspector.report.schema"


def test_the_schema_is_one() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("change", [{"schema": 2}, {"verdict": "maybe"}, {"artifact": {}}, {"findings": [{"severity": "bad"}]}])
def test_the_schema_refuses_what_is_no_review(change: dict[str, Any]) -> None:
    document = strict(to_json(ordinary_review())) | change
    assert not VALIDATOR.is_valid(document)


def test_every_record_of_the_schema_is_described() -> None:
    bare = [name for name, definition in SCHEMA["$defs"].items() if not definition.get("description", "").endswith((".", ":"))]
    assert not bare
    assert SCHEMA["$defs"]["ExternalFile"]["properties"]["size_bytes"]["description"].startswith("None when the file")


def test_a_review_of_another_kind_is_refused() -> None:
    with pytest.raises(msgspec.ValidationError):
        from_json(b'{"schema": 1}')
