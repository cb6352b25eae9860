"""Where an engine is looked for: what the user chose alone, or else every usual socket in order."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

import pytest

from inspector.engines.places import engine_places


def _context(folder: Path, name: str, endpoint: dict[str, object]) -> Path:
    meta = folder / "contexts" / "meta" / hashlib.sha256(name.encode()).hexdigest()
    meta.mkdir(parents=True)
    (meta / "meta.json").write_text(json.dumps({"Name": name, "Endpoints": {"docker": endpoint}}))
    return meta


def test_docker_host_stands_alone(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"currentContext": "far"}')
    places = engine_places({"DOCKER_HOST": " tcp://far:2375 ", "DOCKER_CONFIG": str(tmp_path), "HOME": str(tmp_path)})
    assert [(place.host, place.told_by, place.chosen) for place in places] == [("tcp://far:2375", "DOCKER_HOST", True)]


def test_current_context_is_read_from_dockers_settings(tmp_path: Path) -> None:
    (tmp_path / ".docker").mkdir()
    (tmp_path / ".docker/config.json").write_text('{"currentContext": "far"}')
    _context(tmp_path / ".docker", "far", {"Host": "unix:///far.sock", "SkipTLSVerify": True})
    (place,) = engine_places({"HOME": str(tmp_path)})
    assert (place.host, place.told_by, place.tls_folder, place.skip_verify) == ("unix:///far.sock", "context far", "", True)


def test_docker_context_overrides_the_current_one_and_brings_its_certificates(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"currentContext": "other"}')
    meta = _context(tmp_path, "safe", {"Host": "tcp://safe:2376"})
    tls = tmp_path / "contexts/tls" / meta.name / "docker"
    tls.mkdir(parents=True)
    (place,) = engine_places({"DOCKER_CONFIG": str(tmp_path), "DOCKER_CONTEXT": "safe", "HOME": str(tmp_path)})
    assert (place.host, place.tls_folder, place.skip_verify) == ("tcp://safe:2376", str(tls), False)


def test_a_context_that_is_not_there_is_still_the_one_chosen(tmp_path: Path) -> None:
    (place,) = engine_places({"DOCKER_CONFIG": str(tmp_path), "DOCKER_CONTEXT": "gone", "HOME": str(tmp_path)})
    assert (place.host, place.told_by, place.chosen) == ("", "context gone", True)


@pytest.mark.parametrize("settings", ["", "[]", "{", '{"currentContext": 5}', "[" * 100_000, '{"currentContext": "default"}'])
def test_without_a_choice_the_usual_sockets_are_tried_in_order(tmp_path: Path, settings: str) -> None:
    (tmp_path / "config.json").write_text(settings)
    places = engine_places({"DOCKER_CONFIG": str(tmp_path), "HOME": "/home/me", "XDG_RUNTIME_DIR": "/run/user/7"})
    podman = ["unix:///run/user/7/podman/podman.sock", "unix:///run/podman/podman.sock"]
    assert [place.host for place in places] == [
        "unix:///var/run/docker.sock",
        "unix:///run/user/7/docker.sock",
        "unix:///home/me/.docker/run/docker.sock",
        *(reversed(podman) if os.geteuid() == 0 else podman),
    ]
    assert not any(place.chosen for place in places)


def test_podmans_own_variable_is_tried_before_its_sockets(tmp_path: Path) -> None:
    hosts = [place.host for place in engine_places({"CONTAINER_HOST": "unix:///mine", "HOME": str(tmp_path)})]
    assert hosts.index("unix:///mine") < hosts.index("unix:///run/podman/podman.sock")
