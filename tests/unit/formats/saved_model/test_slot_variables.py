"""A copy without slot variables: nothing else changes, text is read, and what is damaged is one line."""

from __future__ import annotations

from pathlib import Path

import pytest

from inspector.errors import UnreadableArtifact
from inspector.formats.saved_model.read import read
from inspector.formats.saved_model.slot_variables import without_slots, write_without_slots
from tests.saved_models.published import basic_pitch_folder


def test_only_slot_variables_go(tmp_path: Path) -> None:
    folder = basic_pitch_folder()
    original = (folder / "saved_model.pb").read_bytes()
    cleared, count = without_slots(original)
    before, after = read(folder).saved_model, None
    assert before is not None
    slots = [one for one in before.variables if one.slot_of]
    assert count == len(slots) > 0
    assert without_slots(cleared) == (cleared, 0)
    target = tmp_path / "copy"
    assert write_without_slots(folder, target) == count
    after = read(target).saved_model
    assert after is not None
    assert [one for one in after.variables if one.slot_of] == []
    assert after.main.signatures == before.main.signatures
    assert after.main.functions == before.main.functions
    assert len(after.main.objects) == len(before.main.objects)
    assert (target / "variables").is_symlink()


def test_a_damaged_definition_is_one_line() -> None:
    with pytest.raises(UnreadableArtifact, match="malformed"):
        without_slots(b"\x12\xff\xff\xff")
