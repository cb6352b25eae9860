"""What is kept of what containers print."""

from __future__ import annotations

import threading

import pytest

from inspector.runtimes.container.output import MOST_BYTES, Output, read_into


@pytest.mark.parametrize("size", [1, 2, 3, 7, 100])
def test_a_text_is_found_however_it_is_cut(size: int) -> None:
    output = Output("listening on")
    for start in range(0, len(data := b"log\nnow listening on port 80\n"), size):
        assert output.found_at is None or start > data.index(b"listening on")
        output.feed(0, data[start : start + size])
    assert output.found_at is not None
    assert output.changed.is_set()


def test_two_streams_are_two_texts() -> None:
    output = Output("ready")
    for piece in (b"re", b"ad", b"y"):
        output.feed(0, piece[:1])
        output.feed(1, piece[1:])
    assert output.found_at is None


def test_little_is_kept_of_much_and_none_is_asked_for_after_that() -> None:
    asked = []

    def frames() -> object:
        while True:
            asked.append(1)
            yield b"x" * 65536, None

    output, ended = Output(), threading.Event()
    read_into(output, frames(), ended)
    assert output.is_too_much
    assert ended.is_set()
    assert len(asked) == MOST_BYTES // 65536 + 1
    assert len(output.last_line()) <= 300


def test_the_last_line_is_that_of_the_error_stream_and_clean() -> None:
    output = Output()
    output.feed(0, b"fine\n")
    assert output.last_line() == "fine"
    output.feed(1, b"\x1b[31mbad\x1b]52;c;aGk=\x07 thing\n\n")
    assert output.last_line() == "bad thing"
    assert output.says("thing")


def test_nothing_is_no_first_output() -> None:
    output = Output()
    output.feed(0, b"")
    assert output.first_at is None
    output.feed(1, b"\n")
    assert output.first_at is not None
