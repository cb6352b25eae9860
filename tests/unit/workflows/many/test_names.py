from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from inspector.workflows.many.names import INDEX, report_names


def test_a_name_is_the_path_below_what_all_have_in_common() -> None:
    named = ["models/a/net.onnx", "models/b/net.onnx", "models/b/sub/net.onnx"]
    assert report_names(named) == ("a-net.onnx", "b-net.onnx", "b-sub-net.onnx")
    assert report_names(["/srv/models/net.onnx"]) == ("net.onnx",)
    assert report_names(["docker://app:1", "app.tar"]) == ("app_1", "app.tar")


def test_names_of_nothing_but_signs_and_the_index_are_told_apart() -> None:
    assert report_names(["../..", "index", "INDEX", "ä", "ö"]) == ("artifact", "index-2", "INDEX-3", "_", "_-2")


@given(st.lists(st.text(max_size=400), max_size=30))
def test_names_are_safe_short_and_none_twice(named: list[str]) -> None:
    names = report_names(named)
    assert len({name.lower() for name in (*names, INDEX)}) == len(named) + 1
    assert all(re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,130}", name) for name in names)
