"""What counts as ready, as it is written and as an image says."""

from __future__ import annotations

import json
from typing import Any

import pytest

from inspector.errors import UsageError
from inspector.records.loadable_image import LoadableImage
from inspector.runtimes.container.readiness import ExitZero, FirstOutput, Healthy, HttpAnswer, LogText, Ready, parse_ready


def image(**config: Any) -> LoadableImage:
    return LoadableImage("sample", json.dumps({"config": config}).encode(), ())


@pytest.mark.parametrize(
    ("text", "ready"),
    [
        ("", FirstOutput()),
        ("exit", ExitZero()),
        ("log:Listening on", LogText("Listening on")),
        ("http://localhost:8000/v1/health?deep=1", HttpAnswer(8000, "/v1/health?deep=1", "localhost:8000")),
        ("http://example", HttpAnswer(80, "/", "example:80")),
        ("http://[::1]:81", HttpAnswer(81, "/", "[::1]:81")),
    ],
)
def test_is_read_as_it_is_written(text: str, ready: Ready) -> None:
    assert parse_ready(text) == ready


@pytest.mark.parametrize(
    "text", ["log:", "https://localhost/", "exit1", "http://host:port/", "http://a/\x1b[2J", "http://a/b c", "http://ä/"]
)
def test_what_is_none_is_one_line(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_ready(text)
    assert "--ready" in caught.value.message
    assert str(caught.value).isprintable()


@pytest.mark.parametrize(
    ("config", "ready"),
    [
        ({"Healthcheck": {"Test": ["CMD", "check", "-x"]}}, Healthy(("check", "-x"))),
        ({"Healthcheck": {"Test": ["CMD-SHELL", "check || exit 1"]}}, Healthy(("/bin/sh", "-c", "check || exit 1"))),
        (
            {"healthcheck": {"TEST": ["CMD-SHELL", "check"]}, "Shell": ["/bin/bash", "-ec"]},
            Healthy(("/bin/bash", "-ec", "check")),
        ),
        ({"Healthcheck": {"Test": ["NONE"]}}, FirstOutput()),
        ({"Healthcheck": {"Test": "CMD true"}}, FirstOutput()),
        ({"Healthcheck": []}, FirstOutput()),
        ({}, FirstOutput()),
    ],
)
def test_the_health_check_of_an_image_counts_where_nothing_else_is_said(config: dict[str, Any], ready: Ready) -> None:
    assert parse_ready("", image(**config)) == ready
    assert parse_ready("exit", image(**config)) == ExitZero()


@pytest.mark.parametrize("config", [b"", b"[]", b"{", b'{"config": 3}', b"[" * 100_000])
def test_a_senseless_configuration_has_no_health_check(config: bytes) -> None:
    assert parse_ready("", LoadableImage("sample", config, ())) == FirstOutput()
