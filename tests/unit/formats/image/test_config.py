"""Configurations and other documents, as they should be and as they should not."""

from __future__ import annotations

from typing import Any

import pytest

from inspector.errors import UnreadableArtifact
from inspector.formats.clean_text import TextCleaner
from inspector.formats.image.config import read_config, read_diff_ids, read_platform
from inspector.formats.image.history import read_history
from inspector.formats.image.json_text import LARGEST_JSON, JsonObject, parse_json
from inspector.formats.image.manifest_notes import ImageNotes
from inspector.records.image import Healthcheck, ImageConfig


def document(value: Any) -> JsonObject:
    return JsonObject.of(value, "configuration", TextCleaner(), ImageNotes())


def config(**inner: Any) -> ImageConfig:
    return read_config(document({"config": inner}))


def test_all_of_a_configuration() -> None:
    found = read_config(
        document(
            {
                "author": "somebody",
                "created": "2026-01-01T00:00:00Z",
                "config": {
                    "User": "1000:1000",
                    "Env": ["PATH=/bin:/usr/bin", "A=b=c", "EMPTY=", "LONE"],
                    "Entrypoint": ["/bin/sh", "-c"],
                    "Cmd": ["serve"],
                    "WorkingDir": "/srv",
                    "ExposedPorts": {"80/tcp": {}, "53/udp": {}},
                    "Volumes": {"/data": {}},
                    "Labels": {"a": "b"},
                    "StopSignal": "SIGTERM",
                    "Healthcheck": {"Test": ["CMD", "x"], "Interval": 30_000_000_000, "Timeout": 500_000_000, "Retries": 5},
                },
            }
        ),
        "sha256:x",
    )
    assert found == ImageConfig(
        user="1000:1000",
        environment=(("PATH", "/bin:/usr/bin"), ("A", "b=c"), ("EMPTY", ""), ("LONE", "")),
        entrypoint=("/bin/sh", "-c"),
        command=("serve",),
        working_dir="/srv",
        ports=("80/tcp", "53/udp"),
        volumes=("/data",),
        labels={"a": "b"},
        healthcheck=Healthcheck(("CMD", "x"), 30, 0.5, 5),
        stop_signal="SIGTERM",
        author="somebody",
        created="2026-01-01T00:00:00Z",
        digest="sha256:x",
    )


@pytest.mark.parametrize(
    "value", [None, {}, {"config": None}, {"config": {}}, {"config": {"Env": None, "Labels": None, "Cmd": None}}]
)
def test_null_is_nothing(value: Any) -> None:
    found = document(value)
    assert read_config(found) == ImageConfig()
    assert not found.notes.findings()


def test_a_command_may_be_a_single_text() -> None:
    assert config(Cmd="serve").command == ("serve",)


def test_healthchecks() -> None:
    assert config(Healthcheck={"Test": ["NONE"]}).healthcheck == Healthcheck(("NONE",))
    assert config(Healthcheck={"Test": []}).healthcheck is None
    assert config(Healthcheck={}).healthcheck is None


@pytest.mark.parametrize(
    "inner",
    [
        {"User": 1000},
        {"Env": {"A": "b"}},
        {"Env": ["A=b", 7]},
        {"Entrypoint": 5},
        {"Labels": ["a=b"]},
        {"Labels": {"a": 1}},
        {"Healthcheck": []},
        {"Healthcheck": {"Test": ["CMD"], "Interval": "30s"}},
        {"Healthcheck": {"Test": ["CMD"], "Interval": -5}},
        {"Healthcheck": {"Test": ["CMD"], "Retries": 1.5}},
        {"ExposedPorts": ["80/tcp"]},
        {"WorkingDir": True},
    ],
)
def test_another_type_is_a_finding(inner: dict[str, Any]) -> None:
    found = document({"config": inner})
    read_config(found)
    assert [finding.rule for finding in found.notes.findings()] == ["metadata-malformed"]
    assert next(iter(inner)) in found.notes.findings()[0].message


def test_findings_are_few_and_counted() -> None:
    found = document({"config": {"Labels": {f"label{number}": number for number in range(1000)}}})
    read_config(found)
    findings = found.notes.findings()
    assert len(findings) == 21
    assert findings[-1].message == "980 more findings of this kind are not listed"


def test_diff_ids() -> None:
    good = "sha256:" + "a" * 64
    found = document({"rootfs": {"diff_ids": [good, "sha256:../etc", 5, good.upper()]}})
    assert read_diff_ids(found) == (good, "", "", "")
    assert "digest-malformed" in {finding.rule for finding in found.notes.findings()}
    assert read_diff_ids(document({})) == ()


def test_platform() -> None:
    assert str(read_platform(document({"os": "linux", "architecture": "arm", "variant": "v7"}))) == "linux/arm/v7"
    assert str(read_platform(document({"os": "\x1b", "architecture": None}))) == "\\x1b"


def test_history() -> None:
    steps = [{"created_by": "A"}, {"created_by": "B", "empty_layer": True}, {"created_by": "C", "empty_layer": None}]
    found = document({"history": steps})
    assert [(step.created_by, step.layer) for step in read_history(found, 2, found.notes)] == [("A", 0), ("B", None), ("C", 1)]
    assert not found.notes.findings()
    assert [step.layer for step in read_history(found, 1, found.notes)] == [0, None, None]
    assert [finding.rule for finding in found.notes.findings()] == ["history-mismatch"]
    assert read_history(document({"history": None}), 3, found.notes) == ()


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"", "no JSON"),
        (b"{", "no JSON"),
        (b'{"a":1}x', "no JSON"),
        (b"[" * 5000, "nested too deep"),
        (b'{"a":' * 5000, "nested too deep"),
        (b" " * (LARGEST_JSON + 1), "larger than 8 MiB"),
        (b"[" + b"1," * 600_000 + b"1]", "more than 500,000 values"),
    ],
)
def test_documents_that_are_refused(raw: bytes, words: str) -> None:
    with pytest.raises(UnreadableArtifact, match=f"image.tar: index.json: .*{words}"):
        parse_json(raw, "image.tar: index.json")


def test_documents_that_are_odd() -> None:
    assert parse_json(b'\xef\xbb\xbf{"a": 1, "a": 2}', "x") == {"a": 2}
    assert parse_json(b'"\xff"', "x") == "\udcff"
    huge = parse_json(b"[" + b"9" * 5000 + b", -1e999]", "x")
    assert huge == [float("inf"), float("-inf")]
    assert document({"size": huge[0]}).number("size") is None  # type: ignore[index]


def test_names_are_taken_as_engines_take_them() -> None:
    """encoding/json of Go, which engines are written in, pays no heed to case and takes the last of several."""
    found = document({"Config": {"USER": "app", "Labels": {"a": "1", "A": "2"}}})
    assert read_config(found).user == "app"
    assert read_config(found).labels == {"a": "1", "A": "2"}
    assert not found.notes.findings()
    twice = document({"config": {"User": "app", "user": "root"}})
    assert read_config(twice).user == "root"
    assert [(finding.rule, finding.severity) for finding in twice.notes.findings()] == [("metadata-ambiguous", "high")]
