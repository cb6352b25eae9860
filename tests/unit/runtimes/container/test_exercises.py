"""What --exercise may say."""

from __future__ import annotations

from pathlib import Path

import pytest

from inspector.errors import UsageError
from inspector.records.slimming import Exercise
from inspector.runtimes.container.exercises import parse_exercise, requests_of


def test_a_request_file_is_read_when_it_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a.http").write_text("GET http://localhost:80/\n")
    Path("with space.REST").write_text("GET http://localhost:80/\n")
    found = parse_exercise("a.http")
    assert found == Exercise("http", "a.http", path=str(tmp_path / "a.http"))
    assert len(requests_of(found)) == 1
    assert parse_exercise("with space.REST").kind == "http"


def test_anything_else_is_a_command_or_the_contract() -> None:
    assert parse_exercise("python check.py 'a b'") == Exercise(
        "command", "python check.py 'a b'", command=("python", "check.py", "a b")
    )
    assert parse_exercise("curl file.http").kind == "command"
    assert parse_exercise("contract:http://localhost:8000/v2/models/m/infer") == Exercise(
        "contract", "contract:http://localhost:8000/v2/models/m/infer", url="http://localhost:8000/v2/models/m/infer"
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is empty"),
        (" \t", "is empty"),
        ("absent.http", "absent.http: no such file"),
        ("/.rest", "no such file"),
        ("say 'hello", "quotation mark"),
        ("''", "names no command"),
        ("# comment''", ""),
        ("http://localhost:8000/", "is a URL, not a command"),
        ("contract:", "is no URL"),
        ("contract:https://x/", "over http only"),
        ("contract:http://h:70000/", "is no URL"),
        ("a\0b", "is no text"),
        ("x" * 70_000, "is no text"),
        ("caf\udce9", "is no text"),
        ("x" * 5000 + ".http", "too long"),
    ],
)
def test_what_makes_no_sense_is_one_line(text: str, said: str) -> None:
    if not said:
        assert parse_exercise(text).kind == "command"
        return
    with pytest.raises(UsageError, match=said) as caught:
        parse_exercise(text)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 400
