"""Messages of a run that no run before has."""

from __future__ import annotations

import pytest

from inspector.verify.messages_comparison import MOST_MESSAGES, new_messages, normalized


def news(before: list[str], after: str, printed: str = "") -> tuple[str, ...]:
    return new_messages([(b"", one.encode()) for one in before], (printed.encode(), after.encode()))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("2026-11-23 17:25:26,123 ready", "2026-11-24T01:02:03.4Z ready"),
        ('127.0.0.1 - - [23/Nov/2026 17:21:24] "GET /" 200 -', '127.0.0.1 - - [01/Dec/2026 07:01:04] "GET /" 200 -'),
        ("loaded in 0.123 s", "loaded in 12 ms"),
        ("[1] worker pid: 12 at 0x7f00aa", "[77] worker pid: 4321 at 0x55bb"),
        ("listening on 127.0.0.1:43211", "listening on 127.0.0.1:8080"),
        ("request 123e4567-e89b-12d3-a456-426614174000", "request 00000000-e89b-12d3-a456-426614174fff"),
        ("wrote /tmp/tmpab12/x", "wrote /tmp/tmpzz/x"),
        ("container 0123456789ab is up", "container fedcba987654 is up"),
        ("\x1b[32mINFO\x1b[0m ok", "INFO ok"),
        ("at 1700000000.123", "at 1800000000.5"),
        ("Mon Nov 23 17:25:26 2026 up", "Tue Dec 1 07:05:06 2026 up"),
    ],
)
def test_what_changes_from_run_to_run_is_the_same_message(before: str, after: str) -> None:
    assert not news([before], after), (normalized(before), normalized(after))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", "UserWarning: no CUDA"),
        ("loaded 3 models", "loaded 2 models"),
        ('"GET /" 200 -', '"GET /" 500 -'),
        ("ready", "ready\nTraceback (most recent call last):"),
        ("Could not find platform independent libraries <prefix>", "Could not find platform dependent libraries"),
    ],
)
def test_anything_else_is_new(before: str, after: str) -> None:
    assert len(news([before, before], after)) == 1


def test_numbers_that_change_between_runs_before_are_of_no_account() -> None:
    assert not news(["used 1234 of 9 pages", "used 1240 of 9 pages"], "used 1300 of 9 pages")
    assert news(["used 1234 pages", "used 1240 pages"], "used 1300 pages of swap")


def test_standard_output_counts_only_where_it_tells_of_trouble() -> None:
    assert news(["x"], "x", "all well\nValueError: bad\nfile not found: y") == ("ValueError: bad", "file not found: y")
    assert not new_messages([(b"warning: old", b"")], (b"warning: old", b""))
    assert not new_messages([(b"warning: old", b"")], (b"", b"warning: old"))


def test_lists_are_bounded_cleaned_and_cut_lines_left_out() -> None:
    found = news([""], "\n".join(f"error {chr(97 + index % 26)}{chr(97 + index // 26)}" for index in range(300)))
    assert len(found) == MOST_MESSAGES
    assert news([""], "bad \x1b]52;c;x\x07 thing\x00") == ("bad thing",)
    assert not news(["a"], "a\nhal\n[12 bytes left out]\nf a line\na")
