from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from inspector.records.index import Index, IndexRow
from inspector.records.review import Tool
from inspector.report.index import INDEX_FORMATS, index_file
from inspector.report.index.json import from_index_json
from inspector.report.index.text import index_text
from tests.golden.reviews import HOSTILE

GOOD = IndexRow(
    "models/net.onnx",
    "pass",
    "onnx",
    705_200,
    12,
    None,
    175_300,
    {"medium": 3, "low": 41},
    seconds=0.25,
    reports=("net.onnx.html",),
)
IMAGE = IndexRow(
    "images/app.tar",
    "fail",
    "image",
    8_200_000,
    layer_count=17,
    failed=("size_bytes > 1MB",),
    undecided=("latency.p99 > 5ms",),
)
BROKEN = IndexRow("models/cut.onnx", "unreadable", error="models/cut.onnx: ends at byte 77", hint="download it again")
INDEX = Index(Tool("9.9"), (GOOD, BROKEN, IMAGE), seconds=31.6, jobs=2, verdict="fail")


def texts(index: Index) -> dict[str, str]:
    return {name: index_file(index, name).decode() for name in INDEX_FORMATS}


@pytest.mark.parametrize("report_format", ["text", "md", "html"])
def test_everything_is_said(report_format: str) -> None:
    said = texts(INDEX)[report_format]
    for part in ("705.2 KB", "12 nodes", "175.3 K", "3 medium", "41 low", "8.2 MB", "17 layers", "ends at byte 77"):
        assert part in said, part
    for part in ("download it again", "size_bytes &gt; 1MB" if report_format == "html" else "1MB", "undecided", "32 s"):
        assert part in said, part
    assert "verdict: fail" in said


@pytest.mark.parametrize("report_format", ["text", "md", "html"])
@pytest.mark.parametrize(
    ("row", "field", "value", "before", "after"),
    [
        (0, "size_bytes", 1_234_000, "705.2 KB", "1.2 MB"),
        (0, "node_count", 4_321, "12 nodes", "4,321 nodes"),
        (0, "parameter_count", 9_900_000, "175.3 K", "9.9 M"),
        (0, "findings", {"high": 77}, "41 low", "77 high"),
        (2, "layer_count", 23, "17 layers", "23 layers"),
        (2, "failed", ("opsets > 3",), "1MB", "opsets"),
        (1, "error", "no such thing", "byte 77", "no such thing"),
    ],
)
def test_every_figure_is_the_record_s(report_format: str, row: int, field: str, value: Any, before: str, after: str) -> None:
    rows = list(INDEX.rows)
    rows[row] = replace(rows[row], **{field: value})
    assert before in texts(INDEX)[report_format]
    assert after not in texts(INDEX)[report_format]
    changed = texts(replace(INDEX, rows=tuple(rows)))[report_format]
    assert after in changed
    assert before not in changed


def test_the_worst_comes_first_where_the_order_is_not_the_reader_s() -> None:
    lines = texts(INDEX)["md"].splitlines()
    assert [line.split("|")[1].strip() for line in lines if line.startswith(("| unr", "| fail", "| pass"))] == [
        "unreadable",
        "fail",
        "pass",
    ]


def test_json_comes_back_as_it_was() -> None:
    assert from_index_json(index_file(INDEX, "json")) == INDEX


@pytest.mark.parametrize("report_format", INDEX_FORMATS)
def test_what_was_not_looked_at_is_said(report_format: str) -> None:
    said = texts(replace(INDEX, not_looked_at=("late.onnx",)))[report_format]
    assert "late.onnx" in said
    assert report_format == "json" or "interrupted: 1 not looked at" in said


@pytest.mark.parametrize("hostile", HOSTILE)
def test_hostile_texts_do_no_harm(hostile: str) -> None:
    row = replace(BROKEN, path=hostile, error=hostile, hint=hostile, failed=(hostile,), undecided=(hostile,))
    said = texts(replace(INDEX, rows=(row,), not_looked_at=(hostile,)))
    for text in said.values():
        assert all(character.isprintable() or character == "\n" for character in text)
    assert "<script>alert" not in said["html"]
    assert "<img" not in said["html"]
    assert "\x1b" not in index_text(replace(INDEX, rows=(row,)))


def test_a_wide_text_fits_its_width() -> None:
    row = replace(GOOD, path="x" * 500)
    assert max(map(len, index_text(replace(INDEX, rows=(row,)), 80).splitlines())) <= 80


def test_no_other_format_is_made_up() -> None:
    with pytest.raises(ValueError, match="sarif"):
        index_file(INDEX, "sarif")


def test_an_empty_run_is_no_page_without_words() -> None:
    said = texts(Index(Tool("9.9"), (), ("a.onnx",), verdict="fail"))
    assert all("0 artifacts" in said[name] for name in ("text", "md", "html"))
