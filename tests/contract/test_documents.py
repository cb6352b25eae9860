"""What the documents on gates, pipelines and the command line say is what the program does."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from inspector.cli.options import build_parser, parse
from inspector.formats.rules_file import read_rules
from inspector.verify.rules.figures import OPEN_NAMES, fixed_figures
from inspector.verify.rules.grammar import parse_rule
from inspector.workflows.gating import gates_for

PROJECT = Path(__file__).parents[2]
GATES = (PROJECT / "docs/gates.md").read_text(encoding="utf-8")
PIPELINES = ("github-actions.yml", "gitlab-ci.yml")
REFERENCE = (PROJECT / "docs/cli.md").read_text(encoding="utf-8")

_FAMILIES = (
    (r"^change\.[\w-]+\.", "change.STEP."),
    (r"^slimming\.[\w-]+\.", "slimming.LEVEL."),
    (r"^differences\.\w+$", "differences.AREA"),
    (r"^(findings(?:\.new)?)\.(?:high|medium|low|info|total)$", r"\1.SEVERITY"),
)


def family(figure: str) -> str:
    for pattern, name in _FAMILIES:
        figure = re.sub(pattern, name, figure)
    return figure


def commands(value: Any) -> Iterator[str]:
    """Yield the lines of a pipeline that call the command."""
    if isinstance(value, dict):
        for one in value.values():
            yield from commands(one)
    elif isinstance(value, list):
        for one in value:
            yield from commands(one)
    elif isinstance(value, str):
        yield from (line.strip() for line in value.splitlines() if line.strip().startswith("modelpack-tui "))


def accepted() -> set[str]:
    return {option for action in build_parser()._actions for option in action.option_strings}


def test_every_figure_that_rules_look_at_is_documented_and_no_other() -> None:
    known = {family(figure.name) for figure in fixed_figures().values() if not _is_finding(figure.name)}
    table = GATES.split("## Figures")[1].split("## A file")[0]
    told = set(re.findall(r"`([\w.<>-]+)`", "\n".join(row.split("|")[1] for row in table.splitlines() if "|" in row)))
    assert told == known | set(OPEN_NAMES) | {"findings.<rule>"}


def _is_finding(name: str) -> bool:
    return family(name) == name and name.startswith("findings.")


@pytest.mark.parametrize("rule", re.findall(r"--fail-if '([^']*)'", GATES))
def test_every_rule_that_is_shown_is_one(rule: str) -> None:
    parse_rule(rule, "--fail-if")


def test_the_file_of_rules_that_is_shown_is_one(tmp_path: Path) -> None:
    (text,) = re.findall(r"```toml\n(.*?)```", GATES, re.DOTALL)
    (tmp_path / "modelpack.toml").write_text(text)
    found = read_rules(tmp_path / "modelpack.toml")
    assert (len(found.fail_if), len(found.allowed), len(found.ignores)) == (3, 3, 1)
    gates, warnings = gates_for(file=tmp_path / "modelpack.toml")
    assert (len(gates.rules), warnings) == (6, ())


@pytest.mark.parametrize("name", PIPELINES)
def test_pipelines_call_the_command_as_it_is(name: str) -> None:
    text = (PROJECT / "examples/ci" / name).read_text(encoding="utf-8")
    called = list(commands(yaml.safe_load(text)))
    assert called
    for line in called:
        options = parse(shlex.split(line)[1:])
        assert options.artifacts
        assert options.wants_report


@pytest.mark.parametrize("name", PIPELINES)
def test_the_document_shows_the_pipelines_that_there_are(name: str) -> None:
    shown = re.findall(r"```yaml\n(.*?)```", (PROJECT / "docs/ci.md").read_text(encoding="utf-8"), re.DOTALL)
    assert (PROJECT / "examples/ci" / name).read_text(encoding="utf-8") in shown


def test_the_reference_explains_every_option_and_no_other() -> None:
    explained = set(re.findall(r"^\*\*`(-[-\w]+)", REFERENCE, re.MULTILINE))
    explained |= set(re.findall(r"^\*\*`-h`, `(--help)`", REFERENCE, re.MULTILINE))
    assert explained == accepted()


def test_the_reference_names_every_choice() -> None:
    for action in build_parser()._actions:
        for choice in action.choices or ():
            assert f"`{choice}`" in REFERENCE, (action.option_strings, choice)


@pytest.mark.parametrize("line", re.findall(r"^(modelpack-tui .*)$", REFERENCE, re.MULTILINE))
def test_the_examples_of_the_reference_are_accepted(line: str) -> None:
    assert parse(shlex.split(line, comments=True)[1:]).artifacts
