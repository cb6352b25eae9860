"""Digests of every file of a SavedModel, and of none outside it."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from inspector.errors import OperationFailed
from inspector.formats.saved_model.digests import digest
from inspector.formats.saved_model.read import read
from inspector.records.artifact import Computation
from inspector.records.event import Event, Finished, Progress, Warned
from inspector.records.saved_model import FileDigest
from tests.e2e.hostile_saved_models import protos
from tests.e2e.hostile_saved_models.table import VALUES, bundle_entry, header, table

FILES = {
    "fingerprint.pb": b"",
    "keras_metadata.pb": b"",
    "assets/words.txt": b"one\ntwo\n",
    "assets/deep/more.txt": b"three\n",
    "assets.extra/tf_serving_warmup_requests": b"",
    "assets.extra/notes": b"kept",
}


@pytest.fixture
def model(tmp_path: Path) -> Path:
    folder = tmp_path / "model"
    (folder / "variables").mkdir(parents=True)
    (folder / "saved_model.pb").write_bytes(protos.small(protos.asset(b"words.txt")))
    index = table([header(), (b"w", bundle_entry([4, 3], 0, 48))])
    (folder / "variables" / "variables.index").write_bytes(index)
    (folder / "variables" / "variables.data-00000-of-00001").write_bytes(VALUES)
    for name, content in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


def digested(folder: Path) -> tuple[list[Event[Computation]], dict[str, FileDigest]]:
    """Return the events, and the digests by path."""
    events = list(digest(read(folder)))
    assert isinstance(events[-1], Finished)
    facts = events[-1].result.saved_model
    assert facts is not None
    assert len({one.path for one in facts.digests}) == len(facts.digests)
    return events, {one.path: one for one in facts.digests}


def test_every_file_has_a_digest(model: Path) -> None:
    events, found = digested(model)
    assert set(found) == {"variables/variables.index", *FILES}
    for name, one in found.items():
        content = (model / name).read_bytes()
        assert one == FileDigest(name, len(content), hashlib.sha256(content).hexdigest())
    assert isinstance(events[-1], Finished)
    computation = events[-1].result
    assert computation.artifact.sha256 == hashlib.sha256((model / "saved_model.pb").read_bytes()).hexdigest()
    assert [file.sha256 for file in computation.external_files] == [hashlib.sha256(VALUES).hexdigest()]


def test_progress_counts_the_bytes_of_all_files(model: Path) -> None:
    told = [event for event in digested(model)[0] if isinstance(event, Progress)]
    total = sum(file.stat().st_size for file in model.rglob("*") if file.is_file())
    assert {event.total for event in told} == {total}
    assert [event.done for event in told] == sorted(event.done for event in told)
    assert told[-1].done == total


def test_links_that_leave_the_folder_are_listed_and_not_followed(model: Path, tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(b"secret")
    (tmp_path / "private").mkdir()
    (tmp_path / "private" / "diary").write_bytes(b"secret")
    (model / "assets.extra" / "link").symlink_to(tmp_path / "secret")
    (model / "assets.extra" / "folder").symlink_to(tmp_path / "private")
    os.link(tmp_path / "secret", model / "assets" / "hard")
    (model / "fingerprint.pb").unlink()
    (model / "fingerprint.pb").symlink_to("../secret")
    _, found = digested(model)
    outside = {name: one for name, one in found.items() if one.problem}
    assert set(outside) == {"assets.extra/link", "assets.extra/folder", "assets/hard", "fingerprint.pb"}
    assert {(one.sha256, one.size_bytes) for one in outside.values()} == {(None, None)}
    assert not any("diary" in name for name in found)


def test_a_folder_that_is_a_link_is_not_looked_into(model: Path, tmp_path: Path) -> None:
    (model / "assets.extra").rename(tmp_path / "elsewhere")
    (model / "assets.extra").symlink_to(tmp_path / "elsewhere")
    computation = read(model)
    assert computation.saved_model is not None
    assert computation.saved_model.extra_assets == ()
    assert not any(name.startswith("assets.extra/") for name in digested(model)[1])


def test_links_inside_the_folder_lead_to_their_files(model: Path) -> None:
    (model / "assets" / "again.txt").symlink_to("words.txt")
    assert digested(model)[1]["assets/again.txt"].sha256 == hashlib.sha256(FILES["assets/words.txt"]).hexdigest()


def test_what_is_no_file_and_what_is_gone_spoil_nothing(model: Path) -> None:
    os.mkfifo(model / "assets" / "pipe")
    (model / "variables" / "variables.index").unlink()
    _, found = digested(model)
    assert (found["assets/pipe"].sha256, found["assets/pipe"].problem) == (None, "no regular file")
    assert "variables/variables.index" not in found
    assert found["assets/words.txt"].sha256


def test_names_are_shown_without_what_terminals_obey(model: Path) -> None:
    (model / "assets" / "a\x1b]52;c;aGk=\x07\n").write_bytes(b"x")
    (model / "assets" / "b\x1b[2J").symlink_to("/nowhere")
    events, found = digested(model)
    assert all(name.isprintable() for name in found)
    assert len(found) == len(FILES) + 3
    assert all(event.note.isprintable() for event in events if isinstance(event, Progress))


def test_a_file_exchanged_meanwhile_is_warned_of(model: Path) -> None:
    name = "assets/e\x1b[2J"
    (model / name).write_bytes(b"x")
    events = digest(read(model))
    next(event for event in events if isinstance(event, Progress))
    (model / name).unlink()
    rest = list(events)
    warned = [event.message for event in rest if isinstance(event, Warned)]
    assert len(warned) == 1
    assert warned[0].isprintable()
    assert isinstance(rest[-1], Finished)
    facts = rest[-1].result.saved_model
    assert facts is not None
    assert [one.sha256 for one in facts.digests if one.problem] == [None]


def test_a_definition_that_is_gone(model: Path) -> None:
    computation = read(model)
    (model / "saved_model.pb").unlink()
    with pytest.raises(OperationFailed, match="no such file"):
        list(digest(computation))
