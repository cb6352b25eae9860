"""SARIF and JUnit XML as other programs read them: held against their schemas, for every kind of review."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import jsonschema
import pytest
import xmlschema

from inspector.records.finding import Finding
from inspector.records.review import Check, Review
from inspector.report.junit import to_junit
from inspector.report.sarif import MOST_RESULTS, to_sarif
from tests.golden.reviews import HOSTILE, ordinary_review
from tests.golden.test_reports import REVIEWS
from tests.html_reviews import HOSTILE_REVIEWS as HOSTILE_PAGES
from tests.html_reviews import REVIEWS as PAGES
from tests.unit.verify.rules.gated_reviews import bare, image, model, plain_image

SCHEMAS = Path(__file__).parents[2] / "contract" / "schemas"
CHECKS = (
    Check("size_bytes > 300MB", "passed", "102.5 MB", "--fail-if"),
    Check("latency.p99 > 1.05x", "unknown", "not measured", "modelpack.toml", "there is no latency"),
    Check("findings.high > 0", "failed", "2", "modelpack.toml", "we ship none"),
    Check("io_dtype", "failed", "float32"),
)


def checked() -> Review:
    return replace(ordinary_review(), checks=CHECKS, verdict="fail")


def hostile() -> Review:
    findings = tuple(Finding(text or "x", "high", text, text, text) for text in HOSTILE)
    checks = tuple(Check(text, status, text, text, text) for text in HOSTILE for status in ("failed", "unknown", "passed"))
    return replace(ordinary_review(), findings=findings, checks=checks, verdict="fail", warnings=tuple(HOSTILE))


EVERY: dict[str, Callable[[], Review]] = {
    **REVIEWS,
    **{f"page of {name}": made for name, made in {**PAGES, **HOSTILE_PAGES}.items()},
    "checked": checked,
    "all hostile": hostile,
    **{made.__name__: made for made in (bare, image, model, plain_image)},
}


@functools.cache
def sarif_schema() -> Any:
    return jsonschema.Draft7Validator(json.loads((SCHEMAS / "sarif-schema-2.1.0.json").read_text()))


@functools.cache
def junit_schema() -> xmlschema.XMLSchema10:
    return xmlschema.XMLSchema10(str(SCHEMAS / "junit-10.xsd"))


def sarif_run(review: Review) -> dict[str, Any]:
    run: dict[str, Any] = json.loads(to_sarif(review))["runs"][0]
    return run


def cases(review: Review) -> dict[str, ElementTree.Element]:
    return {case.get("name", ""): case for case in ElementTree.fromstring(to_junit(review)).iter("testcase")}


def test_the_schemas_refuse_what_is_wrong() -> None:
    broken = json.loads(to_sarif(checked()))
    broken["runs"][0]["results"][0]["level"] = "fatal"
    assert not sarif_schema().is_valid(broken)
    assert not junit_schema().is_valid("<testsuites><testcase/></testsuites>")


@pytest.mark.parametrize("name", EVERY)
def test_sarif_is_of_its_schema(name: str) -> None:
    log = json.loads(to_sarif(EVERY[name]()))
    assert [error.message for error in sarif_schema().iter_errors(log)] == []
    assert (log["version"], len(log["runs"])) == ("2.1.0", 1)


@pytest.mark.parametrize("name", EVERY)
def test_junit_is_of_its_schema(name: str) -> None:
    junit_schema().validate(to_junit(EVERY[name]()).decode())


@pytest.mark.parametrize("name", EVERY)
def test_results_are_what_code_hosts_take(name: str) -> None:
    run = sarif_run(EVERY[name]())
    rules = run["tool"]["driver"]["rules"]
    assert len({rule["id"] for rule in rules}) == len(rules)
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["message"]["text"]
        assert result["partialFingerprints"]
        place = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
        assert not place.startswith("/")
        assert place.isascii()
        assert place.isprintable()


def test_findings_and_checks_that_did_not_pass_are_results() -> None:
    run = sarif_run(checked())
    review = checked()
    levels = [result["level"] for result in run["results"]]
    assert len(levels) == len(review.findings) + 3
    assert levels.count("error") == sum(one.severity == "high" for one in review.findings) + 3
    said = json.dumps(run["results"])
    assert "findings.high > 0" in said
    assert "size_bytes > 300MB" not in said


def test_fingerprints_stay_where_the_finding_does_and_differ_elsewhere() -> None:
    review = ordinary_review()
    changed = replace(review, artifact=replace(review.artifact, size_bytes=1), findings=tuple(reversed(review.findings)))
    first, second = (
        {json.dumps(one["partialFingerprints"]) for one in sarif_run(each)["results"]} for each in (review, changed)
    )
    assert first == second
    assert len(first) == len(review.findings)


def test_more_findings_than_code_hosts_show_are_counted() -> None:
    many = tuple(Finding("rule", "low", f"message {number}", f"node {number}") for number in range(MOST_RESULTS + 7))
    run = sarif_run(replace(ordinary_review(), findings=many))
    assert len(run["results"]) == MOST_RESULTS
    assert "7" in json.dumps(run["invocations"])


def test_what_became_of_each_check_is_a_test() -> None:
    found = cases(checked())
    assert found["size_bytes > 300MB"].find("failure") is None
    assert found["size_bytes > 300MB"].findtext("system-out") == "102.5 MB"
    failure = found["findings.high > 0"].find("failure")
    assert failure is not None
    assert failure.get("message") == "2; we ship none"
    assert found["latency.p99 > 1.05x"].find("error") is not None
    assert found["verdict"].find("failure") is not None


def test_what_is_unknown_and_allowed_is_skipped_never_passed() -> None:
    found = cases(replace(checked(), checks=CHECKS[:2], verdict="pass"))
    assert found["latency.p99 > 1.05x"].find("skipped") is not None
    assert found["verdict"].find("failure") is None


def test_counts_are_those_of_the_cases() -> None:
    root = ElementTree.fromstring(to_junit(checked()))
    assert (root.get("tests"), root.get("failures"), root.get("errors")) == ("5", "3", "1")


@pytest.mark.parametrize(
    ("change", "before", "after"),
    [
        ({"checks": (replace(CHECKS[0], observed="77.7 MB"),)}, "102.5 MB", "77.7 MB"),
        ({"verdict": "pass", "checks": ()}, "findings.high", '"verdict"'),
    ],
)
def test_every_figure_of_junit_is_the_record_s(change: dict[str, Any], before: str, after: str) -> None:
    was, is_now = to_junit(checked()).decode(), to_junit(replace(checked(), **change)).decode()
    assert before in was
    assert before not in is_now
    assert after in is_now


@pytest.mark.parametrize("writer", [to_sarif, to_junit])
def test_nothing_in_them_drives_a_terminal(writer: Callable[[Review], bytes]) -> None:
    assert all(character.isprintable() or character == "\n" for character in writer(hostile()).decode())
