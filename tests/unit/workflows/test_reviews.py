"""Saved reviews: told from other files, read, and refused in one line where they are damaged."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from inspector.errors import UsageError
from inspector.report.html import to_html
from inspector.report.json import to_json
from inspector.report.markdown import to_markdown
from inspector.workflows import reviews
from inspector.workflows.reviews import is_review, read_review
from tests.golden.test_reports import REVIEWS

WHOLE = to_json(REVIEWS["measured"]())


def written(folder: Path, data: bytes) -> Path:
    path = folder / "review.json"
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("name", REVIEWS)
def test_what_was_written_is_told_and_read_again(tmp_path: Path, name: str) -> None:
    path = written(tmp_path, to_json(REVIEWS[name]()))
    assert is_review(path)
    first = read_review(path)
    assert first.artifact == REVIEWS[name]().artifact or "hostile" in name
    assert read_review(written(tmp_path, to_json(first))) == first


@pytest.mark.parametrize(
    "data", [b"", b"{}", b"[]", b'{"schema": 1}', b'{"tool": {}}', b"\x08\x01", b'["schema", "tool"]', b"schema tool"]
)
def test_other_files_are_none(tmp_path: Path, data: bytes) -> None:
    assert not is_review(written(tmp_path, data))


def test_what_is_no_file_is_none(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert not any(map(is_review, (tmp_path, tmp_path / "absent", tmp_path / "pipe", Path("\0"))))


@pytest.mark.parametrize("end", [1, 10, 1000, len(WHOLE) - 20])
def test_one_that_is_cut_short_is_refused_in_one_line(tmp_path: Path, end: int) -> None:
    with pytest.raises(UsageError) as caught:
        read_review(written(tmp_path, WHOLE[:end]))
    assert "review.json" in str(caught.value)
    assert str(caught.value).isprintable()


@pytest.mark.parametrize("number", [b"1" + b"0" * 400, b"-1" + b"0" * 30, b"1e999", b"NaN", b"1e400", b'"many"', b"null"])
def test_numbers_that_no_review_has_are_refused(tmp_path: Path, number: bytes) -> None:
    size = f'"size_bytes": {REVIEWS["measured"]().artifact.size_bytes}'.encode()
    assert size in WHOLE
    with pytest.raises(UsageError):
        read_review(written(tmp_path, WHOLE.replace(size, b'"size_bytes": ' + number)))


def test_one_that_is_too_large_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reviews, "MOST_BYTES", 100)
    with pytest.raises(UsageError, match="larger than 100 bytes"):
        read_review(written(tmp_path, WHOLE))


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, len(WHOLE) - 1), st.sampled_from([b"", b"9", b"-", b"null", b'"', b"[", b"1e300", b"{}", b"\xff"]))
def test_any_damage_is_refused_or_reported(tmp_path: Path, place: int, damage: bytes) -> None:
    review = None
    with contextlib.suppress(UsageError):
        review = read_review(written(tmp_path, WHOLE[:place] + damage + WHOLE[place + 1 :]))
    if review is not None:
        assert to_markdown(review)
        assert to_html(review)
