"""Where paths lead: symlinks followed inside the root, never out of it, and not for ever."""

from __future__ import annotations

import pytest

from inspector.analysis.image.file_system import merge
from inspector.analysis.image.symlinks import Symlinks, inside_root
from tests.unit.analysis.image.layer_making import file, folder, stack, symlink

FILES = (
    symlink("bin", "usr/bin"),
    file("usr/bin/dash"),
    symlink("usr/bin/sh", "dash"),
    symlink("usr/bin/absolute", "/etc/alternatives/tool"),
    symlink("etc/alternatives/tool", "../../usr/bin/dash"),
    symlink("escape", "../../../../etc/target"),
    file("etc/target"),
    symlink("loop", "loop2"),
    symlink("loop2", "loop"),
    symlink("dangling", "nowhere/at/all"),
    folder("empty"),
)


def links() -> Symlinks:
    return Symlinks(merge(stack(FILES)).entries)


@pytest.mark.parametrize(
    ("path", "real"),
    [
        ("bin/sh", "usr/bin/dash"),
        ("usr/bin/absolute", "usr/bin/dash"),
        ("escape", "etc/target"),
        ("bin/../bin/dash", "usr/bin/dash"),
        ("bin/..", "usr"),
        ("dangling", "nowhere/at/all"),
        ("loop", None),
        ("loop/x", None),
        ("", ""),
        ("../..", ""),
    ],
)
def test_real_paths(path: str, real: str | None) -> None:
    assert links().real(path) == real


def test_locating_leaves_the_last_link_alone() -> None:
    assert links().locate("bin/sh") == "usr/bin/sh"
    assert links().locate("bin/nothing") is None
    assert links().locate("loop/x") is None


def test_following_gives_what_is_there() -> None:
    found = links().follow("bin/sh")
    assert found is not None
    assert found.entry.path == "usr/bin/dash"
    assert links().follow("dangling") is None
    assert links().follow("loop") is None


def test_links_made_to_be_followed_long_end_soon() -> None:
    detour = "/".join(["x"] * 400 + [".."] * 400)
    winding = [symlink(f"l{number}", f"{detour}/l{number + 1}") for number in range(39)]
    hostile = Symlinks(merge(stack(winding)).entries)
    found = [hostile.real(f"l0/{number}") for number in range(2000)]
    assert found[0] == "l39/0"
    assert found[-1] is None


@pytest.mark.parametrize(("path", "inside"), [("/a/./b//c/", "a/b/c"), ("a/../../b", "b"), ("..", ""), ("/", "")])
def test_paths_inside_the_root(path: str, inside: str) -> None:
    assert inside_root(path) == inside
