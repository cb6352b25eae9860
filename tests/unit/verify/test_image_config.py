"""What of an image's configuration is not as it was."""

from __future__ import annotations

import json
from typing import Any

import pytest

from inspector.records.slimming import SLIM_LABELS
from inspector.verify.image_config import config_changes

CONFIG: dict[str, Any] = {
    "architecture": "amd64",
    "os": "linux",
    "config": {
        "User": "app",
        "Env": ["PATH=/bin", "A=1"],
        "Entrypoint": ["/serve"],
        "Cmd": ["--port", "80"],
        "WorkingDir": "/srv",
        "ExposedPorts": {"80/tcp": {}},
        "Volumes": {"/data": {}},
        "Labels": {"a": "b"},
        "Healthcheck": {"Test": ["CMD", "true"], "Interval": 5},
        "StopSignal": "SIGINT",
        "Shell": ["/bin/bash", "-c"],
        "OnBuild": ["RUN x"],
    },
    "rootfs": {"type": "layers", "diff_ids": ["sha256:1"]},
    "history": [{"created_by": "x"}],
    "created": "2026-01-01T00:00:00Z",
}


def changes(more: dict[str, Any], top: dict[str, Any] | None = None) -> tuple[str, ...]:
    after = {**CONFIG, **(top or {}), "config": {**CONFIG["config"], **more}}
    return config_changes(json.dumps(CONFIG).encode(), json.dumps(after).encode())


def test_labels_of_ours_history_layers_and_times_are_of_no_account() -> None:
    top = {"rootfs": {"diff_ids": ["sha256:2"]}, "history": [], "created": "2027-01-01T00:00:00Z", "author": "us"}
    ours = dict.fromkeys(SLIM_LABELS.values(), "x")
    assert changes({"Labels": {"a": "b", **ours}, "Image": "sha256:3", "Hostname": ""}, top) == ()


def test_names_fold_case_as_engines_read_them() -> None:
    folded = {name.upper(): value for name, value in CONFIG["config"].items()}
    folded["HEALTHCHECK"] = {"TEST": ["CMD", "true"], "interval": 5, "Retries": 0}
    after = json.dumps({**CONFIG, "config": None, "CONFIG": folded}).encode()
    assert config_changes(json.dumps({**CONFIG}).encode(), after.replace(b'"config": null, ', b"")) == ()


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"User": ""}, "user: app became nothing"),
        ({"User": "root"}, "user: app became root"),
        ({"Env": ["PATH=/bin"]}, "environment variable A is gone"),
        ({"Env": ["PATH=/bin", "A=1", "B"]}, "environment variable B is new"),
        ({"Env": ["PATH=/bin", "A=2"]}, "environment variable A: 1 became 2"),
        ({"Env": ["A=1", "PATH=/bin"]}, "environment variables come in another order"),
        ({"Entrypoint": None}, 'entrypoint: ["/serve"] became nothing'),
        ({"Cmd": ["--port", "81"]}, 'command: ["--port", "80"] became ["--port", "81"]'),
        ({"WorkingDir": "/"}, "working directory: /srv became /"),
        ({"ExposedPorts": {}}, "port 80/tcp is gone"),
        ({"Volumes": {"/data": {}, "/x": {}}}, "volume /x is new"),
        ({"Labels": {"a": "c"}}, "label a: b became c"),
        ({"Labels": None}, "label a is gone"),
        ({"Healthcheck": {"Test": ["CMD", "true"]}}, "health check: "),
        ({"StopSignal": "SIGTERM"}, "stop signal: SIGINT became SIGTERM"),
        ({"StopTimeout": 3}, "stop timeout: nothing became 3"),
        ({"Shell": None}, "shell: "),
        ({"OnBuild": None}, "ONBUILD instructions: "),
        ({"Unheard": 1}, "unheard: nothing became 1"),
        ({"User": "a\x1b]52;c;x\x07b"}, "user: app became ab"),
    ],
)
def test_every_other_difference_is_a_sentence(more: dict[str, Any], said: str) -> None:
    found = changes(more)
    assert len(found) == 1
    assert found[0].startswith(said)


@pytest.mark.parametrize("name", ["architecture", "os", "variant", "os.version", "os.features"])
def test_the_platform_is_part_of_it(name: str) -> None:
    assert len(changes({}, {name: "other"})) == 1


def test_what_is_no_configuration_is_one_difference() -> None:
    good = json.dumps(CONFIG).encode()
    for bad in (b"", b"[]", b"{", b"[" * 100_000):
        assert config_changes(good, bad) == ("the configuration is no JSON object",)
    deep = b'{"config": {"x": ' + b'{"a":' * 300 + b"1" + b"}" * 300 + b"}}"
    assert len(config_changes(good, deep)) > 1
    deeper = b'{"config": {"x": ' + b'{"a":' * 900 + b"1" + b"}" * 900 + b"}}"
    assert len(config_changes(good, deeper)) >= 1
    many = json.dumps({"config": {"Labels": {str(index): "" for index in range(1000)}}}).encode()
    assert len(config_changes(b"{}", many)) == 101
