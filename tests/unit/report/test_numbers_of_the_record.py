"""Every number in Markdown and text is the record's: one that is changed there is told, and the old one is told nowhere."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from inspector.records.review import Review
from inspector.report.markdown import to_markdown
from inspector.report.text import to_text
from tests.html_reviews import full_review
from tests.unit.report.html.test_numbers import CASES, Path, changed

DRAWN_ONLY = {("outline", "rows", 1, "flops"), ("outline", "rows", 2, "milliseconds"), ("comparisons", 0, "high")}
"""What HTML draws, or writes otherwise: the folded graph is a picture, and intervals of the figures on top have a dash."""

Case = tuple[Callable[[], Review], Path, str, object, str, object, str]

TOLD: list[Case] = [
    *(case for case in CASES if case[1] not in DRAWN_ONLY),
    (full_review, ("comparisons", 0, "high"), "", 3.1415, "to 3.14", 2.7182, "to 2.72"),
]


def unescaped(text: str) -> str:
    return text.replace("\\", "")


@pytest.mark.parametrize("write", [to_markdown, to_text], ids=["markdown", "text"])
@pytest.mark.parametrize(
    ("make", "path", "_key", "one", "told", "other", "told_then"), TOLD, ids=[".".join(map(str, case[1])) for case in TOLD]
)
def test_a_number_is_read_from_the_record(
    make: Callable[[], Review],
    path: Path,
    _key: str,
    one: object,
    told: str,
    other: object,
    told_then: str,
    write: Callable[[Review], str],
) -> None:
    before, after = (unescaped(write(changed(make(), path, value))) for value in (one, other))
    assert told in before
    assert told not in after
    assert told_then in after
    assert told_then not in before


@pytest.mark.parametrize("verdict", ["pass", "fail"])
def test_the_last_line_of_markdown_is_the_verdict(verdict: str) -> None:
    assert to_markdown(changed(full_review(), ("verdict",), verdict)).splitlines()[-1] == f"verdict: {verdict}"
