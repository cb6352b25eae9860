"""Which findings there can be: the rules that analysis and readers match by."""

from __future__ import annotations

from functools import cache

from inspector.analysis.findings.catalogue import RULES
from inspector.analysis.findings.reading_rules import READING_RULES
from inspector.analysis.findings.rule import Rule
from inspector.analysis.image.findings.catalogue import IMAGE_RULES
from inspector.analysis.image.findings.reading_rules import IMAGE_READING_RULES


@cache
def known_findings() -> dict[str, Rule]:
    """Return every rule that a finding can be of, by name."""
    return {rule.name: rule for rule in (*RULES, *READING_RULES, *IMAGE_RULES, *IMAGE_READING_RULES)}
