"""Files of rules as they should be, as people mistype them, and as somebody might make them on purpose."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from inspector.errors import UsageError
from inspector.formats.rules_file import RulesFile, WrittenRule, read_rules
from inspector.formats.rules_file.toml_values import LARGEST
from inspector.records.gate import Ignore

WHOLE = """\
# what we ship
fail-if = [
  "findings.high > 0",
  {rule = "size_bytes > 300MB", reason = "the store refuses more"},
]
baseline = "reviews/last.json"
allow-unknown = true

[allow]
size_bytes = "+2%"
latency.median = "+5%"
"latency.p99.9" = "+10%"

[[ignore]]
rule = "unknown-domain"
place = "node 17 *"
severity = "medium"
reason = "our runtime registers it"
until = 2026-12-31
"""


def written(tmp_path: Path, text: str | bytes, name: str = "modelpack.toml") -> Path:
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def refused(path: Path) -> str:
    with pytest.raises(UsageError) as caught:
        read_rules(path)
    said = str(caught.value)
    assert said.isprintable()
    assert len(said) < 600
    return said


def test_everything_that_a_file_can_say(tmp_path: Path) -> None:
    path = written(tmp_path, WHOLE)
    assert read_rules(path) == RulesFile(
        str(path),
        (WrittenRule("findings.high > 0", "", 3), WrittenRule("size_bytes > 300MB", "the store refuses more", 4)),
        (
            WrittenRule("+2%", "allowed: +2%", 10, "size_bytes"),
            WrittenRule("+5%", "allowed: +5%", 11, "latency.median"),
            WrittenRule("+10%", "allowed: +10%", 12, "latency.p99.9"),
        ),
        (Ignore("unknown-domain", "our runtime registers it", "node 17 *", "medium", "2026-12-31", str(path)),),
        str(tmp_path / "reviews/last.json"),
        True,
    )


def test_the_same_in_the_table_of_a_project(tmp_path: Path) -> None:
    table = (
        '[project]\nname = "x"\n[tool.modelpack-tui]\nfail-if = ["findings.high > 0"]\n[tool.modelpack-tui.allow]\nnodes = "+1"'
    )
    found = read_rules(written(tmp_path, table, "pyproject.toml"))
    assert [rule.text for rule in (*found.fail_if, *found.allowed)] == ["findings.high > 0", "+1"]


@pytest.mark.parametrize("text", [b"", b"\xef\xbb\xbf" + WHOLE.encode(), WHOLE.replace("\n", "\r\n").encode()])
def test_an_empty_file_a_mark_and_line_ends_of_windows(tmp_path: Path, text: bytes) -> None:
    assert len(read_rules(written(tmp_path, text)).fail_if) in (0, 2)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('\nfail_if = ["x"]', ":2: the file has no key fail_if (did you mean fail-if?)"),
        ("Baseline = 'x'", ":1: the file has no key Baseline (did you mean baseline?)"),
        ('fail-if = "size_bytes > 1"', ":1: fail-if is text (a list, even of one"),
        ("fail-if = [1]", "a rule of fail-if is a number"),
        ('fail-if = [{rule = "x", why = "y"}]', "a rule of fail-if has no key why"),
        ('fail-if = [{reason = "y"}]', "a rule of fail-if lacks rule"),
        ("allow-unknown = 'yes'", "allow-unknown is text (true or false)"),
        ("allow = 5", "allow is a number"),
        ("allow.size_bytes = 5", 'allow size_bytes is a number (text, such as "+2%")'),
        ("baseline = 5", "baseline is a number (text in quotes)"),
        ("[ignore]\nrule = 'x'", "ignore is a table (a list, even of one: [[ignore]])"),
        ("[[ignore]]\nrule = 'x'", "[[ignore]] lacks reason"),
        ("[[ignore]]\nrule = 'x'\nreason = ' '", ":3: [[ignore]] of x has no reason"),
        ("[[ignore]]\nreason = 'x'", "[[ignore]] lacks rule"),
        ("[[ignore]]\nrule = 'x'\nreason = 'y'\nseverty = 'low'", ":4: [[ignore]] has no key severty (did you mean severity?)"),
        ("[[ignore]]\nrule = 'x'\nreason = 'y'\nseverity = 'hihg'", ":4: there is no severity hihg (did you mean high?)"),
        ("[[ignore]]\nrule = 'x'\nreason = 'y'\nuntil = 'soon'", ":4: until is soon, which is no date (such as 2026-12-31)"),
        ("[[ignore]]\nrule = 'x'\nreason = 'y'\nuntil = 2026-12-31T01:02:03", "which is no date"),
        ("[[ignore]]\nrule = 'x'\nreason = 'y'\nuntil = 5", "which is no date"),
        ("fail-if = [", "(at end of document) (it is no TOML that holds rules)"),
        ("fail-if = ['a']\nfail-if = ['b']", "Cannot overwrite a value"),
        (b"fail-if = ['\xff']", ":1: is no UTF-8"),
        ("\x00", "it is no TOML"),
        ("a" * LARGEST + "a", "is larger than 1,048,576 bytes"),
        ("x = " + "[" * 100_000, "nested too deep"),
        ("x = " + "{a = " * 20_000, "it is no TOML"),
        ("a." * 400_000 + "a = 1", "a key has more than 64 parts"),
        ('"a b" . ' * 100_000 + "a = 1", "a key has more than 64 parts"),
        ("fail-if = [" + '"size_bytes > 1",' * 501 + "]", "fail-if holds more than 500"),
        ("[allow]\n" + "\n".join(f'a{index} = "+1%"' for index in range(501)), "allow holds more than 500"),
        ("[[ignore]]\nrule = 'x'\nreason = '" + "y" * 3_000 + "'", "reason is longer than 2,000 characters"),
        ('"\\u001b]52;c;x\\u0007" = 1', "has no key \\x1b]52;c;x\\x07"),
    ],
    ids=lambda value: repr(value)[:60],
)
def test_what_makes_no_sense_is_told_with_its_line(tmp_path: Path, text: str | bytes, said: str) -> None:
    assert said in refused(written(tmp_path, text))


def test_what_is_no_file_is_told(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert "no such file" in refused(tmp_path / "absent.toml")
    assert "is a folder" in refused(tmp_path)
    assert "is a named pipe, no file of rules" in refused(tmp_path / "pipe")


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.one_of(st.binary(max_size=80), st.text(st.sampled_from("fail-if=[]{}\"\n.,1#ignore allowbse'"), max_size=80)))
def test_any_bytes_are_rules_or_told_to_be_none(tmp_path: Path, text: bytes | str) -> None:
    with contextlib.suppress(UsageError):
        read_rules(written(tmp_path, text))
