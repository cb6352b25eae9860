"""The options about rules that a review has to keep: --fail-if, --rules, --baseline, --allow-unknown."""

from __future__ import annotations

from inspector.errors import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse

    from inspector.records.gate import Gates, Rule
    from inspector.records.review import Review

FAIL_IF = "--fail-if"
"""Source of the rules that stand on the command line."""

LISTING = "help"
"""In place of a rule: what rules can look at is printed."""

MOST_RULES = 500


class GateOptions:
    """What the command line says of rules; a file of rules may add to it."""

    __slots__ = ("allow_unknown", "baseline", "read", "rules", "rules_file", "without_file")

    def __init__(
        self,
        rules: tuple[Rule, ...] = (),
        rules_file: str | None = None,
        baseline: str | None = None,
        allow_unknown: bool = False,
        without_file: bool = False,
    ) -> None:
        self.rules = rules
        self.rules_file = rules_file
        """Path of the file of rules; None: the one that is found upward from the working directory."""
        self.baseline = baseline
        """Path of the review.json that is compared with; None: what the file of rules says."""
        self.allow_unknown = allow_unknown
        self.without_file = without_file
        """Whether no file of rules is looked for."""
        self.read: tuple[Gates, Review | None] | None = None
        """The rules of all sources and the baseline, once they were read."""


def add_gate_options(parser: argparse.ArgumentParser) -> None:
    """Add the options to the parser."""
    add = parser.add_argument
    add(FAIL_IF, action="append", default=[], metavar="RULE")
    add("--rules", metavar="FILE")
    add("--no-rules", action="store_true")
    add("--baseline", metavar="REVIEW.json")
    add("--allow-unknown", action="store_true")


def gates_of(parsed: argparse.Namespace) -> GateOptions | None:
    """Return what the options say of rules, None where they say nothing of them; whoever says something wants a report.

    Every rule is read here, so that a typo is told before any work begins: UsageError names the nearest one there is.
    `--fail-if help` prints what rules can look at and raises SystemExit(0).
    """
    if LISTING in parsed.fail_if:
        _print_figures()
    if parsed.no_rules and parsed.rules is not None:
        raise UsageError("--rules names a file of rules, and --no-rules says to read none", "leave out one of them")
    if "" in (parsed.rules, parsed.baseline):
        raise UsageError("an empty path names nothing", "name a file")
    if len(parsed.fail_if) > MOST_RULES:
        raise UsageError(f"more than {MOST_RULES} rules", "put them into a file: --rules FILE")
    said = (parsed.fail_if, parsed.rules, parsed.baseline, parsed.allow_unknown, parsed.no_rules)
    if not any(said):
        return None
    rules = _rules(parsed.fail_if) if parsed.fail_if else ()
    return GateOptions(rules, parsed.rules, parsed.baseline, parsed.allow_unknown, parsed.no_rules)


def _rules(texts: list[str]) -> tuple[Rule, ...]:
    from inspector.verify.rules.grammar import BadRule, parse_rule

    rules = []
    for text in texts:
        try:
            rules.append(parse_rule(text, FAIL_IF))
        except BadRule as error:
            raise UsageError(f"{FAIL_IF}: {error.message}", error.hint) from None
    return tuple(rules)


def _print_figures() -> None:
    from inspector.cli import output
    from inspector.verify.rules.listing import figures_table

    output.write_text(figures_table())
    raise SystemExit(0)
