"""What the level clean leaves out, what stays nevertheless, and that its figures add up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inspector.analysis.image.slim.clean import Cleaning, dropped_by_clean, survey
from inspector.analysis.image.slim.selection import select
from inspector.records.image import Entry, Healthcheck
from inspector.records.image_inspection import ImageInspection
from inspector.records.slimming import SlimGroup
from tests.images.build import File, Folder
from tests.unit.analysis.image.content_making import Content
from tests.unit.analysis.image.layer_making import folder, hard_link, symlink
from tests.unit.analysis.image.slim.slim_making import SITE, debian_packages, of_archive, of_files, python_package, read

SAMPLE = Path(__file__).parents[5] / "sample_models" / "digits_image.tar"


def program(path: str, size: int = 20, mode: int = 0o755) -> Entry:
    return Entry(path, "file", size, mode=mode)


def gone(files: Mapping[str, Content], keep: Sequence[str] = (), drop: Sequence[str] = (), **config: object) -> set[str]:
    """Return what clean leaves out of a file system, symlinks and folders included."""
    return set(dropped_by_clean(of_files(files, **config), keep, drop).dropped)


def group(groups: Sequence[SlimGroup], name: str) -> SlimGroup:
    (found,) = (one for one in groups if one.name == name)
    return found


def written_bytes(inspection: ImageInspection, cleaning: Cleaning) -> int:
    assert inspection.file_system is not None
    kept = [path for path in inspection.file_system.entries if path not in cleaning.dropped]
    contents = {entry.content for entry in select(inspection, kept, (), cleaning.linked).entries if entry.content is not None}
    layers = inspection.image.layers
    return sum((layers[one.layer].entries or ())[one.index].size for one in contents)


def test_each_kind_goes_or_stays_as_its_rule_says() -> None:
    files = {
        "var/lib/apt/lists/main_Packages": 10,
        "usr/include/zlib.h": 11,
        "usr/lib/libz.a": 12,
        "usr/share/doc/bash/README": 13,
        "usr/share/locale/de/LC_MESSAGES/bash.mo": 14,
        "usr/bin/gcc": program("usr/bin/gcc", 15),
        f"{SITE}/a/__init__.py": 16,
        f"{SITE}/a/tests/test_a.py": 17,
        f"{SITE}/a/__pycache__/__init__.cpython-312.pyc": 18,
        "models/net.safetensors": 1000,
        "models/net.fp16.safetensors": 500,
        "etc/passwd": 19,
    }
    inspection = of_files(files)
    cleaning = dropped_by_clean(inspection)
    stay = {"etc/passwd", f"{SITE}/a/__init__.py", f"{SITE}/a/__pycache__/__init__.cpython-312.pyc", "models/net.safetensors"}
    assert files.keys() - cleaning.dropped == {*stay, "models/net.fp16.safetensors"}
    told = {one.name: (one.kept_bytes, one.dropped_bytes, one.risk, one.pattern) for one in cleaning.groups}
    assert told == {
        "package caches": (0, 10, "none", "package caches"),
        "headers": (0, 11, "low", "headers"),
        "static libraries": (0, 12, "none", "static libraries"),
        "docs": (0, 13, "none", "docs"),
        "locales": (0, 14, "low", "locales"),
        "build tools": (0, 15, "medium", "build tools"),
        "tests": (0, 17, "low", "tests"),
        "bytecode": (18, 0, "medium", "bytecode"),
        "weights twice": (500, 0, "high", "weights twice"),
    }
    assert "every start" in group(cleaning.groups, "bytecode").reason


@pytest.mark.parametrize(
    ("keep", "drop", "path", "goes"),
    [
        (["tests"], [], f"{SITE}/a/tests/test_a.py", False),
        (["package:a"], [], f"{SITE}/a/tests/test_a.py", False),
        ([f"/{SITE}/a/**"], [], f"{SITE}/a/tests/test_a.py", False),
        ([f"/{SITE}/b/**"], [], f"{SITE}/a/tests/test_a.py", True),
        ([], ["bytecode"], f"{SITE}/a/__pycache__/__init__.cpython-312.pyc", True),
        (["bytecode"], ["bytecode"], f"{SITE}/a/__pycache__/__init__.cpython-312.pyc", False),
        ([], ["package:a"], f"{SITE}/a/__init__.py", True),
        ([], ["package:a"], f"{SITE}/a/__pycache__/__init__.cpython-312.pyc", True),
        ([f"/{SITE}/a/__init__.py"], ["package:a"], f"{SITE}/a/__init__.py", False),
        ([], ["/srv/**/*.csv"], "srv/data/rows.csv", True),
        ([], ["/srv/"], "srv/data/rows.csv", True),
        (["/srv/data"], ["/srv/"], "srv/data/rows.csv", False),
        ([], ["docs"], "usr/share/doc/a/copyright", False),
        ([], ["/usr/share/doc"], "usr/share/doc/a/copyright", True),
        ([], [], f"{SITE}/a/tests/__pycache__/test_a.cpython-312.pyc", True),
    ],
)
def test_keep_and_drop_decide(keep: list[str], drop: list[str], path: str, goes: bool) -> None:
    package = python_package("a", {"a/__init__.py": 10, "a/tests/test_a.py": 20})
    files = {
        **package,
        f"{SITE}/a/__pycache__/__init__.cpython-312.pyc": 18,
        f"{SITE}/a/tests/__pycache__/test_a.cpython-312.pyc": 18,
        "srv/data/rows.csv": 9,
        "usr/share/doc/a/copyright": 3,
    }
    assert (path in gone(files, keep, drop)) is goes


def test_what_is_dropped_by_name_is_told_by_package_and_path() -> None:
    files = {**python_package("a", {"a/__init__.py": 10}), "srv/data/rows.csv": 9}
    cleaning = dropped_by_clean(of_files(files), (), ["package:A", "/srv/**"])
    package, path = group(cleaning.groups, "a"), group(cleaning.groups, "/srv/**")
    assert (package.kind, package.pattern, package.risk, package.dropped_files) == ("python", "package:a", "high", 3)
    assert (path.kind, path.dropped_bytes, path.largest) == ("application", 9, (("srv/data/rows.csv", 9),))


def test_compilers_are_missed_sooner_where_a_package_compiles_while_it_serves() -> None:
    files = {"usr/bin/gcc": program("usr/bin/gcc"), "usr/include/x.h": 3, "usr/share/doc/x/y": 3}
    plain = {one.name: one.risk for one in dropped_by_clean(of_files(files)).groups}
    found = dropped_by_clean(of_files(files | python_package("Triton", {"triton/__init__.py": 5}))).groups
    assert plain == {"build tools": "medium", "headers": "low", "docs": "none"}
    assert {one.name: one.risk for one in found} == {"build tools": "high", "headers": "high", "docs": "none"}
    assert group(found, "headers").reason.startswith("triton may compile while serving")


@pytest.mark.parametrize(
    "name", ["copyright", "LICENSE", "LICENCE.txt", "NOTICE.gz", "COPYING.LESSER", "licenses", "AUTHORS", "apache-license"]
)
def test_licenses_stay(name: str) -> None:
    assert gone({f"usr/share/doc/x/{name}": 3, "usr/share/doc/x/changelog.gz": 3}) == {"usr/share/doc/x/changelog.gz"}


def test_the_locale_that_is_set_stays() -> None:
    files = {
        f"usr/share/locale/{name}/LC_MESSAGES/x.mo": 3 for name in ("de", "de_DE", "de_AT", "fr")
    } | {"usr/lib/locale/de_DE.utf8/LC_CTYPE": 3, "usr/lib/locale/fr_FR.utf8/LC_CTYPE": 3, "usr/lib/locale/locale-archive": 5,
         "usr/share/locale/locale.alias": 1, "usr/lib/locale/C.utf8/LC_CTYPE": 2}  # fmt: skip
    german = gone(files, environment=(("LANG", "de_DE.UTF-8"),))
    assert files.keys() & german == {f"usr/share/locale/{name}/LC_MESSAGES/x.mo" for name in ("de_AT", "fr")} | {
        "usr/lib/locale/fr_FR.utf8/LC_CTYPE"
    }
    plain = gone(files, environment=(("LANG", "C.UTF-8"),))
    assert files.keys() - plain == {"usr/share/locale/locale.alias", "usr/lib/locale/C.utf8/LC_CTYPE"}


def test_libraries_of_compilers_that_programs_need_stay() -> None:
    names = ("libgcc_s.so.1", "libstdc++.so.6.0.30", "libgomp.so.1", "libgfortran.so.5")
    files = {f"usr/lib/gcc/x86_64-linux-gnu/12/{name}": 9 for name in (*names, "cc1", "libasan.so.8")}
    assert {path.rpartition("/")[2] for path in files.keys() - gone(files)} == set(names)


TOOLS = {
    "git": {"usr/bin/git": 30, "usr/lib/git-core/git-remote-http": 40},
    "make": {"usr/bin/make": 20},
    "binutils": {"usr/bin/ld": 8},
}


@pytest.mark.parametrize(
    "config",
    [
        {"entrypoint": ("git", "daemon")},
        {"entrypoint": ("/usr/bin/git",)},
        {"command": ("/bin/sh", "-c", "cd /srv && exec git daemon")},
        {"healthcheck": Healthcheck(("CMD-SHELL", "git status || exit 1"))},
        {"healthcheck": Healthcheck(("CMD", "git", "status"))},
        {"entrypoint": ("/app/start.sh",)},
        {"entrypoint": ("tini", "--", "git", "daemon")},
        {"command": ("bash", "-c", "A=1 exec gosu www git daemon")},
        {"environment": (("GIT", "/usr/bin/git"),)},
    ],
)
def test_tools_that_the_start_names_stay_whole(config: Mapping[str, object]) -> None:
    script = b"#!/bin/sh\n# make is not needed\nset -e\nif true; then git pull; fi\n"
    files = debian_packages(TOOLS) | {"app/start.sh": script}
    assert {path for tool in TOOLS.values() for path in tool} - gone(files, **config) == TOOLS["git"].keys()


def test_tools_that_containers_are_started_or_exercised_with_stay() -> None:
    inspection = of_files(debian_packages(TOOLS))
    dropped = dropped_by_clean(inspection, (), (), [("make", "serve"), ("sh", "-c", "cd /srv; git status")]).dropped
    assert {path for tool in TOOLS.values() for path in tool} & dropped == {"usr/bin/ld"}


def test_caches_that_packages_are_linked_to_stay() -> None:
    files: dict[str, Content] = {
        "root/.cache/uv/archive-v0/x/a.py": 5,
        "root/.cache/uv/archive-v0/y/deep/b.py": 6,
        "root/.cache/uv/archive-v0/z/c.py": 7,
        f"{SITE}/a.py": symlink(f"{SITE}/a.py", "/root/.cache/uv/archive-v0/x/a.py"),
        f"{SITE}/y": symlink(f"{SITE}/y", "/root/.cache/uv/archive-v0/y"),
        "root/.cache/uv/latest": symlink("root/.cache/uv/latest", "archive-v0/z"),
    }
    assert files.keys() & gone(files) == {"root/.cache/uv/archive-v0/z/c.py", "root/.cache/uv/latest"}


def test_tools_that_other_packages_depend_on_stay() -> None:
    depends = {"pass": "tree, git (>= 1:2.0) | hg, libc6:any", "git": "make", "libx-dev": "binutils"}
    files = debian_packages({**TOOLS, "pass": {"usr/bin/pass": 5}, "libx-dev": {"usr/include/x.h": 3}}, depends)
    cleaning = dropped_by_clean(of_files(files))
    assert files.keys() & cleaning.dropped == {"usr/bin/ld", "usr/include/x.h"}
    reason = group(cleaning.groups, "build tools").reason
    assert "stay: git, make" in reason
    assert "databases still list" in reason


def test_an_alternative_that_is_no_tool_is_enough() -> None:
    files = debian_packages({**TOOLS, "pass": {"usr/bin/pass": 5}, "hg": {"usr/bin/hg-other": 5}}, {"pass": "git | hg"})
    assert "usr/bin/git" in gone(files)


def test_python_tools_that_packages_require_stay() -> None:
    requires = ["ninja>=1.11", 'cmake; extra == "build"', "missing"]
    package = python_package("vllm", {"vllm/__init__.py": 5}, requires=requires)
    files = package | python_package("ninja", {"ninja/__init__.py": 5}) | python_package("cmake", {"cmake/__init__.py": 6})
    dropped = gone(files)
    assert f"{SITE}/cmake/__init__.py" in dropped
    assert f"{SITE}/ninja/__init__.py" not in dropped


def test_alpine_tools_that_packages_depend_on_stay() -> None:
    database = (
        "P:git\nV:1\np:cmd:git=1\nF:usr/bin\nR:git\n\nP:make\nV:1\nF:usr/bin\nR:make\n\n"
        "P:tool\nV:1\nD:cmd:git so:libc.so !x\nF:usr/bin\nR:tool\n"
    )
    files = {"lib/apk/db/installed": database.encode(), "usr/bin/git": 5, "usr/bin/make": 6, "usr/bin/tool": 7}
    assert gone(files) == {"usr/bin/make"}


def test_a_module_that_the_command_runs_stays() -> None:
    files = python_package("a", {"a/tests/server.py": 6, "a/tests/data.json": 7, "a/b/tests/x.py": 8, "c/tests/y.py": 9})
    dropped = gone(files, command=("python", "-m", "a.tests.server"))
    assert files.keys() & dropped == {f"{SITE}/a/b/tests/x.py", f"{SITE}/c/tests/y.py"}
    shell = gone(files, command=("sh", "-c", "exec python -u -m c.tests"))
    assert files.keys() - shell >= {f"{SITE}/c/tests/y.py"}


def test_a_file_that_the_start_names_stays() -> None:
    files = {"usr/share/doc/app/serve.py": 5, "usr/share/doc/app/readme": 6}
    assert gone(files, command=("python", "/usr/share/doc/app/serve.py")) == {"usr/share/doc/app/readme"}
    assert gone(files, command=("python", "serve.py"), working_dir="/usr/share/doc/app") == {"usr/share/doc/app/readme"}


def test_symlinks_and_folders_go_with_what_they_lead_to() -> None:
    files: dict[str, Content] = {
        "usr/bin/gcc-12": 9,
        "usr/bin/gcc": symlink("usr/bin/gcc", "gcc-12"),
        "usr/bin/cc": symlink("usr/bin/cc", "/etc/alternatives/cc"),
        "etc/alternatives/cc": symlink("etc/alternatives/cc", "/usr/bin/gcc"),
        "usr/share/doc/x/html/deep/a": 3,
        "usr/share/doc/y": symlink("usr/share/doc/y", "x"),
        "usr/share/doc/z/copyright": 3,
        "usr/share/doc/z/README": 3,
        "usr/include/deep/x.h": 3,
        "var/lib/apt/lists/partial/x": 3,
        "usr/share/man/mine": folder("usr/share/man/mine"),
        "usr/share/man/man1/a.1": 3,
        "usr/share/man/theirs": Entry("usr/share/man/theirs", "directory", mode=0o755, uid=1000),
        "usr/share/man/theirs/b.1": 3,
    }
    dropped = gone(files)
    assert {"usr/bin/gcc", "usr/bin/cc", "etc/alternatives/cc", "usr/share/doc/y"} <= dropped
    assert {
        "usr/share/doc/x",
        "usr/share/doc/x/html",
        "usr/share/doc/x/html/deep",
        "usr/include/deep",
        "usr/share/man/man1",
    } <= dropped
    staying = {"usr/share/doc/z", "usr/include", "usr/bin", "var/lib/apt/lists/partial", "usr/share/man", "usr/share/man/mine"}
    assert not dropped & {*staying, "usr/share/man/theirs", "usr/share/doc"}
    assert not gone(files, ["/usr/bin/cc"]) & {"usr/bin/cc"}


def test_contents_that_lie_twice_become_links_in_a_real_archive(tmp_path: Path) -> None:
    shared = bytes(range(256)) * 40
    other = bytes(reversed(range(256))) * 40
    files = {
        "app": Folder(),
        "app/a.dat": File(shared, mtime=5),
        "app/deep/copy.dat": File(shared, mtime=5),
        "app/deep/later.dat": File(shared, mtime=6),
        "srv/x/unique.dat": File(other[:-1] + b"!", mtime=5),
        "opt/one": File(other + b"12", mtime=5),
        "opt/two": File(other + b"12", mtime=5),
    }
    inspection = of_archive(tmp_path / "image.tar", [files])
    cleaning = dropped_by_clean(inspection)
    assert cleaning.linked["opt/two"] == "opt/one"
    twice = group(cleaning.groups, "same content twice")
    assert twice.dropped_bytes + twice.kept_bytes >= len(other) + 2
    assert inspection.file_system is not None
    assert written_bytes(inspection, cleaning) == inspection.file_system.size_bytes - twice.dropped_bytes
    assert not dropped_by_clean(inspection, ["same content twice"]).linked
    assert "opt/two" not in dropped_by_clean(inspection, ["/opt/two"]).linked


def copies(**more: Entry) -> dict[str, Content]:
    files: dict[str, Content] = {path: Entry(path, "file", 5000, mtime=1, sha256="1") for path in ("app/a", "app/b", "app/c")}
    return files | {path.replace("_", "/"): entry for path, entry in more.items()}


def test_which_copies_become_links() -> None:
    assert dropped_by_clean(of_files(copies())).linked == {"app/b": "app/a", "app/c": "app/a"}
    other = Entry("app/z", "file", 5000, mtime=1, sha256="2")
    assert dropped_by_clean(of_files(copies(app_z=other))).linked == {"app/b": "app/a", "app/c": "app/a"}
    link = Entry("etc/c", "hard_link", link="app/c", mtime=1)
    named = copies() | {"app/c": Entry("app/c", "file", 5000, mtime=1, sha256="1"), "etc/c": link}
    assert dropped_by_clean(of_files(named)).linked == {"app/b": "app/a", "app/c": "app/a", "etc/c": "app/a"}
    assert dropped_by_clean(of_files(copies()), (), ["/app/a"]).linked == {}


def test_leftovers_of_doubt_go_where_they_are_named() -> None:
    files = {"models/net.safetensors": 1000, "models/net.fp16.safetensors": 500}
    cleaning = dropped_by_clean(of_files(files), (), ["Weights-Twice"])
    assert cleaning.dropped == {"models/net.fp16.safetensors"}
    found = group(cleaning.groups, "weights twice")
    assert (found.dropped_bytes, found.risk, found.reason) == (500, "high", "dropped by name")


def test_nothing_to_clean() -> None:
    cleaning = dropped_by_clean(of_files({"etc/passwd": 3}))
    assert (cleaning.dropped, cleaning.linked, cleaning.groups) == (frozenset(), {}, ())


PATHS = (
    *("usr/include/x.h", "usr/lib/liba.a", "usr/share/doc/a/b", "usr/bin/gcc", "etc/a", "app/a", "app/b", "var/cache/apt/x"),
    *(f"{SITE}/a/{name}" for name in ("m.py", "tests/t.py", "tests/__pycache__/t.cpython-312.pyc")),
)


@settings(max_examples=100, deadline=None)
@given(
    st.dictionaries(st.sampled_from(PATHS), st.sampled_from([0, 3, 5000]), max_size=9),
    st.dictionaries(st.sampled_from(("app/l", "usr/include/l.h", "usr/share/doc/a/l")), st.sampled_from(PATHS), max_size=2),
    st.lists(st.sampled_from(["docs", "bytecode", "/app/**", "/usr/share/", "package:a"]), max_size=2),
    st.lists(st.sampled_from(["headers", "/app/a", "/usr/**/a"]), max_size=1),
)
def test_dropped_bytes_add_up(sizes: dict[str, int], links: dict[str, str], drop: list[str], keep: list[str]) -> None:
    files: dict[str, Content] = {path: Entry(path, "file", size, sha256=str(size)) for path, size in sizes.items()}
    linked = {path: hard_link(path, target) for path, target in links.items() if target in files}
    inspection = of_files(files | linked)
    cleaning = dropped_by_clean(inspection, keep, drop)
    assert inspection.file_system is not None
    assert cleaning.dropped <= inspection.file_system.entries.keys()
    lost = inspection.file_system.size_bytes - written_bytes(inspection, cleaning)
    assert sum(one.dropped_bytes for one in cleaning.groups) == lost
    assert not cleaning.dropped & cleaning.linked.keys()


def test_the_survey_of_the_sample_image() -> None:
    inspection = read(SAMPLE)
    found = survey(inspection)
    assert inspection.waste is not None
    assert inspection.file_system is not None
    assert (found.flatten_bytes, found.original.files) == (
        inspection.waste.reclaimable_bytes,
        inspection.file_system.file_count,
    )
    assert found.original.size_bytes == sum(layer.size_bytes or 0 for layer in inspection.image.layers)
    assert group(found.clean, "same content twice").dropped_bytes == 705_226
    assert group(found.clean, "bytecode").dropped_bytes == 0
    assert any("bytecode stays" in note for note in found.notes)
    assert sum(one.kept_bytes + one.dropped_bytes for one in found.packages) == inspection.file_system.size_bytes
    assert group(found.packages, "gcc").kept_bytes == 0
    assert any("package:nothing" in note for note in survey(inspection, ["package:nothing"]).notes)
