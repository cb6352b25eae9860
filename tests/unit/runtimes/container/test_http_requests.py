"""Files of HTTP requests: what editors accept, and one line for what makes no sense."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from inspector.errors import UsageError
from inspector.runtimes.container.http_requests import HttpRequest, read_requests
from inspector.runtimes.container.http_urls import HttpUrl

BASE = "http://localhost:8000"


def requests(folder: Path, text: str) -> tuple[HttpRequest, ...]:
    path = folder / "a.http"
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    return read_requests(path)


def refused(folder: Path, text: str) -> str:
    with pytest.raises(UsageError) as caught:
        requests(folder, text)
    assert "\n" not in str(caught.value)
    return caught.value.message


def test_a_file_as_editors_write_it(tmp_path: Path) -> None:
    (tmp_path / "body.bin").write_bytes(b"\x00\xff raw")
    found = requests(
        tmp_path,
        "@base = http://localhost:8000\r\n@model = digits\n# a comment\n\n"
        "GET {{base}}/health\n\n"
        "### ask it\n// another comment\nPOST {{base}}/v1/{{model}} HTTP/1.1\nContent-Type: application/json\n"
        '# in between\nX-Key: a: b\n\n{"x": [1,\n 2]}\n\n\n'
        "### \n# @name raw\npost http://other:81/x?y=1&z\n  &w=2\n\n< ./body.bin\n",
    )
    first, second, third = found
    assert first == HttpRequest("GET", HttpUrl(8000, "/health", "localhost:8000"), (), b"", "", 5)
    assert (second.method, second.url.target, second.name, second.line) == ("POST", "/v1/digits", "ask it", 9)
    assert second.headers == (("Content-Type", "application/json"), ("X-Key", "a: b"))
    assert second.body == b'{"x": [1,\n 2]}'
    assert (third.method, third.url, third.name) == ("POST", HttpUrl(81, "/x?y=1&z&w=2", "other:81"), "raw")
    assert third.body == b"\x00\xff raw"
    assert second.label == "POST /v1/digits (ask it)"


def test_a_url_alone_is_a_get_and_a_path_goes_with_the_host_header(tmp_path: Path) -> None:
    found = requests(tmp_path, f"{BASE}\n###\nGET /x\nHost: model:9000\n###\nGET {BASE}/y\nHost: named\nContent-Length: 7\n")
    assert [one.url for one in found] == [
        HttpUrl(8000, "/", "localhost:8000"),
        HttpUrl(9000, "/x", "model:9000"),
        HttpUrl(8000, "/y", "named"),
    ]
    assert [one.headers for one in found] == [(), (), ()]


def test_form_fields_on_lines_of_their_own_are_one_body(tmp_path: Path) -> None:
    text = f"POST {BASE}\nContent-Type: application/x-www-form-urlencoded\n\na=1\n&b=2\n"
    assert requests(tmp_path, text)[0].body == b"a=1&b=2"


def test_values_are_replaced_in_files_only_where_asked(tmp_path: Path) -> None:
    (tmp_path / "b.json").write_text('{"k": "{{k}}"}')
    found = requests(
        tmp_path, f"@k = v\nPOST {BASE}\n\n<@ b.json\n###\nPOST {BASE}\n\n< b.json\n###\nPOST {BASE}\n\n<a>b</a>\n"
    )
    assert [one.body for one in found] == [b'{"k": "v"}', b'{"k": "{{k}}"}', b"<a>b</a>"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("# nothing\n\n###\n", "a.http holds no request"),
        ("", "a.http is empty"),
        ("hello there\n", "a.http line 1: 'hello there' is no request"),
        ("GET\n", "line 1: 'GET' is no request"),
        (f"GET {BASE}\n\n###\nGET https://x/\n", "line 4: https://x/: containers are asked over http only"),
        ("GET http://h:99999/\n", "line 1: http://h:99999/ is no URL"),
        ("GET http://h:0/\n", "line 1: http://h:0/ is no URL"),
        ("GET http://h/é\n", "line 1: http://h/é: needs escapes"),
        ("GET ftp://h/\n", "line 1: ftp://h/ is no URL"),
        ("GET http:///x\n", "is no URL"),
        ("GET /x\n", "line 1: /x is no URL"),
        (f"CONNECT {BASE}\n", f"line 1: 'CONNECT {BASE}' is no request"),
        (f"GET {BASE}\nno header\n", "line 2: 'no header' is no header"),
        (f"GET {BASE}/{{{{x}}}}\n", "line 1: {{x}} is not set"),
        (f"GET {BASE}\nA: x\x07y\n", "line 2: a header with control characters in it"),
        (f"POST {BASE}\n\n< ../secret\n", "line 3: ../secret is outside the folder"),
        (f"POST {BASE}\n\n< /etc/passwd\n", "line 3: /etc/passwd is outside the folder"),
        (f"POST {BASE}\n\n< absent\n", "line 3: absent: no such file"),
        (f"POST {BASE}\n\n< .\n", "line 3: .: is a directory"),
        (f"POST {BASE}\n\n< link\n", "line 3: link is outside the folder"),
        (f"POST {BASE}\n\n< pipe\n", "line 3: pipe: is no regular file"),
        (f"POST {BASE}\n\n> {{% client.test() %}}\n", "line 3: scripts and saved responses are not supported"),
        ("GET http://[::1/\n", "is no URL"),
    ],
)
def test_what_makes_no_sense_is_one_line(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "link").symlink_to("/etc/passwd")
    os.mkfifo(tmp_path / "pipe")
    assert said in refused(tmp_path, text)


LINES = st.sampled_from(
    [f"GET {BASE}/x", "POST http://h:1", "###", "### a", "# c", "// c", "@a = b", "@a={{a}}{{a}}", "{{a}}", "A: b", "", "< b",
     "<@ b", "?a=1", "&b", "> {%", "http://", "GET  ", "\x00", "\r", "\u2028", "Host: x y", "GET /", "{{", "<a", "\ud7ff\u0301"]
)  # fmt: skip


@given(st.lists(LINES | st.text(max_size=12), max_size=12))
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_is_in_a_file_it_is_requests_or_one_line(tmp_path: Path, lines: list[str]) -> None:
    (tmp_path / "b").write_text("{{a}}")
    said, found = "", ()
    try:
        found = requests(tmp_path, "\n".join(lines))
    except UsageError as error:
        said = str(error)
    assert bool(said) is not bool(found)
    assert "\n" not in said
    assert all(one.method.isupper() and one.url.target.isascii() and "\n" not in one.label for one in found)


def test_there_are_bounds_to_how_many(tmp_path: Path) -> None:
    variables = "".join(f"@v{index} = x\n" for index in range(1001))
    assert "line 1001: more than 1,000 variables" in refused(tmp_path, variables)
    assert "more than 1,000 requests" in refused(tmp_path, f"GET {BASE}\n###\n" * 1001)


def test_variables_that_double_do_not_take_the_memory(tmp_path: Path) -> None:
    doubling = "".join(f"@v{index + 1} = {{{{v{index}}}}}{{{{v{index}}}}}\n" for index in range(40))
    assert "variables make it longer than 4 MiB" in refused(tmp_path, f"@v0 = xxxxxxxx\n{doubling}GET {BASE}/{{{{v40}}}}\n")


def test_files_that_are_no_text_or_not_there(tmp_path: Path) -> None:
    for name, content, said in (("a", b"\xff\xfe", "is no text"), ("b", b"GET \0", "is no text"), ("c", b" \n", "is empty")):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(UsageError, match=said):
            read_requests(tmp_path / name)
    with (tmp_path / "large").open("wb") as large:
        large.truncate(5 << 20)
    os.mkfifo(tmp_path / "pipe")
    for name, said in (
        ("large", "larger than 4 MiB"),
        ("pipe", "no regular file"),
        ("none", "no such file"),
        ("", "is a directory"),
    ):
        with pytest.raises(UsageError, match=said):
            read_requests(tmp_path / name)


def test_bodies_are_bounded_in_all(tmp_path: Path) -> None:
    with (tmp_path / "zeros").open("wb") as zeros:
        zeros.truncate(32 << 20)
    assert "its bodies come to more than 128 MiB" in refused(tmp_path, f"POST {BASE}\n\n< zeros\n###\n" * 5)
    with (tmp_path / "zeros").open("wb") as zeros:
        zeros.truncate((32 << 20) + 1)
    assert "zeros: is larger than 32 MiB" in refused(tmp_path, f"POST {BASE}\n\n< zeros\n")


def test_names_are_cleaned_where_they_are_shown(tmp_path: Path) -> None:
    found = requests(tmp_path, f"### \x1b]52;c;x\x07evil\nGET {BASE}\n")
    assert found[0].label == "GET / (evil)"
