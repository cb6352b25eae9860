"""Platforms as users, engines and kernels write them."""

from __future__ import annotations

import os

import pytest

from inspector.errors import UsageError
from inspector.formats.image.platforms import Platform, host_platform, parse_platform


@pytest.mark.parametrize(
    ("offered", "wanted"),
    [
        ("linux/amd64", "linux/amd64"),
        ("linux/amd64", "LINUX/X86_64"),
        ("linux/amd64", "amd64"),
        ("linux/amd64", "linux/amd64/v1"),
        ("linux/amd64/v3", "linux/amd64"),
        ("linux/arm64", "linux/arm64/v8"),
        ("linux/arm64/v8", "aarch64"),
        ("linux/arm", "linux/arm/v7"),
        ("linux/arm/v7", "linux/armhf"),
        ("linux/arm/v6", "linux/armel"),
        ("linux/arm/v7", "linux/arm/7"),
        ("linux/386", "linux/i686"),
        ("darwin/arm64", "macos/arm64"),
    ],
)
def test_the_same(offered: str, wanted: str) -> None:
    assert parse_platform(offered).serves(parse_platform(wanted))


@pytest.mark.parametrize(
    ("offered", "wanted"),
    [
        ("linux/amd64", "linux/arm64"),
        ("linux/amd64", "windows/amd64"),
        ("linux/amd64", "linux/amd64/v3"),
        ("linux/arm/v6", "linux/arm/v7"),
        ("linux/arm/v6", "linux/armhf"),
        ("linux/arm64", "linux/arm"),
    ],
)
def test_not_the_same(offered: str, wanted: str) -> None:
    assert not parse_platform(offered).serves(parse_platform(wanted))


def test_text() -> None:
    assert str(Platform("linux", "arm", "v7")) == "linux/arm/v7"
    assert str(Platform("linux", "amd64")) == "linux/amd64"
    assert str(Platform()) == ""
    assert Platform("unknown", "unknown").is_unknown
    assert not Platform("linux", "unknown").is_unknown


def test_this_machine() -> None:
    assert host_platform().os == "linux"
    assert Platform("linux", os.uname().machine).serves(host_platform())


@pytest.mark.parametrize("text", ["", "linux//v8", "a/b/c/d", "linux/amd 64", "sparkling", "linux/" + "a" * 65, "linux/é"])
def test_what_is_no_platform(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_platform(text)
    assert "os/architecture" in caught.value.hint
