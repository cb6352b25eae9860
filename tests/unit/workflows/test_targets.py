"""What a text that names an artifact is taken for."""

from __future__ import annotations

from pathlib import Path

import pytest

from inspector.errors import UnreadableArtifact, UsageError
from inspector.records.artifact import EngineReference
from inspector.workflows.targets import neither, target_of, title_of

DIGEST = "sha256:" + "a" * 64


@pytest.fixture(autouse=True)
def _empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    "name",
    [
        "serve",
        "serve:1.4",
        "shop/serve:1.4",
        "host.example:5000/shop/serve:1.4",
        f"serve@{DIGEST}",
        f"a/b__c-d.e:T_1@{DIGEST}",
        DIGEST,
    ],
)
def test_names_of_images_are_tried_on_an_engine(name: str) -> None:
    assert target_of(name) == EngineReference(name, explicit=False)
    assert target_of(f"docker://{name}") == EngineReference(name)


@pytest.mark.parametrize(
    "text",
    [
        *(
            "./serve",
            "../serve",
            "/serve",
            "~/serve",
            "serve/",
            "model.onnx",
            "image.tar",
            "image.tar.gz",
            "a/b.tgz",
            "x.tar.zst",
        ),
        *(
            "saved_model.pb",
            "Serve",
            "shop//serve",
            "serve:",
            "serve:-1",
            "serve:1:2",
            "a b",
            "serve\x1b[2J",
            "--",
            "-serve",
            "",
            "ü",
        ),
    ],
)
def test_everything_else_is_a_path(text: str) -> None:
    assert target_of(text) == Path(text)


def test_what_exists_is_a_path_whatever_it_is_called(tmp_path: Path) -> None:
    (tmp_path / "serve:1.4").write_bytes(b"")
    (tmp_path / "dangling").symlink_to("nowhere")
    assert target_of("serve:1.4") == Path("serve:1.4")
    assert target_of("dangling") == Path("dangling")


@pytest.mark.parametrize(
    "text", ["docker://", "docker://../x", "docker://Serve", "docker://serve:1 2", "docker://a\x1b[2J", "docker:///x"]
)
def test_an_engine_is_never_asked_for_what_is_no_name(text: str) -> None:
    with pytest.raises(UsageError, match="names no image") as caught:
        target_of(text)
    assert caught.value.message.isprintable()


def test_the_line_for_a_bare_name_says_both() -> None:
    error = UnreadableArtifact("no container engine answers", "start one")
    said = neither(EngineReference("serve:1", explicit=False), error)
    assert said.message == "serve:1: no such file or folder, and no container engine answers"
    assert said.hint == "start one"
    assert neither(EngineReference("serve:1"), error) is error


def test_a_title_is_the_last_part() -> None:
    assert title_of(Path("models/x.onnx")) == "x.onnx"
    assert title_of(EngineReference("shop/serve:1")) == "shop/serve:1"
