"""dive's textbook case and its two halves, our figure beside dive's."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.performance.image_bench import DIVE, TEXTBOOK, dive_waste, our_waste, write_textbook

DIVES = {
    "a file overwritten": 20_000,  # the copy that is kept counts, too
    "a file overwritten, then its folder deleted": 10_000,  # both copies, not because of the folder
    "a folder deleted": 0,
}


@pytest.mark.parametrize("name", TEXTBOOK)
def test_half_of_what_is_shipped_is_reclaimable(name: str, tmp_path: Path) -> None:
    path = write_textbook(tmp_path, name)
    assert our_waste(path) == (10_000, 20_000)
    if not Path(DIVE).exists():
        pytest.skip("dive has no wheel for this platform")
    theirs = dive_waste(path)
    print(f"{name}: reclaimable of 20,000 bytes: ours 10,000, dive's {theirs:,}")
    assert theirs == DIVES[name]
