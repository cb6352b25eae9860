"""What ranges of a file cover, share and leave out, against a byte-by-byte count."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from inspector.formats.onnx.ranges import cover
from inspector.records.artifact import ByteRange

RANGES = st.lists(st.builds(ByteRange, st.integers(0, 40), st.integers(0, 12)), max_size=8)


def bytes_of(ranges: tuple[ByteRange, ...]) -> set[int]:
    return {offset for one in ranges for offset in range(one.offset, one.offset + one.length)}


@given(RANGES, st.integers(0, 60))
def test_coverage_equals_a_count_of_every_byte(ranges: list[ByteRange], size: int) -> None:
    count = Counter(offset for one in set(ranges) for offset in range(one.offset, one.offset + one.length))
    coverage = cover(ranges, size)
    assert coverage.used_bytes == len(count)
    assert bytes_of(coverage.overlaps) == {offset for offset, times in count.items() if times > 1}
    assert bytes_of(coverage.gaps) == set(range(size)) - set(count)
    assert sum(one.length for one in coverage.overlaps) == len(bytes_of(coverage.overlaps))


def test_nothing_is_all_gap() -> None:
    assert cover([], 5).gaps == (ByteRange(0, 5),)
    assert cover([], 0).gaps == ()
