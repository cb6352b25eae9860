"""The catalogue of what reading an image may find is whole."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import inspector
from inspector.analysis.image.findings.catalogue import IMAGE_RULES
from inspector.analysis.image.findings.reading_rules import IMAGE_READING_RULES
from inspector.records.finding import SEVERITIES

NO_RULES = {"utf-8", "x86-64", "oci-layout", "attestation-manifest", "engine-listener", "modelpack-tui", "service-account"}


def rule_like_texts() -> set[str]:
    """Return the texts in the source of the reader that read like rule ids."""
    files = (Path(inspector.__file__).parent / "formats" / "image").rglob("*.py")
    constants = (
        part.value for file in files for part in ast.walk(ast.parse(file.read_text())) if isinstance(part, ast.Constant)
    )
    return {text for text in constants if isinstance(text, str) and re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)+", text)}


def test_it_lists_the_rules_that_are_used_and_no_others() -> None:
    listed = {rule.name for rule in IMAGE_READING_RULES}
    assert rule_like_texts() - NO_RULES == listed
    assert not listed & {rule.name for rule in IMAGE_RULES}


def test_it_is_sorted_by_severity_and_name_without_repeats() -> None:
    keys = [(SEVERITIES.index(rule.severity), rule.name) for rule in IMAGE_READING_RULES]
    assert keys == sorted(set(keys))
