"""Leftovers: every kind by its rules, and a union that counts nothing twice."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector.analysis.image.file_system import merge
from inspector.analysis.image.leftover_kinds import kinds_in
from inspector.records.image_waste import LeftoverKind
from tests.unit.analysis.image.content_making import Content, image_of, kind, layer, leftovers_of
from tests.unit.analysis.image.layer_making import file, hard_link

SITE = "usr/lib/python3.11/site-packages"

PLACES: list[tuple[str, tuple[LeftoverKind, ...]]] = [
    ("var/cache/apt/archives/bash.deb", ("package caches",)),
    ("var/lib/apt/lists/mirror.example_Packages", ("package caches",)),
    ("var/cache/apk/APKINDEX.tar.gz", ("package caches",)),
    ("root/.cache/pip/http/a/b", ("package caches",)),
    ("home/me/.cache/uv/archive/x", ("package caches",)),
    ("root/.npm/_cacache/content/x", ("package caches",)),
    ("opt/conda/pkgs/python/bin/python", ("package caches",)),
    ("root/.cache/huggingface/hub/model.bin", ()),
    ("var/cache/app/data", ()),
    (f"{SITE}/a/__pycache__/b.cpython-311.pyc", ("bytecode",)),
    (f"{SITE}/numpy/tests/test_x.py", ("tests",)),
    (f"{SITE}/numpy/core/test/data.bin", ("tests",)),
    (f"{SITE}/numpy/testing/x.py", ()),
    ("usr/lib/python3.11/test/regrtest.py", ("tests",)),
    ("app/tests/test_app.py", ()),
    ("opt/app/test/x.py", ()),
    ("usr/include/c++/12/vector", ("headers",)),
    (f"{SITE}/torch/include/ATen.h", ("headers",)),
    ("app/include/mine.txt", ()),
    ("usr/lib/x86_64-linux-gnu/libc.a", ("static libraries",)),
    ("usr/lib/liba.la", ("static libraries",)),
    ("app/data.a", ()),
    ("usr/bin/gcc-12", ("build tools",)),
    ("usr/bin/x86_64-linux-gnu-ld.bfd", ("build tools",)),
    ("usr/lib/gcc/x86_64-linux-gnu/12/cc1plus", ("build tools",)),
    ("usr/local/cuda/bin/nvcc", ("build tools",)),
    ("usr/bin/git", ("build tools",)),
    ("usr/bin/gitless", ()),
    ("app/make", ()),
    ("usr/share/doc/bash/README", ("docs",)),
    ("usr/local/share/man/man1/x.1", ("docs",)),
    ("usr/share/locale/de/LC_MESSAGES/bash.mo", ("locales",)),
    ("usr/lib/locale/locale-archive", ("locales",)),
    ("usr/lib/locale/C.utf8/LC_CTYPE", ()),
    (f"{SITE}/django/conf/locale/de/LC_MESSAGES/django.mo", ("locales",)),
    ("app/locale/de/LC_MESSAGES/app.mo", ()),
    (f"{SITE}/a/tests/__pycache__/t.cpython-311.pyc", ("tests", "bytecode")),
    ("srv/model.onnx", ()),
]


def told(path: str) -> set[LeftoverKind]:
    return {kind for kind, paths in kinds_in(path.rpartition("/")[0], (path,), ()) if paths}


@pytest.mark.parametrize(("path", "kinds"), PLACES)
def test_what_a_place_says(path: str, kinds: tuple[LeftoverKind, ...]) -> None:
    assert told(path) == set(kinds)


def test_bytecode_beside_no_source_may_be_all_there_is() -> None:
    leftovers = leftovers_of(image_of(layer({"app/only.pyc": 10, "app/both.pyc": 20, "app/both.py": 5})))
    found = kind(leftovers, "bytecode")
    assert found is not None
    assert found.paths == ("app/both.pyc",)
    assert "slower" in found.note


def test_kinds_overlap_and_the_union_does_not() -> None:
    files = {f"{SITE}/a/tests/__pycache__/t.cpython-311.pyc": 100, f"{SITE}/a/tests/t.py": 40, "usr/include/x.h": 7}
    leftovers = leftovers_of(image_of(layer(files)))
    assert {one.kind: one.bytes for one in leftovers.by_kind} == {"tests": 140, "bytecode": 100, "headers": 7}
    assert (leftovers.union_bytes, leftovers.union_files) == (147, 3)
    assert [one.kind for one in leftovers.by_kind] == ["tests", "bytecode", "headers"]


def test_a_hard_link_that_is_needed_frees_nothing() -> None:
    files: dict[str, Content] = {
        "usr/lib/liba.a": 100,
        "usr/lib/libb.a": 50,
        "usr/lib/libc.a": hard_link("usr/lib/libc.a", "usr/lib/liba.a"),
        "app/kept": hard_link("app/kept", "usr/lib/libb.a"),
    }
    leftovers = leftovers_of(image_of(layer(files)))
    found = kind(leftovers, "static libraries")
    assert found is not None
    assert (found.bytes, found.files) == (100, 3), "liba and libc are one content, libb has another name"
    assert leftovers.union_bytes == 100


def test_build_tools_by_package() -> None:
    names = ("gcc-12", "gcc-12-base", "libc6-dev", "libc6", "binutils-common", "git", "python3-pip")
    status = "\n".join(f"Package: {name}\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1\n" for name in names)
    files: dict[str, Content] = {"var/lib/dpkg/status": status.encode()}
    for position, name in enumerate(names):
        files[f"var/lib/dpkg/info/{name}.list"] = f"/.\n/opt\n/opt/{name}\n/opt/{name}/data\n".encode()
        files[f"opt/{name}/data"] = 10**position
    found = kind(leftovers_of(image_of(layer(files))), "build tools")
    assert found is not None
    assert set(found.paths) == {f"opt/{name}/data" for name in ("gcc-12", "libc6-dev", "binutils-common", "git")}
    assert found.bytes == 1 + 100 + 10**4 + 10**5


def test_build_tools_among_python_and_alpine_packages() -> None:
    files: dict[str, Content] = {
        f"{SITE}/cmake-3.dist-info/METADATA": b"Name: cmake\nVersion: 3\n",
        f"{SITE}/cmake-3.dist-info/RECORD": b"cmake/data.bin,sha256=a,70\n",
        f"{SITE}/cmake/data.bin": 70,
        "lib/apk/db/installed": b"P:musl-dev\nV:1\nF:usr/lib\nR:crt1.o\n\nP:musl\nV:1\nF:lib\nR:libc.so\n",
        "usr/lib/crt1.o": 30,
        "lib/libc.so": 900,
    }
    found = kind(leftovers_of(image_of(layer(files))), "build tools")
    assert found is not None
    assert found.paths == (f"{SITE}/cmake/data.bin", "usr/lib/crt1.o")


def test_equal_contents_count_without_the_kept_one() -> None:
    files: dict[str, Content] = {
        "srv/deep/copy.bin": file("srv/deep/copy.bin", 5000, sha256="aa"),
        "data.bin": file("data.bin", 5000, sha256="aa"),
        "srv/link.bin": hard_link("srv/link.bin", "data.bin"),
        "srv/same_size.bin": file("srv/same_size.bin", 5000, sha256="bb"),
        "a": file("a", 10, sha256="cc"),
        "b": file("b", 10, sha256="cc"),
    }
    found = kind(leftovers_of(image_of(layer(files))), "same content twice")
    assert found is not None
    assert found.paths == ("srv/deep/copy.bin",)
    assert found.bytes == 5000


def test_what_was_not_compared_is_said() -> None:
    files: dict[str, Content] = {
        "a": file("a", 5000, sha256="aa"),
        "b": file("b", 5000, sha256="aa"),
        "c": 5000,
    }
    found = kind(leftovers_of(image_of(layer(files))), "same content twice")
    assert found is not None
    assert "1 more files of equal size were not compared" in found.note


def test_a_kind_of_empty_files_is_none() -> None:
    leftovers = leftovers_of(image_of(layer({"var/lib/apt/lists/lock": 0, "usr/include/a.h": 5})))
    assert [(one.kind, one.files) for one in leftovers.by_kind] == [("headers", 1)]
    assert leftovers.union_files == 1


def test_nothing_left_over() -> None:
    leftovers = leftovers_of(image_of(layer({"srv/model.onnx": 100, "app/main.py": 3})))
    assert (leftovers.union_bytes, leftovers.union_files, leftovers.by_kind) == (0, 0, ())


_PARTS = st.sampled_from(
    ["usr", "lib", "include", "share", "doc", "tests", "site-packages", "__pycache__", "bin", "cache", "var", "a"]
)
_NAMES = st.sampled_from(
    ["x.h", "libx.a", "x.pyc", "x.py", "gcc", "libcudart.so.12", "m.onnx", "m.safetensors", "m_fp16.onnx", "x"]
)


@given(
    st.dictionaries(
        st.tuples(st.lists(_PARTS, max_size=4), _NAMES).map(lambda p: "/".join((*p[0], p[1]))), st.integers(0, 9000)
    ),
    st.lists(st.sampled_from(["h1", "h2", "h3"]), max_size=3),
)
def test_the_union_is_between_the_largest_kind_and_the_sum(files: dict[str, int], links: list[str]) -> None:
    content: dict[str, Content] = dict(files)
    for name, target in zip(links, files, strict=False):
        content[f"usr/include/{name}.h"] = hard_link(f"usr/include/{name}.h", target)
    image = image_of(layer(content))
    leftovers = leftovers_of(image)
    sums = [one.bytes for one in leftovers.by_kind]
    assert leftovers.union_bytes <= merge(image.layers).size_bytes
    assert leftovers.union_bytes >= max(sums, default=0)
    assert all(one.files == len(one.paths) for one in leftovers.by_kind)
    if not links:
        assert leftovers.union_bytes <= sum(sums)


def test_a_very_long_hostile_path_is_told_quickly() -> None:
    for depth in range(200):
        path = "/".join(["site-packages"] * 290) + f"/{depth}/x.bin"
        assert told(path) == set()
