"""Bytecode that an image's own Python makes: on real engines, and what a hostile one might send instead."""

from __future__ import annotations

import contextlib
import importlib.util
import marshal
import os
import subprocess
import sys
import threading
import time
import types
from collections.abc import Iterator
from pathlib import Path

import pytest

from inspector.engines.connection import Engine, connect
from inspector.engines.places import EnginePlace
from inspector.engines.stream import Stopped
from inspector.isolation.escaping import cleaned
from inspector.runtimes.container import bytecode_frames, bytecode_maker
from inspector.runtimes.container.bytecode import Compilation, compiled
from inspector.runtimes.container.bytecode_frames import BytecodeFrames, is_path_of
from inspector.runtimes.container.bytecode_maker import DONE, HEAD, MADE, SKIPPED, frame
from inspector.runtimes.container.ours import our_labels
from tests.images.build import File, Folder, ImageSpec, build_layer, docker_archive
from tests.images.engine import EngineUnderTest
from tests.images.small_python import INTERPRETER, small_python
from tests.images.starting import alone, nothing_stays_on, shared_folder

_NAME = "compiled:1"
_CACHED = f".{sys.implementation.cache_tag}.pyc"
_ODD = b"srv/caf\xc3\xa9 \xff\x1b.py"
_SOURCE = b"NAMES = {'a', 'b', 'c'}\n\n\ndef answer():\n    return 42\n"
_HEADER = HEAD + importlib.util.MAGIC_NUMBER
_PYC = importlib.util.MAGIC_NUMBER + b"\1\0\0\0" + bytes(8) + marshal.dumps(compile("1", "x", "exec"))


@pytest.fixture
def _alone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Let no other tests look at what is left on the engine meanwhile."""
    with alone(shared_folder(tmp_path_factory)):
        yield


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return an image with Python, modules of all kinds, and programs that are no Python at all."""
    here = Path(__file__).parent
    files = {
        **small_python("importlib.util", "marshal"),
        "srv": Folder(),
        "srv/answer.py": File(_SOURCE, mode=0o600, uid=1234),
        "srv/wrong.py": File(b"def\n"),
        "srv/null.py": File(b"a = '\0'\n"),
        "srv/folder.py": Folder(),
        os.fsdecode(_ODD): File(b"odd = 1\n"),
        "srv/importlib.py": File(b"raise SystemExit('not the one that was meant')\n"),
        "srv/hangs": File(b"#!" + INTERPRETER.encode() + b" -S\nimport time\ntime.sleep(600)\n", mode=0o755),
        "srv/lies": File(b"#!" + INTERPRETER.encode() + b" -S\nprint('all done')\n", mode=0o755),
    }
    config = {
        "User": "1000",
        "Entrypoint": ["/no/such/thing"],
        "Env": ["PYTHONPATH=/srv", "PYTHONINSPECT=1"],
        "WorkingDir": "/srv",
    }
    folder = tmp_path_factory.mktemp(here.name)
    return docker_archive(folder / "compiled.tar", [ImageSpec([build_layer(files)], config, (_NAME,))])


@contextlib.contextmanager
def _engine(under_test: EngineUnderTest, image: Path) -> Iterator[Engine]:
    under_test.load(image)
    found = connect(EnginePlace(under_test.host, "the test"))
    assert isinstance(found, Engine)
    with contextlib.closing(found):
        yield found


@pytest.fixture(scope="module")
def engine(docker_engine: EngineUnderTest, image: Path) -> Iterator[Engine]:
    with _engine(docker_engine, image) as found:
        yield found


def _compiled(engine: Engine, *sources: str, interpreter: str = INTERPRETER, seconds: float = 60) -> Compilation:
    asked = interpreter.lstrip("/")
    return compiled(engine, _NAME, asked, sources, our_labels(), time.monotonic() + seconds, threading.Event())


def _run(content: bytes) -> dict[str, object]:
    """Run the code in a .pyc file of this Python."""
    code = marshal.loads(content[16:])
    assert isinstance(code, types.CodeType)
    names: dict[str, object] = {"__name__": "subject"}
    exec(code, names)
    return names


@pytest.mark.usefixtures("_alone")
def test_an_images_python_makes_bytecode_that_it_takes(engine: Engine, docker_engine: EngineUnderTest, tmp_path: Path) -> None:
    with nothing_stays_on(docker_engine):
        found = _compiled(engine, "srv/answer.py", "srv/wrong.py", "srv/null.py", "srv/none.py", "srv/folder.py", cleaned(_ODD))
    assert not found.problem
    assert {one.source: one.path for one in found.made} == {
        "srv/answer.py": f"srv/__pycache__/answer{_CACHED}",
        cleaned(_ODD): cleaned(b"srv/__pycache__/caf\xc3\xa9 \xff\x1b" + _CACHED.encode()),
    }
    why = dict(found.skipped)
    assert list(why) == ["srv/folder.py", "srv/none.py", "srv/null.py", "srv/wrong.py"]
    assert "is no file" in why["srv/folder.py"]
    assert "SyntaxError" in why["srv/wrong.py"]
    assert "FileNotFoundError" in why["srv/none.py"]
    content = next(one.content for one in found.made if one.source == "srv/answer.py")
    assert content[8:16] == importlib.util.source_hash(_SOURCE)
    (tmp_path / "answer.py").write_text("def answer():\n    return 'of the source'\n")
    (tmp_path / "__pycache__").mkdir()
    (tmp_path / "__pycache__" / f"answer{_CACHED}").write_bytes(content)
    asking = f"import sys; sys.path[:0] = [{str(tmp_path)!r}]; import answer; print(answer.answer())"
    assert subprocess.run([INTERPRETER, "-I", "-S", "-c", asking], capture_output=True, text=True, check=True).stdout == "42\n"


def test_the_same_sources_give_the_same_bytes(engine: Engine) -> None:
    library = [path for path in small_python() if path.endswith(".py")]
    first, second = _compiled(engine, "srv/answer.py", *library), _compiled(engine, *reversed(library), "srv/answer.py")
    assert len(first.made) == len(library) + 1
    assert first == second


def test_podman_makes_it_as_well(podman_engine: EngineUnderTest, image: Path) -> None:
    with _engine(podman_engine, image) as engine:
        found = _compiled(engine, "srv/answer.py")
        assert not engine.client.containers(all=True)
    assert not found.problem
    assert _run(found.made[0].content)["NAMES"] == {"a", "b", "c"}


@pytest.mark.usefixtures("_alone")
def test_a_python_that_is_none_is_a_problem_and_nothing_else(engine: Engine, docker_engine: EngineUnderTest) -> None:
    with nothing_stays_on(docker_engine):
        missing = _compiled(engine, "srv/answer.py", interpreter="/no/such/python")
        lying = _compiled(engine, "srv/answer.py", interpreter="/srv/lies")
    assert (missing.made, lying.made) == ((), ())
    assert "cannot run its command /no/such/python" in missing.problem
    assert "printed something else" in lying.problem or "broke off" in lying.problem


@pytest.mark.usefixtures("_alone")
def test_a_python_that_hangs_is_ended(engine: Engine, docker_engine: EngineUnderTest) -> None:
    with nothing_stays_on(docker_engine):
        found = _compiled(engine, "srv/answer.py", interpreter="/srv/hangs", seconds=1)
    assert found.problem == "its Python made no more bytecode: it took longer than 1 s"


@pytest.mark.usefixtures("_alone")
def test_whoever_stops_waits_no_longer(engine: Engine, docker_engine: EngineUnderTest) -> None:
    stop = threading.Event()
    threading.Timer(0.5, stop.set).start()
    asked = (engine, _NAME, "srv/hangs", ["srv/answer.py"], our_labels(), time.monotonic() + 60, stop)
    with nothing_stays_on(docker_engine), pytest.raises(Stopped):
        compiled(*asked)


@pytest.mark.parametrize(
    ("interpreter", "sources"), [("", ["a.py"]), ("usr/bin/python3", []), ("usr/bin/python3", ["a" * 5000])]
)
def test_without_python_or_sources_there_is_nothing_to_do(engine: Engine, interpreter: str, sources: list[str]) -> None:
    labels = our_labels()
    assert compiled(engine, "no:image", interpreter, sources[:0] or [], labels, 0, threading.Event()) == Compilation()


def test_a_program_with_a_path_that_is_no_text_is_a_problem(engine: Engine) -> None:
    found = compiled(engine, _NAME, cleaned(b"bin/\xff"), ["srv/answer.py"], our_labels(), 0, threading.Event())
    assert found.problem == "the path of its Python is no text"


def test_the_maker_runs_on_any_python_and_skips_what_is_too_large(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    good, large = tmp_path / "good.py", tmp_path / "large.py"
    good.write_bytes(_SOURCE)
    large.write_bytes(b"#" * 2000)
    (tmp_path / "list").write_bytes(b"%b\0%b\0" % (os.fsencode(good), os.fsencode(large)))
    monkeypatch.setattr(bytecode_maker, "LARGEST_SOURCE", 1000)
    bytecode_maker.main(str(tmp_path / "list"))
    frames = BytecodeFrames((os.fsencode(good), os.fsencode(large)))
    for byte in capfdbinary.readouterr().out:
        frames.feed(bytes([byte]))
    assert frames.is_done
    assert _run(frames.made[0].content)["NAMES"] == {"a", "b", "c"}
    assert [why for _, why in frames.skipped] == ["ValueError: is too large"]


def _fed(*parts: bytes, sources: tuple[bytes, ...] = (b"/srv/a.py", b"/srv/b.py")) -> BytecodeFrames:
    frames = BytecodeFrames(sources)
    frames.feed(b"".join(parts))
    return frames


_GOOD = b"/srv/__pycache__/a.cpython-311.pyc"


def test_what_was_agreed_on_is_taken() -> None:
    found = _fed(_HEADER, frame(MADE, 0, _GOOD, _PYC), frame(SKIPPED, 1, b"", b"because\x1b[2J"), frame(DONE, 2))
    assert [(one.source, one.path, one.content) for one in found.made] == [("srv/a.py", _GOOD[1:].decode(), _PYC)]
    assert found.skipped == [("srv/b.py", "because")]
    assert found.is_done


@pytest.mark.parametrize(
    ("sent", "why"),
    [
        (b"hello, this is no bytecode at all", "something else"),
        (HEAD + b"abcd", "magic number"),
        (_HEADER + frame(MADE, 2, _GOOD, _PYC), "nobody asked for"),
        (_HEADER + frame(MADE, 0, _GOOD, _PYC) * 2, "nobody asked for"),
        (_HEADER + frame(7, 0), "nobody asked for"),
        (_HEADER + frame(DONE, 1), "nobody asked for"),
        (_HEADER + frame(DONE, 2, b"x"), "nobody asked for"),
        (_HEADER + frame(DONE, 2) + b"x", "went on"),
        (_HEADER + bytes([MADE]) + bytes(8) + b"\xff\xff\xff\xff", "more than bytecode can be"),
        (_HEADER + bytes([MADE]) + bytes(4) + b"\xff\xff\xff\xff" + bytes(4), "more than bytecode can be"),
        (_HEADER + bytes([SKIPPED]) + bytes(8) + b"\0\1\0\0", "more than bytecode can be"),
        (_HEADER + frame(MADE, 0, b"/bin/sh", _PYC), "no bytecode of srv/a.py"),
        (_HEADER + frame(MADE, 0, _GOOD, b"#!/bin/sh"), "no bytecode of srv/a.py"),
        (_HEADER + frame(MADE, 0, _GOOD, _PYC[:16]), "no bytecode of srv/a.py"),
        (_HEADER + frame(MADE, 0, _GOOD, _PYC[:4] + b"\3" + _PYC[5:]), "no bytecode of srv/a.py"),
        (_HEADER + frame(MADE, 0, _GOOD, b"abc" + _PYC[3:]), "no bytecode of srv/a.py"),
    ],
)
def test_what_was_not_agreed_on_is_refused(sent: bytes, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        _fed(sent)


def test_more_than_memory_bears_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bytecode_frames, "MOST_BYTES", 100)
    with pytest.raises(ValueError, match="more than"):
        _fed(_HEADER, bytes(200))


@pytest.mark.parametrize(
    ("path", "is_one"),
    [
        (b"/srv/__pycache__/a.cpython-311.pyc", True),
        (b"/srv/__pycache__/a.cpython-311.opt-2.pyc", True),
        (b"/var/cache/python/srv/a.cpython-311.pyc", True),
        (b"/srv/a.pyc", False),
        (b"/srv/__pycache__/b.cpython-311.pyc", False),
        (b"/srv/__pycache__/a.cpython-311.so", False),
        (b"/other/__pycache__/a.cpython-311.pyc", False),
        (b"srv/__pycache__/a.cpython-311.pyc", False),
        (b"/srv/../srv/__pycache__/a.cpython-311.pyc", False),
        (b"//srv/__pycache__/a.cpython-311.pyc", False),
        (b"/srv/__pycache__/a.\0.pyc", False),
        (b"", False),
    ],
)
def test_bytecode_lies_where_python_looks_for_it(path: bytes, is_one: bool) -> None:
    assert is_path_of(b"/srv/a.py", path) is is_one


def test_a_source_in_the_root_has_its_bytecode_beside_it() -> None:
    assert is_path_of(b"/a.py", b"/__pycache__/a.cpython-311.pyc")
    assert not is_path_of(b"/a.py", b"/a.cpython-311.pyc")
