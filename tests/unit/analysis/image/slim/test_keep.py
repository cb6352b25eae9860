"""What trace keeps: what was seen, what was asked for, names that lead there, what starts the container."""

from __future__ import annotations

import pytest

from inspector.analysis.image.slim.keep import contents_wanted, kept_by_trace
from inspector.records.image import Entry, Healthcheck
from inspector.records.serving import Observation
from tests.unit.analysis.image.slim.keep_making import folder, hard_link, inspected, kept, observed, symlink


def test_what_was_seen_stays_and_the_rest_goes() -> None:
    files = {"app/run": b"#!", "app/data": b"1", "app/idle": b"2", "models/a": b"3", "models/b": b"4"}
    found = kept(files, ["app/data", "models", "made/later"], ["app/run"], ["models"])
    assert found == {"app/run": "executed", "app/data": "opened", "models": "listed"}


def test_folders_above_what_stays_are_kept() -> None:
    found = kept_by_trace(inspected({"a/b/c": b"1", "d/e": b"2"}), observed(["a/b/c"]), {})
    assert found == {"a": "folder", "a/b": "folder", "a/b/c": "opened"}


@pytest.mark.parametrize("target", ["../data/real", "/data/real", "/data/./x/../real", "/../data/real"])
def test_links_that_lead_to_what_stays_are_kept(target: str) -> None:
    files = {"data/real": b"1", "data/x": folder("data/x"), "app/link": target, "app/idle": "/data/other", "data/other": b"2"}
    assert kept(files, ["data/real"])["app/link"] == "link"
    assert "app/idle" not in kept(files, ["data/real"])


def test_links_in_chains_and_through_linked_folders() -> None:
    files = {"usr/lib64/ld-2.so": b"1", "lib64": "usr/lib64", "usr/lib64/ld.so": "ld-2.so", "ld": "/lib64/ld.so", "ld2": "ld"}
    found = kept(files, ["usr/lib64/ld-2.so"])
    assert set(found) == {"usr/lib64/ld-2.so", "lib64", "usr/lib64/ld.so", "ld", "ld2"}


def test_a_folder_that_a_link_passes_through_is_kept() -> None:
    files = {"data/real": b"1", "odd/on/the/way/x": b"2", "link": "odd/on/../../data/real"}
    found = kept_by_trace(inspected(files), observed(["data/real"]), {})
    assert found["odd/on"] == "link"
    assert "odd/on/the" not in found


def test_links_in_circles_and_to_nowhere_end() -> None:
    files = {"a": "b", "b": "a", "deep/loop": "loop/loop", "gone": "no/where", "up": "../../..", "real": b"1"}
    assert kept(files, ["real", "a"]) == {"real": "opened", "a": "opened"}


def test_links_to_what_only_a_running_container_has() -> None:
    files = {"var/log/access.log": "/dev/stdout", "var/log/error.log": "/no/where", "dev": folder("dev")}
    found = kept(files)
    assert found["var/log/access.log"] == "link"
    assert "var/log/error.log" not in found


def test_other_names_of_a_file_stay() -> None:
    files = {"bin/perl": b"1", "bin/perl5": hard_link("bin/perl5", "bin/perl"), "bin/other": b"1"}
    assert kept(files, ["bin/perl"]) == {"bin/perl": "opened", "bin/perl5": "link"}
    assert kept(files, ["bin/perl5"]) == {"bin/perl": "link", "bin/perl5": "opened"}


def test_what_is_asked_for_and_added_back() -> None:
    files = {
        "opt/a": b"1",
        "opt/link": "/srv2/target",
        "srv2/target": b"#!/opt/interpreter\n",
        "opt/interpreter": b"2",
        "x/y": b"3",
        "x/z": b"4",
    }
    found = kept(files, keep=lambda path: path in ("opt/a", "opt/link"), added_back=["x/y", "no/such"])
    expected = {"opt/a": "asked for", "opt/link": "asked for", "srv2/target": "asked for", "opt/interpreter": "start-up"}
    assert found == {**expected, "x/y": "added back"}


def test_devices_and_pipes_stay() -> None:
    files = {"opt/null": Entry("opt/null", "character_device", device=(1, 3)), "opt/pipe": Entry("opt/pipe", "fifo")}
    assert kept(files) == {"opt/null": "device", "opt/pipe": "device"}


SCRIPT = b"#!/usr/bin/env -S FOO=1 python3 -u\nprint(1)\n"
PROGRAMS = {
    "usr/bin/env": b"\x7fELF",
    "usr/bin/python3": "python3.11",
    "usr/bin/python3.11": b"\x7fELF",
    "usr/bin/curl": b"\x7fELF",
    "usr/bin/sh": b"\x7fELF",
    "bin": "usr/bin",
    "usr/local/bin/serve": SCRIPT,
    "usr/bin/serve": b"another",
    "app/check.sh": b"#! /bin/sh\n",
    "app/main.py": b"1",
    "app/other.py": b"2",
}
PATH = (("PATH", "/usr/local/bin:/usr/bin"),)


def test_the_entrypoint_is_found_as_the_engine_finds_it() -> None:
    found = kept(PROGRAMS, entrypoint=("serve", "--port", "80"), command=("main.py",), working_dir="/app", environment=PATH)
    assert found["usr/local/bin/serve"] == found["usr/bin/env"] == found["usr/bin/python3.11"] == "start-up"
    assert found["app/main.py"] == "start-up"
    assert found["usr/bin/python3"] == "link"
    assert not {"usr/bin/serve", "usr/bin/curl", "usr/bin/sh", "app/other.py"} & found.keys()


def test_programs_of_the_health_check() -> None:
    check = Healthcheck(("CMD-SHELL", "curl -f http://localhost/ || ./check.sh"))
    found = kept(PROGRAMS, healthcheck=check, working_dir="/app", environment=PATH)
    assert {path for path, reason in found.items() if reason == "start-up"} == {"usr/bin/curl", "usr/bin/sh", "app/check.sh"}
    found = kept(PROGRAMS, healthcheck=Healthcheck(("CMD", "/usr/bin/curl", "x")))
    assert {path for path, reason in found.items() if reason == "start-up"} == {"usr/bin/curl"}
    assert kept(PROGRAMS, healthcheck=Healthcheck(("NONE",))) == {}


def test_every_command_of_a_line_of_shell_and_the_files_it_names() -> None:
    line = "export A=1; (curl x) && exec python3 main.py"
    found = kept(PROGRAMS, entrypoint=("/bin/sh", "-c", line), working_dir="/app", environment=PATH)
    expected = {"usr/bin/sh", "usr/bin/curl", "usr/bin/python3.11", "app/main.py"}
    assert {path for path, reason in found.items() if reason == "start-up"} == expected


def test_a_script_that_another_program_is_given() -> None:
    found = kept(PROGRAMS, entrypoint=("/usr/bin/env", "--", "/app/check.sh"))
    assert found["app/check.sh"] == found["usr/bin/sh"] == "start-up"


def test_a_command_for_the_shell_with_a_quote_that_never_ends() -> None:
    found = kept(PROGRAMS, command=("/bin/sh", "-c", "exec python3 main.py 'oops"), environment=PATH)
    assert found["usr/bin/python3.11"] == "start-up"


def test_interpreters_of_scripts_that_were_executed() -> None:
    found = kept(PROGRAMS, executed=["app/check.sh"])
    assert found["usr/bin/sh"] == "start-up"


def test_an_interpreter_that_is_a_script_itself() -> None:
    found = kept({**PROGRAMS, "app/tool": b"#!/app/check.sh -x\n"}, executed=["app/tool"])
    assert found["app/check.sh"] == found["usr/bin/sh"] == "start-up"


def test_a_script_that_is_its_own_interpreter_ends() -> None:
    assert kept({"x": b"#!/x\n"}, executed=["x"]) == {"x": "executed"}


def test_the_order_of_what_was_seen_does_not_matter() -> None:
    files = {**PROGRAMS, "etc/a": b"1", "tmp": folder("tmp", 0o1777)}
    one = kept_by_trace(inspected(files), observed(sorted(files)), {})
    other = kept_by_trace(inspected(dict(reversed(files.items()))), observed(sorted(files, reverse=True)), {})
    assert list(one.items()) == list(other.items())


def test_what_the_rules_want_to_read() -> None:
    files = {
        "etc/ld.so.conf": b"1",
        "etc/ld.so.conf.d/a.conf": b"1",
        "etc/nsswitch.conf": b"1",
        "app/m.py": b"1",
        "app/__pycache__/m.cpython-311.pyc": b"1",
        "app/__pycache__/n.cpython-311.pyc": b"1",
        "link": symlink("link", "etc"),
    }
    wanted = contents_wanted(inspected(files), Observation(frozenset({"app/m.py"})))
    assert set(wanted) == {
        "etc/ld.so.conf", "etc/ld.so.conf.d/a.conf", "etc/nsswitch.conf", "app/__pycache__/m.cpython-311.pyc",
    }  # fmt: skip
    assert wanted["app/__pycache__/m.cpython-311.pyc"] == 16


def test_an_image_that_was_not_indexed() -> None:
    from dataclasses import replace

    with pytest.raises(ValueError, match="not indexed"):
        kept_by_trace(replace(inspected({}), file_system=None), Observation(), {})
