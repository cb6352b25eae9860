"""Images that really serve on a real engine: what containers answered, how they ended, and that nothing of them stays."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from inspector.errors import UnreadableArtifact, UsageError
from inspector.isolation.child import ChildFailed
from inspector.isolation.limits import CancelToken, Limits
from inspector.records.benchmark import ImageStart
from inspector.records.event import Progress, Steps
from inspector.records.loadable_image import LoadableImage
from inspector.records.serving import Answer, Served
from inspector.records.slimming import SlimRequest
from inspector.runtimes.container.exercises import parse_exercise
from inspector.runtimes.container.http_requests import HttpRequest
from inspector.runtimes.container.http_urls import parse_url
from inspector.runtimes.container.serving import Server, serving
from inspector.runtimes.container.serving_plan import plan_serving
from inspector.runtimes.container.serving_session import ServingSession
from tests.images.archives import ImageSpec, docker_archive
from tests.images.engine import EngineUnderTest
from tests.images.entries import File, build_layer
from tests.images.programs import shell_tools
from tests.images.small_python import INTERPRETER, small_python
from tests.images.starting import alone, eventually, loadable, nothing_stays_on, ours_on, result, shared_folder

PORT = 8080
BASE = f"http://localhost:{PORT}"
LIMITS = Limits(256 << 20, 60)
HANGS = 5.0
"""Seconds after which nobody waits any more; getting ready takes less even on a busy machine."""
SERVER = Path(__file__).with_name("odd_server.py").read_bytes()
SERVES = (INTERPRETER, "-S", "/srv/serve.py", str(PORT))
CONFIG = {
    "Entrypoint": [*SERVES],
    "Env": ["PATH=/bin:/usr/bin", "GREETING=hello"],
    "WorkingDir": "/srv",
    "User": "1000:1000",
}


@pytest.fixture(scope="module", autouse=True)
def _alone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Let no other tests look at what is left on the engine meanwhile."""
    with alone(shared_folder(tmp_path_factory)):
        yield


@pytest.fixture(scope="module")
def chosen(docker_engine: EngineUnderTest) -> Iterator[EngineUnderTest]:
    """Return a Docker engine as the one that the environment names; nothing is on it at the end that was not before."""
    with pytest.MonkeyPatch.context() as patch, nothing_stays_on(docker_engine):
        patch.setenv("DOCKER_HOST", docker_engine.host)
        yield docker_engine


@pytest.fixture
def engine(chosen: EngineUnderTest) -> Iterator[EngineUnderTest]:
    """Return the same; nothing is on it after the test that was not before."""
    with nothing_stays_on(chosen):
        yield chosen


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> LoadableImage:
    """Return an image with a server, a shell and a health check of its own."""
    folder = tmp_path_factory.mktemp("serving")
    files = {
        **shell_tools("cat", "sleep", "yes"),
        **small_python("socket", "signal", "colorsys", "importlib.util"),
        "srv/serve.py": File(SERVER),
    }
    layer = build_layer(files, "gzip")
    return loadable(docker_archive(folder / "image.tar", [ImageSpec([layer], CONFIG)]), folder / "loadable")


def sh(text: str) -> ImageStart:
    return ImageStart(command=("/bin/sh", "-c", text))


def asks(folder: Path, *paths: str) -> str:
    path = folder / "asked.http"
    path.write_text("\n###\n".join(f"GET {BASE}{one}" for one in paths))
    return str(path)


@pytest.fixture(scope="module")
def session(chosen: EngineUnderTest, image: LoadableImage) -> Iterator[ServingSession]:
    """Return what is shared once the engine has the image: sending it takes longer than most tests."""
    with serving(image, SlimRequest(), LIMITS) as server:
        server._session.copy(threading.Event(), time.monotonic() + 60)
        yield server._session


def served(session: ServingSession, *exercises: str, limits: Limits = LIMITS, **settings: object) -> Served:
    request = SlimRequest(exercises=tuple(map(parse_exercise, exercises)), sample_seconds=20)
    return result(server_for(session, replace(request, **settings), limits).run())  # type: ignore[arg-type]


def server_for(session: ServingSession, request: SlimRequest, limits: Limits = LIMITS) -> Server:
    plan = plan_serving(session.image, request, {}, session.engine)
    return Server(replace(session, request=request, limits=limits, plan=plan))


def kept(steps: Steps[Served], found: list[Served]) -> Iterator[object]:
    found.append((yield from steps))


def bodies(found: Served) -> list[tuple[str, int, int | None, bytes]]:
    return [(one.step, one.turn, one.status, one.body) for one in found.answers]


def test_requests_and_commands_are_done_in_order_twice_over(
    engine: EngineUnderTest, session: ServingSession, tmp_path: Path
) -> None:
    (tmp_path / "a.http").write_text(f"POST {BASE}/echo\n\nbody\n###\nGET {BASE}/count\n")
    command = (
        "sh -c 'echo $GREETING; cat /proc/self/status | while read a b c; do case $a in Uid:) echo $b;; esac; done; exit 4'"
    )
    exercises = tuple(map(parse_exercise, (str(tmp_path / "a.http"), command)))
    server = server_for(session, SlimRequest(exercises=exercises))
    found: list[Served] = []
    events = list(kept(server.run(), found))
    first, second = found[0], result(server.run())
    assert [event.done for event in events if isinstance(event, Progress)] == [1, 2, 3, 4, 5, 6]
    assert [(one.exercise, one.turn, one.status, one.body) for one in first.answers] == [
        (0, 0, 200, b"/echo body"),
        (0, 0, 200, b'{"count": 2, "y": 0.5}'),
        (1, 0, 4, b"hello\n1000\n"),
        (0, 1, 200, b"/echo body"),
        (0, 1, 200, b'{"count": 4, "y": 0.5}'),
        (1, 1, 4, b"hello\n1000\n"),
    ]
    assert first.answers[1].content_type == "application/json"
    assert (first.failure, first.exit_code, first.stdout, first.stderr) == ("", 3, b"stopping\n", b"listening\n")
    assert bodies(second) == bodies(first)
    assert first.ready_ms is not None


def test_a_module_of_the_second_request_is_seen_to_be_opened(
    engine: EngineUnderTest, session: ServingSession, tmp_path: Path
) -> None:
    exercises = (asks(tmp_path, "/late"), "/bin/cat /srv/serve.py")
    request = SlimRequest(exercises=tuple(map(parse_exercise, exercises)))
    server = server_for(session, request)
    if os.geteuid() != 0:
        pytest.skip("only the superuser may watch file systems")
    assert server.problem_observing == ""
    found, unseen = result(server.run(observed=True)), result(server.run())
    made = result(server.bytecode(INTERPRETER.lstrip("/"), ("srv/serve.py", "srv/absent.py")))
    assert [one.body[:1] for one in found.answers] == [b"-", SERVER[:1], b"(", SERVER[:1]]
    assert found.observation is not None
    assert found.observation.lost == 0
    assert "srv/serve.py" in found.observation.opened
    assert "bin/cat" in found.observation.executed
    assert any(path.endswith("/colorsys.py") for path in found.observation.opened)
    assert unseen.observation is None
    assert [(one.path.startswith("srv/__pycache__/serve."), bool(one.content)) for one in made] == [(True, True)]


@pytest.mark.parametrize(
    ("path", "failure"),
    [
        ("/die", "GET /die: ended with exit code 9 while it was asked: last words"),
        ("/half", "GET /half: closed the connection 96 bytes before the end of its answer"),
        ("/hang", "GET /hang: no whole answer within 5 s"),
        ("/flood", "GET /flood: printed more than 64 MiB while it was asked"),
    ],
)
def test_a_container_that_fails_while_it_is_asked(
    engine: EngineUnderTest, session: ServingSession, tmp_path: Path, path: str, failure: str
) -> None:
    seconds = HANGS if path == "/hang" else 20.0
    found = served(session, asks(tmp_path, "/well", path, "/never"), sample_seconds=seconds)
    assert found.failure == failure
    assert [one.step for one in found.answers] == ["GET /well", f"GET {path}"]
    assert len(found.stdout) < 1 << 20


def test_what_never_gets_ready_or_cannot_be_started(engine: EngineUnderTest, session: ServingSession, tmp_path: Path) -> None:
    found = served(session, asks(tmp_path, "/"), start=sh("echo no >&2; exit 5"))
    assert found.failure == "ended with exit code 5 before it was ready: no"
    assert (found.exit_code, found.stderr, found.answers) == (5, b"no\n", ())
    missing = served(session, asks(tmp_path, "/"), start=ImageStart(command=("/no/such",)))
    assert missing.failure.startswith("cannot run its command /no/such")
    silent = served(session, asks(tmp_path, "/"), start=sh("sleep 60"), sample_seconds=0.5)
    assert silent.failure.startswith("not ready within 0.5 s (waited for port 8080 to take connections)")


def test_a_command_that_hangs_ends_with_its_container(engine: EngineUnderTest, session: ServingSession) -> None:
    found = served(session, "sleep 600", sample_seconds=HANGS, start=ImageStart((*SERVES, "deaf"), ready="log:listening"))
    assert found.failure == "sleep 600: no whole answer within 5 s"
    flooding = served(session, "yes", start=ImageStart(SERVES, ready="log:listening"))
    assert flooding.failure == "yes: printed more than 64 MiB"


def test_one_that_ignores_its_signal_is_killed_without_waiting(engine: EngineUnderTest, session: ServingSession) -> None:
    start = ImageStart((*SERVES, "deaf"), ready="log:listening")
    found = served(session, start=start)
    assert (found.failure, found.exit_code, found.answers) == ("", None, ())


def test_a_batch_job_is_its_output_and_its_exit_code(engine: EngineUnderTest, session: ServingSession) -> None:
    start = replace(sh("echo result; echo note >&2"), ready="exit")
    found = served(session, start=start)
    assert found.answers == (Answer(-1, "the image's own command", 0, 0, "", b"result\n", 7, "", b"note\n"),)
    assert (found.failure, found.exit_code) == ("", 0)
    found = served(session, "sh -c 'echo a; exit 3'", "cat /etc/absent", start=start)
    assert [(one.exercise, one.status, one.body) for one in found.answers] == [
        (-1, 0, b"result\n"),
        (0, 3, b"a\n"),
        (1, 1, b""),
    ]
    assert b"absent" in found.answers[2].errors
    assert "in the place of the image's" in found.notes[-1]
    assert served(session, start=replace(sh("exit 6"), ready="exit")).failure.startswith("ended with exit code 6")


def test_an_image_without_a_command_runs_those_of_exercises(
    engine: EngineUnderTest, image: LoadableImage, tmp_path: Path
) -> None:
    bare = replace(image, config=image.config.replace(b'"Entrypoint"', b'"Unknown"'))
    with serving(bare, SlimRequest(), LIMITS) as server:
        session = server._session
        assert "command" in result(server.run()).failure
        found = served(session, "sh -c 'echo $GREETING'")
        assert bodies(found) == [("sh -c echo $GREETING (in place of the image's command)", 0, 0, b"hello\n")]
        assert served(session, "/no/such --x").failure.startswith("/no/such --x: cannot run its command /no/such")


def test_the_images_own_health_check_is_done_where_ready_is_told_otherwise(
    engine: EngineUnderTest, session: ServingSession, tmp_path: Path
) -> None:
    healthcheck = b'"Healthcheck":{"Test":["CMD","cat","/srv/serve.py"]},"WorkingDir"'
    checked = replace(session.image, config=session.image.config.replace(b'"WorkingDir"', healthcheck))
    by_port = served(replace(session, image=checked), asks(tmp_path, "/"), start=ImageStart(ready=BASE))
    assert [(one.exercise, one.step, one.status) for one in by_port.answers][-1] == (-1, "its health check", 0)
    by_check = served(replace(session, image=checked), asks(tmp_path, "/"))
    assert [one.step for one in by_check.answers] == ["GET /", "GET /"]


def test_requests_can_be_given_for_the_contract(engine: EngineUnderTest, image: LoadableImage) -> None:
    request = SlimRequest(exercises=(parse_exercise(f"contract:{BASE}/v2/models/m/infer"),))
    posted = HttpRequest("POST", parse_url(f"{BASE}/v2/models/m/infer"), (), b"{}")
    with serving(image, request, LIMITS, requests={0: (posted,)}) as server:
        assert [one.body for one in result(server.run()).answers] == [b"/v2/models/m/infer {}"] * 2
    with pytest.raises(UsageError, match="no inputs to post"), serving(image, request, LIMITS):
        pass
    exits = replace(request, start=ImageStart(ready="exit"))
    with pytest.raises(UsageError, match="answers no requests"), serving(image, exits, LIMITS, requests={0: (posted,)}):
        pass


def test_canceling_and_running_out_of_time_leave_nothing(
    engine: EngineUnderTest, session: ServingSession, tmp_path: Path
) -> None:
    cancel = CancelToken()
    request = SlimRequest(exercises=(parse_exercise(asks(tmp_path, "/hang")),))
    steps = server_for(session, request).run(cancel)
    threading.Thread(target=lambda: eventually(lambda: bool(engine.client().containers())) and cancel.cancel()).start()
    with pytest.raises(ChildFailed, match="cancelled"):
        result(steps)
    assert not [name for name in ours_on(engine) if name.startswith("/")]
    assert served(session, asks(tmp_path, "/hang"), limits=Limits(None, HANGS)).failure.startswith("GET /hang: no whole")


def test_without_an_engine_there_is_one_line(image: LoadableImage, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/none")
    with pytest.raises(UnreadableArtifact, match="no container engine answers"), serving(image, SlimRequest(), LIMITS):
        pass
