"""Libraries that stay since kept ELF files need them: found where the loader looks."""

from __future__ import annotations

import pytest

from inspector.records.image_contents import ElfNeeds
from tests.unit.analysis.image.slim.keep_making import ARM, LIBC, elf, kept

LIB = "usr/lib/x86_64-linux-gnu"
FILES: dict[str, bytes | str] = {
    "app/run": b"1",
    "lib": "usr/lib",
    "lib64": "usr/lib64",
    "usr/lib64/ld-linux-x86-64.so.2": "../lib/x86_64-linux-gnu/ld-2.36.so",
    f"{LIB}/ld-2.36.so": b"1",
    f"{LIB}/libc.so.6": b"1",
    f"{LIB}/libidle.so.1": b"1",
}
LOADER = "/lib64/ld-linux-x86-64.so.2"
BASE: dict[str, ElfNeeds] = {
    "app/run": elf("libc.so.6", loader=LOADER),
    f"{LIB}/libc.so.6": LIBC,
    f"{LIB}/ld-2.36.so": elf(),
    f"{LIB}/libidle.so.1": elf(),
}


def libraries(
    files: dict[str, bytes | str], needs: dict[str, ElfNeeds], opened: tuple[str, ...] = ("app/run",), **more: object
) -> set[str]:
    """Return which libraries stay of these and of the usual ones."""
    found = kept({**FILES, **files}, opened, needs={**BASE, **dict.fromkeys(files, elf()), **needs}, **more)  # type: ignore[arg-type]
    return {path for path, reason in found.items() if reason == "library"}


def test_the_loader_behind_links_and_what_it_loads() -> None:
    found = kept(FILES, ["app/run"], needs=BASE)
    assert found[f"{LIB}/ld-2.36.so"] == "start-up"
    assert found["usr/lib64/ld-linux-x86-64.so.2"] == found["lib64"] == found["lib"] == "link"
    assert found[f"{LIB}/libc.so.6"] == "library"
    assert f"{LIB}/libidle.so.1" not in found


def test_libraries_of_libraries_in_a_circle() -> None:
    needs = {"app/run": elf("liba.so"), f"{LIB}/liba.so": elf("libb.so"), f"{LIB}/libb.so": elf("liba.so", "libgone.so")}
    assert libraries({f"{LIB}/liba.so": b"", f"{LIB}/libb.so": b""}, needs) == {f"{LIB}/liba.so", f"{LIB}/libb.so"}


@pytest.mark.parametrize(
    ("search", "place"),
    [
        ("$ORIGIN/../libs", "libs/libx.so"),
        ("${ORIGIN}", "app/libx.so"),
        ("/no/where:/opt/libs:/opt/late", "opt/libs/libx.so"),
        ("$ORIGIN/$LIB", "app/lib/x86_64-linux-gnu/libx.so"),
        ("/linked", "opt/libs/libx.so"),
    ],
)
def test_folders_that_a_file_names(search: str, place: str) -> None:
    files: dict[str, bytes | str] = {place: b"1", "opt/late/libx.so": b"2", f"{LIB}/libx.so": b"3", "linked": "opt/libs"}
    for inherited in (True, False):
        assert libraries(files, {"app/run": elf("libx.so", search=search, inherited=inherited)}) == {place}


def test_origin_of_a_library_that_was_found_by_a_link() -> None:
    files: dict[str, bytes | str] = {"store/lib.so": b"1", "app/lib.so": "../store/lib.so", "app/near.so": b"2"}
    assert libraries(files, {"store/lib.so": elf("near.so", search="$ORIGIN")}, ("store/lib.so",)) == {"app/near.so"}


@pytest.mark.parametrize("inherited", [True, False])
def test_rpath_is_inherited_and_runpath_is_not(inherited: bool) -> None:
    files: dict[str, bytes | str] = {"app/libs/liba.so": b"1", "app/libs/libb.so": b"2"}
    needs = {"app/run": elf("liba.so", search="$ORIGIN/libs", inherited=inherited), "app/libs/liba.so": elf("libb.so")}
    expected = {"app/libs/liba.so", "app/libs/libb.so"} if inherited else {"app/libs/liba.so"}
    assert libraries(files, needs) == expected


def test_a_library_with_runpath_does_not_look_where_its_loader_does() -> None:
    files: dict[str, bytes | str] = {"app/libs/liba.so": b"1", "app/libs/libb.so": b"2"}
    needs = {
        "app/run": elf("liba.so", search="$ORIGIN/libs", inherited=True),
        "app/libs/liba.so": elf("libb.so", search="/no/where"),
    }
    assert libraries(files, needs) == {"app/libs/liba.so"}


@pytest.mark.parametrize("site", ["conda/a/mod.so", "conda/site/mod.so"])
def test_what_a_program_loads_later_looks_where_the_program_does(site: str) -> None:
    files: dict[str, bytes | str] = {"conda/bin/python": b"1", "conda/lib/libz.so.1": b"2", site: b"3"}
    program = elf(search="$ORIGIN/../lib", inherited=True, loader=LOADER)
    needs = {"conda/bin/python": program, site: elf("libz.so.1")}
    assert "conda/lib/libz.so.1" in libraries(files, needs, ("conda/bin/python", site))
    assert "conda/lib/libz.so.1" not in libraries(files, needs, (site,))


def test_folders_of_the_environment_and_of_settings() -> None:
    files: dict[str, bytes | str] = {
        "opt/cuda/libx.so": b"1",
        "opt/set/libx.so": b"2",
        "etc/ld.so.conf.d/x.conf": b"# me\n/opt/set\n",
    }
    needs = {"app/run": elf("libx.so")}
    assert libraries(files, needs) == {"opt/set/libx.so"}
    variable = (("LD_LIBRARY_PATH", "/no:/opt/cuda"),)
    assert libraries(files, needs, environment=variable) == {"opt/cuda/libx.so"}


def test_settings_that_the_layers_do_not_keep_are_given() -> None:
    files: dict[str, bytes | str] = {"opt/set/libx.so": b"2", "etc/ld-musl-x86_64.path": b""}
    given = {"etc/ld-musl-x86_64.path": b"/lib:/opt/set"}
    assert libraries(files, {"app/run": elf("libx.so")}, contents=given) == {"opt/set/libx.so"}


def test_libraries_for_newer_processors_stay_beside_the_plain_one() -> None:
    files: dict[str, bytes | str] = {
        f"{LIB}/libx.so": b"1",
        f"{LIB}/glibc-hwcaps/x86-64-v3/libx.so": b"2",
        f"{LIB}/glibc-hwcaps/x86-64-v4/other.so": b"3",
    }
    assert libraries(files, {"app/run": elf("libx.so")}) == {f"{LIB}/libx.so", f"{LIB}/glibc-hwcaps/x86-64-v3/libx.so"}


def test_libraries_of_another_machine_or_class_are_passed_over() -> None:
    files: dict[str, bytes | str] = {f"{LIB}/libx.so": b"1", "lib32/libx.so": b"2", "usr/lib/libx.so": b"3", "lib64x": b""}
    needs = {
        "app/run": elf("libx.so", search="/lib32"),
        f"{LIB}/libx.so": elf(machine=ARM),
        "lib32/libx.so": elf(bits=32),
    }
    assert libraries(files, needs) == {"usr/lib/libx.so"}


def test_what_is_no_elf_file_is_no_library() -> None:
    files: dict[str, bytes | str] = {f"{LIB}/libx.so": b"/* GNU ld script */", "usr/lib/libx.so": b"1"}
    found = kept({**FILES, **files}, ["app/run"], needs={"app/run": elf("libx.so"), "usr/lib/libx.so": elf()})
    assert "usr/lib/libx.so" in found
    assert f"{LIB}/libx.so" not in found


def test_a_library_by_its_path() -> None:
    files: dict[str, bytes | str] = {"opt/x/libx.so": b"1", "libx.so": b"2"}
    assert libraries(files, {"app/run": elf("/opt/x/libx.so")}) == {"opt/x/libx.so"}


def test_what_the_c_library_opens_by_name() -> None:
    names = ["libgcc_s.so.1", "libresolv.so.2", "libnss_files.so.2", "libnss_dns.so.2", "libnss_sss.so.2", "libnss_idle.so.2"]
    files: dict[str, bytes | str] = {f"{LIB}/{name}": b"1" for name in names}
    files["etc/nsswitch.conf"] = b"# a comment\nhosts: files dns [NOTFOUND=return] sss # idle\n"
    expected = {f"{LIB}/{name}" for name in names if "idle" not in name}
    assert libraries(files, {}) == {f"{LIB}/libc.so.6", *expected}
    assert libraries(files, {"app/run": elf()}) == set()


def test_vendored_libraries_of_wheels() -> None:
    site = "usr/lib/python3.11/site-packages"
    files: dict[str, bytes | str] = {f"{site}/numpy/core/m.so": b"1", f"{site}/numpy.libs/libopenblas-1a.so": b"2"}
    needs = {f"{site}/numpy/core/m.so": elf("libopenblas-1a.so", search="$ORIGIN/../../numpy.libs")}
    assert libraries(files, needs, (f"{site}/numpy/core/m.so",)) == {f"{site}/numpy.libs/libopenblas-1a.so"}
