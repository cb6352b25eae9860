"""Rules on the command line, in files, and against a baseline: what the command says, and its exit code."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.builders import chain, save

Command = Callable[..., tuple[int, str, str]]


@pytest.fixture(autouse=True)
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a repository of its own as the working directory, so that no file of rules above it counts."""
    (tmp_path / ".git").mkdir()
    monkeypatch.chdir(tmp_path)
    save(chain(3), tmp_path / "model.onnx")
    return tmp_path


def statuses(out: str) -> dict[str, str]:
    return {check["rule"]: check["status"] for check in json.loads(out)["checks"]}


def test_a_rule_that_is_kept_passes(command: Command) -> None:
    code, out, err = command("model.onnx", "--fail-if", "nodes > 3", "--format", "json")
    assert (code, statuses(out), err) == (0, {"nodes > 3": "passed"}, "")


def test_a_rule_that_is_broken_is_exit_code_1_and_told(command: Command) -> None:
    code, out, _ = command("model.onnx", "--fail-if", "nodes > 2", "--fail-if", "nodes > 9")
    assert code == 1
    assert "nodes > 2" in out
    assert "failed" in out
    assert out.count("verdict") >= 1


def test_unknown_is_not_passed_unless_somebody_says_so(command: Command) -> None:
    rule = ("--fail-if", "latency.p99 > 5ms", "--format", "json")
    code, out, _ = command("model.onnx", *rule)
    assert (code, statuses(out)) == (1, {"latency.p99 > 5ms": "unknown"})
    code, out, _ = command("model.onnx", *rule, "--allow-unknown")
    assert (code, statuses(out)) == (0, {"latency.p99 > 5ms": "unknown"})


@pytest.mark.parametrize(
    ("rule", "nearest"),
    [
        ("node > 2", "nodes"),
        ("size_byte > 1MB", "size_bytes"),
        ("latency.p98 > 1ms", "latency.p99"),
        ("findings.hihg > 0", "findings.high"),
        ("nodes >> 2", ""),
        ("nodes > many", ""),
        ("size_bytes > 3ms", ""),
        ("", ""),
        ("\x1b]52;c;x\x07 > 1", ""),
    ],
)
def test_a_typo_is_exit_code_2_with_the_nearest_rule_named(command: Command, rule: str, nearest: str) -> None:
    code, out, err = command("model.onnx", "--fail-if", rule)
    assert (code, out, len(err.splitlines())) == (2, "", 1)
    assert nearest in err
    assert "\x1b" not in err


def test_the_file_of_the_project_is_found_upward_and_named(
    command: Command, work: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (work / "modelpack.toml").write_text('fail-if = ["nodes > 2"]\n')
    (work / "deep/er").mkdir(parents=True)
    monkeypatch.chdir(work / "deep/er")
    code, _, err = command(work / "model.onnx")
    assert code == 1
    assert "modelpack.toml" in err
    assert command(work / "model.onnx", "--no-rules")[0] == 0


def test_the_table_of_a_python_project_counts_too(command: Command, work: Path) -> None:
    (work / "pyproject.toml").write_text('[tool.modelpack-tui]\nfail-if = [{rule = "nodes > 2", reason = "it is small"}]\n')
    code, out, _ = command("model.onnx")
    assert code == 1
    assert "it is small" in out


def test_a_typo_in_the_file_is_told_with_its_line(command: Command, work: Path) -> None:
    (work / "rules.toml").write_text('fail-if = [\n  "nodes > 9",\n  "nodess > 2",\n]\n')
    code, out, err = command("model.onnx", "--rules", "rules.toml")
    assert (code, out) == (2, "")
    assert "rules.toml:3" in err
    assert "did you mean nodes?" in err


def test_exemptions_with_a_reason_count_until_they_are_over(command: Command, work: Path) -> None:
    rule = ("--rules", "rules.toml", "--format", "json")
    found = {one["rule"] for one in json.loads(command("model.onnx", "--no-rules", "--format", "json")[1])["findings"]}
    assert found, "the model has findings to exempt"
    ignores = "".join(f'[[ignore]]\nrule = "{one}"\nreason = "known"\nuntil = UNTIL\n' for one in sorted(found))
    (work / "rules.toml").write_text(f'fail-if = ["findings.total > 0"]\n{ignores.replace("UNTIL", "2999-12-31")}')
    code, out, _ = command("model.onnx", *rule)
    assert (code, json.loads(out)["findings"]) == (0, [])
    assert {one["reason"] for one in json.loads(out)["ignored"]} == {"known"}
    (work / "rules.toml").write_text(f'fail-if = ["findings.total > 0"]\n{ignores.replace("UNTIL", "2020-12-31")}')
    assert command("model.onnx", *rule)[0] == 1


def test_a_baseline_bounds_what_may_change(command: Command, work: Path) -> None:
    assert command("model.onnx", "--report", "last.json")[0] == 0
    save(chain(5), work / "model.onnx")
    (work / "rules.toml").write_text('baseline = "last.json"\n[allow]\nnodes = "+1"\n')
    code, out, _ = command("model.onnx", "--rules", "rules.toml", "--format", "json")
    assert code == 1
    assert [status for rule, status in statuses(out).items() if "nodes" in rule] == ["failed"]
    (work / "rules.toml").write_text('baseline = "last.json"\n[allow]\nnodes = "+2"\n')
    assert command("model.onnx", "--rules", "rules.toml")[0] == 0


@pytest.mark.parametrize("damage", ["", "{", '{"schema": 1, "tool": {}}', "[]"])
def test_a_damaged_baseline_is_told_before_any_work(command: Command, work: Path, damage: str) -> None:
    (work / "last.json").write_text(damage)
    code, out, err = command("model.onnx", "--baseline", "last.json")
    assert (code, out, len(err.splitlines())) == (2, "", 1)
    assert "last.json" in err


def test_no_report_is_written_over_rules_or_baseline(command: Command, work: Path) -> None:
    (work / "rules.json").write_text("")
    assert command("model.onnx", "--report", "last.json")[0] == 0
    before = (work / "last.json").read_bytes()
    code, _, err = command("model.onnx", "--baseline", "last.json", "--report", "last.json")
    assert (code, (work / "last.json").read_bytes()) == (2, before)
    assert "only read" in err


def test_every_format_says_what_became_of_the_rules(command: Command, work: Path) -> None:
    reports = [f"r.{end}" for end in ("txt", "md", "json", "html", "sarif", "xml")]
    code, out, _ = command("model.onnx", "--fail-if", "nodes > 2", *(part for name in reports for part in ("--report", name)))
    assert (code, out) == (1, "")
    for name in reports:
        assert "nodes" in (work / name).read_text(), name


def test_the_figures_are_listed(command: Command) -> None:
    code, out, _ = command("--fail-if", "help")
    assert code == 0
    assert "latency.p99" in out


def test_a_saved_review_is_held_to_rules_and_rewritten(command: Command, work: Path) -> None:
    assert command("model.onnx", "--report", "review.json")[0] == 0
    (work / "model.onnx").unlink()
    code, out, _ = command("review.json", "--fail-if", "nodes > 2", "--format", "json")
    assert (code, statuses(out)) == (1, {"nodes > 2": "failed"})
    code, out, _ = command("review.json", "--report", "review.html", "--report", "review.md")
    assert code == 0
    assert (work / "review.md").read_text().endswith("verdict: pass\n")
    assert "model.onnx" in (work / "review.html").read_text()


@pytest.mark.parametrize(
    "arguments",
    [
        ["--apply", "fp16"],
        ["--apply", "slim"],
        ["--bench"],
        ["--digest"],
        ["--contract", "c.yaml"],
        ["--write-contract"],
        ["--batch", "8", "--report"],
        ["--dim", "n=3", "--report"],
        ["--platform", "linux/arm64", "--report"],
    ],
)
def test_what_needs_the_artifact_is_told_of_a_review(command: Command, arguments: list[str]) -> None:
    assert command("model.onnx", "--report", "review.json")[0] == 0
    code, out, err = command("review.json", *arguments)
    assert (code, out, len(err.splitlines())) == (2, "", 1)
    assert "is a saved review" in err
    assert arguments[0] in err


@pytest.mark.parametrize("cut", [2, 100, 2000])
def test_a_damaged_review_is_one_line(command: Command, work: Path, cut: int) -> None:
    assert command("model.onnx", "--report", "review.json")[0] == 0
    whole = (work / "review.json").read_bytes()
    (work / "review.json").write_bytes(whole[:-cut])
    code, out, err = command("review.json", "--report")
    assert (code, out, len(err.splitlines())) == (3, "", 1)
    assert "review.json" in err
