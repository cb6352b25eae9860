"""What a baseline means where nobody says what may differ from it."""

from __future__ import annotations

from inspector.records.artifact import Format
from inspector.records.gate import Rule
from inspector.verify.rules.grammar import parse_rule

SOURCE = "the defaults of --baseline"

_ANY = (("size_bytes > +1%", "it may grow by 1 %"), ("findings.new.high > 0", "no finding of severity high may be new"))
_MODEL = (
    ("signatures.changed > 0", "callers rely on signatures"),
    ("parameters != 1x", "another number of parameters is another model"),
)


def default_rules(format: Format) -> tuple[Rule, ...]:
    """Return the rules that hold against a baseline where none are given, by the format of the artifact."""
    texts = _ANY if format == "image" else (*_ANY, *_MODEL)
    return tuple(parse_rule(text, SOURCE, reason) for text, reason in texts)


def allowed_rule(figure: str, delta: str) -> str:
    """Return the rule that an allowed delta means: "+2%" forbids more, "-2%" forbids less, "same" anything else."""
    if delta.strip() == "same":
        return f"{figure} != +0"
    return f"{figure} {'<' if delta.strip()[:1] in '-−' else '>'} {delta.strip()}"
