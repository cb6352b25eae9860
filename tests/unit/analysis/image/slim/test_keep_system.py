"""What of the system stays without being seen: settings, mount points, homes, certificates, languages, time zones."""

from __future__ import annotations

import pytest

from tests.unit.analysis.image.content_making import Content
from tests.unit.analysis.image.layer_making import file
from tests.unit.analysis.image.slim.keep_making import folder, kept

PASSWD = b"root:x:0:0:root:/root:/bin/bash\napp:x:1000:1000::/home/app:/bin/zsh\nodd\nwww:x:33:33::/usr/local:/bin/sh\n"


def test_settings_stay_but_for_large_files_and_links_to_what_goes() -> None:
    files: dict[str, Content | str] = {
        "etc/app/a.conf": b"1",
        "etc/app/empty.conf": 0,
        "etc/huge": (1 << 20) + 1,
        "etc/opened": 1 << 21,
        "etc/alternatives/vim": "/usr/bin/vim",
        "usr/bin/vim": b"1",
        "etc/mtab": "/proc/mounts",
        "etc/gone": "/no/where",
        "etc/os-release": "../usr/lib/os-release",
        "usr/lib/os-release": b"1",
        "etc/ld.so.cache": 1 << 21,
        "etcetera/x": b"1",
    }
    found = kept(files, ["etc/opened"])
    assert found == {
        "etc": "settings",
        "etc/app": "settings",
        "etc/app/a.conf": "settings",
        "etc/app/empty.conf": "settings",
        "etc/alternatives": "settings",
        "etc/opened": "opened",
        "etc/mtab": "settings",
        "etc/gone": "settings",
        "etc/os-release": "link",
        "usr/lib/os-release": "settings",
        "etc/ld.so.cache": "start-up",
    }


def test_settings_in_an_etc_that_is_a_link() -> None:
    assert kept({"etc": "usr/etc", "usr/etc/a": b"1"}) == {"etc": "link", "usr/etc": "settings", "usr/etc/a": "settings"}


def test_mount_points_and_folders_to_write_to() -> None:
    files: dict[str, Content | str] = {
        "proc": folder("proc"),
        "tmp/left": b"1",
        "var/run": "/run",
        "run/x": b"1",
        "var/tmp/x": b"1",
        "opt/empty": folder("opt/empty"),
        "opt/open/x": b"1",
        "opt/open": folder("opt/open", 0o777),
        "opt/sticky/x": b"1",
        "opt/sticky": folder("opt/sticky", 0o1755),
        "opt/closed/x": b"1",
        "opt/closed": folder("opt/closed"),
    }
    found = kept(files)
    assert {path for path, reason in found.items() if reason == "mount point"} == {
        "proc", "tmp", "run", "var/tmp", "opt/empty", "opt/open", "opt/sticky",
    }  # fmt: skip
    assert found["var/run"] == "link"
    assert not {"tmp/left", "opt/closed", "opt/open/x"} & found.keys()


def test_volumes_stay_whole_since_nobody_sees_what_is_opened_there() -> None:
    files = {"data/a/b": b"1", "models/c": b"1", "datax": b"1"}
    assert kept(files, volumes=("/data", "/gone")) == {
        "data": "mount point",
        "data/a": "mount point",
        "data/a/b": "mount point",
    }


@pytest.mark.parametrize("user", ["app", "1000", "app:app", "1000:0"])
def test_home_of_the_user_and_folders_of_its_own(user: str) -> None:
    files: dict[str, Content | str] = {
        "etc/passwd": PASSWD,
        "home/app/.config/a": b"1",
        "home/app/weights": (1 << 20) + 1,
        "home/app/.cache/pip/x": b"1",
        "home/app/.local/lib/python3.11/site-packages/m.py": b"1",
        "home/other/x": b"1",
        "root/.bashrc": b"1",
        "srv/own/x": b"1",
        "srv/own": folder("srv/own", uid=1000),
        "usr/lib/python3.11/site-packages/own/x": b"1",
        "usr/lib/python3.11/site-packages/own": folder("usr/lib/python3.11/site-packages/own", uid=1000),
        "bin/zsh": b"1",
    }
    found = kept(files, user=user)
    assert {path for path, reason in found.items() if reason not in ("settings",)} == {
        "home/app", "home/app/.config", "home/app/.config/a", "home/app/.local", "home/app/.local/lib", "srv", "srv/own",
    }  # fmt: skip


def test_home_of_root_stays_empty_and_that_of_others_is_no_folder_of_the_system() -> None:
    files = {"etc/passwd": PASSWD, "root/.bashrc": b"1", "usr/local/lib/x": b"1", "opt/home/y": b"1"}
    assert {path for path, reason in kept(files).items() if reason == "home"} == {"root"}
    assert {path for path, reason in kept(files, user="www").items() if reason == "home"} == {"usr/local"}
    found = kept(files, environment=(("HOME", "/opt/home"),), working_dir="/usr")
    assert {path for path, reason in found.items() if reason == "home"} == {"root", "opt/home", "usr"}


def test_folders_and_small_files_that_variables_name() -> None:
    files = {"models/a": b"1", "app/b.yaml": b"1", "app/c.bin": 1 << 21, "app/d": b"1"}
    found = kept(
        files, environment=(("MODELS", "/models:/gone"), ("CONFIG", "/app/b.yaml"), ("W", "/app/c.bin"), ("X", "app/d"))
    )
    assert found == {"models": "settings", "app/b.yaml": "settings"}


def test_certificates_wherever_links_lead() -> None:
    files: dict[str, Content | str] = {
        "etc/ssl/certs/a.pem": "/usr/share/ca-certificates/mozilla/a.crt",
        "usr/share/ca-certificates/mozilla/a.crt": b"1",
        "usr/share/ca-certificates/mozilla/off.crt": b"1",
        "usr/lib/ssl/openssl.cnf": b"1",
        "usr/lib/ssl/certs": "/etc/ssl/certs",
        "usr/local/share/ca-certificates/own.crt": b"1",
        "opt/own.pem": b"1",
        "opt/certs/b.pem": b"1",
    }
    variables = (("REQUESTS_CA_BUNDLE", "/opt/own.pem"), ("SSL_CERT_DIR", "/opt/certs"), ("SSL_CERT_FILE", "/gone.pem"))
    found = kept(files, environment=variables)
    assert found["usr/share/ca-certificates/mozilla/a.crt"] == found["usr/lib/ssl/openssl.cnf"] == "certificates"
    assert found["etc/ssl/certs/a.pem"] == found["usr/lib/ssl/certs"] == "link"
    assert found["opt/certs/b.pem"] == found["usr/local/share/ca-certificates/own.crt"] == "certificates"
    assert "opt/own.pem" in found
    assert "usr/share/ca-certificates/mozilla/off.crt" not in found
    assert not {"opt/own.pem", "opt/certs/b.pem"} & kept(files).keys()


LOCALES: dict[str, Content | str] = {
    "usr/lib/locale/C.utf8/LC_CTYPE": b"1",
    "usr/lib/locale/de_DE.utf8/LC_CTYPE": b"1",
    "usr/lib/locale/fr_FR.utf8/LC_CTYPE": b"1",
    "usr/lib/locale/locale-archive": 1 << 21,
    "usr/share/locale/de/LC_MESSAGES/x.mo": b"1",
    "usr/share/locale/locale.alias": b"1",
}


@pytest.mark.parametrize(
    "variable", [("LANG", "de_DE.UTF-8"), ("LC_ALL", "de_DE.utf8"), ("LC_TIME", "de_DE"), ("LANGUAGE", "C:de_DE.UTF8")]
)
def test_languages_that_variables_name(variable: tuple[str, str]) -> None:
    found = kept(LOCALES, environment=(variable,))
    places = {path for path, reason in found.items() if reason == "locale"}
    assert places == {
        "usr/lib/locale/C.utf8", "usr/lib/locale/C.utf8/LC_CTYPE", "usr/lib/locale/de_DE.utf8",
        "usr/lib/locale/de_DE.utf8/LC_CTYPE", "usr/lib/locale/locale-archive", "usr/share/locale/locale.alias",
    }  # fmt: skip


@pytest.mark.parametrize("environment", [(), (("LANG", "C.UTF-8"),), (("LC_ALL", "POSIX"),), (("LANG", "../../etc"),)])
def test_the_plain_language_always_stays(environment: tuple[tuple[str, str], ...]) -> None:
    assert kept(LOCALES, environment=environment).keys() == {"usr/lib/locale/C.utf8", "usr/lib/locale/C.utf8/LC_CTYPE"}


def test_tables_of_character_sets_stay_where_a_converter_does() -> None:
    gconv = "usr/lib/x86_64-linux-gnu/gconv"
    files = {f"{gconv}/{name}": b"1" for name in ("gconv-modules", "gconv-modules.cache", "gconv-modules.d/x", "A.so", "B.so")}
    found = kept(files, [f"{gconv}/A.so"])
    assert found[f"{gconv}/gconv-modules"] == found[f"{gconv}/gconv-modules.d/x"] == "locale"
    assert f"{gconv}/B.so" not in found
    assert kept(files) == {}


@pytest.mark.parametrize("zone", ["Europe/Oslo", ":Europe/Oslo", "/usr/share/zoneinfo/Europe/Oslo"])
def test_time_zones(zone: str) -> None:
    files: dict[str, Content | str] = {
        "etc/localtime": "/usr/share/zoneinfo/Asia/Tokyo",
        "usr/share/zoneinfo/Asia/Tokyo": b"1",
        "usr/share/zoneinfo/Europe/Oslo": b"1",
        "usr/share/zoneinfo/Europe/Rome": b"1",
        "usr/share/zoneinfo/UTC": b"1",
    }
    found = kept(files, environment=(("TZ", zone),))
    zones = {path.removeprefix("usr/share/zoneinfo/") for path in found if "zoneinfo/" in path}
    assert zones == {"Asia/Tokyo", "Europe/Oslo", "UTC"}
    assert found["etc/localtime"] == "link"
    assert "usr/share/zoneinfo/Europe/Oslo" not in kept(files)


def test_databases_of_packages_for_scanners() -> None:
    files: dict[str, Content | str] = {
        "var/lib/dpkg/status": 3 << 20,
        "var/lib/dpkg/status.d/base": b"1",
        "var/lib/dpkg/info/x.list": b"1",
        "lib": "usr/lib",
        "usr/lib/apk/db/installed": b"1",
        "var/lib/rpm/rpmdb.sqlite": file("var/lib/rpm/rpmdb.sqlite", 9 << 20),
    }
    found = kept(files)
    places = {path for path, reason in found.items() if reason == "package metadata"}
    assert {
        "var/lib/dpkg/status",
        "var/lib/dpkg/status.d/base",
        "usr/lib/apk/db/installed",
        "var/lib/rpm/rpmdb.sqlite",
    } <= places
    assert "var/lib/dpkg/info/x.list" not in found


def test_the_shell_of_the_user_goes_unless_it_was_used() -> None:
    files = {"etc/passwd": PASSWD, "bin/zsh": b"1"}
    assert "bin/zsh" not in kept(files, user="app")
    assert "bin/zsh" in kept(files, executed=["bin/zsh"], user="app")
