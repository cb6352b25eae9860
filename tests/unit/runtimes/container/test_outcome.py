"""Failures of containers in one line each."""

from __future__ import annotations

import json

import pytest

from inspector.runtimes.container import outcome
from inspector.runtimes.container.output import Output


class _Refusal(Exception):
    explanation = ""


def refusal(text: str) -> _Refusal:
    error = _Refusal()
    error.explanation = text
    return error


DOCKER = 'OCI runtime create failed: runc create failed: exec: "nosuch": executable file not found in $PATH: unknown'
PODMAN = 'runc: runc create failed: exec: "/x": stat /x: no such file or directory: OCI runtime attempted'


@pytest.mark.parametrize(
    ("said", "doing", "told"),
    [
        (DOCKER, "start the container", 'cannot run its command nosuch: exec: "nosuch": executable file not found'),
        (PODMAN, "start the container", "cannot run its command /x: "),
        ("exec /bin/x: exec format error", "start the container", "another platform"),
        (
            json.dumps({"message": "no space left on device"}),
            "take the image",
            "did not take the image: no space left on device",
        ),
        ("bad \x1b[31mthing", "create the container", "the engine did not create the container: bad thing"),
        ("setting rlimit: operation not permitted: OCI permission denied", "start the container", "the engine did not start"),
    ],
)
def test_refusals_say_what_is_wrong(said: str, doing: str, told: str) -> None:
    found = outcome.refused(refusal(said), doing)
    assert told in found
    assert found.isprintable()
    assert len(found) < 400


def printed(text: bytes) -> Output:
    output = Output()
    output.feed(1, text)
    return output


def test_ends_say_how_and_what_was_printed_last() -> None:
    assert outcome.ended({}, 1, printed(b"Traceback\nValueError: no\n"), "", "") == (
        "ended with exit code 1 before it was ready: ValueError: no"
    )
    assert outcome.ended({}, 0, Output(), "", "") == "ended with exit code 0 before it was ready, printing nothing"
    assert "its limit is 64 MiB" in outcome.ended({"OOMKilled": True}, 137, Output(), "64 MiB", "")
    assert "perhaps for want of memory: its limit is 64 MiB" in outcome.ended({}, 137, Output(), "64 MiB", "")
    assert "linux/arm64" in outcome.ended({}, 1, printed(b"exec user process caused: exec format error"), "", "linux/arm64")


def test_what_was_waited_for_and_what_is_known_are_said() -> None:
    told = outcome.not_ready("its first output", 3, Output(), "nothing listens on that port")
    assert told == "not ready within 3 s (waited for its first output); nothing listens on that port"
