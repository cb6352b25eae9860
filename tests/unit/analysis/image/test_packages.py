"""Packages: Python, Debian, Alpine, what they own, and what nobody does."""

from __future__ import annotations

import csv
import io
from importlib.metadata import distributions
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector.analysis.image.file_system import merge
from inspector.analysis.image.packages import find_packages
from inspector.records.image import Entry, Layer
from inspector.records.image_contents import Package, Packages
from tests.unit.analysis.image.content_making import layer, packages_of
from tests.unit.analysis.image.layer_making import hard_link, symlink

SITE = "usr/lib/python3.11/site-packages"
METADATA = b"Metadata-Version: 2.1\nName: toolbox\nVersion: 1.2\nSummary: Tools\n\nName: not this one\n"


def wheel(record: str, **others: bytes | int) -> dict[str, bytes | int]:
    info = f"{SITE}/toolbox-1.2.dist-info"
    return {f"{info}/METADATA": METADATA, f"{info}/RECORD": record.encode(), **others}


def only(packages: Packages) -> Package:
    (package,) = packages.packages
    return package


def test_a_wheel_owns_what_its_record_lists() -> None:
    record = "toolbox/__init__.py,sha256=abc,10\ntoolbox/core.py,sha256=def,20\ntoolbox-1.2.dist-info/RECORD,,\n"
    files = {f"{SITE}/toolbox/__init__.py": 10, f"{SITE}/toolbox/core.py": 20, f"{SITE}/toolbox/stray.py": 5}
    packages = packages_of(wheel(record, **files))
    package = only(packages)
    assert (package.kind, package.name, package.version, package.summary) == ("python", "toolbox", "1.2", "Tools")
    assert package.bytes == 30 + len(record)
    assert package.files == 3
    assert package.declared_bytes == 30
    assert (package.missing_files, package.changed_files) == (0, 0)
    assert package.place == f"{SITE}/toolbox-1.2.dist-info/METADATA"
    assert package.layer == 0
    assert packages.unowned_bytes == 5 + len(METADATA)
    assert packages.unowned_files == 2


def test_record_paths_lead_out_of_site_packages_but_not_out_of_the_root() -> None:
    record = "../../../bin/tool,sha256=a,7\n../../../../../../../../etc/tool.conf,sha256=a,3\n/opt/tool,sha256=a,2\n"
    package = only(packages_of(wheel(record, **{"usr/bin/tool": 7, "etc/tool.conf": 3, "opt/tool": 2})))
    assert package.bytes == 12
    assert package.missing_files == 0


def test_quoted_record_rows_and_windows_line_ends() -> None:
    record = '"toolbox/a,b.py",sha256=a,4\r\ntoolbox/c.py,sha256=a,5\r\n'
    package = only(packages_of(wheel(record, **{f"{SITE}/toolbox/a,b.py": 4, f"{SITE}/toolbox/c.py": 5})))
    assert (package.bytes, package.files, package.declared_bytes) == (9, 2, 9)


def test_missing_and_changed_files_are_told() -> None:
    record = "toolbox/a.py,sha256=a,4\ntoolbox/b.py,sha256=a,5\ntoolbox/c.py,sha256=a,6\n"
    package = only(packages_of(wheel(record, **{f"{SITE}/toolbox/a.py": 4, f"{SITE}/toolbox/b.py": 50})))
    assert (package.missing_files, package.changed_files) == (1, 1)
    assert (package.bytes, package.declared_bytes) == (54, 15)


def test_bytecode_that_no_record_lists_is_told_apart() -> None:
    record = "toolbox/a.py,sha256=a,4\ntoolbox/b.py,sha256=a,4\ntoolbox/__pycache__/b.cpython-311.pyc,,\n"
    caches = {
        f"{SITE}/toolbox/__pycache__/{name}": 100 for name in ("a.cpython-311.pyc", "b.cpython-311.pyc", "c.cpython-311.pyc")
    }
    packages = packages_of(wheel(record, **{f"{SITE}/toolbox/a.py": 4, f"{SITE}/toolbox/b.py": 4, **caches}))
    package = only(packages)
    assert package.bytes == 108
    assert package.bytecode_bytes == 100
    assert packages.unowned_bytes == 100 + len(METADATA) + len(record), "c.py is nowhere"


def test_a_file_that_two_list_counts_for_the_first_one() -> None:
    record = b"shared/__init__.py,sha256=a,10\n"
    files: dict[str, bytes | int] = {f"{SITE}/shared/__init__.py": 10}
    for name in ("alpha", "beta"):
        files[f"{SITE}/{name}-1.dist-info/METADATA"] = f"Name: {name}\nVersion: 1\n".encode()
        files[f"{SITE}/{name}-1.dist-info/RECORD"] = record
    sizes = {package.name: package.bytes for package in packages_of(files).packages}
    assert sizes == {"alpha": 10, "beta": 0}


def test_what_a_package_vendors_is_its_own() -> None:
    vendored = "toolbox/_vendor/small-3.dist-info"
    record = f"toolbox/_vendor/small.py,sha256=a,5\n{vendored}/METADATA,sha256=a,24\n"
    files = {f"{SITE}/toolbox/_vendor/small.py": 5, f"{SITE}/{vendored}/METADATA": b"Name: small\nVersion: 3.0\n"}
    assert only(packages_of(wheel(record, **files))).name == "toolbox"


def test_without_a_record_modules_are_told_by_name() -> None:
    info = f"{SITE}/toolbox-1.2.dist-info"
    files = {f"{info}/METADATA": METADATA, f"{info}/top_level.txt": b"toolbox\n_toolbox\n", f"{SITE}/toolbox/a.py": 5}
    package = only(packages_of({**files, f"{SITE}/_toolbox.py": 3, f"{SITE}/other.py": 1}))
    assert package.declared_bytes is None
    assert package.bytes == 8 + len(METADATA) + len(b"toolbox\n_toolbox\n")


def test_egg_info_with_its_list() -> None:
    info = f"{SITE}/toolbox-1.2-py3.11.egg-info"
    files = {
        f"{info}/PKG-INFO": METADATA,
        f"{info}/installed-files.txt": b"../toolbox/a.py\n../../../../bin/toolbox\nPKG-INFO\n",
        f"{SITE}/toolbox/a.py": 5,
        "usr/bin/toolbox": 6,
    }
    package = only(packages_of(files))
    assert (package.name, package.version, package.bytes) == ("toolbox", "1.2", 11 + len(METADATA))


def test_egg_info_that_is_a_file() -> None:
    package = only(packages_of({f"{SITE}/toolbox-1.2.egg-info": METADATA, f"{SITE}/toolbox.py": 9}))
    assert (package.name, package.bytes) == ("toolbox", 9 + len(METADATA))


STATUS = b"""Package: bash
Status: install ok installed
Architecture: amd64
Installed-Size: 2
Version: 5.2-1
Description: GNU Bourne Again SHell
 Bash is a shell.

Package: gone
Status: deinstall ok config-files
Version: 1

Package: libz1
Status: install ok installed
Architecture: amd64
Multi-Arch: same
Version: 1:1.3
"""


def test_debian_packages_and_merged_usr() -> None:
    files = {
        "bin": symlink("bin", "usr/bin"),
        "usr/bin/bash": 1000,
        "usr/share/doc/bash/copyright": 50,
        "usr/lib/libz.so.1": 70,
        "var/lib/dpkg/status": STATUS,
        "var/lib/dpkg/info/bash.list": b"/.\n/bin\n/bin/bash\n/usr\n/usr/share\n/usr/share/doc\n/usr/share/doc/bash\n"
        b"/usr/share/doc/bash/copyright\n/usr/share/doc/bash/gone.gz\n",
        "var/lib/dpkg/info/libz1:amd64.list": b"/.\n/usr/lib/libz.so.1\n",
    }
    packages = packages_of(files)
    bash, libz = packages.packages
    assert (bash.kind, bash.name, bash.version, bash.bytes, bash.files) == ("debian", "bash", "5.2-1", 1050, 2)
    assert (bash.declared_bytes, bash.missing_files, bash.summary) == (2048, 1, "GNU Bourne Again SHell")
    assert (libz.name, libz.bytes, libz.declared_bytes) == ("libz1", 70, None)


def test_distroless_has_a_status_a_package() -> None:
    files = {
        "var/lib/dpkg/status.d/base-files": b"Package: base-files\nVersion: 12\nArchitecture: amd64\n",
        "var/lib/dpkg/status.d/base-files.md5sums": b"0123456789abcdef0123456789abcdef  etc/issue\n00  ./usr/lib/os-release\n",
        "etc/issue": 5,
        "usr/lib/os-release": 6,
    }
    package = only(packages_of(files))
    assert (package.name, package.bytes, package.place) == ("base-files", 11, "var/lib/dpkg/status.d/base-files")


def test_alpine_packages() -> None:
    database = (
        b"C:Q1abc=\nP:musl\nV:1.2.5-r0\nT:the C library\nI:637\nF:lib\nR:ld-musl-x86_64.so.1\na:0:0:755\nZ:Q1x=\nF:\nR:top\n\n"
        b"P:busybox\nV:1.36\nF:bin\nR:busybox\n\n"
    )
    files = {"lib/apk/db/installed": database, "lib/ld-musl-x86_64.so.1": 600, "top": 1, "bin/busybox": 800}
    busybox, musl = packages_of(files).packages
    assert (busybox.kind, busybox.name, busybox.bytes, busybox.declared_bytes) == ("alpine", "busybox", 800, None)
    assert (musl.name, musl.version, musl.bytes, musl.declared_bytes, musl.summary) == (
        "musl",
        "1.2.5-r0",
        601,
        637,
        "the C library",
    )


def test_a_python_distribution_that_debian_owns_is_debians() -> None:
    place = "usr/lib/python3/dist-packages/six-1.16.dist-info/METADATA"
    files = {
        "var/lib/dpkg/status": b"Package: python3-six\nStatus: install ok installed\nVersion: 1.16\nArchitecture: all\n",
        "var/lib/dpkg/info/python3-six.list": f"/usr/lib/python3/dist-packages/six.py\n/{place}\n".encode(),
        "usr/lib/python3/dist-packages/six.py": 30,
        place: b"Name: six\nVersion: 1.16\n",
    }
    assert only(packages_of(files)).kind == "debian"


def test_backslashes_doubled_in_records_are_found() -> None:
    files = {
        "var/lib/dpkg/status": b"Package: systemd\nStatus: install ok installed\nVersion: 1\nArchitecture: amd64\n",
        "var/lib/dpkg/info/systemd.list": b"/lib/system-\\x2dcrypt.slice\n",
        "lib/system-\\\\x2dcrypt.slice": 12,
    }
    package = only(packages_of(files))
    assert (package.bytes, package.missing_files) == (12, 0)


def test_hard_links_nobody_owns_count_once() -> None:
    files = {"data/a.bin": 100, "data/b.bin": hard_link("data/b.bin", "data/a.bin")}
    packages = packages_of(files)
    assert (packages.unowned_bytes, packages.unowned_files) == (100, 2)


def test_the_largest_unowned_folders() -> None:
    files: dict[str, int] = {"opt/models/big/model.onnx": 1000, "srv/app/main.py": 10, "srv/app/util.py": 10, "srv/data/x": 30}
    assert packages_of(files).unowned_largest == (("opt/models/big/model.onnx", 1000), ("srv/data/x", 30), ("srv/app", 20))


def test_hostile_names_are_made_plain() -> None:
    files = {f"{SITE}/x-1.dist-info/METADATA": "Name: a\x1b[31m\u202eb\nVersion: 1\x00\nSummary: \ufe0f\u3164\n".encode()}
    package = only(packages_of(files))
    assert package.name == "a�[31m�b"
    assert package.version == "1�"
    assert package.summary == "��"


@pytest.mark.parametrize("size", ["-1", "1e3", "²", "9" * 40, "", " 5", "0x10"])
def test_sizes_that_are_no_numbers_are_no_sizes(size: str) -> None:
    package = only(packages_of(wheel(f"toolbox/a.py,sha256=a,{size}\n", **{f"{SITE}/toolbox/a.py": 4})))
    assert (package.bytes, package.declared_bytes, package.changed_files) == (4, 0, 0)


def test_symlinks_in_a_circle_end() -> None:
    files = {
        "a": symlink("a", "b"),
        "b": symlink("b", "a"),
        "var/lib/dpkg/status": b"Package: loop\nStatus: install ok installed\nVersion: 1\nArchitecture: all\n",
        "var/lib/dpkg/info/loop.list": b"/a/file\n",
    }
    assert only(packages_of(files)).missing_files == 1


def test_repeated_paragraphs_read_one_list_once() -> None:
    paragraph = b"Package: bash\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1\n\n"
    listing = b"".join(b"/usr/bin/%d\n" % number for number in range(5000))
    files = {"var/lib/dpkg/status": paragraph * 5000, "var/lib/dpkg/info/bash.list": listing, "usr/bin/1": 1}
    assert only(packages_of(files)).missing_files == 4999


@given(
    st.dictionaries(st.sampled_from(["RECORD", "METADATA", "top_level.txt"]), st.binary(max_size=200)), st.binary(max_size=200)
)
def test_any_bytes_in_records_make_packages_that_add_up(contents: dict[str, bytes], status: bytes) -> None:
    info = f"{SITE}/x-1.dist-info"
    files: dict[str, bytes | int] = {f"{info}/{name}": content for name, content in contents.items()}
    files |= {
        "var/lib/dpkg/status": status,
        "var/lib/dpkg/info/a.list": b"/etc/a\n",
        "lib/apk/db/installed": status,
        "etc/a": 7,
    }
    layers = (layer(files),)
    packages = find_packages(layers, merge(layers))
    owned = sum(package.bytes + package.bytecode_bytes for package in packages.packages)
    assert owned + packages.unowned_bytes == merge(layers).size_bytes


def test_installed_distributions_come_to_what_their_records_say() -> None:
    """The packages that run this test, read from disk, against importlib.metadata and the csv module."""
    installed = {str(one.metadata["Name"]): one for one in distributions() if _is_installed(one)}
    site = Path(next(iter(installed.values())).locate_file(""))  # type: ignore[arg-type]
    found = {package.name: package for package in find_packages(*_on_disk(site)).packages}
    compared = 0
    for name, one in installed.items():
        if Path(one.locate_file("")) != site:  # type: ignore[arg-type]
            continue
        rows = [row for row in csv.reader(io.StringIO(one.read_text("RECORD") or "")) if row and not row[0].startswith("..")]
        there = [site / row[0] for row in rows if (site / row[0]).is_file() and not (site / row[0]).is_symlink()]
        assert found[name].bytes == sum(path.stat().st_size for path in there), name
        assert found[name].files == len(set(there)), name
        compared += 1
    assert compared > 20


def _is_installed(distribution: object) -> bool:
    read = getattr(distribution, "read_text", None)
    return read is not None and bool(read("RECORD"))


def _on_disk(site: Path) -> tuple[tuple[Layer, ...], object]:
    entries, contents = [], {}
    for position, path in enumerate(sorted(site.rglob("*"))):
        name = f"{SITE}/{path.relative_to(site)}"
        if path.is_file() and not path.is_symlink():
            entries.append(Entry(name, "file", path.stat().st_size, offset=512 * position))
            if path.parent.name.endswith(".dist-info") and path.name in ("RECORD", "METADATA", "top_level.txt"):
                contents[name] = path.read_bytes()
    layers = (Layer(0, entries=tuple(entries), contents=contents),)
    return layers, merge(layers)
