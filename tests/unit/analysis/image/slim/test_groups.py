"""What stays and goes of packages, models and folders: names, patterns, and sums that leave nothing out."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from inspector.analysis.image.slim.groups import groups_of, kept_shares
from inspector.analysis.image.slim.patterns import Patterns
from inspector.records.image import Layer
from inspector.records.image_inspection import ImageInspection
from inspector.records.slimming import KeepReason, SlimGroup
from tests.unit.analysis.image.layer_making import file, hard_link, stack, stacks
from tests.unit.analysis.image.slim.slim_making import SITE, debian_packages, of_files, of_layers, python_package

ONNX = b"\x08\x07\x12\x04test\x3a\xc8\x01" + bytes(200)
FILES = {
    **debian_packages({"bash": {"usr/bin/bash": 50, "usr/share/man/bash.1": 9}}),
    **python_package("thing", {"thing/__init__.py": 10, "thing/extra.py": 20, "thing/data.bin": 30}),
    f"{SITE}/thing/__pycache__/__init__.cpython-312.pyc": 11,
    f"{SITE}/bare/module.py": 12,
    f"{SITE}/single.py": 13,
    "usr/local/lib/python3.12/os.py": 14,
    "etc/passwd": 15,
    "opt/app/main.py": 16,
    "opt/app/lib/more.py": 17,
    "srv/models/net.onnx": ONNX,
    "srv/models/net.onnx_data": 400,
    "srv/models/vocabulary.txt": 5,
    "start.sh": 6,
    "home/me/.cache/pip/x": 7,
    "root/.profile": 8,
    "app/node_modules/left/index.js": 9,
}


def sums(groups: tuple[SlimGroup, ...]) -> tuple[int, int]:
    return (
        sum(group.kept_bytes + group.dropped_bytes for group in groups),
        sum(group.kept_files + group.dropped_files for group in groups),
    )


def named(groups: tuple[SlimGroup, ...], name: str) -> SlimGroup:
    (found,) = (group for group in groups if group.name == name)
    return found


def test_whose_files_they_are() -> None:
    groups = groups_of(of_files(FILES))
    assert {(group.kind, group.name, group.pattern) for group in groups} == {
        ("debian", "bash", "package:deb:bash"),
        ("system", "/var/lib/dpkg", "/var/lib/dpkg/"),
        ("python", "thing", "package:thing"),
        ("python", "bare", f"/{SITE}/bare/"),
        ("python", "single.py", f"/{SITE}/single.py"),
        ("system", "/usr/local/lib/python3.12", "/usr/local/lib/python3.12/"),
        ("system", "/etc", "/etc/"),
        ("application", "/opt/app", "/opt/app/"),
        ("model", "/srv/models/net.onnx", "/srv/models/net.onnx"),
        ("model", "/srv/models", "/srv/models/"),
        ("application", "/start.sh", "/start.sh"),
        ("system", "/home/me/.cache", "/home/me/.cache/"),
        ("application", "/root", "/root/"),
        ("application", "/app/node_modules", "/app/node_modules/"),
    }
    assert all(group.risk == "none" and not group.dropped_bytes for group in groups)


def test_what_goes_of_a_package_and_what_that_risks() -> None:
    inspection = of_files(FILES)
    kept = {"usr/bin/bash", f"{SITE}/thing/__init__.py", "srv/models/net.onnx"}
    groups = groups_of(inspection, kept)
    thing = named(groups, "thing")
    metadata = [path for path in FILES if "thing-1.0.dist-info" in path]
    assert (thing.kept_bytes, thing.kept_files, thing.dropped_files) == (10, 1, 3 + len(metadata))
    assert thing.dropped_bytes == 20 + 30 + 11 + sum(len(FILES[path]) for path in metadata)  # type: ignore[arg-type]
    assert (f"{SITE}/thing/data.bin", 30) in thing.largest
    assert (thing.risk, named(groups, "bare").risk, named(groups, "/opt/app").risk) == ("medium", "low", "high")
    model = named(groups, "/srv/models/net.onnx")
    assert (model.kept_bytes, model.dropped_bytes) == (len(ONNX), 400)
    assert [group.dropped_bytes for group in groups] == sorted((group.dropped_bytes for group in groups), reverse=True)


def test_the_pattern_of_a_group_means_its_files() -> None:
    inspection = of_files(FILES)
    for group in groups_of(inspection, frozenset()):
        patterns = Patterns.parse(inspection, [group.pattern])
        assert not patterns.unmatched()
        assert any(patterns.keeps(path) for path, _ in group.largest), group


def test_a_content_with_several_names_counts_once_and_for_what_stays() -> None:
    inspection = of_layers(stack([file("a/x", 100), hard_link("b/x", "a/x"), hard_link("c/x", "a/x")]))
    groups = groups_of(inspection, {"b/x"})
    assert {group.name: (group.kept_bytes, group.dropped_bytes) for group in groups} == {
        "/a": (0, 0),
        "/b": (100, 0),
        "/c": (0, 0),
    }
    assert {group.name: group.dropped_bytes for group in groups_of(inspection, ())} == {"/a": 100, "/b": 0, "/c": 0}
    shares = kept_shares(inspection, {"c/x": "opened", "b/x": "executed", "c": "folder", "no": "opened"})
    assert [(share.reason, share.bytes, share.files) for share in shares] == [("executed", 100, 1), ("opened", 0, 1)]


@settings(max_examples=150, deadline=None)
@given(stacks(), st.data())
def test_groups_add_up_to_the_file_system(layers: list[Layer], data: st.DataObject) -> None:
    inspection: ImageInspection = of_layers(layers)
    final = inspection.file_system
    assert final is not None
    paths = sorted(final.entries)
    kept = data.draw(st.sets(st.sampled_from(paths))) if paths else set()
    groups = groups_of(inspection, kept)
    assert sums(groups) == (final.size_bytes, final.file_count)
    reason: KeepReason = "opened"
    shares = kept_shares(inspection, dict.fromkeys(kept, reason))
    assert sum(share.bytes for share in shares) == sum(group.kept_bytes for group in groups)
    assert sum(share.files for share in shares) == sum(group.kept_files for group in groups)
    contents = {
        id(final.entries[path].content): final.entries[path].size for path in kept if final.entries[path].content.kind == "file"
    }
    assert sum(group.kept_bytes for group in groups) == sum(contents.values())
