"""The whole of findings: order, catalogue, size."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import inspector
import inspector.analysis.findings as package
from inspector.analysis.findings.catalogue import RULE, RULES
from inspector.analysis.findings.reading_rules import READING_RULES
from inspector.analysis.findings.wording import listed, short, size
from inspector.records.finding import SEVERITIES, Finding
from tests.unit.analysis.findings_builders import computation, found, graph, node, weight

EMITTERS = ("at_nodes", "at_tensors", "overall")


def emitted_rules() -> set[str]:
    """Return the rule ids that the source hands to the functions which make findings."""
    files = Path(package.__file__).parent.glob("*.py")
    calls = (call for file in files for call in ast.walk(ast.parse(file.read_text())) if isinstance(call, ast.Call))
    named = (call for call in calls if isinstance(call.func, ast.Name) and call.func.id in EMITTERS)
    return {call.args[0].value for call in named if isinstance(call.args[0], ast.Constant)}


def test_the_catalogue_lists_exactly_the_rules_that_are_used() -> None:
    assert emitted_rules() == set(RULE)


def rule_like_texts(*rooms: str) -> set[str]:
    """Return the texts in the source of the rooms that read like rule ids."""
    package_folder = Path(inspector.__file__).parent
    files = (file for room in rooms for file in (package_folder / room).rglob("*.py"))
    constants = (
        part.value for file in files for part in ast.walk(ast.parse(file.read_text())) if isinstance(part, ast.Constant)
    )
    return {text for text in constants if isinstance(text, str) and re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)+", text)} - {"utf-8"}


def test_the_catalogue_of_reading_lists_the_rules_that_are_used_and_no_others() -> None:
    listed_rules = {rule.name for rule in READING_RULES}
    assert rule_like_texts("formats/onnx", "formats/saved_model", "formats/tflite") <= listed_rules
    assert listed_rules <= rule_like_texts("formats", "cli", "workflows")
    assert not listed_rules & set(RULE)


def test_the_catalogue_is_sorted_by_severity_without_repeats() -> None:
    for rules in (RULES, READING_RULES):
        ranks = [SEVERITIES.index(rule.severity) for rule in rules]
        assert ranks == sorted(ranks)
    assert len(RULE) == len(RULES)
    assert all(rule.what and rule.hint for rule in RULES)


def test_findings_are_sorted_by_severity_then_rule_and_keep_the_readers() -> None:
    told = Finding("trailing-bytes", "medium", "3 bytes follow the model")
    nodes = [node("Add", "x ghost", "y"), node("Relu", "x", "dead"), node("Relu", "x", "dead2", name="Relu:dead")]
    findings = found(computation(graph(nodes, "x z"), findings=(told,)))
    assert [finding.rule for finding in findings] == [
        "undefined-tensor",
        "trailing-bytes",
        "dead-node",
        "duplicate-node-name",
        "unused-input",
    ]


def test_hostile_amounts_of_everything_give_few_and_bounded_findings() -> None:
    nodes = [node("Foo", f"ghost{i}", f"d{i}", domain=f"domain{i % 7}", name="same") for i in range(5000)]
    weights = tuple(weight("w" * 1000 + str(i), 10, dtype="float64") for i in range(5000))
    findings = found(computation(graph(nodes, "x", "y"), weights=weights))
    assert len(findings) < 30
    assert all(len(finding.message) < 500 and len(finding.place) < 500 and len(finding.nodes) <= 1000 for finding in findings)


def test_sizes_in_words() -> None:
    assert [size(n) for n in (0, 999, 1000, 999_949, 999_950, 102_500_000, 2**40, 10**30)] == [
        *("0 B", "999 B", "1.0 KB", "999.9 KB", "1.0 MB", "102.5 MB", "1.1 TB", "over 1,000 EB"),
    ]


def test_long_names_keep_both_ends() -> None:
    assert short("n" * 60) == "n" * 60
    assert len(short("head" + "n" * 1000 + "tail")) == 60
    assert short("head" + "n" * 1000 + "tail").endswith("tail")
    assert listed(["a", "b", "c", "d"], 10) == "a, b, c and 7 more"
