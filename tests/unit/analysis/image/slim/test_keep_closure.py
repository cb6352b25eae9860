"""What holds of every file system: more observed never keeps less, nothing is made up, and keeping again adds nothing."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from inspector.analysis.image.slim.keep import kept_by_trace
from inspector.records.image_contents import ElfNeeds
from inspector.records.serving import Observation
from tests.unit.analysis.image.content_making import Content
from tests.unit.analysis.image.slim.keep_making import folder, hard_link, inspected

NAMES = (
    "etc", "lib", "usr", "python3.11", "site-packages", "__pycache__", "os.py", "os.cpython-311.pyc", "m.so", "libc.so.6",
    "python3", "a.pth", "__init__.py", "x.dist-info", "METADATA", "RECORD", "tmp", "gconv", "gconv-modules", "app",
)  # fmt: skip
PATHS = st.lists(st.sampled_from(NAMES), min_size=1, max_size=4).map("/".join)
TARGETS = st.one_of(PATHS, PATHS.map("/{}".format), PATHS.map("../{}".format), st.sampled_from(["..", ".", "/", "a/../.."]))
CONTENTS = st.sampled_from([b"", b"#!/usr/python3\n", b"import os\n/lib\n", b"\x7fELF" + bytes(60), b"os.py,,1\n"])
NEEDS = st.builds(
    ElfNeeds,
    needed=st.lists(st.sampled_from(["m.so", "libc.so.6", "/usr/m.so", "libgone.so"]), max_size=3).map(tuple),
    search=st.lists(st.sampled_from(["$ORIGIN", "$ORIGIN/../lib", "/usr", "$LIB"]), max_size=2).map(tuple),
    interpreter=st.sampled_from(["", "/lib/m.so"]),
    machine=st.sampled_from([62, 183]),
    is_inherited=st.booleans(),
)


@st.composite
def file_systems(draw: st.DrawFn) -> dict[str, Content | str]:
    files: dict[str, Content | str] = {}
    for path in draw(st.lists(PATHS, max_size=14, unique=True)):
        node = draw(st.one_of(CONTENTS, TARGETS, st.just("folder"), PATHS.map("hard {}".format)))
        if node == "folder":
            files[path] = folder(path)
        elif isinstance(node, str) and node.startswith("hard "):
            files[path] = hard_link(path, node[5:])
        else:
            files[path] = node
    return files


@settings(max_examples=60, deadline=None)
@given(file_systems(), st.sets(PATHS), st.sets(PATHS), st.dictionaries(PATHS, NEEDS, max_size=6))
def test_keeping_is_a_closure(
    files: dict[str, Content | str], few: set[str], more: set[str], needs: dict[str, ElfNeeds]
) -> None:
    inspection = inspected(files, command=("python3", "m.so"), working_dir="/app")
    assert inspection.file_system is not None
    entries = inspection.file_system.entries
    for executed in (frozenset[str](), frozenset(few)):
        small = kept_by_trace(inspection, Observation(frozenset(few), executed), needs)
        large = kept_by_trace(inspection, Observation(frozenset(few | more), executed and frozenset(few | more)), needs)
        again = kept_by_trace(inspection, Observation(frozenset(small), executed), needs)
        assert small.keys() <= large.keys() <= entries.keys()
        assert again.keys() == small.keys()
        assert (few & entries.keys()) <= small.keys()
        assert all(path.rpartition("/")[0] in {"", *small} for path in small)


def test_links_by_the_thousand_take_no_time() -> None:
    files: dict[str, Content | str] = {f"links/{number}": f"{number + 1}" for number in range(5000)}
    files |= {f"loop/{number}": f"{number}/x" for number in range(5000)}
    files["links/5000"] = b"1"
    kept = kept_by_trace(inspected(files), Observation(frozenset({"links/5000"})), {})
    assert "links/4960" in kept
    assert "links/4900" not in kept
