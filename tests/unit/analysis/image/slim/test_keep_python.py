"""What Python needs beside what it opens: bytecode and sources, packages on the way, landmarks, metadata."""

from __future__ import annotations

import pytest

from tests.unit.analysis.image.content_making import Content
from tests.unit.analysis.image.slim.keep_making import folder, kept

LIB = "usr/local/lib/python3.11"
SITE = f"{LIB}/site-packages"
CACHE = "__pycache__"
LIBRARY: dict[str, Content | str] = {
    "usr/local/bin/python3.11": b"\x7fELF",
    f"{LIB}/os.py": b"1",
    f"{LIB}/{CACHE}/os.cpython-311.pyc": b"1",
    f"{LIB}/json/__init__.py": b"1",
    f"{LIB}/json/decoder.py": b"1",
    f"{LIB}/encodings/__init__.py": b"1",
    f"{LIB}/encodings/idna.py": b"1",
    f"{LIB}/encodings/cp500.py": b"1",
    f"{LIB}/stringprep.py": b"1",
    f"{LIB}/lib-dynload/unicodedata.cpython-311-x86_64-linux-gnu.so": b"1",
    f"{LIB}/lib-dynload/_bz2.cpython-311-x86_64-linux-gnu.so": b"1",
    f"{LIB}/turtle.py": b"1",
    "usr/local/lib/python311.zip": b"1",
}


def test_bytecode_of_a_kept_module_for_the_python_that_runs() -> None:
    names = (
        "m.cpython-311.pyc",
        "m.cpython-311.opt-1.pyc",
        "m.cpython-311.opt-2.pyc",
        "m.cpython-39.pyc",
        "mm.cpython-311.pyc",
    )
    for place in (f"{LIB}/pack", "app"):
        files = {**LIBRARY, f"{place}/m.py": b"1", **{f"{place}/{CACHE}/{name}": b"1" for name in names}}
        for opened in ([f"{place}/m.py", f"{LIB}/json/decoder.py"], [f"{LIB}/json/decoder.py", f"{place}/m.py"]):
            found = kept(files, opened)
            assert {path for path, reason in found.items() if reason == "bytecode"} == {
                f"{LIB}/{CACHE}/os.cpython-311.pyc",
                *(f"{place}/{CACHE}/{name}" for name in names[:3]),
            }


def test_bytecode_where_no_python_is_seen_goes() -> None:
    assert kept({"app/m.py": b"1", f"app/{CACHE}/m.cpython-311.pyc": b"1"}, ["app/m.py"]) == {"app/m.py": "opened"}


def test_the_source_of_kept_bytecode() -> None:
    files = {
        "app/m.py": b"1",
        f"app/{CACHE}/m.cpython-311.pyc": b"1",
        "app/old.pyc": b"1",
        "app/old.py": b"1",
        "app/n.py": b"1",
    }
    found = kept(files, [f"app/{CACHE}/m.cpython-311.pyc", "app/old.pyc"])
    assert found["app/m.py"] == found["app/old.py"] == "source"
    assert "app/n.py" not in found


def test_a_source_that_an_installer_only_linked() -> None:
    files = {
        "app/m.py": "/store/m",
        "store/m": b"1",
        f"app/{CACHE}/m.cpython-311.pyc": b"1",
        "app/__init__.py": "/store/i",
        "store/i": b"",
    }
    found = kept(files, [f"app/{CACHE}/m.cpython-311.pyc"])
    assert {"app/m.py", "store/m", "app/__init__.py", "store/i"} <= found.keys()


@pytest.mark.parametrize("opened", ["a/b/c/m.py", f"a/b/c/{CACHE}/m.cpython-311.pyc", "a/b/c/m.so"])
def test_packages_on_the_way_to_a_module(opened: str) -> None:
    files = {"a/__init__.py": b"", "a/b/x.py": b"", "a/b/c/__init__.pyc": b"", "a/d/__init__.py": b"", opened: b"1"}
    found = kept(files, [opened])
    assert found["a/__init__.py"] == found["a/b/c/__init__.pyc"] == "source"
    assert not {"a/d/__init__.py", "a/b/x.py"} & found.keys()


def test_landmarks_of_a_library_in_use() -> None:
    found = kept(LIBRARY, [f"{LIB}/json/decoder.py"])
    assert found[f"{LIB}/os.py"] == found[f"{LIB}/lib-dynload"] == found["usr/local/lib/python311.zip"] == "start-up"
    assert found[f"{LIB}/encodings/idna.py"] == found[f"{LIB}/stringprep.py"] == "start-up"
    assert found[f"{LIB}/lib-dynload/unicodedata.cpython-311-x86_64-linux-gnu.so"] == "start-up"
    idle = {f"{LIB}/turtle.py", f"{LIB}/encodings/cp500.py", f"{LIB}/lib-dynload/_bz2.cpython-311-x86_64-linux-gnu.so"}
    assert not idle & found.keys()
    assert kept(LIBRARY) == {}


def test_a_library_that_has_only_bytecode() -> None:
    files = {f"{LIB}/os.pyc": b"1", f"{LIB}/x.pyc": b"1"}
    assert kept(files, [f"{LIB}/x.pyc"])[f"{LIB}/os.pyc"] == "start-up"


def test_customization_that_a_system_links_elsewhere() -> None:
    files = {**LIBRARY, f"{LIB}/sitecustomize.py": "/opt/sitecustomize.py", "opt/sitecustomize.py": b"1"}
    found = kept(files, [f"{LIB}/json/decoder.py"])
    assert {f"{LIB}/sitecustomize.py", "opt/sitecustomize.py"} <= found.keys()
    files = {f"{SITE}/usercustomize.py": b"1", f"{SITE}/m.py": b"1"}
    assert f"{SITE}/usercustomize.py" in kept(files, [f"{SITE}/m.py"])


def test_a_virtual_environment_and_programs_that_are_told_where_their_library_is() -> None:
    site = "venv/lib/python3.11/site-packages"
    files = {f"{site}/m.py": b"1", "venv/pyvenv.cfg": b"home = /usr/local/bin", "venv/idle.cfg": b"1"}
    assert kept(files, [f"{site}/m.py"]) == {f"{site}/m.py": "opened", "venv/pyvenv.cfg": "start-up"}
    files = {"opt/py/python3.11": b"1", "opt/py/python311._pth": b"1", "opt/py/pyvenv.cfg": b"1", "opt/py/x": b"1"}
    found = kept(files, ["opt/py/python3.11"])
    assert found.keys() == {"opt/py/python3.11", "opt/py/python311._pth", "opt/py/pyvenv.cfg"}
    assert "venv2/pyvenv.cfg" in kept({"venv2/bin/python": b"1", "venv2/pyvenv.cfg": b"1"}, ["venv2/bin/python"])


def test_pth_files_and_what_they_name() -> None:
    lines = b"import _hook; import _pack\n# import idle\n/app/src\n../extra\nimport sys; __import__('late.mod')\n"
    files: dict[str, Content | str] = {
        f"{SITE}/m.py": b"1",
        f"{SITE}/a.pth": lines,
        f"{SITE}/_hook.py": b"1",
        f"{SITE}/_pack/__init__.py": b"1",
        f"{SITE}/late/mod.py": b"1",
        f"{SITE}/idle.py": b"1",
        "app/src/idle.py": b"1",
        f"{LIB}/extra/idle.py": b"1",
        "opt/other/site-packages/b.pth": b"1",
    }
    found = kept(files, [f"{SITE}/m.py"])
    assert found.keys() == {
        f"{SITE}/m.py", f"{SITE}/a.pth", f"{SITE}/_hook.py", f"{SITE}/_pack/__init__.py", f"{SITE}/late/mod.py", "app/src",
        f"{LIB}/extra",
    }  # fmt: skip


METADATA = b"Metadata-Version: 2.1\nName: one\nVersion: 1\n"
INFO = f"{SITE}/one-1.dist-info"
DISTRIBUTION: dict[str, Content | str] = {
    f"{SITE}/one/__init__.py": b"1",
    f"{SITE}/one/idle.py": b"1",
    f"{INFO}/METADATA": METADATA,
    f"{INFO}/RECORD": f"one/__init__.py,,1\none/idle.py,,1\n{INFO}/METADATA,,\n../../../bin/one,,1\n".encode(),
    f"{INFO}/entry_points.txt": b"1",
    f"{INFO}/licenses/LICENSE": b"1",
    f"{INFO}/huge": 1 << 21,
    f"{INFO}/SOURCES.txt": 1 << 21,
    "usr/local/bin/one": b"#!",
    f"{SITE}/two-1.dist-info/METADATA": METADATA.replace(b"one", b"two"),
    f"{SITE}/two-1.dist-info/RECORD": b"two.py,,1\n",
    f"{SITE}/two.py": b"1",
}


@pytest.mark.parametrize("opened", [f"{SITE}/one/__init__.py", "usr/local/bin/one"])
def test_metadata_of_distributions_of_which_a_file_stays(opened: str) -> None:
    found = kept(DISTRIBUTION, [opened])
    expected = {
        f"{INFO}/{name}" for name in ("METADATA", "RECORD", "SOURCES.txt", "entry_points.txt", "licenses", "licenses/LICENSE")
    }
    assert {path for path, reason in found.items() if reason == "package metadata"} == {*expected, INFO}
    assert not {f"{SITE}/two-1.dist-info/METADATA", f"{SITE}/two.py", f"{SITE}/one/idle.py", f"{INFO}/huge"} & found.keys()


def test_reading_metadata_does_not_bring_the_rest_of_it() -> None:
    assert kept(DISTRIBUTION, [f"{INFO}/entry_points.txt"]) == {f"{INFO}/entry_points.txt": "opened"}


def test_an_egg_info_that_is_a_file() -> None:
    files = {f"{SITE}/old-1.egg-info": METADATA.replace(b"one", b"old"), f"{SITE}/old.py": b"1", f"{SITE}/new.py": b"1"}
    assert kept(files, [f"{SITE}/old.py"])[f"{SITE}/old-1.egg-info"] == "package metadata"
    assert f"{SITE}/old-1.egg-info" not in kept(files, [f"{SITE}/new.py"])


def test_certificates_and_time_zones_that_packages_bring() -> None:
    files: dict[str, Content | str] = {
        f"{SITE}/certifi/__init__.py": b"1",
        f"{SITE}/certifi/cacert.pem": b"1",
        f"{SITE}/grpc/__init__.py": b"1",
        f"{SITE}/grpc/_cython/_credentials/roots.pem": b"1",
        f"{SITE}/tzdata/__init__.py": b"1",
        f"{SITE}/tzdata/zoneinfo/Europe/Oslo": b"1",
    }
    found = kept(files, [f"{SITE}/{name}/__init__.py" for name in ("certifi", "grpc", "tzdata")])
    assert found[f"{SITE}/certifi/cacert.pem"] == found[f"{SITE}/grpc/_cython/_credentials/roots.pem"] == "certificates"
    assert found[f"{SITE}/tzdata/zoneinfo/Europe/Oslo"] == "time zone"
    found = kept(files, [f"{SITE}/m.py"])
    assert found == {}


def test_certificates_that_a_package_links_to_those_of_the_system() -> None:
    files: dict[str, Content | str] = {
        f"{SITE}/certifi/__init__.py": b"1",
        f"{SITE}/certifi/cacert.pem": "/var/lib/trust/all.pem",
        "var/lib/trust/all.pem": b"1",
    }
    assert "var/lib/trust/all.pem" in kept(files, [f"{SITE}/certifi/__init__.py"])


def test_an_empty_folder_of_a_library_does_not_put_it_to_use() -> None:
    assert kept({**LIBRARY, f"{LIB}/empty": folder(f"{LIB}/empty")}) == {f"{LIB}/empty": "mount point"}
