"""The line of a key, where the same words stand in other places too."""

from __future__ import annotations

import pytest

from inspector.formats.rules_file.key_lines import Key, KeyLines

TEXT = '''\
# baseline = "in a comment"
fail-if = [
  "size_bytes > 300MB", # until
  {rule = "findings.high > 0", reason = "x"},
]
long = """
[allow]
size_bytes = "text, no key"
"""
baseline = 'a.json'
[allow]
size_bytes = "+2%"
"latency.p99.9" = "+10%"
latency . median = "+5%"
  [[ignore]]
rule = "size_bytes"
[[ ignore ]]
  until = 2026-12-31
  'rule' = "until"
[ignore.more]
rule = "x"
'''


@pytest.mark.parametrize(
    ("key", "text", "line"),
    [
        (("fail-if",), "", 2),
        (("fail-if", 0), "size_bytes > 300MB", 3),
        (("fail-if", 1, "rule"), "findings.high > 0", 4),
        (("fail-if", 1, "reason"), "reason", 4),
        (("baseline",), "", 10),
        (("allow",), "", 11),
        (("allow", "size_bytes"), "", 12),
        (("allow", "latency.p99.9"), "", 13),
        (("allow", "latency", "median"), "", 14),
        (("ignore", 0, "rule"), "", 16),
        (("ignore", 0, "until"), "", 15),
        (("ignore", 1), "", 17),
        (("ignore", 1, "until"), "", 18),
        (("ignore", 1, "rule"), "", 19),
        (("ignore", 1, "more", "rule"), "", 21),
        (("nothing",), "", 0),
        (("nothing",), "not there at all", 0),
    ],
)
def test_the_line_of_a_key(key: Key, text: str, line: int) -> None:
    assert KeyLines(TEXT).line(key, text) == line


def test_keys_of_a_table_leave_out_what_belongs_to_others() -> None:
    text = '[tool.other]\nbaseline = "x"\n\n[tool.modelpack-tui]\nbaseline = "y"\n[tool.modelpack-tui.allow]\nnodes = "+1"'
    lines = KeyLines(text, ("tool", "modelpack-tui"))
    assert lines.line(("baseline",)) == 5
    assert lines.line(("allow", "nodes")) == 7


LONG = ["a" * 300_000, "a." * 100_000, "a " * 100_000, "[" + "a . " * 100_000, '"' + "\\" * 300_000]


@pytest.mark.parametrize("line", LONG, ids=lambda line: line[:8])
def test_long_lines_that_are_no_keys_take_no_time_to_speak_of(line: str) -> None:
    assert KeyLines(f'x = """\n"""\n{line}\ny = 1').line(("y",)) == 4
