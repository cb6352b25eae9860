"""What to put back into an image that failed, told from what it said, likeliest first."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inspector.analysis.image.slim.adding_back import AddBack, candidates, named_missing
from inspector.records.image_inspection import ImageInspection
from tests.unit.analysis.image.layer_making import folder, symlink
from tests.unit.analysis.image.slim.slim_making import SITE, debian_packages, of_files, python_package

ARCH = "usr/lib/x86_64-linux-gnu"
STDLIB = "usr/lib/python3.12"
DEBIAN = {
    "libfoo1": {f"{ARCH}/libfoo.so.1.2.3": 50, "usr/share/libfoo/table": 9, "usr/share/doc/libfoo1/README": 4},
    "ffmpeg": {"usr/bin/ffmpeg": 70, "usr/share/ffmpeg/presets": 7},
    "bash": {"usr/bin/bash": 30, "usr/share/bash/data": 3},
}
FILES = {
    **debian_packages(DEBIAN),
    **python_package(
        "thing",
        {"thing/__init__.py": 10, "thing/lazy/__init__.py": 11, "thing/lazy/deep.py": 12, "thing/table.json": 13,
         "thing/fast.cpython-312-x86_64-linux-gnu.so": 14, "thing/tests/test_a.py": 15},
    ),
    **python_package("other", {"other/__init__.py": 20, "other/more.py": 21, "other/words.txt": 22}),
    **python_package("unused", {"unused/__init__.py": 23}),
    f"{STDLIB}/encodings/idna.py": 8,
    f"{STDLIB}/json/decoder.py": 8,
    f"{STDLIB}/lzma.py": 8,
    f"{ARCH}/libfoo.so.1": symlink(f"{ARCH}/libfoo.so.1", "libfoo.so.1.2.3"),
    "app/main.py": 5,
    "app/extra.py": 6,
    "app/data/labels.txt": 7,
    "app/data/more/colors.txt": 8,
    "app/cache": folder("app/cache"),
    "app/current": symlink("app/current", "/app/data"),
    "usr/local/bin/helper": 9,
    "etc/ssl/certs/ca-certificates.crt": 40,
    "usr/lib/locale/C.utf8/LC_CTYPE": 6,
    "usr/share/zoneinfo/Europe/Berlin": 6,
    "etc/nsswitch.conf": 3,
    "usr/lib/node_modules/left-pad/index.js": 3,
    "etc/machine.conf": 4,
}  # fmt: skip
CODE = ("lazy/__init__.py", "lazy/deep.py", "fast.cpython-312-x86_64-linux-gnu.so")
KEPT = frozenset(("usr/bin/bash", f"{SITE}/thing/__init__.py", f"{SITE}/other/__init__.py", "app/main.py", "app", "usr", "etc"))


@pytest.fixture(scope="module")
def inspection() -> ImageInspection:
    return of_files(FILES, working_dir="/app", environment=(("PATH", "/usr/local/bin:/usr/bin"),))


def first(inspection: ImageInspection, *messages: str) -> AddBack:
    return candidates(inspection, KEPT, messages)[0]


@pytest.mark.parametrize(
    ("message", "paths"),
    [
        ("ModuleNotFoundError: No module named 'thing.lazy.deep'", (f"{SITE}/thing/lazy/deep.py",)),
        ("ImportError: No module named thing.lazy", (f"{SITE}/thing/lazy/__init__.py",)),
        ("ImportError: cannot import name 'lazy' from 'thing' (/usr/x/__init__.py)", (f"{SITE}/thing/lazy/__init__.py",)),
        ("ImportError: cannot import name 'fast' from 'thing'", (f"{SITE}/thing/fast.cpython-312-x86_64-linux-gnu.so",)),
        ("ModuleNotFoundError: No module named 'lzma'", (f"{STDLIB}/lzma.py",)),
        ("ModuleNotFoundError: No module named 'unused.sub'", (f"{SITE}/unused/__init__.py",)),
        ("Error: Cannot find module 'left-pad'", ("usr/lib/node_modules/left-pad/index.js",)),
        (
            "importlib.metadata.PackageNotFoundError: No package metadata was found for Unused",
            (f"{SITE}/unused-1.0.dist-info/METADATA", f"{SITE}/unused-1.0.dist-info/RECORD"),
        ),
        ("FileNotFoundError: [Errno 2] No such file or directory: '/app/data/labels.txt'", ("app/data/labels.txt",)),
        ("FileNotFoundError: [Errno 2] No such file or directory: 'data/labels.txt'", ("app/data/labels.txt",)),
        ("could not open 'more/colors.txt'", ("app/data/more/colors.txt",)),
        ("cat: /app/current/labels.txt: No such file or directory", ("app/current", "app/data/labels.txt")),
        ("cannot open /app/data/labels.txt.", ("app/data/labels.txt",)),
        ('{"error": "can\'t open /etc/machine.conf"}', ("etc/machine.conf",)),
        (
            "error while loading shared libraries: libfoo.so.1: cannot open shared object file: No such file or directory",
            (f"{ARCH}/libfoo.so.1", f"{ARCH}/libfoo.so.1.2.3"),
        ),
        ("OSError: libfoo.so: cannot open shared object file", (f"{ARCH}/libfoo.so.1", f"{ARCH}/libfoo.so.1.2.3")),
        ('exec: "ffmpeg": executable file not found in $PATH: unknown', ("usr/bin/ffmpeg",)),
        ("/bin/sh: 1: helper: not found", ("usr/local/bin/helper",)),
        ("bash: line 1: helper: command not found", ("usr/local/bin/helper",)),
        ("FileNotFoundError: [Errno 2] No such file or directory: 'ffmpeg'", ("usr/bin/ffmpeg",)),
        ("exec /usr/local/bin/helper: no such file or directory", ("usr/local/bin/helper",)),
        ("ssl.SSLCertVerificationError: [SSL: CERTIFICATE_VERIFY_FAILED]", ("etc/ssl/certs/ca-certificates.crt",)),
        ("locale.Error: unsupported locale setting", ("usr/lib/locale/C.utf8/LC_CTYPE",)),
        ("zoneinfo.ZoneInfoNotFoundError: 'No time zone found with key Europe/Berlin'", ("usr/share/zoneinfo/Europe/Berlin",)),
        ("socket.gaierror: [Errno -2] Name or service not known", ("etc/nsswitch.conf",)),
        ("LookupError: unknown encoding: idna", (f"{STDLIB}/encodings/idna.py",)),
        ("everything is fine", ()),
        ("No module named 'thing'", ()),
    ],
)
def test_what_a_message_names(inspection: ImageInspection, message: str, paths: tuple[str, ...]) -> None:
    assert set(named_missing(inspection, KEPT, ["Traceback (most recent call last):", message])) == set(paths)
    if paths:
        assert set(paths) <= set(first(inspection, message).paths)


def test_a_module_brings_its_package(inspection: ImageInspection) -> None:
    found = first(inspection, "ModuleNotFoundError: No module named 'thing.lazy'")
    assert found.name == "package thing"
    assert {f"{SITE}/thing/lazy/deep.py", f"{SITE}/thing/table.json", f"{SITE}/thing/tests/test_a.py"} <= set(found.paths)
    assert f"{SITE}/thing/__init__.py" not in found.paths
    assert found.bytes == sum(of for path in found.paths if isinstance(of := FILES[path], int)) + sum(
        len(of) for path in found.paths if isinstance(of := FILES[path], bytes)
    )
    assert "No module named" in found.reason


def test_a_module_is_looked_for_where_it_would_be_imported_from() -> None:
    again = {
        path.replace("usr/local", "opt/venv"): content
        for path, content in python_package("thing", {"thing/lazy.py": 9}).items()
    }
    vendored = {f"{SITE}/other/_vendor/thing/lazy.py": 4, f"{SITE}/other/_vendor/__init__.py": 0}
    files = {**python_package("thing", {"thing/lazy.py": 9}), **again, **vendored}
    here, there = f"{SITE}/thing/lazy.py", "opt/venv/lib/python3.12/site-packages/thing/lazy.py"
    inspection = of_files(files)
    message = "No module named 'thing.lazy'"
    assert set(named_missing(inspection, (), [message])) == {here, there}
    assert named_missing(inspection, ("opt/venv/bin/python",), [message]) == named_missing(inspection, (), [message])
    inspection = of_files({**files, "opt/venv/bin/python": 5, "opt/venv/pyvenv.cfg": b""})
    assert named_missing(inspection, ("opt/venv/bin/python",), [message]) == (there,)
    (found, *_) = candidates(inspection, ("opt/venv/bin/python",), [message])
    assert found.name == "package thing in /opt/venv"
    assert here not in found.paths


def test_a_library_brings_its_package_without_manuals(inspection: ImageInspection) -> None:
    found = first(inspection, "libfoo.so.1: cannot open shared object file")
    assert set(found.paths) == {f"{ARCH}/libfoo.so.1", f"{ARCH}/libfoo.so.1.2.3", "usr/share/libfoo/table"}


def test_a_file_of_the_application_brings_its_folder(inspection: ImageInspection) -> None:
    found = first(inspection, "No such file or directory: '/app/data/labels.txt'")
    assert set(found.paths) == {"app/data/labels.txt", "app/data/more/colors.txt"}


def test_a_folder_that_is_named_comes_back(inspection: ImageInspection) -> None:
    assert first(inspection, "no such directory: '/app/cache'").paths == ("app/cache",)
    assert set(first(inspection, "/app/data is missing").paths) == {
        "app/data",
        "app/data/labels.txt",
        "app/data/more/colors.txt",
    }


def test_a_file_in_a_shared_folder_comes_alone(inspection: ImageInspection) -> None:
    assert first(inspection, "helper: not found").paths == ("usr/local/bin/helper",)


def test_without_a_word_the_rest_of_packages_comes_first(inspection: ImageInspection) -> None:
    found = candidates(inspection, KEPT, ())
    assert [one.name for one in found] == [
        "data files of Python packages",
        "code of Python packages",
        "the application's own files",
        "data files of Debian packages",
        "other installed files",
        "other files of the system",
        "tests",
        "docs",
    ]
    data, code, own = found[:3]
    assert {f"{SITE}/thing/table.json", f"{SITE}/other/words.txt"} <= set(data.paths)
    assert not any(path.endswith((".py", ".so")) for path in data.paths)
    assert {f"{SITE}/other/more.py", *(f"{SITE}/thing/{name}" for name in CODE)} == set(code.paths)
    assert set(own.paths) == {"app/extra.py", "app/data/labels.txt", "app/data/more/colors.txt", "app/current"}
    assert "usr/share/bash/data" in found[3].paths
    assert not any("/unused/" in path or "bin/ffmpeg" in path for one in found for path in one.paths)


def test_a_package_on_the_way_of_a_traceback_comes_before_all_others(inspection: ImageInspection) -> None:
    lines = [
        f'  File "/{SITE}/thing/__init__.py", line 3, in <module>',
        f'  File "/{SITE}/other/__init__.py", line 9, in load',
        "KeyError: 'x'",
    ]
    assert [one.name for one in candidates(inspection, KEPT, lines)[:2]] == ["package other", "package thing"]


def test_when_leftovers_went_kinds_come_back(inspection: ImageInspection) -> None:
    assert inspection.file_system is not None
    tests = {f"{SITE}/thing/tests/test_a.py", "usr/share/doc/libfoo1/README"}
    found = candidates(inspection, inspection.file_system.entries.keys() - tests, ["wrong answer"])
    assert [(one.name, len(one.paths)) for one in found] == [("tests", 1), ("docs", 1)]


def test_nothing_is_offered_where_nothing_went(inspection: ImageInspection) -> None:
    assert inspection.file_system is not None
    assert candidates(inspection, inspection.file_system.entries, ["No module named 'thing.lazy'", "/app/data"]) == ()


def test_hostile_messages_are_looked_at_in_part(inspection: ImageInspection) -> None:
    messages = [
        "/" * 1_000_000,
        "'" * 1_000_000,
        "No module named '" + "a." * 500_000,
        "lib" * 300_000 + ".so",
        "/a" * 500_000,
        "exec: " * 200_000,
        ("x" * 300 + ".so.1 ") * 2000,
        "\x1b]52;c;evil\x07 No module named 'thing.lazy'",
        *(f"No module named 'nothing{number}'" for number in range(20_000)),
    ]
    found = candidates(inspection, KEPT, messages)
    assert found[0].name == "package thing"
    assert "\x1b" not in found[0].reason


def test_many_names_do_not_make_many_attempts(inspection: ImageInspection) -> None:
    messages = [f"/app/data/labels.txt and /{path}" for path in FILES] * 10
    assert len(candidates(inspection, KEPT, messages)) <= 30
    assert len(named_missing(inspection, KEPT, messages)) <= 50


@settings(max_examples=60, deadline=None)
@given(st.sets(st.sampled_from(sorted(FILES))), st.lists(st.sampled_from(sorted(FILES)), max_size=4))
def test_what_is_offered_is_in_the_image_and_went(kept: set[str], named: list[str]) -> None:
    inspection = of_files(FILES, working_dir="/app")
    assert inspection.file_system is not None
    entries = inspection.file_system.entries
    found = candidates(inspection, kept, [f"/{path} not found" for path in named])
    assert len({one.name for one in found}) == len(found)
    for one in found:
        assert one.paths
        assert all(path in entries and path not in kept for path in one.paths)
    offered = {path for one in found for path in one.paths}
    assert {path for path in named if path not in kept} <= offered
