"""Images of engines that are not at hand: newer ones, and ones that stop, stall, refuse or are too old."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from inspector.errors import InspectorError, UnreadableArtifact, UsageError
from inspector.formats.image.engine import engine_images, read_engine, read_engine_entry
from inspector.isolation.child import ChildFailed
from inspector.isolation.limits import CancelToken
from inspector.records.artifact import EngineReference
from inspector.records.event import Finished, Partial, Progress
from inspector.records.image import Image
from tests.images.build import (
    BuiltLayer,
    ImageSpec,
    Symlink,
    Whiteout,
    build_layer,
    build_tar,
    digest_of,
    docker_members,
    legacy_members,
)
from tests.images.engine_stand_in import StandIn, breaking_off, chunks, history, inspected, listening

REFERENCE = EngineReference("sample:1")
HISTORY = (
    {"created_by": "/bin/sh -c #(nop) ADD file:1 in / "},
    {"created_by": "ENV A=b", "empty_layer": True},
    {"created_by": "RUN pip install numpy # buildkit"},
    {"created_by": "RUN rm -r /data # buildkit"},
    {"created_by": 'CMD ["serve"]', "empty_layer": True},
)
SIZES = (40_000, 0, 15_000, 0, 0)

Serve = Callable[..., StandIn]


def _layers(*compressions: Any) -> list[BuiltLayer]:
    entries = (
        {"data/model.onnx": os.urandom(40_000), "link": Symlink("data")},
        {"numpy/__init__.py": b"x" * 5_000, "numpy/core.so": os.urandom(10_000)},
        {"data": Whiteout()},
    )
    return [build_layer(layer, compression) for layer, compression in zip(entries, compressions, strict=True)]


def _spec(*compressions: Any) -> ImageSpec:
    return ImageSpec(_layers(*compressions), {"User": "me", "Env": ["A=b"]}, history=HISTORY)


@pytest.fixture
def serve(monkeypatch: pytest.MonkeyPatch) -> Iterator[Serve]:
    """Start a stand-in that has one image, and make it the engine of this test."""
    with ExitStack() as stack:

        def start(spec: ImageSpec, archive: bytes | None = None, sizes: Sequence[int] = SIZES, **more: Any) -> StandIn:
            data = build_tar(docker_members([spec])) if archive is None else archive
            answers = {
                "/images/sample:1/json": (200, inspected(spec, digest_of(spec.config_blob()), len(data))),
                "/history": (200, history(spec, sizes)),
                "/images/json": (200, [{"RepoTags": ["sample:1", "sample:2"], "Size": 7}, {"RepoTags": None, "Size": 3}]),
                "/json": (404, {"message": "no such image"}),
            }
            engine = StandIn({**answers, **more.pop("answers", {})}, more.pop("export", lambda: chunks(data)), **more)
            stack.enter_context(listening(engine))
            monkeypatch.setenv("DOCKER_HOST", engine.host)
            return engine

        yield start


def _read(reference: EngineReference = REFERENCE) -> Image:
    last = list(read_engine(reference))[-1]
    assert isinstance(last, Finished)
    return last.result


@pytest.mark.parametrize("compressions", [("none",) * 3, ("gzip", "zstd", "gzip"), ("zstd", "none", "gzip")])
def test_archives_of_newer_engines_give_every_layer_whatever_its_order_and_compression(
    serve: Serve, compressions: tuple[Any, ...]
) -> None:
    spec = _spec(*compressions)
    serve(spec)
    image = _read()
    assert [layer.diff_id for layer in image.layers] == [layer.diff_id for layer in spec.layers]
    assert [[entry.path for entry in layer.entries or ()] for layer in image.layers] == [
        ["data/model.onnx", "link"],
        ["numpy/__init__.py", "numpy/core.so"],
        ["data"],
    ]
    for layer, built in zip(image.layers, spec.layers, strict=True):
        assert layer.verification == "verified"
        assert (layer.compression, layer.size_bytes) == (built.compression, len(built.tar))
        packed = built.compression != "none"
        assert (layer.digest, layer.compressed_bytes) == ((built.digest, len(built.blob)) if packed else ("", None))
    assert (image.findings, image.complete, image.source, image.platform) == ((), True, "engine", "linux/amd64")


def test_what_the_engine_says_comes_first_and_what_is_stored_replaces_it(serve: Serve) -> None:
    serve(_spec("none", "none", "none"))
    partials = [event.result for event in read_engine(REFERENCE) if isinstance(event, Partial)]
    first = partials[0]
    assert all(layer.entries is None for layer in first.layers)
    # The third layer has no bytes: that it is the RUN and not the ENV or CMD is told from the instructions.
    assert [layer.created_by for layer in first.layers] == [HISTORY[index]["created_by"] for index in (0, 2, 3)]
    assert [layer.reported_bytes for layer in first.layers] == [40_000, 15_000, 0]
    assert (first.config.user, first.config.environment) == ("me", (("A", "b"),))
    assert [step.layer for step in partials[-1].history] == [0, None, 1, 2, None]
    counts = [sum(layer.entries is not None for layer in image.layers) for image in partials]
    assert counts == sorted(counts)
    assert counts[-1] == 3


def test_the_same_layer_twice_is_sent_once_and_placed_twice(serve: Serve) -> None:
    layers = [build_layer({"a": b"1"}), build_layer({"a": b"2"}), build_layer({"a": b"1"})]
    spec = ImageSpec(layers, history=[HISTORY[0], HISTORY[2], HISTORY[3], HISTORY[1], HISTORY[4]])
    serve(spec, build_tar(legacy_members([spec])))
    image = _read()
    assert [[entry.sha256 for entry in layer.entries or ()] for layer in image.layers] == [
        [digest_of(data).removeprefix("sha256:")] for data in (b"1", b"2", b"1")
    ]


def test_layers_of_other_images_in_the_archive_do_not_matter(serve: Serve) -> None:
    spec, other = _spec("none", "gzip", "none"), ImageSpec([build_layer({"other": b"x"}, "gzip")], tags=("other:1",))
    serve(spec, build_tar(docker_members([other, spec])))
    image = _read()
    assert (image.complete, image.findings) == (True, ())


def test_a_layer_that_is_not_what_the_configuration_says_is_a_finding(serve: Serve) -> None:
    spec = _spec("none", "none", "none")
    members = legacy_members([spec])
    victim = next(name for name, member in members.items() if getattr(member, "content", b"") == spec.layers[1].tar)
    members[victim] = replace(members[victim], content=build_tar({"numpy/__init__.py": b"evil"}))  # type: ignore[type-var]
    serve(spec, build_tar(members))
    image = _read()
    assert [layer.verification for layer in image.layers] == ["verified", "mismatch", "verified"]
    assert [entry.path for entry in image.layers[1].entries or ()] == ["numpy/__init__.py"]
    assert [(finding.rule, finding.severity, finding.place) for finding in image.findings] == [
        ("layer-digest-mismatch", "high", "layer 1")
    ]


def test_a_damaged_compressed_layer_keeps_what_was_read(serve: Serve) -> None:
    spec = _spec("gzip", "none", "none")
    members = dict(docker_members([spec]))
    name = next(name for name, data in members.items() if data == spec.layers[0].blob)
    members[name] = members[name][:20_000]
    serve(spec, build_tar(members))
    image = _read()
    assert "cut short" in image.layers[0].problem
    assert image.layers[0].verification == "not verified"
    assert [entry.path for entry in image.layers[0].entries or ()] == ["data/model.onnx"]
    assert [finding.severity for finding in image.findings] == ["high"]
    assert image.layers[1].verification == "verified"


def test_an_engine_that_dies_half_way_leaves_what_came(serve: Serve) -> None:
    spec = _spec("none", "none", "none")
    data = build_tar(legacy_members([spec]))
    cut = data.index(b"numpy/core.so")
    serve(spec, export=lambda: breaking_off(data[:cut]))
    image = _read()
    assert image.layers[0].verification == "verified"
    assert "stopped sending" in image.layers[1].problem or "cut short" in image.layers[1].problem
    assert image.layers[2].entries == ()  # which of the two was cut short, nothing says: the manifest never came
    assert {finding.severity for finding in image.findings} == {"high"}


def test_an_archive_that_holds_something_else_leaves_every_layer_missing(serve: Serve) -> None:
    serve(_spec("none", "none", "none"), build_tar({"readme": b"nothing here", "manifest.json": b'[{"Layers": [1, 2, 3]}]'}))
    image = _read()
    assert [layer.problem for layer in image.layers] == ["the engine did not send it"] * 3
    assert [finding.rule for finding in image.findings] == ["layer-missing"] * 3


def test_cancel_stops_within_a_second_while_the_engine_sends(serve: Serve) -> None:
    spec = _spec("none", "none", "none")
    data = build_tar(docker_members([spec]))
    engine = serve(spec, export=lambda: chunks(data, 512, 0.05))
    cancel = CancelToken()
    events = read_engine(REFERENCE, cancel=cancel)
    next(event for event in events if isinstance(event, Progress) and event.done)
    cancel.cancel()
    with pytest.raises(ChildFailed, match="cancelled"):
        list(events)
    assert engine.closed.wait(10), "the engine was left sending"
    assert engine.sent < len(data)


def test_cancel_does_not_wait_for_an_engine_that_is_silent(serve: Serve) -> None:
    silent = threading.Event()

    def export() -> Iterator[bytes]:
        silent.wait(60)
        yield b""

    serve(_spec("none", "none", "none"), export=export)
    cancel = CancelToken()
    events = read_engine(REFERENCE, cancel=cancel)
    assert next(event.note for event in events if isinstance(event, Progress)).startswith("waiting for the engine")
    cancel.cancel()
    started = time.monotonic()
    with pytest.raises(ChildFailed, match="cancelled"):
        list(events)
    assert time.monotonic() - started < 30, "cancelling waited for the engine"
    silent.set()


@pytest.mark.parametrize("compression", ["none", "gzip"])
def test_a_file_is_read_from_the_layer_it_is_in_where_no_container_can_be_made(serve: Serve, compression: Any) -> None:
    old, new = os.urandom(200_000), os.urandom(200_000)
    layers = [build_layer({"a/model.bin": data}, compression) for data in (old, new)]
    spec = ImageSpec(layers, history=[HISTORY[index] for index in (0, 2, 1, 4)])
    archive = build_tar(legacy_members([spec]) if compression == "none" else docker_members([spec]))
    serve(spec, archive, (200_000, 200_000, 0, 0))
    image = _read()
    for index, content in enumerate((old, new)):
        (entry,) = image.layers[index].entries or ()
        assert read_engine_entry(image, index, entry, 0, entry.size) == content
        assert read_engine_entry(image, index, entry, 199_990, 100) == content[-10:]


def test_an_image_that_is_not_there_brings_the_closest_names(serve: Serve) -> None:
    serve(_spec("none", "none", "none"))
    with pytest.raises(UnreadableArtifact) as caught:
        _read(EngineReference("sampel:1"))
    assert caught.value.message == "docker://sampel:1: no such image on Docker 29.0.1"
    assert caught.value.hint.startswith("closest there: sample:1")
    assert engine_images() == (("sample:1", 7), ("sample:2", 7))


def test_a_name_without_scheme_leaves_it_out_of_the_message(serve: Serve) -> None:
    serve(_spec("none", "none", "none"))
    with pytest.raises(UnreadableArtifact, match=r"^no such image on Docker 29\.0\.1"):
        _read(EngineReference("nothing", explicit=False))


def test_another_platform_is_a_usage_error_that_names_what_is_there(serve: Serve) -> None:
    serve(_spec("none", "none", "none"))
    with pytest.raises(UsageError, match="linux/amd64, not for linux/arm64"):
        list(read_engine(REFERENCE, "linux/arm64"))
    assert isinstance(list(read_engine(REFERENCE, "amd64"))[-1], Finished)


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        ({"/get": (500, {"message": "disk \x1b[31mfull"})}, "refuses: disk full"),
        ({"/images/sample:1/json": (500, "no JSON")}, "refuses: "),
        ({"/images/sample:1/json": (400, {"message": "invalid reference format"})}, "refuses: invalid reference format"),
    ],
)
def test_refusals_are_one_line(serve: Serve, answers: dict[str, Any], said: str) -> None:
    serve(_spec("none", "none", "none"), answers=answers)
    with pytest.raises(UnreadableArtifact) as caught:
        _read()
    assert said in str(caught.value)
    assert str(caught.value).isprintable()


def test_an_engine_that_is_too_old_is_named_as_such(serve: Serve) -> None:
    serve(_spec("none", "none", "none"), headers={"Api-Version": "1.18", "Server": "Docker/1.6.2 (linux)"})
    with pytest.raises(UnreadableArtifact, match=r"API versions below 1\.24"):
        _read()


def test_hostile_answers_of_an_engine_are_clean_or_one_line(serve: Serve) -> None:
    spec = _spec("none", "none", "none")
    strange = {
        "Id": 5,
        "RepoTags": ["a\x1b]52;c;x\x07"],
        "RootFS": {"Layers": ["x", None]},
        "Config": [],
        "Created": {},
        "Os": 1,
    }
    serve(spec, answers={"/images/sample:1/json": (200, strange), "/history": (200, [None, {"CreatedBy": 5, "Size": "x"}])})
    try:
        said = repr(_read())
    except InspectorError as error:
        said = str(error)
    assert said.isprintable()


@pytest.mark.parametrize(
    ("host", "said"),
    [
        ("unix:///nowhere/s", "DOCKER_HOST /nowhere/s (no such socket)"),
        ("unix:///tmp", "DOCKER_HOST /tmp (not a socket)"),
        ("tcp://127.0.0.1:1", "refused"),
        ("what://ever", "DOCKER_HOST what://ever (Invalid bind address protocol"),
    ],
)
def test_no_engine_says_what_was_tried(monkeypatch: pytest.MonkeyPatch, host: str, said: str) -> None:
    monkeypatch.setenv("DOCKER_HOST", host)
    with pytest.raises(UnreadableArtifact, match="no container engine answers") as caught:
        _read()
    assert said in caught.value.hint
    assert engine_images() == ()


def test_the_right_to_use_the_socket_is_missing(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = serve(_spec("none", "none", "none"))
    path = Path(engine.host.removeprefix("unix://"))
    path.chmod(0)
    if os.geteuid() == 0:
        # Root may use any socket: what the kernel tells others is put in its place.
        import socket

        def refuse(self: socket.socket, address: object) -> None:
            raise PermissionError(13, "Permission denied")

        monkeypatch.setattr(socket.socket, "connect", refuse)
    with pytest.raises(UnreadableArtifact, match="no permission to use the container engine at unix://") as caught:
        _read()
    assert "docker group" in caught.value.hint
