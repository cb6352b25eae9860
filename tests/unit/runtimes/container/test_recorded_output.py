"""Both ends of what is printed."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from inspector.runtimes.container.recorded_output import MOST_HEAD, MOST_TAIL, BothEnds, RecordedOutput


@settings(deadline=None)
@given(st.lists(st.binary(max_size=30), max_size=20))
def test_both_ends_are_kept_in_whatever_pieces_they_come(pieces: list[bytes]) -> None:
    ends, whole = BothEnds(10, 7), b"".join(pieces)
    for piece in pieces:
        ends.add(piece)
    if len(whole) <= 17:
        assert ends.content == whole
    else:
        assert ends.content == whole[:10] + f"\n[{len(whole) - 17:,} bytes left out]\n".encode() + whole[-7:]


def test_streams_are_kept_apart_and_bounded() -> None:
    output = RecordedOutput("ready")
    for _ in range(200):
        output.feed(0, b"x" * 10_000)
    output.feed(1, b"ready now")
    assert output.found_at is not None
    assert output.streams[1].content == b"ready now"
    assert len(output.streams[0].content) < MOST_HEAD + MOST_TAIL + 100
