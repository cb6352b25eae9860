"""Images that somebody made to be slow: tens of thousands of names of one file, links in circles, folders without end."""

from __future__ import annotations

from inspector.analysis.image.slim.adding_back import candidates
from inspector.analysis.image.slim.clean import dropped_by_clean
from inspector.analysis.image.slim.groups import groups_of
from inspector.analysis.image.slim.selection import select
from inspector.analysis.image.slim.unexercised import unexercised
from inspector.records.image import Entry
from inspector.records.image_inspection import ImageInspection
from inspector.records.serving import Observation
from inspector.records.slimming import SlimRequest
from tests.unit.analysis.image.layer_making import file, hard_link, stack, symlink
from tests.unit.analysis.image.slim.slim_making import of_layers

MANY = 10_000


def everything_about(inspection: ImageInspection) -> None:
    """Ask all there is to ask; each of it is linear in files."""
    final = inspection.file_system
    assert final is not None
    cleaning = dropped_by_clean(inspection, ["/none/*"], ["/usr/**/x1*"])
    kept = final.entries.keys() - cleaning.dropped
    written = select(inspection, kept, (), cleaning.linked)
    assert {entry.path for entry in written.entries} <= {*kept, *cleaning.linked}
    groups = groups_of(inspection, kept)
    assert sum(group.kept_bytes + group.dropped_bytes for group in groups) == final.size_bytes
    assert len(candidates(inspection, frozenset(), ["/usr/include/x1 not found", "No module named 'x1'"])) < 40
    assert len(unexercised(inspection, Observation(frozenset(["app/x1"])), SlimRequest())) < 200


def test_one_file_of_many_names() -> None:
    names = [hard_link(f"usr/include/x{number}.h", "usr/include/first.h") for number in range(MANY)]
    inspection = of_layers(stack([file("usr/include/first.h", 5000), *names]))
    everything_about(inspection)
    (group,) = dropped_by_clean(inspection).groups
    assert (group.dropped_bytes, group.dropped_files) == (5000, MANY + 1)


def test_many_names_of_two_equal_files_of_which_one_cannot_be_linked() -> None:
    one = Entry("app/first", "file", 5000, mtime=1, sha256="1")
    two = Entry("app/second", "file", 5000, mtime=2, sha256="1")
    names = [Entry(f"app/x{number}", "hard_link", link="app/second", mtime=2) for number in range(MANY)]
    everything_about(of_layers([stack([one, two, *names])[0]]))


def test_links_in_circles_and_chains() -> None:
    links = [symlink(f"usr/share/doc/x{number}", f"x{(number + 1) % MANY}") for number in range(MANY)]
    everything_about(of_layers(stack(links)))


def test_folders_without_end() -> None:
    deep = "/".join("d" * 1500)
    paths = [
        f"{start}/{deep}/{name}"
        for start in ("app", "usr/include", "usr/share/doc")
        for name in ("saved_model.pb", "x1", "pyvenv.cfg")
    ]
    everything_about(of_layers(stack([file(path, 3) for path in paths])))
