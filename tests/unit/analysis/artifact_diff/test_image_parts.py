"""Settings and packages of two images, told apart."""

from __future__ import annotations

import pytest

from inspector.analysis.artifact_diff.image_parts import configuration, packages
from inspector.records.image import ImageConfig
from inspector.records.image_contents import Package


def shown(name: str, value: str) -> str:
    return "(secret)" if name == "TOKEN" else value


@pytest.mark.parametrize(
    ("after", "what", "way"),
    [
        (ImageConfig("1000", (("A", "1"),), ("/serve", "-v")), "entrypoint", "changed"),
        (ImageConfig("0", (("A", "1"),), ("/serve",)), "user", "changed"),
        (ImageConfig("", (("A", "1"),), ("/serve",)), "user", "removed"),
        (ImageConfig("1000", (("A", "2"),), ("/serve",)), "variable A", "changed"),
        (ImageConfig("1000", (("A", "1"),), ("/serve",), ports=("80/tcp",)), "ports", "added"),
    ],
)
def test_one_setting(after: ImageConfig, what: str, way: str) -> None:
    tally = configuration(ImageConfig("1000", (("A", "1"),), ("/serve",)), after, shown)
    assert [(one.what, one.way) for one in tally.listed()] == [(what, way)]
    assert not tally.same


def test_secrets_are_told_to_differ_and_not_shown() -> None:
    before, after = (ImageConfig(environment=(("TOKEN", value),)) for value in ("a", "b"))
    (one,) = configuration(before, after, shown).listed()
    assert (one.before, one.after, one.detail) == ("(secret)", "(secret)", "the values are not shown")


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ("1.9", "1.10", "upgraded"),
        ("1.10", "1.9", "downgraded"),
        ("2.0rc1", "2.0", "upgraded"),
        ("1.0~beta", "1.0", "upgraded"),
    ],
)
def test_versions_have_a_direction(before: str, after: str, told: str) -> None:
    (one,) = packages([Package("python", "p", before, 1, 1)], [Package("python", "p", after, 1, 1)]).listed()
    assert (one.way, one.detail) == ("changed", told)
