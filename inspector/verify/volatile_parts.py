"""What differs between answers of the original itself to the same step, and can therefore not be held against another image."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from inspector.records.serving import Answer
from inspector.verify.answer_documents import Document, document_of
from inspector.verify.json_comparison import NumberTolerance, Place, compare_documents, kind_of

_MOST_PLACES: Final = 10_000
"""Volatile places of one answer, above which all of it is volatile."""
_MOST_TOLD: Final = 200

Turns = dict[int, Answer]
"""Answers of one run to one step, by turn."""


class VolatileParts:
    """What differs between runs of the original in the answers to one step."""

    def __init__(self, originals: list[Turns], tolerance: NumberTolerance) -> None:
        answers = [answer for one in originals for answer in one.values()]
        self.content_type = len({answer.content_type for answer in answers}) > 1
        self.all = False
        """Whether nothing of the bodies can be compared."""
        self.places: dict[Place, set[str]] = {}
        """With the kinds of values that were seen there."""
        self._document: Document | None = None
        self._tolerance = tolerance
        for before, after in _pairs(originals):
            self._add(before, after)

    def told(self) -> Iterator[str]:
        """Yield what is volatile, for a person."""
        if self.content_type:
            yield "content type"
        if self.all or self._document is None:
            yield from ["body"] if self.all else []
            return
        for place in sorted(self.places, key=str)[:_MOST_TOLD]:
            yield self._document.shown(place)

    def _add(self, before: Answer, after: Answer) -> None:
        if self.all or same_body(before, after):
            return
        one, other = document_of(before), document_of(after)
        self._document = one
        if one.kind != other.kind:
            self.all = True
            return
        found = compare_documents(one.content, other.content, self._tolerance, self.places, _MOST_PLACES)
        for difference in found.differences:
            kinds = self.places.setdefault(difference.place, set())
            kinds.update((kind_of(difference.before), kind_of(difference.after)))
        self.all = () in self.places or len(self.places) > _MOST_PLACES or found.is_cut


def _pairs(originals: list[Turns]) -> Iterator[tuple[Answer, Answer]]:
    """Yield pairs of answers to one step that should be the same: those of the same turn, or all of a single run.

    What changes from turn to turn, and alike in every run, is what the image does: the second request may well be answered by
    what the first one loaded.
    """
    first = originals[0]
    for other in originals[1:]:
        yield from ((first[turn], other[turn]) for turn in first if turn in other)
    if len(originals) == 1:
        turns = sorted(first)
        yield from ((first[turns[0]], first[turn]) for turn in turns[1:])


def same_body(before: Answer, after: Answer) -> bool:
    """Whether two bodies are the same, byte for byte, the part that was not kept included."""
    return (before.body_bytes, before.sha256, before.body) == (after.body_bytes, after.sha256, after.body)
