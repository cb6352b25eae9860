from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from inspector.isolation.limits import CancelToken
from inspector.records.event import Finished, Progress
from inspector.records.gate import Gates
from inspector.records.index import Index
from inspector.verify.rules.grammar import parse_rule
from inspector.workflows.many import run
from inspector.workflows.many.orders import Item, ManySettings, ReportPlan
from inspector.workflows.many.run import default_jobs, review_many
from tests.builders import chain, save

MODULE = "tests.unit.workflows.many.ending_child"


def items(folder: Path, count: int) -> list[Item]:
    return [Item(place, str(save(chain(place + 1), folder / f"{place}.onnx"))) for place in range(count)]


def index_of(found: list[Item], settings: ManySettings | None = None, jobs: int = 2) -> Index:
    last = [*review_many(found, settings or ManySettings(), jobs, CancelToken())][-1]
    assert isinstance(last, Finished)
    assert isinstance(last.result, Index)
    return last.result


def test_rows_are_in_order_and_say_what_there_is(tmp_path: Path) -> None:
    index = index_of(items(tmp_path, 20))
    assert [row.node_count for row in index.rows] == [*range(1, 21)]
    assert {(row.verdict, row.format, row.error) for row in index.rows} == {("pass", "onnx", "")}
    assert (index.verdict, index.not_looked_at, index.jobs) == ("pass", (), 2)


def test_every_one_is_held_to_the_rules(tmp_path: Path) -> None:
    gates = Gates((parse_rule("nodes > 2", "--fail-if"), parse_rule("latency.p99 > 5ms", "--fail-if")))
    index = index_of(items(tmp_path, 3), ManySettings(gates=gates))
    assert [row.failed for row in index.rows] == [(), (), ("nodes > 2",)]
    assert {row.undecided for row in index.rows} == {("latency.p99 > 5ms",)}
    assert (index.verdict, {row.verdict for row in index.rows}) == ("fail", {"fail"})


def test_a_report_that_cannot_be_written_is_told_of_its_artifact_alone(tmp_path: Path) -> None:
    first, second = items(tmp_path, 2)
    (tmp_path / "taken").mkdir()
    bad = Item(0, first.named, (ReportPlan(str(tmp_path / "taken"), "md", "taken"),))
    good = Item(1, second.named, (ReportPlan(str(tmp_path / "good.md"), "md", "good.md"),))
    index = index_of([bad, good])
    assert [row.verdict for row in index.rows] == ["unreadable", "pass"]
    assert "it is a folder" in index.rows[0].error
    assert (tmp_path / "good.md").read_text().endswith("verdict: pass\n")


def test_one_that_ends_its_child_costs_nobody_else_a_row(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = items(tmp_path, 9)
    deadly = Item(4, str(save(chain(), tmp_path / "deadly.onnx")))
    monkeypatch.setattr(run, "ENTRY", f"{MODULE}:review_some")
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[4]))
    index = index_of([*found[:4], deadly, *found[5:]])
    assert [row.verdict for row in index.rows] == ["pass"] * 4 + ["unreadable"] + ["pass"] * 4
    assert index.rows[4].error.startswith(f"{deadly.named}: ")
    assert index.rows[4].exit_code == 4


def test_after_a_cancel_what_is_done_is_kept_and_the_rest_is_named(tmp_path: Path) -> None:
    found = items(tmp_path, 60)
    cancel = CancelToken()
    done = 0
    for event in review_many(found, ManySettings(), 1, cancel):
        if isinstance(event, Progress) and event.done >= 1:
            cancel.cancel()
        if isinstance(event, Finished):
            done = len(event.result.rows)
            assert done + len(event.result.not_looked_at) == len(found)
            assert event.result.verdict == "fail"
    assert 1 <= done < len(found)


def test_whoever_stops_listening_leaves_no_child_behind(tmp_path: Path) -> None:
    before = threading.active_count()
    events = review_many(items(tmp_path, 40), ManySettings(), 2, CancelToken())
    next(events)
    next(events)
    events.close()  # type: ignore[attr-defined]
    assert threading.active_count() == before


def test_there_are_jobs_for_every_processor_up_to_four() -> None:
    assert 1 <= default_jobs() <= min(4, os.cpu_count() or 1)
