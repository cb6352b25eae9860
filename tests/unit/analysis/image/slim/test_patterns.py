"""What a user wants kept or dropped: kinds, packages, globs; hostile ones as well."""

from __future__ import annotations

from pathlib import PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector.analysis.image.slim.globs import Globs, parse_glob
from inspector.analysis.image.slim.owners import PackageName
from inspector.analysis.image.slim.patterns import Patterns, pattern_of
from inspector.errors import UsageError
from inspector.records.image_inspection import ImageInspection
from tests.unit.analysis.image.slim.slim_making import SITE, debian_packages, of_files, python_package

FILES = {
    **debian_packages({"curl": {"usr/bin/curl": 50}, "libssl3": {"usr/lib/libssl.so.3": 4}}),
    **python_package("Foo.Bar_baz", {"foo/__init__.py": 10, "foo/tests/test_a.py": 5}),
    **python_package("curl", {"curl/__init__.py": 7}),
    f"{SITE}/foo/__pycache__/__init__.cpython-312.pyc": 6,
    "usr/include/x.h": 4,
    "opt/models/a/net.onnx": 4,
    "opt/models/readme": 4,
}


@pytest.fixture(scope="module")
def inspection() -> ImageInspection:
    return of_files(FILES)


def means(text: str, path: str) -> bool:
    glob = parse_glob(text)
    assert glob is not None
    return Globs([glob]).matches(path)


@pytest.mark.parametrize(
    ("text", "path", "expected"),
    [
        ("/opt/models/**", "opt/models/a/b", True),
        ("/opt/models/**", "opt/models", False),
        ("/opt/models/", "opt/models/a", True),
        ("/opt/models/", "opt/models", False),
        ("/opt/models", "opt/models/a/b", True),
        ("/opt/models", "opt/models", True),
        ("/opt/models", "opt/models2", False),
        ("/opt/*.py", "opt/a.py", True),
        ("/opt/*.py", "opt/a/b.py", False),
        ("/opt/**/*.py", "opt/b.py", True),
        ("/opt/**/*.py", "opt/a/c/b.py", True),
        ("/**/*.py", "b.py", True),
        ("/**/tests", "a/tests/b", True),
        ("/**/tests/", "a/tests", False),
        ("/**/a/**/b", "x/a/y/a/z/b", True),
        ("/**/a/b/**/c", "a/x/a/b/c", True),
        ("/**/a/b/**/c", "a/x/b/c", False),
        ("/a/?[bc]", "a/xb", True),
        ("/a/?[!bc]", "a/xb", False),
        ("/a/**b", "a/xb", True),
        ("/a/**b", "a/x/b", False),
        ("/", "anything", True),
        ("/**", "anything/else", True),
        ("//a/./b", "a/b", True),
        ("/a.b", "axb", False),
        ("/new*", "new\nline", True),
    ],
)
def test_a_glob_means_a_path(text: str, path: str, expected: bool) -> None:
    assert means(text, path) is expected


@pytest.mark.parametrize("text", ["opt/models", "*.py", "/opt/../etc", "", "package:x"])
def test_what_is_no_absolute_path_is_no_glob(text: str) -> None:
    assert parse_glob(text) is None


_NAMES = st.text("ab*", min_size=1, max_size=3).filter(lambda name: "**" not in name)


@given(st.lists(_NAMES, min_size=1, max_size=4), st.lists(st.text("ab", min_size=1, max_size=3), min_size=1, max_size=5))
def test_globs_mean_what_the_standard_library_says_of_a_path_or_a_folder_above_it(names: list[str], parts: list[str]) -> None:
    path = PurePosixPath("/", *parts)
    text = "/" + "/".join(names)
    assert means(text, "/".join(parts)) == any(one.match(text) for one in (path, *path.parents))


@given(
    st.lists(st.sampled_from(["a", "b", "**", "a*"]), min_size=1, max_size=5),
    st.lists(st.sampled_from(["a", "b", "ab"]), min_size=1, max_size=5),
)
def test_two_stars_stand_for_any_folders(names: list[str], parts: list[str]) -> None:
    def fits(pattern: list[str], rest: list[str]) -> bool:
        if not pattern:
            return True
        if pattern == ["**"]:
            return bool(rest)
        if pattern[0] == "**":
            return any(fits(pattern[1:], rest[at:]) for at in range(len(rest) + 1))
        return bool(rest) and PurePosixPath(rest[0]).match(pattern[0]) and fits(pattern[1:], rest[1:])

    assert means("/" + "/".join(names), "/".join(parts)) == fits(names, parts)


def test_hostile_globs_take_no_time_to_speak_of() -> None:
    stars = "/" + "*a" * 2000
    assert not means(stars, "a" * 255)
    assert means("/" + "*" * 4000 + "b", "a" * 254 + "b")
    assert not means("/" + "**/" * 60 + "x", "/".join("a" * 200))
    assert not means("/" + "**/a/" * 30 + "x", "/".join("a" * 2000))


def test_too_long_or_too_many_globs_are_refused() -> None:
    with pytest.raises(UsageError, match="too long"):
        parse_glob("/" + "a" * 5000)
    with pytest.raises(UsageError, match="too long"):
        parse_glob("/" + "a/" * 1000)
    with pytest.raises(UsageError, match="1,000 patterns"):
        Globs(glob for number in range(1000) if (glob := parse_glob(f"/*{number}")) is not None)


def test_any_number_of_paths_without_wildcards_is_fine() -> None:
    globs = Globs(glob for number in range(20_000) if (glob := parse_glob(f"/opt/x{number}")) is not None)
    assert globs.matches("opt/x19999/y")
    assert not globs.matches("opt/y")


@pytest.mark.parametrize(
    ("text", "path", "expected"),
    [
        ("tests", f"{SITE}/foo/tests/test_a.py", True),
        ("Tests", f"{SITE}/foo/tests/test_a.py", True),
        ("tests", "usr/include/x.h", False),
        ("headers", "usr/include/x.h", True),
        ("package:foo-bar-baz", f"{SITE}/foo/__init__.py", True),
        ("package:FOO_bar.baz", f"{SITE}/foo/__pycache__/__init__.cpython-312.pyc", True),
        ("package:curl", f"{SITE}/curl/__init__.py", True),
        ("package:curl", "usr/bin/curl", True),
        ("package:deb:curl", f"{SITE}/curl/__init__.py", False),
        ("package:deb:curl", "usr/bin/curl", True),
        ("package:python:curl", "usr/bin/curl", False),
        ("package:deb:LIBSSL3", "usr/lib/libssl.so.3", False),
        ("/opt/models/a/", "opt/models/a/net.onnx", True),
    ],
)
def test_a_pattern_means_a_path(inspection: ImageInspection, text: str, path: str, expected: bool) -> None:
    patterns = Patterns.parse(inspection, [text], [text])
    assert patterns.keeps(path) is expected
    assert not patterns.drops(path), "keep wins"
    assert Patterns.parse(inspection, drop=[text]).drops(path) is expected


def test_patterns_that_mean_nothing_are_told_with_what_may_have_been_meant(inspection: ImageInspection) -> None:
    keep = [
        "tests",
        "package:curl",
        "/opt/models/**",
        "package:kurl",
        "test",
        "curl",
        "opt/models",
        "/no/such*",
        "/opt/x",
        "locales",
    ]
    lines = Patterns.parse(inspection, keep, ["/usr/../etc", "\x1b[31mred"]).unmatched()
    assert lines == (
        "nothing is kept by “locales”: the image has no locales",
        "nothing is kept by “package:kurl”: no such package; did you mean package:curl?",
        "nothing is kept by “test”: did you mean “tests”?",
        "nothing is kept by “curl”: did you mean package:curl?",
        "nothing is kept by “opt/models”: paths are absolute and without “..”",
        "nothing is kept by “/no/such*”: no path matches",
        "nothing is kept by “/opt/x”: no path matches",
        "nothing is dropped by “/usr/../etc”: paths are absolute and without “..”",
        "nothing is dropped by “�[31mred”: it is no kind of leftover, no package:NAME and no absolute path",
    )


def test_patterns_of_packages_lead_back_to_them(inspection: ImageInspection) -> None:
    for owner, path in (
        (PackageName("debian", "curl"), "usr/bin/curl"),
        (PackageName("python", "curl"), f"{SITE}/curl/__init__.py"),
    ):
        assert Patterns.parse(inspection, [pattern_of(owner)]).keeps(path)
